use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Entry, Line};

pub(super) async fn lock_last_hash(db: &mut PgConnection) -> Result<Vec<u8>, sqlx::Error> {
    sqlx::query!("select pg_advisory_xact_lock(7265002)").execute(&mut *db).await?;
    let hash =
        sqlx::query_scalar!("select hash from audit_log order by id desc limit 1").fetch_optional(db).await?;
    Ok(hash.unwrap_or_default())
}

pub(super) async fn insert(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    actor: &str,
    entry: &Entry<'_>,
    hash: &[u8],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into audit_log (at, actor, action, subject_kind, subject_id, detail, hash) values ($1, $2, $3, $4, $5, $6, $7)",
        now,
        actor,
        entry.action,
        entry.subject.0,
        entry.subject.1,
        entry.detail,
        hash
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn list_from(
    db: &mut PgConnection,
    after: i64,
    most: i64,
) -> Result<Vec<Line>, sqlx::Error> {
    sqlx::query_as!(
        Line,
        "select id, at, actor, action, subject_kind, subject_id, detail, hash from audit_log where id > $1 order by id limit $2",
        after,
        most
    )
    .fetch_all(db)
    .await
}

/// The newest lines before an id, of one action or room (`membership.`) or person if given.
pub async fn list(
    db: &mut PgConnection,
    before: Option<i64>,
    action_prefix: &str,
    actor: Option<&str>,
    most: i64,
) -> Result<Vec<Line>, sqlx::Error> {
    sqlx::query_as!(
        Line,
        "select id, at, actor, action, subject_kind, subject_id, detail, hash from audit_log
         where ($1::bigint is null or id < $1) and starts_with(action, $2) and ($3::text is null or actor = $3)
         order by id desc limit $4",
        before,
        action_prefix,
        actor,
        most
    )
    .fetch_all(db)
    .await
}

/// What happened to one record, newest first.
pub async fn of_subject(
    db: &mut PgConnection,
    kind: &str,
    id: &str,
    most: i64,
) -> Result<Vec<Line>, sqlx::Error> {
    sqlx::query_as!(
        Line,
        "select id, at, actor, action, subject_kind, subject_id, detail, hash from audit_log
         where subject_kind = $1 and subject_id = $2 order by id desc limit $3",
        kind,
        id,
        most
    )
    .fetch_all(db)
    .await
}
