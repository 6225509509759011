//! The room's statements, one file a noun.

pub(super) mod checkouts;
pub(super) mod events;
pub(super) mod ledger;
pub(super) mod subscriptions;

use uuid::Uuid;

use super::model::{Purpose, PurposeKind};
use crate::kit::stripe::Interval;

type Result<T> = std::result::Result<T, sqlx::Error>;

fn decode<E: std::fmt::Display>(error: E) -> sqlx::Error {
    sqlx::Error::Decode(error.to_string().into())
}

fn purpose(kind: &str, id: Uuid) -> Result<Purpose> {
    Ok(Purpose { kind: kind.parse::<PurposeKind>().map_err(decode)?, id })
}

fn interval(code: Option<&str>) -> Result<Option<Interval>> {
    code.map(str::parse).transpose().map_err(decode::<String>)
}
