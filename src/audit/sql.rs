use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Actor, Entry, StoredEntry};

/// Chains and writes lines in their order; the formula is in the migration that made `audit_write_all`, and once more,
/// for the check, in [`super::verify`].
pub(super) async fn write(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    by: Actor,
    lines: &[Entry],
) -> Result<(), sqlx::Error> {
    let column = |of: fn(&Entry) -> &str| lines.iter().map(|line| of(line).to_owned()).collect::<Vec<_>>();
    let details: Vec<_> = lines.iter().map(|line| line.detail.to_string()).collect();
    sqlx::query!(
        "select audit_write_all($1, $2, $3, $4, $5, $6)",
        now,
        by.text(),
        &column(|line| line.action),
        &column(|line| line.subject_kind),
        &column(|line| &line.subject_id),
        &details
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes that an officer opened a record, if it is their first sight of it on that day.
pub(super) async fn write_sight(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    officer: Uuid,
    action: &str,
    (kind, id): (&str, &str),
    day: NaiveDate,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "with first as (
             insert into audit_sights (officer, subject_kind, subject_id, seen_on) values ($1, $2, $3, $4)
             on conflict do nothing returning officer
         )
         select audit_write_all($5, officer::text, array[$6], array[$2], array[$3], array['{}']) from first",
        officer,
        kind,
        id,
        day,
        now,
        action
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn list_from(
    db: &mut PgConnection,
    after: i64,
    most: i64,
) -> Result<Vec<StoredEntry>, sqlx::Error> {
    sqlx::query_as!(
        StoredEntry,
        "select id, at, actor, action, subject_kind, subject_id, detail, hash from audit_log where id > $1 order by id limit $2",
        after,
        most
    )
    .fetch_all(db)
    .await
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
pub async fn list(
    db: &mut PgConnection,
    filter: &Filter,
    most: i64,
) -> Result<Vec<StoredEntry>, sqlx::Error> {
    sqlx::query_as!(
        StoredEntry,
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

/// The newest line of one record that tells of one of these actions.
pub async fn newest_of_subject(
    db: &mut PgConnection,
    kind: &str,
    id: &str,
    actions: &[&str],
) -> Result<Option<StoredEntry>, sqlx::Error> {
    let actions: Vec<_> = actions.iter().map(|action| (*action).to_owned()).collect();
    sqlx::query_as!(
        StoredEntry,
        "select id, at, actor, action, subject_kind, subject_id, detail, hash from audit_log
         where subject_kind = $1 and subject_id = $2 and action = any($3) order by id desc limit 1",
        kind,
        id,
        &actions
    )
    .fetch_optional(db)
    .await
}

/// What happened to one record, newest first.
pub async fn of_subject(
    db: &mut PgConnection,
    kind: &str,
    id: &str,
    most: i64,
) -> Result<Vec<StoredEntry>, sqlx::Error> {
    sqlx::query_as!(
        StoredEntry,
        "select id, at, actor, action, subject_kind, subject_id, detail, hash from audit_log
         where subject_kind = $1 and subject_id = $2 order by id desc limit $3",
        kind,
        id,
        most
    )
    .fetch_all(db)
    .await
}
