//! A whole site for each test: a database of its own, a clock that stands still, seeded randomness, a folder of
//! caught mail, a real listener. Tests speak HTTP to it and read pages as people do: by labels and words.

mod browser;
mod database;
pub mod log;
mod mailbox;
pub mod program;
pub mod smtp;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use breakthrough::{
    accounts::Rooms,
    audit::{Actor, Change},
    kit::{app::App, clock::Clock, config::Config, random::Random, web},
    site,
};
use chrono::{DateTime, Utc};
use sqlx::PgPool;

pub use browser::{Browser, Filled, Page};
use database::Left;
pub use database::{Scratch, empty, removed_with_this_process, scratch, settings, wrong_tallies};
pub use mailbox::Mail;

/// Saturday 21 November 2026, noon.
pub fn noon() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

pub struct Site {
    pub app: App,
    pub pool: PgPool,
    pub address: SocketAddr,
    /// Where this site's database can be reached, for another process.
    pub database_url: String,
    rooms: Rooms,
    folder: Arc<PathBuf>,
    database: database::Scratch,
}

impl Site {
    /// A change by nobody in particular, for what a test wants to be there.
    pub async fn change(&self) -> Change<'_> {
        Change::begin_alone(&self.app, Actor::System).await.unwrap()
    }

    /// A site with the demo party in it.
    pub async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    /// One whose pool holds so many connections and no more.
    pub async fn open_with_connections(most: u32) -> Self {
        Self::open_as(most, Rooms(site::ROOMS), |_| {}).await
    }

    /// One with other rooms.
    pub async fn open_with_rooms(rooms: Rooms) -> Self {
        Self::open_as(8, rooms, |_| {}).await
    }

    pub async fn open_with(change: impl FnOnce(&mut breakthrough::kit::config::RawConfig)) -> Self {
        Self::open_as(8, Rooms(site::ROOMS), change).await
    }

    async fn open_as(
        connections: u32,
        rooms: Rooms,
        change: impl FnOnce(&mut breakthrough::kit::config::RawConfig),
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let database = database::scratch(connections).await;
        let folder = database.folder.clone();
        let mut settings = settings(address, &folder);
        change(&mut settings);
        let config: Config = settings.check().expect("the settings hold");
        let pool = database.pool.clone();
        let app = App::new(config, pool.clone(), Clock::set_to(noon()), Random::seeded(7)).await.unwrap();
        let router = site::router_with(&app, rooms).unwrap();
        let served = app.clone();
        tokio::spawn(async move { web::serve(&served, listener, router, std::future::pending()).await });
        let database_url = database.url.clone();
        Self { app, pool, address, database_url, rooms, folder: Arc::new(folder), database }
    }

    /// Hears of changes as a served site does, so that pages in memory are dropped. Before, tests see them get old.
    pub async fn listen(&self) {
        tokio::spawn(breakthrough::kit::db::listen(self.app.clone()));
        for _ in 0..200 {
            let listens: bool = sqlx::query_scalar(
                "select exists (select from pg_stat_activity where datname = current_database() and query ilike 'listen %')",
            )
            .fetch_one(&self.pool)
            .await
            .unwrap();
            if listens {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("the site does not listen for changes");
    }

    /// Where this site keeps its files.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// A browser that nobody has signed in with.
    pub fn stranger(&self) -> Browser {
        Browser::new(self.address)
    }

    /// A browser signed in as one of the demo party, by password.
    pub async fn signed_in_as(&self, email: &str) -> Browser {
        let mut browser = self.stranger();
        let page = browser.get("/sign-in").await;
        let page = page
            .form("/sign-in")
            .fill("email", email)
            .fill("password", breakthrough::demo::PASSWORD)
            .fill("next", "/account")
            .press("how", "password")
            .submit(&mut browser)
            .await;
        page.expect_status(200);
        browser
    }

    /// Who has an address.
    pub async fn person(&self, email: &str) -> uuid::Uuid {
        sqlx::query_scalar("select id from people where email = $1::text::citext")
            .bind(email)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// Runs every job that is due, those they push, and those of the webhooks they cause, until none is left.
    pub async fn work(&self) {
        let worker = self.rooms.jobs().worker(&self.app).await.unwrap();
        for _ in 0..20 {
            worker.run_once().await.unwrap();
            self.app.stripe_stand_in().all_answered().await;
            let due: i64 = sqlx::query_scalar("select count(*) from graphile_worker._private_jobs where run_at <= now() and attempts < max_attempts")
                .fetch_one(&self.pool)
                .await
                .unwrap();
            if due == 0 {
                return;
            }
        }
        panic!("jobs push jobs without end");
    }

    /// Mails caught for an address, oldest first. Runs the jobs that send them.
    pub async fn mails_to(&self, email: &str) -> Vec<Mail> {
        self.work().await;
        mailbox::to(&self.folder, email)
    }

    /// The newest mail to an address.
    pub async fn mail_to(&self, email: &str) -> Mail {
        self.mails_to(email).await.pop().unwrap_or_else(|| panic!("no mail to {email}"))
    }

    /// Says that a job of this name waits when the test ends, for a time that does not come in it.
    pub fn leaves_waiting(&self, job: &str) {
        self.database.leaves(job, Left::Waiting);
    }

    /// Says that a job of this name has failed when the test ends. A test that leaves a job, waiting or failed, without
    /// saying so fails, and so does one that does not leave what it said.
    pub fn leaves_failed(&self, job: &str) {
        self.database.leaves(job, Left::Failed);
    }
}
