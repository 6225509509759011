-- Each notice that we sent before a Direct Debit is collected: the first of all, and whenever sum, rhythm or day change.
create table debit_notices (
    subscription     text not null references subscriptions,
    -- The first day of the period that is paid for. The bank takes the money on the first working day from it on.
    period_on        date not null,
    sent_on          date not null,
    due_on           date not null,
    amount_pence     bigint not null,
    billing_interval text not null check (billing_interval in ('month', 'year')),
    why              text not null check (why in ('first', 'amount', 'date')),
    sent_at          timestamptz not null,
    -- Of one collection one a day at the most, however often it is looked for.
    primary key (subscription, period_on, sent_on)
);
create index debit_notices_newest on debit_notices (sent_at desc);
create index subscriptions_due on subscriptions (current_period_end) where state in ('trialing', 'active');
