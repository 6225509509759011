-- What regular payments are charged to, as Stripe told: never the number of a card or an account.
create table payment_methods (
    -- Stripe's.
    id         text primary key,
    -- Stripe's word: card, bacs_debit, or one that this site does not offer.
    kind       text not null,
    brand      text,
    last4      text check (last4 ~ '^[0-9]{4}$'),
    -- The last day on which a card can be charged.
    expires_on date,
    -- Since when the payer's bank takes no more debits.
    lost_at    timestamptz,
    -- When its payer was told that it expires before the next payment.
    warned_at  timestamptz,
    seen_at    timestamptz not null
);
create index payment_methods_expiring on payment_methods (expires_on) where warned_at is null and expires_on is not null;
create index payment_methods_lost on payment_methods (lost_at) where lost_at is not null;

-- Stripe's id may be known before what it is.
alter table subscriptions add column payment_method text;
create index subscriptions_by_method on subscriptions (payment_method);

-- One wish to pay by another card or account. Stored before Stripe is asked, so that its id makes the call repeatable.
create table method_changes (
    id             uuid primary key,
    subscription   text not null references subscriptions,
    -- Where the payer comes back to.
    return_path    text not null,
    state          text not null default 'wanted' check (state in ('wanted', 'open', 'done', 'closed')),
    stripe_session text unique,
    url            text,
    created_at     timestamptz not null,
    changed_at     timestamptz not null,
    check (state in ('wanted', 'closed') or stripe_session is not null)
);
-- Two tabs, two clicks: one open page a subscription.
create unique index method_changes_one_open on method_changes (subscription) where state in ('wanted', 'open');
create index method_changes_by_age on method_changes (created_at) where state in ('wanted', 'open');
