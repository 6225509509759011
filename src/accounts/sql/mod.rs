//! The room's statements, one file a noun.

pub(super) mod consents;
pub(super) mod email_changes;
pub(super) mod offices;
pub(super) mod people;
pub(super) mod requests;
pub(super) mod sessions;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// By standing; see [`Room::counts`](crate::accounts::Room).
pub(super) const COUNTS: &str = "
    select jsonb_build_object('members', coalesce(sum(number) filter (where key = 'member'), 0),
                              'supporters', coalesce(sum(number) filter (where key = 'supporter'), 0))
    from tallies where what = 'people' and ($1::text[] is null or part = any($1))";
