//! What Stripe sent, as it came, and what became of it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Result;

pub struct NewEvent<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub object_id: Option<&'a str>,
    /// The payment it is about, where money went back.
    pub payment_intent: Option<&'a str>,
    pub happened_at: Option<DateTime<Utc>>,
    pub livemode: bool,
    pub api_version: Option<&'a str>,
    pub body: &'a [u8],
    pub now: DateTime<Utc>,
}

/// Keeps an event. One that was passed over before waits again: whoever sends it once more has a reason.
pub async fn insert(db: &mut PgConnection, new: &NewEvent<'_>) -> Result<()> {
    sqlx::query!(
        "insert into stripe_events as old (id, kind, object_id, payment_intent, happened_at, livemode, api_version, body, received_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (id) do update set body = excluded.body, payment_intent = excluded.payment_intent,
                outcome = 'waiting', processed_at = null, note = null
         where old.outcome = 'ignored'",
        new.id,
        new.kind,
        new.object_id,
        new.payment_intent,
        new.happened_at,
        new.livemode,
        new.api_version,
        new.body,
        new.now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lets events wait again that were passed over because their payment was not known. Returns their ids.
pub async fn set_waiting_again(db: &mut PgConnection, payment_intent: &str) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        "update stripe_events set outcome = 'waiting', processed_at = null, note = null
         where payment_intent = $1 and outcome = 'ignored' and body <> '' returning id",
        payment_intent
    )
    .fetch_all(db)
    .await
}

/// Events since an instant that are not processed.
pub async fn list_unprocessed(
    db: &mut PgConnection,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        "select id from stripe_events where outcome in ('waiting', 'failed') and received_at >= $1 and received_at < $2
         order by received_at",
        since,
        until
    )
    .fetch_all(db)
    .await
}

/// Forgets what is no longer needed of events that were processed: the row stays, so that none counts twice.
pub async fn empty_old(db: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let done =
        sqlx::query!("update stripe_events set body = '' where processed_at < $1 and body <> ''", before)
            .execute(db)
            .await?;
    Ok(done.rows_affected())
}

/// The body of an event that is still to be processed.
pub async fn find_waiting(db: &mut PgConnection, id: &str) -> Result<Option<Vec<u8>>> {
    sqlx::query_scalar!("select body from stripe_events where id = $1 and processed_at is null", id)
        .fetch_optional(db)
        .await
}

pub async fn set_processed(
    db: &mut PgConnection,
    id: &str,
    ignored: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update stripe_events set processed_at = $2, outcome = case when $3::text is null then 'done' else 'ignored' end,
                note = $3 where id = $1",
        id,
        now,
        ignored
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_failed(db: &mut PgConnection, id: &str, why: &str) -> Result<()> {
    sqlx::query!(
        "update stripe_events set outcome = 'failed', note = $2 where id = $1 and processed_at is null",
        id,
        why
    )
    .execute(db)
    .await?;
    Ok(())
}

/// An event that needs a look, for the treasurer.
pub struct EventLine {
    pub id: String,
    pub kind: String,
    pub object_id: Option<String>,
    pub received_at: DateTime<Utc>,
    pub note: Option<String>,
}

pub async fn list(db: &mut PgConnection, outcome: &str, limit: i64) -> Result<Vec<EventLine>> {
    sqlx::query_as!(
        EventLine,
        "select id, kind, object_id, received_at, note from stripe_events
         where outcome = $1 and outcome <> 'done' order by received_at desc, id limit $2",
        outcome,
        limit
    )
    .fetch_all(db)
    .await
}

pub async fn count(db: &mut PgConnection) -> Result<(i64, i64, i64)> {
    let row = sqlx::query!(
        r#"select count(*) filter (where outcome = 'waiting') as "waiting!",
                  count(*) filter (where outcome = 'failed') as "failed!",
                  count(*) filter (where outcome = 'ignored') as "ignored!"
           from stripe_events where outcome <> 'done'"#
    )
    .fetch_one(db)
    .await?;
    Ok((row.waiting, row.failed, row.ignored))
}
