-- Who is behind with what they pay, and since when: asked of all at once, not one by one.
create view membership_arrears as
select m.id as membership_id, m.amount_pence, m.billing_interval,
       coalesce((s.failing_since at time zone 'Europe/London')::date, m.ends_on + 1,
                (m.state_since at time zone 'Europe/London')::date) as since
from memberships m left join subscriptions s on s.id = m.subscription
where m.state = 'grace';
drop function membership_behind_since(memberships);
