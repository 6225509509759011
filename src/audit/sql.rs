use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Actor, Entry, StoredEntry, link, seal};
use crate::kit::app::App;

/// `lines!("where id > $1", id)`
macro_rules! lines {
    ($which:literal, $($value:expr),*) => {
        sqlx::query_as!(
            StoredEntry,
            "select id, at, actor, action, subject_kind, subject_id, detail, hash, keyed from audit_log " + $which,
            $($value),*
        )
    };
}

/// Seals and writes lines in their order.
pub(super) async fn write(
    app: &App,
    db: &mut PgConnection,
    now: DateTime<Utc>,
    by: Actor,
    lines: &[Entry],
) -> Result<(), sqlx::Error> {
    let by = by.text();
    let mut hash = sqlx::query_scalar!("select audit_head()").fetch_one(&mut *db).await?.unwrap_or_default();
    let mut hashes = Vec::with_capacity(lines.len());
    for line in lines {
        let words = [by.as_str(), line.action, line.subject_kind, &line.subject_id];
        hash = seal(app, &link(&hash, now, words, &line.detail));
        hashes.push(hash.clone());
    }
    let column = |of: fn(&Entry) -> &str| lines.iter().map(|line| of(line).to_owned()).collect::<Vec<_>>();
    let details: Vec<_> = lines.iter().map(|line| line.detail.clone()).collect();
    sqlx::query!(
        "insert into audit_log (at, actor, action, subject_kind, subject_id, detail, hash, keyed)
         select $1, $2, action, kind, id, detail, hash, true
         from unnest($3::text[], $4::text[], $5::text[], $6::jsonb[], $7::bytea[])
              with ordinality new (action, kind, id, detail, hash, place)
         order by place",
        now,
        by,
        &column(|line| line.action),
        &column(|line| line.subject_kind),
        &column(|line| &line.subject_id),
        &details,
        &hashes
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that an officer opened a record. Whether it is their first sight of it on that day.
pub(super) async fn insert_sight(
    db: &mut PgConnection,
    officer: Uuid,
    (kind, id): (&str, &str),
    day: NaiveDate,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into audit_sights (officer, subject_kind, subject_id, seen_on) values ($1, $2, $3, $4)
         on conflict do nothing",
        officer,
        kind,
        id,
        day
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn list_from(
    db: &mut PgConnection,
    after: i64,
    most: i64,
) -> Result<Vec<StoredEntry>, sqlx::Error> {
    lines!("where id > $1 order by id limit $2", after, most).fetch_all(db).await
}

/// Whether the role that the site works as could change lines, if there were no trigger.
pub async fn may_be_changed(db: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select pg_has_role(current_user, relowner, 'member') or has_table_privilege('audit_log', 'update, delete, truncate') as "may!"
           from pg_class where oid = 'audit_log'::regclass"#
    )
    .fetch_one(db)
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
    lines!(
        "where ($1::bigint is null or id < $1) and starts_with(action, $2)
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
    lines!(
        "where subject_kind = $1 and subject_id = $2 and action = any($3) order by id desc limit 1",
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
    lines!("where subject_kind = $1 and subject_id = $2 order by id desc limit $3", kind, id, most)
        .fetch_all(db)
        .await
}
