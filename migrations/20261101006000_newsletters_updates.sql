-- Updates that officers email to many, and what became of each mail.
create table updates (
    id             uuid primary key,
    -- Names the advisory lock that the update's sender holds.
    number         integer not null unique generated always as identity,
    subject        text not null check (length(subject) <= 200),
    preheader      text not null check (length(preheader) <= 200),
    body           text not null,
    to_members     boolean not null default true,
    to_supporters  boolean not null default true,
    -- Null: everywhere.
    regions        text[] check (regions <> '{}'),
    state          text not null check (state in ('draft', 'sending', 'paused', 'cancelled', 'finished')),
    -- Grows with each change of words or audience: what was confirmed is what is sent.
    version        integer not null default 1,
    -- The run that may send at present; a run that was replaced claims nothing more.
    run            uuid,
    -- Why it does not go on at the moment, in words for the officer.
    trouble        text,
    written_by     uuid not null references people,
    created_at     timestamptz not null,
    changed_at     timestamptz not null,
    started_at     timestamptz,
    -- How many rows `deliveries` got when sending began.
    recipients     integer,
    -- How many were taken by the mail server; counted when it has ended.
    sent           integer,
    finished_at    timestamptz,
    check ((state = 'draft') = (started_at is null)),
    check ((state in ('cancelled', 'finished')) = (finished_at is not null))
);
create index updates_by_created on updates (created_at desc, id);
create index updates_sending on updates (id) where state = 'sending';

-- One row for each mail, written when sending begins. Nobody is in it twice.
create table deliveries (
    update_id  uuid not null references updates,
    person_id  uuid not null references people on delete cascade,
    -- waiting -> sending -> sent | refused | uncertain | waiting (later); skipped: had stopped emails, or it was
    -- cancelled; left: was uncertain, and an officer let it be.
    state      text not null check (state in ('waiting', 'sending', 'sent', 'refused', 'uncertain', 'skipped', 'left')),
    -- The run that has it in hand.
    run        uuid,
    tries      smallint not null default 0,
    retry_at   timestamptz,
    settled_at timestamptz,
    -- What the mail server said, or why it was left out.
    answer     text,
    primary key (update_id, person_id),
    check (state <> 'sending' or run is not null)
);
create index deliveries_waiting on deliveries (update_id, person_id) where state = 'waiting';
create index deliveries_to_look_at on deliveries (update_id, state, person_id) where state in ('sending', 'uncertain', 'refused');
create index deliveries_by_person on deliveries (person_id, settled_at desc);

insert into settings (key, value, valid_from, source) values
    ('update_connections', '4', '2021-01-01', 'to the mail server, for one update'),
    ('update_mails_a_second', '0', '2021-01-01', '0 is no limit; set what the mail provider allows');
