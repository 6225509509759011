-- What Stripe tells and only a person can settle: payments that banks dispute, payouts that did not arrive, and messages of
-- the other mode, live or test.
create table stripe_alerts (
    id           uuid primary key,
    kind         text not null check (kind in ('dispute', 'payout', 'mode')),
    -- Stripe's id; for the other mode its name.
    stripe_id    text not null check (stripe_id <> ''),
    -- Null where it is about no sum.
    amount_pence bigint check (amount_pence > 0),
    -- The line of the books that is disputed.
    payment      uuid references ledger,
    -- How it stands at Stripe, in Stripe's words.
    status       text not null,
    -- `open`: a person has to look at it; `waiting`: a bank is deciding; `settled`.
    state        text not null check (state in ('open', 'waiting', 'settled')),
    -- Until when Stripe takes an answer.
    due_by       timestamptz,
    opened_at    timestamptz not null,
    -- When the officers were told of it as it stands.
    told_at      timestamptz,
    settled_at   timestamptz check ((settled_at is null) = (state <> 'settled')),
    -- Null where Stripe itself settled it.
    settled_by   uuid references people check (settled_by is null or settled_at is not null),
    unique (kind, stripe_id),
    check ((kind = 'dispute') = (payment is not null))
);
create index stripe_alerts_unsettled on stripe_alerts (kind, due_by) where state <> 'settled';
create index stripe_alerts_by_payment on stripe_alerts (payment) where payment is not null;
create index stripe_alerts_settled_by on stripe_alerts (settled_by) where settled_by is not null;

-- What was in the books before anybody was told of disputes is no news.
insert into stripe_alerts (id, kind, stripe_id, amount_pence, payment, status, state, opened_at, told_at, settled_at)
select gen_random_uuid(), 'dispute', l.stripe_id, -l.amount_pence, p.id, 'lost', 'settled', l.at, l.at, l.at
from ledger l join ledger p on p.payment_intent = l.payment_intent and p.kind = 'payment'
where l.kind = 'dispute' and l.amount_pence < 0 and l.stripe_id is not null
on conflict do nothing;

-- When the officers were told of a refund that failed, and of a Direct Debit that was cancelled at the bank.
alter table refunds add column told_at timestamptz;
update refunds set told_at = now() where state = 'failed';
alter table payment_methods add column told_at timestamptz;
update payment_methods set told_at = now() where lost_at is not null;
