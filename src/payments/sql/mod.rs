//! The room's statements, one file a noun.

pub(super) mod checkouts;
pub(super) mod events;
pub(super) mod ledger;
pub(super) mod subscriptions;

use uuid::Uuid;

use super::purposes::Purpose;
use crate::kit::stripe::Interval;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// See [`Room::counts`](crate::accounts::Room).
pub(super) const COUNTS: &str = "
    select jsonb_build_object(
        'income', (select coalesce(sum(amount_pence), 0)::bigint from ledger where at >= $3),
        'income_before', (select coalesce(sum(amount_pence), 0)::bigint from ledger where at >= $4 and at < $3),
        'failed_events', (select count(*) from stripe_events where outcome = 'failed'))";

fn decode<E: std::fmt::Display>(error: E) -> sqlx::Error {
    sqlx::Error::Decode(error.to_string().into())
}

fn purpose(kind: &str, id: Uuid) -> Result<Purpose> {
    Ok(Purpose { kind: kind.parse().map_err(decode)?, id })
}

fn interval(code: Option<&str>) -> Result<Option<Interval>> {
    code.map(str::parse).transpose().map_err(decode::<String>)
}
