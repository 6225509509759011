-- Days that a member had paid for by hand, or been given, when they began to pay regularly: the second payment comes so many
-- days later.
create table membership_carried (
    subscription text primary key references subscriptions,
    days         integer not null check (days > 0),
    noted_at     timestamptz not null,
    -- When the next payment is to come, and when Stripe was told.
    until_at     timestamptz,
    told_at      timestamptz,
    check (told_at is null or until_at is not null)
);
create index membership_carried_untold on membership_carried (subscription) where told_at is null;

-- Those whose payments fail are few: they are found without walking through all.
create index subscriptions_failing on subscriptions (failing_since) where state in ('past_due', 'unpaid');
