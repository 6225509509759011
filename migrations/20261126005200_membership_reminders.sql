-- When whoever did not finish paying was reminded of it, once.
alter table applications add column reminded_at timestamptz;
-- Of members who do not pay through Stripe, what they paid by hand ends on `ends_on`.
create index memberships_paid_by_hand on memberships (ends_on) where subscription is null and state <> 'ended';
