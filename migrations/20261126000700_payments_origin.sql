-- Money will also come by cash, cheque, transfer and standing order: a line is then an officer's, not Stripe's.
alter table ledger alter column stripe_id drop not null;
alter table ledger add column entered_by uuid references people;
-- A cheque's number, or what stands on the bank statement.
alter table ledger add column reference text check (reference <> '');
-- Stripe's lines stay unique by (kind, stripe_id), which leaves lines without an id at Stripe alone.
alter table ledger add constraint ledger_origin check (
    case when stripe_id is not null
         then entered_by is null and reference is null and coalesce(method in ('card', 'bacs_debit'), true)
         else entered_by is not null and subscription is null and payment_intent is null
              and coalesce(method in ('cash', 'cheque', 'transfer', 'standing_order'), false)
    end);
