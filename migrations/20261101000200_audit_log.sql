-- Who did what to which record. Append-only: each line holds a hash over itself and the line before.
create table audit_log (
    id           bigint generated always as identity primary key,
    at           timestamptz not null,
    -- A person's id, or 'system' for jobs and webhooks.
    actor        text not null,
    action       text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
    subject_kind text not null,
    subject_id   text not null,
    detail       jsonb not null,
    hash         bytea not null unique
);
create index audit_log_by_subject on audit_log (subject_kind, subject_id, id desc);
create index audit_log_by_actor on audit_log (actor, id desc);
create index audit_log_by_action on audit_log (action, id desc);

create function audit_log_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log cannot be changed';
end $$;
create trigger audit_log_append_only before update or delete on audit_log
    for each row execute function audit_log_is_append_only();
