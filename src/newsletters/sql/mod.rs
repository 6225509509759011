//! The room's statements, one file a noun.

pub(super) mod sending;
pub(super) mod updates;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// See [`Room::counts`](crate::accounts::Room).
pub(super) const COUNTS: &str =
    "select jsonb_build_object('uncertain', count(*)) from deliveries where state = 'uncertain'";
