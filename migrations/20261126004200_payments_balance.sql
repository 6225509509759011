-- What moved the balance at Stripe, as Stripe lists it: charges with their fees, refunds, disputes, payouts. None changes.
create table balance_transactions (
    -- Stripe's.
    id             text primary key,
    -- Stripe's reporting_category.
    category       text not null,
    -- Before the fee; negative when it left the balance.
    amount_pence   bigint not null,
    fee_pence      bigint not null,
    at             timestamptz not null,
    -- The charge, refund, dispute or payout.
    source         text,
    payment_intent text,
    recorded_at    timestamptz not null
);
create index balance_transactions_by_payment on balance_transactions (payment_intent);
create index balance_transactions_by_source on balance_transactions (source);

-- When Stripe's list was last begun that was then read to its end.
create table balance_readings (
    only_one boolean primary key default true check (only_one),
    began_at timestamptz not null
);

call keep_tally('stripe_balance', 'balance_transactions', $$date_trunc('month', at at time zone 'Europe/London')::date::text$$, 'category',
                'amount_pence - fee_pence');
