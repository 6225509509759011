//! Runs jobs: slots in lanes, woken by Postgres as soon as a job is pushed.
//!
//! The library's own loop takes one job a slot for each signal. Here a slot goes on until nothing is due, and whoever
//! takes a job wakes the next slot to look whether there is more. A slot takes no job before it can run it, so what a
//! dead worker had locked is what it was running.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use graphile_worker::{IntoTaskHandlerResult, TaskHandler, WorkerContext, WorkerOptions};
use serde::{Deserialize, Serialize};
use sqlx::{Acquire, PgPool, postgres::PgListener};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::sleep,
};

use super::{Failure, Job, Lane, failed};
use crate::kit::{app::App, db::session};

/// How often a worker looks for what has become due, and for workers that are no more.
const POLL: Duration = Duration::from_secs(1);

/// Every job the site knows, and what runs by the clock.
pub struct Jobs {
    /// In the order of [`Lane::ALL`].
    lanes: Vec<WorkerOptions>,
    schedule: String,
    going_on: Vec<&'static str>,
}

impl Default for Jobs {
    fn default() -> Self {
        let lanes = Lane::ALL.map(|_| WorkerOptions::default()).into();
        Self { lanes, schedule: String::new(), going_on: Vec::new() }
    }
}

impl Jobs {
    #[must_use]
    pub fn with<J: Job>(mut self) -> Self {
        let lane = &mut self.lanes[J::LANE as usize];
        *lane = std::mem::take(lane).define_job::<Task<J>>();
        if J::GOES_ON {
            self.going_on.push(J::NAME);
        }
        self
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
        let mut lanes = Vec::new();
        for (lane, mut options) in Lane::ALL.into_iter().zip(self.lanes) {
            let more = Arc::new(Notify::new());
            if lane == Lane::Long {
                options = options
                    .with_cron(self.schedule.as_str())
                    .map_err(|error| anyhow::anyhow!("schedule: {error:?}"))?;
            }
            let options = options
                .pg_pool(app.pool().clone())
                .schema("graphile_worker")
                // One here, the others are ours.
                .concurrency(1)
                .poll_interval(POLL)
                .use_notification_delivery(false)
                .listen_os_shutdown_signals(false)
                .add_extension(Carried { app: app.clone(), more: more.clone() });
            let worker = Arc::new(Box::pin(options.init()).await?);
            lanes.push(Running { slots: lane.slots(), worker, more });
        }
        Ok(Worker {
            pool: app.pool().clone(),
            lanes,
            going_on: self.going_on,
            stop: watch::Sender::default(),
        })
    }
}

/// Makes the queue's tables.
pub(in crate::kit) async fn install(pool: &PgPool) -> anyhow::Result<()> {
    WorkerOptions::default().pg_pool(pool.clone()).schema("graphile_worker").init().await?;
    Ok(())
}

/// Runs this process's jobs.
pub struct Worker {
    pool: PgPool,
    lanes: Vec<Running>,
    going_on: Vec<&'static str>,
    stop: watch::Sender<bool>,
}

struct Running {
    slots: usize,
    worker: Arc<graphile_worker::Worker>,
    /// There may be more to do in this lane.
    more: Arc<Notify>,
}

impl Worker {
    /// Runs what is due in each lane, once.
    ///
    /// # Errors
    /// The database is away.
    pub async fn run_once(&self) -> anyhow::Result<()> {
        for lane in &self.lanes {
            lane.worker.run_once().await?;
        }
        Ok(())
    }

    /// Runs jobs until it is asked to stop and the last has ended. First it sets aside what processes before it had in
    /// hand when they ended.
    ///
    /// # Errors
    /// The database went away. [`Worker::release`] gives back what was in hand then.
    pub async fn run(&self) -> anyhow::Result<()> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.eager_reconnect(false);
        listener.listen("jobs:insert").await?;
        let session = listener.acquire().await?;
        session::watch(session).await?;
        // The locks say that these workers live. They go with the connection, so no crash can leave them behind.
        for lane in &self.lanes {
            failed::lock_worker(session, lane.worker.worker_id()).await?;
        }
        self.set_crashed_aside(!FIRST.swap(false, Ordering::Relaxed)).await?;

        // Dropped with this future; what is in hand is then broken off.
        let mut slots = JoinSet::new();
        for lane in &self.lanes {
            let worker = lane.worker.clone();
            slots.spawn(async move { Ok(worker.run().await?) });
            for _ in 1..lane.slots {
                slots.spawn(slot(lane.worker.clone(), lane.more.clone(), self.stop.subscribe()));
            }
        }
        // One slot a lane is enough: whoever finds a job wakes the next.
        let wake = || self.lanes.iter().for_each(|lane| lane.more.notify_one());
        let listening = async {
            while listener.try_recv().await?.is_some() {
                wake();
            }
            anyhow::bail!("the connection to the database was lost")
        };
        let looking = async {
            loop {
                sleep(POLL).await;
                wake();
                self.set_crashed_aside(true).await?;
            }
        };
        let ended = async {
            while let Some(ended) = slots.join_next().await {
                ended??;
            }
            anyhow::Ok(())
        };
        tokio::select! {
            ended = ended => ended?,
            lost = listening => return lost,
            lost = looking => return lost,
        }
        // The connection goes back to the pool.
        sqlx::query("select pg_advisory_unlock_all()").execute(&mut listener).await?;
        Ok(())
    }

    async fn set_crashed_aside(&self, forgiving: bool) -> anyhow::Result<()> {
        let set_aside = failed::set_crashed_aside(&self.pool, &self.going_on, forgiving).await?;
        if set_aside > 0 {
            tracing::error!(set_aside, "jobs were running when the program ended; officers see them");
        }
        Ok(())
    }

    /// Takes no further jobs; those at work have five seconds.
    pub fn request_shutdown(&self) {
        self.stop.send_replace(true);
        for lane in &self.lanes {
            lane.worker.request_shutdown();
        }
    }

    /// Gives back what was in hand when [`Worker::run`] was dropped or failed: the process lives, no job crashed it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn release(&self) -> anyhow::Result<()> {
        let mut db = self.pool.acquire().await?;
        let workers: Vec<_> = self.lanes.iter().map(|lane| lane.worker.worker_id().clone()).collect();
        Ok(failed::release(&mut db, &workers).await?)
    }
}

/// Whether no worker has run in this process yet. Workers after the first begin when the database was away.
static FIRST: AtomicBool = AtomicBool::new(true);

/// Takes job after job until none is due, then waits to be woken.
async fn slot(
    worker: Arc<graphile_worker::Worker>,
    more: Arc<Notify>,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    loop {
        worker.run_once().await?;
        tokio::select! {
            () = more.notified() => {}
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
        }
    }
}

#[derive(Clone)]
struct Carried {
    app: App,
    more: Arc<Notify>,
}

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
        let Some(Carried { app, more }) = context.get_ext::<Carried>().cloned() else {
            return Err("the worker carries no app".to_owned());
        };
        more.notify_one();
        match failed::is_set_aside(app.pool(), J::NAME, context.payload()).await {
            Ok(false) => {}
            Ok(true) => {
                tracing::warn!(job = J::NAME, "an equal job is set aside; this one does nothing");
                return Ok(());
            }
            Err(error) => return Err(error.to_string()),
        }
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
