-- 100000 subscriptions with one paid invoice each, at the stand-in and with us; the payments of all but the last few are
-- in the books. Made from one of the demo party.
create rule unrecorded as on insert to stripe_stand_in.requests do instead nothing;
create temp table template as
    select substr(id, 5) as key, body -> 'metadata' ->> 'checkout' as checkout, body -> 'metadata' ->> 'id' as purpose
    from stripe_stand_in.objects where kind = 'subscription' and status = 'active' order by id limit 1;
create function pg_temp.id(kind int, n int) returns uuid language sql immutable as
    $$ select ('0000000' || kind || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;

insert into stripe_stand_in.objects (id, kind, body, hidden, created)
select replace(o.id, t.key, 'Bench' || n), o.kind,
       replace(replace(replace(o.body::text, t.key, 'Bench' || n), t.checkout, pg_temp.id(6, n)::text), t.purpose, pg_temp.id(7, n)::text)::jsonb,
       o.hidden, o.created
from template t
join stripe_stand_in.objects o on o.id in ('sub_' || t.key, 'in_' || t.key || 'n1', 'ch_' || t.key || 'n1', 'txn_' || t.key || 'n1')
cross join generate_series(1, 100000) n;

insert into checkouts (id, purpose_kind, purpose_id, amount_pence, billing_interval, product, email, return_path, cancel_path,
                       state, stripe_session, subscription, created_at, changed_at)
select pg_temp.id(6, n), c.purpose_kind, pg_temp.id(7, n), c.amount_pence, c.billing_interval, c.product, 'bench@example.test', '/', '/',
       'paid', 'cs_Bench' || n, 'sub_Bench' || n, c.created_at, c.changed_at
from template t join checkouts c on c.id = t.checkout::uuid cross join generate_series(1, 100000) n;

insert into subscriptions (id, purpose_kind, purpose_id, customer, state, amount_pence, billing_interval, current_period_end,
                           cancel_at_period_end, started_at, first_paid_at, seen_at)
select 'sub_Bench' || n, s.purpose_kind, pg_temp.id(7, n), replace(o.body ->> 'customer', t.key, 'Bench' || n), s.state, s.amount_pence,
       s.billing_interval, to_timestamp((o.body #>> '{items,data,0,current_period_end}')::bigint), false, s.started_at, s.first_paid_at, s.seen_at
from template t join stripe_stand_in.objects o on o.id = 'sub_' || t.key join subscriptions s on s.id = o.id
cross join generate_series(1, 99500) n;

insert into ledger (id, kind, stripe_id, amount_pence, at, purpose_kind, purpose_id, method, subscription, payment_intent, recorded_at)
select pg_temp.id(8, n), 'payment', 'in_Bench' || n || 'n1', s.amount_pence, s.first_paid_at, s.purpose_kind, s.purpose_id, 'card',
       s.id, 'pi_Bench' || n || 'n1', now()
from generate_series(1, 99500) n join subscriptions s on s.id = 'sub_Bench' || n;
