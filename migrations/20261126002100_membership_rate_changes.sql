-- What members, or officers for them, asked to pay from the next period on. Written before Stripe is told, so that
-- nothing asked for is lost, and so that telling it twice is one change.
create table membership_rate_changes (
    id               uuid primary key,
    person_id        uuid not null references people,
    rate             text not null,
    billing_interval text not null check (billing_interval in ('month', 'year')),
    amount_pence     bigint not null check (amount_pence > 0),
    asked_by         uuid not null references people,
    asked_at         timestamptz not null,
    -- At Stripe and here; or refused there, with Stripe's code.
    done_at          timestamptz,
    refused          text,
    check (done_at is null or refused is null)
);
create unique index membership_rate_changes_open on membership_rate_changes (person_id) where done_at is null and refused is null;
create index membership_rate_changes_person on membership_rate_changes (person_id, asked_at desc);
create index membership_rate_changes_asked_by on membership_rate_changes (asked_by);
