-- Money that went back outside of Stripe, in cash, by cheque or through the bank: a refund that an officer enters, of the payment
-- that it corrects.
alter table ledger add column corrects uuid references ledger;
alter table ledger add constraint ledger_corrects
    check (corrects is null or (kind = 'refund' and stripe_id is null));
create index ledger_by_corrected on ledger (corrects) where corrects is not null;

-- What went back of a payment, and came again after all.
create function corrections_of(payment ledger) returns setof ledger stable language sql as $$
    select c.* from ledger c
    where payment.kind = 'payment' and c.kind <> 'payment' and (c.payment_intent = payment.payment_intent or c.corrects = payment.id)
$$;

-- Refused donations that officers said they had sent back: until now only their cases knew.
insert into ledger (id, kind, amount_pence, at, purpose_kind, purpose_id, person_id, method, recorded_at, entered_by, reference, corrects)
select gen_random_uuid(), 'refund', -kept.pence, greatest(l.at, (c.returned_on + time '12:00') at time zone 'Europe/London'), l.purpose_kind, l.purpose_id,
       l.person_id, case when l.method in ('cash', 'cheque') then l.method else 'transfer' end, now(), c.decided_by, c.returned_how, l.id
from donor_cases c join ledger l on l.id = c.line
cross join lateral (select l.amount_pence + coalesce(sum(amount_pence), 0)::bigint as pence from corrections_of(l)) kept
where c.returned_on is not null and c.decided_by is not null and kept.pence > 0;
