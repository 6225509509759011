-- Jobs that were running when the program ended without being asked to. They are kept out of the queue until an officer
-- has them tried again; an equal job that is pushed meanwhile does nothing.
create table crashed_jobs (
    name text not null,
    -- A job's facts: ids.
    payload jsonb not null,
    tries integer not null,
    crashed_at timestamptz not null,
    primary key (name, payload)
);
