//! Updates: what they say, who gets them, and how far they are.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Result;
use crate::{
    kit::{dates, money::grouped},
    newsletters::model::{About, Audience, Class, Content, Counts, State, Update},
    people::Segment,
};

struct UpdateRow {
    id: Uuid,
    number: i32,
    subject: String,
    preheader: String,
    body: String,
    audience: Option<Json<Segment>>,
    reason: Option<String>,
    is_reminder: bool,
    sums: Option<Json<Counts>>,
    state: State,
    version: i32,
    trouble: Option<String>,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<UpdateRow> for Update {
    fn from(row: UpdateRow) -> Self {
        let class = match row.audience {
            Some(audience) => Class::Update(Audience(audience.0)),
            None => Class::Notice(About {
                reason: row.reason.unwrap_or_default(),
                is_reminder: row.is_reminder,
                sums: row.sums.map(|sums| sums.0),
            }),
        };
        Self {
            id: row.id,
            number: row.number,
            content: Content { subject: row.subject, preheader: row.preheader, body: row.body },
            class,
            state: row.state,
            version: row.version,
            trouble: row.trouble,
            started_at: row.started_at,
            finished_at: row.finished_at,
        }
    }
}

/// `updates!("where id = $1", id)`
macro_rules! updates {
    ($which:literal, $($value:expr),*) => {
        sqlx::query_as!(
            UpdateRow,
            r#"select id, number, subject, preheader, body, audience as "audience: Json<Segment>", reason, is_reminder,
                      sums as "sums: Json<Counts>", state as "state: State", version, trouble, started_at, finished_at
               from updates "# + $which,
            $($value),*
        )
    };
}

pub async fn find_update(db: &mut PgConnection, id: Uuid) -> Result<Option<Update>> {
    let row = updates!("where id = $1", id).fetch_optional(db).await?;
    Ok(row.map(Update::from))
}

/// The same, and nobody else changes it until this transaction ends.
pub async fn lock_update(db: &mut PgConnection, id: Uuid) -> Result<Option<Update>> {
    let row = updates!("where id = $1 for update", id).fetch_optional(db).await?;
    Ok(row.map(Update::from))
}

/// One line of the list.
pub struct UpdateLine {
    pub id: Uuid,
    pub subject: String,
    pub state: State,
    /// Who an update is for; why a notice comes.
    pub to: String,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub recipients: i32,
    pub sent: i64,
}

impl UpdateLine {
    /// `312 of 412`, once it has begun.
    pub fn progress(&self) -> String {
        if self.started_at.is_none() {
            return "–".to_owned();
        }
        let of = u64::from(self.recipients.unsigned_abs());
        format!("{} of {}", grouped(self.sent.unsigned_abs()), grouped(of))
    }

    pub fn when(&self) -> String {
        match self.started_at {
            Some(at) => dates::moment(at),
            None => format!("written {}", dates::moment(self.created_at)),
        }
    }
}

/// Updates or notices, the newest first.
pub async fn list_updates(
    db: &mut PgConnection,
    are_notices: bool,
    limit: i64,
    offset: i64,
) -> Result<Vec<UpdateLine>> {
    let rows = sqlx::query!(
        r#"select id, subject, state as "state: State", audience as "audience: Json<Segment>", reason, created_at, started_at,
                  coalesce(recipients, 0) as "recipients!",
                  coalesce(sent, (select count(*) from deliveries d
                                  where d.update_id = u.id and d.state = 'sent' and u.state in ('sending', 'paused'))) as "sent!"
           from updates u where (notice_key is not null) = $3 order by created_at desc, id limit $1 offset $2"#,
        limit,
        offset,
        are_notices
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| UpdateLine {
            id: row.id,
            subject: row.subject,
            state: row.state,
            to: row
                .audience
                .map_or(row.reason.unwrap_or_default(), |audience| Audience(audience.0).to_string()),
            created_at: row.created_at,
            started_at: row.started_at,
            recipients: row.recipients,
            sent: row.sent,
        })
        .collect())
}

pub async fn insert_update(
    db: &mut PgConnection,
    id: Uuid,
    content: &Content,
    audience: &Audience,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let added = sqlx::query!(
        "insert into updates (id, subject, preheader, body, audience, state, written_by, created_at, changed_at)
         values ($1, $2, $3, $4, $5, 'draft', $6, $7, $7) on conflict (id) do nothing",
        id,
        content.subject,
        content.preheader,
        content.body,
        Json(&audience.0) as _,
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() > 0)
}

pub async fn set_update(
    db: &mut PgConnection,
    id: Uuid,
    content: &Content,
    audience: &Audience,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update updates set subject = $2, preheader = $3, body = $4, audience = $5, changed_at = $6, version = version + 1
         where id = $1 and state = 'draft'",
        id,
        content.subject,
        content.preheader,
        content.body,
        Json(&audience.0) as _,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn delete_draft(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    let done = sqlx::query!("delete from updates where id = $1 and state = 'draft'", id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

pub async fn set_started(db: &mut PgConnection, id: Uuid, recipients: i32, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update updates set state = 'sending', started_at = $3, recipients = $2 where id = $1",
        id,
        recipients,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_paused(db: &mut PgConnection, id: Uuid, trouble: Option<&str>) -> Result<bool> {
    let done = sqlx::query!(
        "update updates set state = 'paused', trouble = $2 where id = $1 and state = 'sending'",
        id,
        trouble
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lets it go on, also one that had ended and got mails to send again.
pub async fn set_sending(db: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query!(
        "update updates set state = 'sending', trouble = null, finished_at = null, sent = null where id = $1",
        id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends it before its time: those who wait are left out.
pub async fn set_cancelled(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<u64> {
    let left_out = sqlx::query!(
        "update deliveries set state = 'skipped', settled_at = $2, answer = 'cancelled' where update_id = $1 and state = 'waiting'",
        id,
        now
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update updates set state = 'cancelled', finished_at = $2, trouble = null,
                sent = (select count(*) from deliveries where update_id = $1 and state = 'sent')
         where id = $1",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(left_out.rows_affected())
}

pub async fn set_trouble(db: &mut PgConnection, id: Uuid, trouble: Option<&str>) -> Result<()> {
    sqlx::query!(
        "update updates set trouble = $2 where id = $1 and trouble is distinct from $2",
        id,
        trouble
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends an update none of whose mails wait or are in hand. Returns whether it did.
pub async fn finish(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update updates set state = 'finished', finished_at = $2, trouble = null,
                sent = (select count(*) from deliveries where update_id = $1 and state = 'sent')
         where id = $1 and state = 'sending'
           and not exists (select from deliveries where update_id = $1 and state = 'waiting')
           and not exists (select from deliveries where update_id = $1 and state = 'sending')",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What was deferred while its update was cancelled is left out too, and what was in hand at that moment is counted.
/// Does nothing to other updates.
pub async fn close_cancelled(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "with left_out as (
             update deliveries set state = 'skipped', settled_at = $2, answer = 'cancelled'
             where update_id = $1 and state = 'waiting' and exists (select from updates where id = $1 and state = 'cancelled')
         )
         update updates set sent = (select count(*) from deliveries where update_id = $1 and state = 'sent')
         where id = $1 and state = 'cancelled' and sums is null",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
