//! The room's statements, one file a noun.

pub(super) mod alerts;
pub(super) mod balance;
pub(super) mod checkouts;
pub(super) mod events;
pub(super) mod ledger;
pub(super) mod methods;
pub(super) mod notices;
pub(super) mod refunds;
pub(super) mod returns;
pub(super) mod subscriptions;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// See [`Room::counts`](crate::accounts::Room).
pub(super) const COUNTS: &str = "
    select jsonb_build_object(
        'income', (select coalesce(sum(number), 0)::bigint from tallies
                   where what = 'income' and key >= ($3 at time zone 'Europe/London')::date::text),
        'income_before', (select coalesce(sum(number), 0)::bigint from tallies
                          where what = 'income' and key >= ($4 at time zone 'Europe/London')::date::text
                            and key < ($3 at time zone 'Europe/London')::date::text),
        'stopped', (select jsonb_build_object('count', count(*), 'since', min(m.lost_at)::date)
                    from payment_methods m join subscriptions s on s.payment_method = m.id
                    where m.lost_at is not null and s.surplus_since is null and not s.cancel_at_period_end
                      and s.state in ('trialing', 'active', 'past_due', 'paused', 'unpaid')),
        'refunds', (select jsonb_build_object('count', count(*), 'pence', sum(amount_pence), 'since', min(changed_at)::date)
                    from refunds where state in ('asked', 'failed')),
        'failed_events', (select jsonb_build_object('count', count(*), 'since', min(received_at)::date)
                          from stripe_events where outcome = 'failed'))
    || (select jsonb_object_agg(kind, waits)
        from (values ('dispute'), ('payout'), ('mode')) known (kind)
        cross join lateral (
            select jsonb_build_object('count', count(*), 'pence', sum(amount_pence), 'since', min(opened_at)::date,
                                      'due', min((due_by at time zone 'Europe/London')::date)) as waits
            from stripe_alerts a where a.kind = known.kind and state = 'open') open)";
