//! The room's statements, one file a noun.

pub(super) mod checkouts;
pub(super) mod events;
pub(super) mod ledger;
pub(super) mod subscriptions;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// See [`Room::counts`](crate::accounts::Room).
pub(super) const COUNTS: &str = "
    select jsonb_build_object(
        'income', (select coalesce(sum(amount_pence), 0)::bigint from ledger where at >= $3),
        'income_before', (select coalesce(sum(amount_pence), 0)::bigint from ledger where at >= $4 and at < $3),
        'failed_events', (select count(*) from stripe_events where outcome = 'failed'))";
