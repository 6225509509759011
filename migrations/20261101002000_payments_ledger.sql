-- Money: what Stripe told us, what we asked of it, who pays regularly, and the books.
create table stripe_events (
    id           text primary key check (id <> ''),
    -- Stripe's `type`, like invoice.paid.
    kind         text not null,
    object_id    text,
    happened_at  timestamptz,
    livemode     boolean not null,
    api_version  text,
    -- As it was received: the signature is over these bytes.
    body         bytea not null,
    received_at  timestamptz not null,
    processed_at timestamptz,
    outcome      text not null default 'waiting' check (outcome in ('waiting', 'done', 'ignored', 'failed')),
    -- Why it was ignored, or what failed at the last try.
    note         text,
    check ((outcome in ('done', 'ignored')) = (processed_at is not null))
);
create index stripe_events_by_outcome on stripe_events (outcome, received_at desc) where outcome <> 'done';
create index stripe_events_by_object on stripe_events (object_id);

-- One wish to pay. Stored before Stripe is asked, so that its id makes the call repeatable.
create table checkouts (
    id               uuid primary key,
    -- What is paid for; the room named there knows what the id means.
    purpose_kind     text not null check (purpose_kind in ('membership', 'donation')),
    purpose_id       uuid not null,
    amount_pence     bigint not null check (amount_pence >= 30),
    -- Null for a single payment.
    billing_interval text check (billing_interval in ('month', 'year')),
    product          text not null,
    email            citext not null,
    customer         text,
    -- Where the payer comes back to.
    return_path      text not null,
    cancel_path      text not null,
    state            text not null default 'wanted' check (state in ('wanted', 'open', 'pending', 'paid', 'failed', 'expired')),
    stripe_session   text unique,
    url              text,
    subscription     text,
    payment_intent   text,
    created_at       timestamptz not null,
    changed_at       timestamptz not null,
    check (state in ('wanted', 'expired') or stripe_session is not null)
);
-- Two tabs, two clicks: one open session a purpose.
create unique index checkouts_one_open on checkouts (purpose_kind, purpose_id) where state in ('wanted', 'open');
create index checkouts_by_purpose on checkouts (purpose_kind, purpose_id, created_at desc);
create index checkouts_by_email on checkouts (email, created_at desc);
create index checkouts_open on checkouts (created_at) where state in ('wanted', 'open');

create table subscriptions (
    -- Stripe's.
    id                   text primary key,
    purpose_kind         text not null check (purpose_kind in ('membership', 'donation')),
    purpose_id           uuid not null,
    customer             text not null,
    state                text not null check (state in ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'canceled', 'paused', 'other')),
    amount_pence         bigint not null check (amount_pence >= 0),
    billing_interval     text check (billing_interval in ('month', 'year')),
    current_period_end   timestamptz,
    cancel_at_period_end boolean not null,
    started_at           timestamptz not null,
    ended_at             timestamptz,
    -- When its first payment arrived; a Direct Debit makes a subscription active before that.
    first_paid_at        timestamptz,
    -- The first date on which a payment failed that has not been made good since.
    failing_since        timestamptz,
    -- One too many: to be ended and paid back.
    surplus_since        timestamptz,
    seen_at              timestamptz not null
);
create index subscriptions_by_purpose on subscriptions (purpose_kind, purpose_id);
create index subscriptions_by_customer on subscriptions (customer);

-- The books. A line is never changed in its amount or date: corrections are lines of their own.
create table ledger (
    id             uuid primary key,
    kind           text not null check (kind in ('payment', 'refund', 'refund_failed', 'dispute', 'dispute_won')),
    -- The invoice or payment of a payment, the charge and sum of a refund, the dispute.
    stripe_id      text not null,
    amount_pence   bigint not null check ((kind in ('refund', 'dispute')) = (amount_pence < 0) and amount_pence <> 0),
    at             timestamptz not null,
    purpose_kind   text not null check (purpose_kind in ('membership', 'donation')),
    purpose_id     uuid not null,
    -- Null until the room above has told whose payment it is.
    person_id      uuid references people,
    -- card, bacs_debit; null where Stripe did not tell.
    method         text,
    subscription   text,
    payment_intent text,
    recorded_at    timestamptz not null,
    unique (kind, stripe_id)
);
create index ledger_by_time on ledger (at desc, id);
create index ledger_by_purpose_and_time on ledger (purpose_kind, at desc, id);
create index ledger_by_kind_and_time on ledger (kind, at desc, id);
create index ledger_by_person on ledger (person_id, at desc);
create index ledger_by_purpose on ledger (purpose_kind, purpose_id);
create index ledger_by_payment on ledger (payment_intent);
