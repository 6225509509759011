//! Background jobs, in Postgres, pushed in the same transaction as the change that wants them.
//!
//! A job is a small struct of ids with a [`Job::run`]. It may run more than once and must not do its work twice.
//! The queue library is graphile_worker; rooms see only this file.

use std::{fmt, future::Future, time::Duration};

use chrono::{DateTime, Utc};
use graphile_worker::{IntoTaskHandlerResult, TaskHandler, Worker, WorkerContext, WorkerOptions};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sqlx::{PgConnection, PgPool};

use super::{app::App, error::Error};

pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Unique in the whole site: `room_what`, letters and underscores (a crontab has to name it).
    const NAME: &'static str;
    /// Tries before it is left for a person to look at ([`given_up`]). The pauses between grow from seconds to six
    /// hours: twelve tries are about sixteen hours, [`FOR_DAYS`] about five days.
    const TRIES: i32 = 12;

    fn run(self, app: App) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// Tries of a job that must get through even if the other side is away over a long weekend.
pub const FOR_DAYS: i32 = 30;

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
    add(db, job, None, None).await
}

/// Pushes a job unless one with the same key waits already; a waiting one is replaced.
pub async fn push_keyed<J: Job>(db: &mut PgConnection, job: &J, key: &str) -> Result<(), sqlx::Error> {
    add(db, job, Some(key), None).await
}

/// Pushes a keyed job for later.
pub async fn push_at<J: Job>(
    db: &mut PgConnection,
    job: &J,
    key: &str,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    add(db, job, Some(key), Some(at)).await
}

/// Jobs that have had all their tries, by name and how many: a person has to look at them.
pub async fn given_up(db: &mut PgConnection) -> Result<Vec<(String, i64)>, sqlx::Error> {
    // Not a checked query, as in [`add`]. A job that was replaced under its key is retired, not given up.
    sqlx::query_as(
        "select t.identifier, count(*) from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id
         where j.attempts >= j.max_attempts
           and not exists (select from graphile_worker._private_job_retirements r where r.id = j.id)
         group by 1 order by 1",
    )
    .fetch_all(db)
    .await
}

async fn add<J: Job>(
    db: &mut PgConnection,
    job: &J,
    key: Option<&str>,
    at: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    let payload = serde_json::to_value(job).map_err(|error| sqlx::Error::Encode(error.into()))?;
    // Not a checked query: the queue's tables are made by the library, not by our migrations.
    sqlx::query(
        "select from graphile_worker.add_job($1, payload => $2::json, max_attempts => $3, job_key => $4, run_at => $5)",
    )
    .bind(J::NAME)
    .bind(payload)
    .bind(J::TRIES)
    .bind(key)
    .bind(at)
    .execute(db)
    .await?;
    Ok(())
}

/// Every job the site knows, and what runs by the clock.
#[derive(Default)]
pub struct Jobs {
    options: WorkerOptions,
    schedule: String,
}

impl Jobs {
    #[must_use]
    pub fn with<J: Job>(self) -> Self {
        Self { options: self.options.define_job::<Task<J>>(), ..self }
    }

    /// A job without facts of its own that runs by a crontab's five fields, in UTC. Runs missed while no worker was
    /// up are run later, for up to a day.
    #[must_use]
    pub fn every<J: Job + Default>(self, when: &str) -> Self {
        let schedule = format!("{}{when} {} ?fill=1d {{}}\n", self.schedule, J::NAME);
        Self { schedule, ..self }.with::<J>()
    }

    /// A job that looks each minute whether there is something to do. Missed looks are not run later.
    #[must_use]
    pub fn each_minute<J: Job + Default>(self) -> Self {
        let schedule = format!("{}* * * * * {} ?max=1 {{}}\n", self.schedule, J::NAME);
        Self { schedule, ..self }.with::<J>()
    }

    /// # Errors
    /// The database is away, or a schedule cannot be read.
    pub async fn worker(self, app: &App) -> anyhow::Result<Worker> {
        let options = self
            .options
            .with_cron(self.schedule.as_str())
            .map_err(|error| anyhow::anyhow!("schedule: {error:?}"))?
            .pg_pool(app.pool().clone())
            .schema("graphile_worker")
            .concurrency(4)
            .poll_interval(Duration::from_secs(1))
            // A worker that dies keeps its jobs locked: others notice by its missing heartbeat.
            .heartbeat_interval(Duration::from_secs(10))
            .sweep_interval(Duration::from_secs(15))
            .sweep_threshold(Duration::from_secs(45))
            .recovery_delay(Duration::from_secs(1))
            .listen_os_shutdown_signals(false)
            .add_extension(Carried(app.clone()));
        Ok(options.init().await?)
    }
}

/// Makes the queue's tables.
pub(super) async fn install(pool: &PgPool) -> anyhow::Result<()> {
    WorkerOptions::default().pg_pool(pool.clone()).schema("graphile_worker").init().await?;
    Ok(())
}

#[derive(Clone)]
struct Carried(App);

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("App")
    }
}

/// Our [`Job`] in the library's words.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
struct Task<J: Job>(J);

impl<J: Job> TaskHandler for Task<J> {
    const IDENTIFIER: &'static str = J::NAME;

    async fn run(self, context: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(Carried(app)) = context.get_ext::<Carried>().cloned() else {
            return Err("the worker carries no app".to_owned());
        };
        match self.0.run(app).await {
            Ok(()) => Ok(()),
            Err(Failure::Retry(error)) => {
                tracing::warn!(
                    job = J::NAME,
                    error = format!("{error:#}"),
                    "job failed, will be tried again"
                );
                Err(format!("{error:#}"))
            }
            Err(Failure::GiveUp(reason)) => {
                tracing::error!(job = J::NAME, reason, "job given up");
                Ok(())
            }
        }
    }
}
