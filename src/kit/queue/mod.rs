//! Background jobs, in Postgres, pushed in the same transaction as the change that wants them.
//!
//! A job is a small struct of ids with a [`Job::run`]. It may run more than once and must not do its work twice.
//! `worker` runs them, each in its [`Lane`]; `failed` holds those that need a person. The queue library is
//! graphile_worker; rooms see only this folder.

mod failed;
mod worker;

use std::future::Future;

use chrono::{DateTime, Utc};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::PgConnection;

pub use failed::{COUNTS, Failed, list_failed, try_again};
pub(super) use worker::install;
pub use worker::{Jobs, Worker};

use super::{app::App, error::Error};

pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Unique in the whole site: `room_what`, letters and underscores (a crontab has to name it).
    const NAME: &'static str;
    /// Tries before it is left for a person to look at ([`list_failed`]). The pauses between grow from seconds to six
    /// hours: twelve tries are about sixteen hours, [`FOR_DAYS`] about five days.
    const TRIES: i32 = 12;
    const LANE: Lane = Lane::Short;
    /// Whether it goes on by itself after the program ended in the middle of it. All others are set aside then, since
    /// what ended the program once would end it again. Only for a job whose own books keep it from the same spot.
    const GOES_ON: bool = false;

    fn run(self, app: App) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Tries of a job that must get through even if the other side is away over a long weekend.
pub const FOR_DAYS: i32 = 30;

/// Where a job waits. Each lane has slots of its own, so that none waits for another: whatever the night brings, a mail
/// goes out at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Mails that somebody waits for.
    Mail,
    /// What is done for one person, or tells of one payment.
    Short,
    /// Work through many at a time: what runs by the clock, updates, and mails that the night writes.
    Long,
}

impl Lane {
    const ALL: [Self; 3] = [Self::Mail, Self::Short, Self::Long];

    /// Jobs that one worker runs at the same time.
    fn slots(self) -> usize {
        match self {
            Self::Mail | Self::Long => 4,
            Self::Short => 6,
        }
    }
}

/// Why a job did not do its work.
#[derive(Debug)]
pub enum Failure {
    /// May work later.
    Retry(anyhow::Error),
    /// Will never work; logged, not tried again.
    GiveUp(String),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Retry(error.into())
    }
}

impl Failure {
    /// For who did the work without the queue.
    pub fn into_error(self) -> anyhow::Error {
        match self {
            Self::Retry(error) => error,
            Self::GiveUp(reason) => anyhow::Error::msg(reason),
        }
    }

    pub fn from_page(error: Error) -> Self {
        Self::Retry(error.into())
    }
}

/// Pushes a job; it runs once the transaction has committed.
pub async fn push<J: Job>(db: &mut PgConnection, job: &J) -> Result<(), sqlx::Error> {
    add(db, &[(None, job)], None).await
}

/// Pushes a job unless one with the same key waits already; a waiting one is replaced.
pub async fn push_keyed<J: Job>(db: &mut PgConnection, job: &J, key: &str) -> Result<(), sqlx::Error> {
    add(db, &[(Some(key.to_owned()), job)], None).await
}

/// Pushes many keyed jobs in one statement.
pub async fn push_all<J: Job>(db: &mut PgConnection, jobs: &[(String, J)]) -> Result<(), sqlx::Error> {
    let jobs: Vec<_> = jobs.iter().map(|(key, job)| (Some(key.clone()), job)).collect();
    add(db, &jobs, None).await
}

/// Pushes a keyed job for later.
pub async fn push_at<J: Job>(
    db: &mut PgConnection,
    job: &J,
    key: &str,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    add(db, &[(Some(key.to_owned()), job)], Some(at)).await
}

async fn add<J: Job>(
    db: &mut PgConnection,
    jobs: &[(Option<String>, &J)],
    at: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    if jobs.is_empty() {
        return Ok(());
    }
    let payloads = jobs.iter().map(|(_, job)| serde_json::to_value(job)).collect::<Result<Vec<_>, _>>();
    let payloads = payloads.map_err(|error| sqlx::Error::Encode(error.into()))?;
    let keys: Vec<_> = jobs.iter().map(|(key, _)| key.as_deref()).collect();
    // Not a checked query: the queue's tables are made by the library, not by our migrations.
    sqlx::query(
        "select from graphile_worker.add_jobs((
             select array_agg(($1, job.payload::json, null, $2, $3, job.key, 0, null)::graphile_worker.job_spec)
             from unnest($4::jsonb[], $5::text[]) as job (payload, key)))",
    )
    .bind(J::NAME)
    .bind(at)
    .bind(J::TRIES)
    .bind(payloads)
    .bind(keys)
    .execute(db)
    .await?;
    Ok(())
}
