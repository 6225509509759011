//! One private Postgres for the test run, one database a test: copied from a template that is migrated and holds
//! the demo party, all of it removed when the run ends.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use breakthrough::{
    demo,
    kit::{
        app::App,
        clock::Clock,
        config::{Environment, RawConfig, Switch},
        db::{
            self,
            embedded::{Embedded, Options},
        },
        random::Random,
    },
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use tokio::sync::OnceCell;

static SERVER: OnceCell<Server> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

struct Server {
    embedded: Embedded,
    folder: PathBuf,
    _remover: Child,
}

/// What became of a job that is in the queue when a test ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    Waiting,
    Failed,
}

/// A database and a folder for one test. Dropping it fails the test if a job is left in the queue that the test did not
/// name, or if a tally is not what there is.
pub struct Scratch {
    pub pool: PgPool,
    pub url: String,
    pub folder: PathBuf,
    leaves: Mutex<BTreeSet<(String, Left)>>,
}

impl Scratch {
    /// Names a job that is left when the test ends.
    pub fn leaves(&self, job: &str, how: Left) {
        self.leaves.lock().unwrap().insert((job.to_owned(), how));
    }

    fn new(server: &Server, name: &str, connections: u32) -> Self {
        let folder = server.folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let url = server.embedded.database_url(name);
        let pool = db::pool(&url, connections).unwrap();
        Self { pool, url, folder, leaves: Mutex::default() }
    }

    /// From a thread of its own: the test's runtime may be at work on this one.
    fn ask_for_jobs(&self) -> Vec<(String, Left, String)> {
        let ask = || {
            block_on(async {
                let mut db = PgConnection::connect(&self.url).await.unwrap();
                let wrong = wrong_tallies(&mut db).await;
                assert!(wrong.is_empty(), "what triggers have counted, and what there is: {wrong:?}");
                jobs_left(&mut db).await
            })
        };
        thread::scope(|scope| scope.spawn(ask).join().unwrap())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if thread::panicking() {
            return;
        }
        let left = self.ask_for_jobs();
        let found: BTreeSet<_> = left.iter().map(|(job, how, _)| (job.clone(), *how)).collect();
        let named = self.leaves.get_mut().unwrap();
        assert_eq!(found, *named, "jobs that this test left, and those it named: {left:?}");
    }
}

/// Tallies that are not what counting gives: what it is, key, part, what it says, and what there is.
pub async fn wrong_tallies(db: &mut PgConnection) -> Vec<(String, String, String, i64, i64)> {
    if !exists(db, "tallies").await {
        return Vec::new();
    }
    sqlx::query_as(
        "with told as (
             select what, key, part, sum(number)::bigint as number from tallies group by 1, 2, 3
         ), there as (
             select 'people' as what, standing as key, coalesce(region, '') as part, count(*) as number from people group by 2, 3
             union all select 'memberships', state, '', count(*) from memberships group by 2
             union all select 'cohorts', to_char(joined_on, 'YYYY-MM-01'), '', count(*) from memberships group by 2
             union all select 'joined', to_char(started_on, 'YYYY-MM-01'), to_char(m.joined_on, 'YYYY-MM-01'), count(*)
                 from membership_periods p join memberships m on m.id = p.membership_id group by 2, 3
             union all select 'left', to_char(p.ended_on, 'YYYY-MM-01'), to_char(m.joined_on, 'YYYY-MM-01'), count(*)
                 from membership_periods p join memberships m on m.id = p.membership_id where p.ended_on is not null group by 2, 3
             union all select 'ended', to_char(starts_on, 'YYYY-MM-01'), coalesce(reason, ''), count(*) from membership_states
                 where state = 'ended' and (ends_on is null or ends_on > starts_on) group by 2, 3
             union all select 'income', to_char(at at time zone 'Europe/London', 'YYYY-MM-01'), purpose_kind, sum(amount_pence)
                 from ledger group by 2, 3
             union all select 'stripe_balance', to_char(at at time zone 'Europe/London', 'YYYY-MM-01'), category, sum(amount_pence - fee_pence)
                 from balance_transactions group by 2, 3
             union all select 'books', to_char(day, 'YYYY-MM-01'), account, sum(pence) from book_postings group by 2, 3
         )
         select what, key, part, coalesce(told.number, 0), coalesce(there.number, 0)::bigint
         from told full join there using (what, key, part)
         where coalesce(told.number, 0) <> coalesce(there.number, 0)",
    )
    .fetch_all(db)
    .await
    .unwrap()
}

async fn exists(db: &mut PgConnection, table: &str) -> bool {
    sqlx::query_scalar("select to_regclass($1) is not null").bind(table).fetch_one(db).await.unwrap()
}

