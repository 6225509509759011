-- Gifts that come every month or year, until their giver stops them. Null: once.
alter table gifts add column billing_interval text check (billing_interval in ('month', 'year'));
