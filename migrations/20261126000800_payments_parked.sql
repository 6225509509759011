-- Money can go back before we know of its payment. Such an event waits for it under the payment's name.
alter table stripe_events add column payment_intent text;
create index stripe_events_parked on stripe_events (payment_intent) where outcome = 'ignored' and payment_intent is not null;

-- What Stripe says of the invoice that it could not collect: when it tries again, and where the member can pay at once.
alter table subscriptions add column next_try timestamptz, add column pay_page text;
