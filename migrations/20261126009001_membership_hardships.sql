-- Members who pay less for a time because they said that they must. Only they read it: it stands in no list, export,
-- filter or log, and is deleted when it is over. `memberships` keeps the rate that they go back to.
create table membership_hardships (
    id               uuid primary key,
    person_id        uuid not null unique references people on delete cascade,
    billing_interval text not null check (billing_interval in ('month', 'year')),
    amount_pence     bigint not null check (amount_pence >= 30),
    -- The last day.
    until_on         date not null,
    asked_at         timestamptz not null,
    -- Counts what was asked for, so that each is told to Stripe by a key of its own.
    turn             int not null default 1,
    -- What Stripe was last told.
    told_pence       bigint,
    reminded_at      timestamptz,
    -- Since when they go back; the row is deleted once Stripe knows.
    over_at          timestamptz
);
create index membership_hardships_by_end on membership_hardships (until_on);
