-- What somebody wants to be called in what we write to them; null: their name, which is as the register has it.
alter table people add column called text check (called <> '' and length(called) <= 100);

-- An address that somebody wants instead of theirs: it is theirs once both addresses have said yes.
create table email_changes (
    id               uuid primary key,
    person_id        uuid not null references people on delete cascade,
    email            citext not null,
    -- Of the links that were mailed to the address as it was and to the one that is wanted.
    old_hash         bytea not null unique,
    new_hash         bytea not null unique,
    old_confirmed_at timestamptz,
    new_confirmed_at timestamptz,
    created_at       timestamptz not null,
    expires_at       timestamptz not null,
    ended_at         timestamptz
);
create unique index email_changes_one_open on email_changes (person_id) where ended_at is null;
create index email_changes_by_age on email_changes (created_at);
