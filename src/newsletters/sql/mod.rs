//! The room's statements, one file a noun.

pub(super) mod notices;
pub(super) mod sending;
pub(super) mod updates;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// See [`Room::counts`](crate::accounts::Room).
pub(super) const COUNTS: &str = "select jsonb_build_object(
        'uncertain', count(*) filter (where u.notice_key is null),
        'uncertain_notices', count(*) filter (where u.notice_key is not null))
     from deliveries d join updates u on u.id = d.update_id where d.state = 'uncertain'";
