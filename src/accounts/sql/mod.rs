//! The room's statements, one file a noun.

pub(super) mod consents;
pub(super) mod offices;
pub(super) mod people;
pub(super) mod requests;
pub(super) mod sessions;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// By standing; see [`Room::counts`](crate::accounts::Room).
pub(super) const COUNTS: &str = "
    select jsonb_build_object('members', count(*) filter (where standing = 'member'),
                              'supporters', count(*) filter (where standing = 'supporter'))
    from people where $1::text[] is null or region = any($1)";
