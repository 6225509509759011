use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

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

/// Whether it is the officer's first sight of the record on that day.
pub(super) async fn insert_sight(
    db: &mut PgConnection,
    officer: Uuid,
    subject: (&str, &str),
    day: NaiveDate,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into audit_sights (officer, subject_kind, subject_id, seen_on) values ($1, $2, $3, $4) on conflict do nothing",
        officer,
        subject.0,
        subject.1,
        day
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Which lines to read. What is empty filters nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only lines before this id: the next page.
    pub before: Option<i64>,
    /// `membership.` for one room, or one whole action.
    pub action_prefix: String,
    /// Lines by one of these people, or about them: ids as text, or `system`.
    pub people: Option<Vec<String>>,
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

/// The newest lines that fit.
pub async fn list(db: &mut PgConnection, filter: &Filter, most: i64) -> Result<Vec<Line>, sqlx::Error> {
    sqlx::query_as!(
        Line,
        "select id, at, actor, action, subject_kind, subject_id, detail, hash from audit_log
         where ($1::bigint is null or id < $1) and starts_with(action, $2)
           and ($3::text[] is null or actor = any($3) or (subject_kind = 'person' and subject_id = any($3)))
           and ($4::timestamptz is null or at >= $4) and ($5::timestamptz is null or at < $5)
         order by id desc limit $6",
        filter.before,
        filter.action_prefix,
        filter.people.as_deref(),
        filter.from,
        filter.until,
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
