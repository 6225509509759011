-- Refunds that officers ask for. Stored before Stripe is asked; what went back is a line of the books, as every refund's is.
create table refunds (
    id            uuid primary key,
    -- The line of the books that it gives back, whole or in part.
    payment       uuid not null references ledger,
    amount_pence  bigint not null check (amount_pence > 0),
    reason        text not null check (length(reason) between 1 and 2000),
    state         text not null check (state in ('asked', 'sending', 'sent', 'failed', 'declined')),
    asked_by      uuid not null references people,
    asked_at      timestamptz not null,
    -- The second person, where one is needed.
    decided_by    uuid references people check (decided_by <> asked_by),
    decided_at    timestamptz,
    -- Counts the times that Stripe was asked: each time under a key of its own.
    attempt       int not null default 1,
    stripe_id text unique,
    -- Why it failed, for officers.
    failure       text,
    changed_at    timestamptz not null,
    check ((state = 'sent') <= (stripe_id is not null)),
    check ((state = 'failed') = (failure is not null))
);
-- Two clicks, two officers: one at a time of each payment.
create unique index refunds_one_under_way on refunds (payment) where state in ('asked', 'sending');
create index refunds_by_payment on refunds (payment, asked_at);
create index refunds_waiting on refunds (asked_at) where state in ('asked', 'sending', 'failed');
create index refunds_asked_by on refunds (asked_by);
create index refunds_decided_by on refunds (decided_by) where decided_by is not null;
