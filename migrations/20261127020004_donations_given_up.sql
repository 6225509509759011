-- Refunds that Stripe would not make: after some days without one, the money has to be sent in another way.
alter table donor_cases add column tried_on date, add column given_up boolean not null default false;
update donor_cases set tried_on = decided_on where outcome = 'refused';
alter table above_limit add column given_up boolean not null default false;
