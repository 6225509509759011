//! Notices: sent to given people, looked after by their key, and forgotten.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Result;
use crate::newsletters::model::{Counts, Notice, NoticeProgress, State, Undelivered, undelivered_words};

/// Writes a notice that is on its way. `false` if there is one of this key.
pub async fn insert_notice(
    db: &mut PgConnection,
    id: Uuid,
    notice: &Notice,
    is_reminder: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into updates (id, notice_key, reason, is_reminder, subject, preheader, body, state, written_by, created_at, changed_at, started_at)
         values ($1, $2, $3, $4, $5, '', $6, 'sending', $7, $8, $8, $8) on conflict (notice_key) do nothing",
        id,
        notice.key,
        notice.reason,
        is_reminder,
        notice.subject,
        notice.body,
        notice.by,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes a row for each of these people, once, and how many there are. Returns that number.
pub async fn insert_people(db: &mut PgConnection, id: Uuid, people: &[Uuid]) -> Result<i32> {
    sqlx::query_scalar!(
        r#"with added as (
               insert into deliveries (update_id, person_id, state)
               select $1, p.id, 'waiting' from unnest($2::uuid[]) as wanted (id) join people p on p.id = wanted.id
               on conflict do nothing returning 1
           )
           update updates set recipients = (select count(*) from added) where id = $1 returning recipients as "recipients!""#,
        id,
        people
    )
    .fetch_one(db)
    .await
}

pub async fn has_notice(db: &mut PgConnection, key: &str) -> Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from updates where notice_key = $1) as "has!""#, key)
        .fetch_one(db)
        .await
}

pub async fn list_notices(db: &mut PgConnection, keys: &[String]) -> Result<Vec<(String, NoticeProgress)>> {
    let rows = sqlx::query!(
        r#"select u.notice_key as "key!", u.id, u.state as "state: State", u.started_at as "started_at!", u.finished_at, u.sums is not null as "is_forgotten!",
                  coalesce(u.sums, (
                      select jsonb_object_agg(state, number) || jsonb_build_object('all', sum(number))
                      from (select state, count(*) as number from deliveries d where d.update_id = u.id group by state) c
                  ), '{}') as "counts!: Json<Counts>"
           from updates u where u.notice_key = any($1)"#,
        keys
    )
    .fetch_all(db)
    .await?;
    let read = rows.into_iter().map(|row| {
        let counts = row.counts.0;
        let progress = NoticeProgress {
            id: row.id,
            state: row.state,
            total: counts.all,
            sent: counts.sent,
            waiting: counts.waiting + counts.in_hand,
            refused: counts.refused,
            uncertain: counts.uncertain + counts.left,
            left_out: counts.skipped,
            started_at: row.started_at,
            finished_at: row.finished_at,
            is_forgotten: row.is_forgotten,
        };
        (row.key, progress)
    });
    Ok(read.collect())
}

/// Nobody where it is for nobody to read.
pub async fn list_undelivered(
    db: &mut PgConnection,
    key: &str,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Undelivered>> {
    let rows = sqlx::query!(
        r#"select d.person_id, p.name, p.email::text as "email!", d.state, coalesce(d.answer, '') as "answer!"
           from updates u
           cross join unnest(array['refused', 'uncertain', 'left', 'skipped']) as wanted (state)
           cross join lateral (
               select * from deliveries
               where update_id = u.id and state = wanted.state and state in ('sending', 'uncertain', 'refused', 'left', 'skipped')
                 and ($2::uuid is null or person_id > $2)
               order by person_id limit $3
           ) d
           join people p on p.id = d.person_id
           where u.notice_key = $1 and not u.is_reminder
           order by d.person_id limit $3"#,
        key,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Undelivered {
            person: row.person_id,
            name: row.name,
            email: row.email,
            why: undelivered_words(&row.state, &row.answer),
        })
        .collect())
}

/// Drops the row of each person and keeps how many mails ended how. One that was still being sent ends: who waited is
/// left out, and what was in hand is uncertain. Returns the notice, unless it was forgotten before.
pub async fn forget(db: &mut PgConnection, key: &str, now: DateTime<Utc>) -> Result<Option<Uuid>> {
    sqlx::query_scalar!(
        r#"with notice as (
               select id from updates where notice_key = $1 and sums is null for update
           ), gone as (
               delete from deliveries d using notice n where d.update_id = n.id returning d.state
           ), counted as (
               select count(*) as everybody, count(*) filter (where state = 'sent') as sent,
                      count(*) filter (where state = 'refused') as refused,
                      count(*) filter (where state in ('uncertain', 'sending')) as uncertain,
                      count(*) filter (where state = 'left') as "left",
                      count(*) filter (where state in ('skipped', 'waiting')) as skipped
               from gone
           )
           update updates u
           set sums = jsonb_build_object('all', c.everybody, 'sent', c.sent, 'refused', c.refused, 'uncertain', c.uncertain,
                                         'left', c."left", 'skipped', c.skipped),
               sent = c.sent, state = case when u.state in ('sending', 'paused') then 'cancelled' else u.state end,
               finished_at = coalesce(u.finished_at, $2), trouble = null
           from notice n, counted c where u.id = n.id returning u.id"#,
        key,
        now
    )
    .fetch_optional(db)
    .await
}