/// The jobs in a database's queue by name, what became of each, and its last error. One that was replaced under its
/// key is left by the queue itself.
async fn jobs_left(db: &mut PgConnection) -> Vec<(String, Left, String)> {
    if !exists(db, "graphile_worker._private_jobs").await {
        return Vec::new();
    }
    let jobs: Vec<(String, Option<String>)> = sqlx::query_as(
        "select t.identifier, j.last_error from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id
         where not exists (select from graphile_worker._private_job_retirements r where r.id = j.id) order by 1",
    )
    .fetch_all(db)
    .await
    .unwrap();
    let left = |error: &Option<String>| if error.is_some() { Left::Failed } else { Left::Waiting };
    jobs.into_iter().map(|(job, error)| (job, left(&error), error.unwrap_or_default())).collect()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Stops a run's server and removes all its files as soon as this process ends, also when it is killed: the child waits
/// until the pipe closes whose other end is here. To drop each test's database takes longer, most of all where a file
/// system does not like to hand out again what it has just taken back.
pub fn removed_with_this_process(cluster: &Path, folder: &Path) -> Child {
    let script = r#"
        cat
        read -r server < "$1/postmaster.pid" && kill -QUIT "$server"
        while kill -0 "$server"; do sleep 0.1; done
        rm -rf "$(dirname "$1")" "$2"
    "#;
    Command::new("sh")
        .args(["-c", script, "sh"])
        .args([cluster, folder])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Or Ctrl-C would reach it too.
        .process_group(0)
        .spawn()
        .unwrap()
}

pub fn settings(address: SocketAddr, folder: &std::path::Path) -> RawConfig {
    RawConfig {
        app_env: Environment::Development,
        listen: address,
        public_url: None,
        database_url: None,
        data_dir: folder.to_owned(),
        secret_key: Some("0123456789abcdef".repeat(4).into()),
        audit_key: None,
        smtp_url: None,
        mail_from: Some("Breakthrough <hello@breakthrough.test>".into()),
        dkim_domain: None,
        dkim_selector: None,
        dkim_key_file: None,
        stripe_secret_key: None,
        stripe_webhook_secret: None,
        stripe_api_base: None,
        trusted_proxies: String::new(),
        dev_rate_limits: Switch::On,
        pg_bin: None,
    }
}

async fn server() -> &'static Server {
    SERVER
        .get_or_init(|| async {
            let _ = rustls::crypto::ring::default_provider().install_default();
            let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("run-{}", process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let options = Options {
                fsync: false,
                settings: vec![
                    ("max_connections".into(), "400".into()),
                    ("full_page_writes".into(), "off".into()),
                ],
                ..Options::default()
            };
            let embedded = Embedded::start_with(&folder, &options).await.unwrap();
            let mut admin = PgConnection::connect(embedded.url()).await.unwrap();
            let cluster: String =
                sqlx::query_scalar("show data_directory").fetch_one(&mut admin).await.unwrap();
            let remover = removed_with_this_process(Path::new(&cluster), &folder);
            sqlx::query("create database test_template").execute(&mut admin).await.unwrap();
            admin.close().await.unwrap();
            let pool = db::pool(&embedded.database_url("test_template"), 5).unwrap();
            db::migrate(&pool).await.unwrap();
            let settings = settings("127.0.0.1:1".parse().unwrap(), &folder);
            let app = App::new(
                settings.check().unwrap(),
                pool.clone(),
                Clock::set_to(super::noon()),
                Random::seeded(1),
            )
            .await
            .unwrap();
            let mut tx = pool.begin().await.unwrap();
            demo::load(&app, &mut tx, breakthrough::accounts::Rooms(breakthrough::site::ROOMS))
                .await
                .unwrap();
            tx.commit().await.unwrap();
            sqlx::query("vacuum analyze").execute(&pool).await.unwrap();
            pool.close().await;
            Server { embedded, folder, _remover: remover }
        })
        .await
}

/// A database with the demo party in it.
pub async fn scratch(connections: u32) -> Scratch {
    make(connections, "test_template").await
}

/// A database with nothing in it, not even tables.
pub async fn empty(connections: u32) -> Scratch {
    make(connections, "template0").await
}

async fn make(connections: u32, template: &str) -> Scratch {
    let server = server().await;
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    // Not a pool kept between tests: each test has a runtime of its own.
    let mut admin = PgConnection::connect(server.embedded.url()).await.unwrap();
    // Copying files takes half the time of copying through the log, which is what Postgres does unasked.
    let statement = format!("create database {name} template {template} strategy file_copy");
    sqlx::query(AssertSqlSafe(statement)).execute(&mut admin).await.unwrap();
    Scratch::new(server, &name, connections)
}
