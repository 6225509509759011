-- Writes one line of the audit log and seals it with the line before. Each statement in here sees what was committed
-- before it began, so that whoever waited for the lock finds the newest line. The hash is over the previous hash and,
-- for each part, its length (eight bytes, the highest first) and itself. `detail` comes as text, because the order of
-- a document's keys is part of the hash and jsonb has its own.
create function audit_write(at timestamptz, actor text, action text, subject_kind text, subject_id text, detail text)
    returns void language plpgsql as $$
declare
    seal bytea;
    part text;
begin
    perform pg_advisory_xact_lock(7265002);
    select hash into seal from audit_log order by id desc limit 1;
    seal := coalesce(seal, '');
    foreach part in array array[(extract(epoch from at) * 1000000)::bigint::text, actor, action, subject_kind, subject_id, detail] loop
        seal := seal || int8send(octet_length(convert_to(part, 'UTF8'))) || convert_to(part, 'UTF8');
    end loop;
    insert into audit_log (at, actor, action, subject_kind, subject_id, detail, hash)
    values (audit_write.at, audit_write.actor, audit_write.action, audit_write.subject_kind, audit_write.subject_id,
            audit_write.detail::jsonb, sha256(seal));
end $$;
