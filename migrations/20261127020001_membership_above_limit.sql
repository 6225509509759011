-- Paid for, and sent back: with it, whoever has the address would pay more in a year than the party takes from one person.
-- The owner of the address may be nobody whom we know.
alter table applications add column above_limit boolean not null default false check (settled_at is not null or not above_limit);
