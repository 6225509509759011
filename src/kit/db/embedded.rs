//! The private Postgres of a development site: with no `DATABASE_URL`, the site finds the server's
//! programs, makes a cluster of its own in `DATA_DIR/postgres`, and starts it.
//!
//! Nothing has to be set up and nothing can clash: the server listens on a socket in that folder and
//! on no port, and the folder is closed to other users, which is why it needs no password. Several
//! processes of one clone share the server; the last one to `stop()` stops it. A killed process
//! leaves the server running, and the next start attaches to it.
//!
//! `account` chooses the user it runs as, `home` its folder, `binaries` the programs, `locks` keeps
//! processes apart. When something goes wrong, `DATA_DIR/postgres/postgres.log` usually says what.
//! To begin afresh, stop the site and remove `DATA_DIR/postgres`.

mod account;
mod binaries;
mod error;
mod home;
mod locks;
mod settings;

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _};

use account::Account;
use binaries::Binaries;
pub use error::EmbeddedError;
use locks::Locks;
use settings::{settings, url_of};

/// The oldest Postgres that the site's SQL is written for.
const OLDEST: u32 = 15;
const USER: &str = "app";
const DATABASE: &str = "app";
/// Fixed, so that a stray `PGPORT` cannot change the socket's name.
const PORT: u16 = 5432;
/// Recovery after a crash and a slow disk both take their time.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// The processes of a killed server need a moment to notice before another may open the cluster.
const CRASH_CLEARS_WITHIN: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);
const LOG_LIMIT: u64 = 5_000_000;

/// What a start may be told.
#[derive(Debug, Clone)]
pub struct Options {
    /// Use the programs in this folder (`PG_BIN`) instead of looking for them.
    pub binaries: Option<PathBuf>,
    /// Off is faster and loses data when the machine crashes: for tests only.
    pub fsync: bool,
    /// Further server settings, name and value.
    pub settings: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self { binaries: None, fsync: true, settings: Vec::new() }
    }
}

/// The private Postgres of a development site. Dropping it leaves the server running.
#[derive(Debug)]
pub struct Embedded {
    ground: Ground,
    users: File,
    url: String,
    is_new: bool,
}

impl Embedded {
    /// Finds the programs, makes the cluster on the first start, starts the server or attaches to a
    /// running one, and makes the database. The role `app` owns the cluster, so that tests may
    /// create databases of their own.
    ///
    /// # Errors
    /// Each says what to do about it.
    pub async fn start(data_dir: &Path) -> Result<Self, EmbeddedError> {
        Self::start_with(data_dir, &Options::default()).await
    }

    /// [`Embedded::start`] with options. Settings take effect when the server starts, not when one
    /// that runs already is attached to.
    pub async fn start_with(data_dir: &Path, options: &Options) -> Result<Self, EmbeddedError> {
        let (base, account) = {
            let data_dir = data_dir.to_owned();
            blocking(move || choose_ground(&data_dir)).await?
        };
        let locks = Locks::new(&base);
        let starting = locks.starting(&account).await?;
        let users = locks.join_users(&account)?;

        let ground = {
            let options = options.clone();
            blocking(move || Ground::prepare(&base, account, locks, &options)).await?
        };
        let is_new = if matches!(ground.answer().await?, Answer::Silent) {
            let is_new = ground.make_cluster().await?;
            ground.start_server(options).await?;
            is_new
        } else {
            tracing::info!(folder = %ground.home.display(), "attached to the Postgres that runs already");
            false
        };
        ground.make_database().await?;
        drop(starting);

        let url = url_of(&ground.socket_folder, DATABASE);
        Ok(Self { ground, users, url, is_new })
    }

    /// `postgres://app@localhost:5432/app?host=<folder of the socket>`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The address of another database of the same server.
    pub fn database_url(&self, database: &str) -> String {
        url_of(&self.ground.socket_folder, database)
    }

    /// The cluster was made by this start, so it holds nothing yet.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// Stops the server, unless another process of this clone still uses it.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        let Self { ground, users, .. } = self;
        let _starting = ground.locks.starting(&ground.account).await?;
        if ground.locks.leave_users(users, &ground.account).await? {
            ground.stop_server().await
        } else {
            tracing::info!("Postgres keeps running, because another process uses it");
            Ok(())
        }
    }
}

/// What stands once the folders and programs are settled.
#[derive(Debug)]
struct Ground {
    account: Account,
    binaries: Binaries,
    home: PathBuf,
    socket_folder: PathBuf,
    locks: Locks,
}

enum Answer {
    Ready,
    NoDatabase,
    /// Nobody listens.
    Silent,
}

fn choose_ground(data_dir: &Path) -> Result<(PathBuf, Account), EmbeddedError> {
    let absolute = std::path::absolute(data_dir).map_err(EmbeddedError::io("find", data_dir))?;
    // Links are resolved, so that one folder has one name for every process.
    let data_dir = absolute.canonicalize().unwrap_or(absolute);
    let base = data_dir.join("postgres");
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let account = Account::choose(rustix::process::geteuid().as_raw(), &home::owners(&base), &passwd)?;
    home::make(&base, &account)?;
    Ok((base.canonicalize().map_err(EmbeddedError::io("find", &base))?, account))
}

impl Ground {
    fn prepare(
        base: &Path,
        account: Account,
        locks: Locks,
        options: &Options,
    ) -> Result<Self, EmbeddedError> {
        let home = home::settle(base, &account)?;
        let cluster = home.join("cluster");
        let found = fs::metadata(&cluster).ok();
        if let Some(found) = found {
            if found.uid() != account.uid() && account.ids().is_some() {
                home::hand_over_tree(&cluster, &account)?;
            }
            home::secure(&cluster, &account)?;
        }
        let made_by =
            fs::read_to_string(cluster.join("PG_VERSION")).ok().and_then(|text| text.trim().parse().ok());
        let data_dir = base.parent().unwrap_or(base);
        let binaries = Binaries::find(options.binaries.as_deref(), data_dir, &home, &account, made_by)?;
        let socket_folder = home::socket_folder(&home);
        if socket_folder != home {
            home::make_socket_folder(&socket_folder, &account)?;
        }
        Ok(Self { account, binaries, home, socket_folder, locks })
    }

    /// A program of Postgres's, in the home. Paths given to it are relative: `pg_ctl` hands its
    /// arguments to a shell, and a folder's name may hold anything.
    fn command(&self, tool: &str) -> Command {
        let mut command = self.account.command(self.binaries.tool(tool));
        command.current_dir(&self.home);
        command
    }

    /// True when there was none.
    async fn make_cluster(&self) -> Result<bool, EmbeddedError> {
        if self.home.join("cluster").exists() {
            return Ok(false);
        }
        // Made under another name, so that a start cut short leaves nothing that looks finished.
        let unfinished = self.home.join("cluster.new");
        // Case must be known beyond ASCII (searching for names); sorting stays by bytes everywhere.
        // The names of suitable locales differ between systems, and C exists on all.
        let mut output = String::new();
        for letters in ["C.UTF-8", "en_US.UTF-8", "C"] {
            let leftover = unfinished.clone();
            blocking(move || home::remove_tree(&leftover)).await?;
            let mut initdb = self.command("initdb");
            initdb.args([
                "-D",
                "cluster.new",
                "-U",
                USER,
                "-A",
                "trust",
                "-E",
                "UTF8",
                "-T",
                "english",
                "-N",
            ]);
            initdb.args(["--locale=C", &format!("--lc-ctype={letters}")]);
            let done = finish(initdb, "initdb").await?;
            if done.status.success() {
                let home = self.home.clone();
                blocking(move || finish_cluster(&home)).await?;
                return Ok(true);
            }
            output = String::from_utf8_lossy(&done.stderr).trim().to_owned();
            if !output.contains("locale") {
                break;
            }
        }
        Err(EmbeddedError::Step { what: "making the database cluster (initdb)".to_owned(), output })
    }

    async fn start_server(&self, options: &Options) -> Result<(), EmbeddedError> {
        let crashed = self.home.join("cluster/postmaster.pid").exists();
        let (home, socket_folder) = (self.home.clone(), self.socket_folder.clone());
        if blocking(move || home::clear_foreign_pid_files(&home, &socket_folder)).await? {
            // It runs but its socket is gone, so nobody can reach it any more.
            tracing::info!("restarting a Postgres that runs without a socket");
            self.stop_server().await?;
        }
        let settings = settings(&self.socket_folder, options);
        let (home, account) = (self.home.clone(), self.account.clone());
        blocking(move || write_settings(&home, &account, &settings)).await?;

        let started = tokio::time::timeout(CRASH_CLEARS_WITHIN, async {
            loop {
                match self.launch().await {
                    Err(EmbeddedError::Step { .. }) if crashed => tokio::time::sleep(PAUSE).await,
                    result => return result,
                }
            }
        });
        match started.await {
            Ok(result) => result,
            Err(_) => self.launch().await,
        }
    }

    /// `pg_ctl` puts the server into a session of its own, so Ctrl-C in the terminal reaches the
    /// site only, which can then finish its work before it stops the server.
    async fn launch(&self) -> Result<(), EmbeddedError> {
        let mut start = self.command("pg_ctl");
        start.args(["start", "-w", "-s", "-t", "60", "-D", "cluster", "-l", "postgres.log"]);
        // The server inherits these, and would keep a pipe open for as long as it runs.
        start.stdout(Stdio::null()).stderr(Stdio::null());
        let status = tokio::process::Command::from(start).status().await;
        if status.map_err(EmbeddedError::io("run", &self.binaries.tool("pg_ctl")))?.success() {
            return Ok(());
        }
        let log = self.home.join("postgres.log");
        let output = blocking(move || {
            Ok(fs::read_to_string(&log).map_or_else(|_| String::new(), |text| last_lines(&text, 5)))
        })
        .await?;
        Err(EmbeddedError::Step { what: "starting Postgres".to_owned(), output })
    }

    async fn stop_server(&self) -> Result<(), EmbeddedError> {
        let mut stop = self.command("pg_ctl");
        stop.args(["stop", "-w", "-s", "-m", "fast", "-t", "30", "-D", "cluster"]);
        let done = finish(stop, "pg_ctl").await?;
        // A server that is gone already is what was wanted.
        if done.status.success() || !self.home.join("cluster/postmaster.pid").exists() {
            return Ok(());
        }
        let output = String::from_utf8_lossy(&done.stderr).trim().to_owned();
        Err(EmbeddedError::Step { what: "stopping Postgres".to_owned(), output })
    }

    /// Asks the socket, not `pg_ctl status`, which believes the pid file even after a crash. Waits
    /// while the server says that it is starting or stopping.
    async fn answer(&self) -> Result<Answer, EmbeddedError> {
        let asked = tokio::time::timeout(READY_WITHIN, async {
            loop {
                match self.connect(DATABASE).await {
                    Ok(connection) => {
                        connection.close().await?;
                        return Ok(Answer::Ready);
                    }
                    Err(sqlx::Error::Database(error)) => match error.code().as_deref() {
                        Some("3D000") => return Ok(Answer::NoDatabase),
                        // It is there, and only has no connection to spare.
                        Some("53300") => return Ok(Answer::Ready),
                        Some("57P03") => tokio::time::sleep(PAUSE).await,
                        _ => return Err(sqlx::Error::Database(error)),
                    },
                    Err(sqlx::Error::Io(_)) => return Ok(Answer::Silent),
                    Err(error) => return Err(error),
                }
            }
        });
        match asked.await {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(EmbeddedError::Silent { log: self.home.join("postgres.log") }),
        }
    }

    async fn make_database(&self) -> Result<(), EmbeddedError> {
        match self.answer().await? {
            Answer::Ready => Ok(()),
            Answer::Silent => Err(EmbeddedError::Silent { log: self.home.join("postgres.log") }),
            Answer::NoDatabase => {
                let mut connection = self.connect("postgres").await?;
                let made = sqlx::query("CREATE DATABASE app").execute(&mut connection).await;
                connection.close().await?;
                match made {
                    Err(sqlx::Error::Database(error))
                        if matches!(error.code().as_deref(), Some("42P04" | "23505")) =>
                    {
                        Ok(())
                    }
                    made => made.map(|_| ()).map_err(EmbeddedError::from),
                }
            }
        }
    }

    async fn connect(&self, database: &str) -> Result<PgConnection, sqlx::Error> {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.socket_folder)
            .port(PORT)
            .username(USER)
            .database(database)
            .ssl_mode(PgSslMode::Disable)
            .connect()
            .await
    }
}

fn finish_cluster(home: &Path) -> Result<(), EmbeddedError> {
    let unfinished = home.join("cluster.new");
    let main = unfinished.join("postgresql.conf");
    let text = fs::read_to_string(&main).map_err(EmbeddedError::io("read", &main))?;
    fs::write(&main, text + "\ninclude_if_exists = 'site.conf'\n")
        .map_err(EmbeddedError::io("write", &main))?;
    fs::rename(&unfinished, home.join("cluster")).map_err(EmbeddedError::io("rename", &unfinished))
}

fn write_settings(home: &Path, account: &Account, settings: &str) -> Result<(), EmbeddedError> {
    let log = home.join("postgres.log");
    if fs::metadata(&log).is_ok_and(|found| found.len() > LOG_LIMIT) {
        fs::rename(&log, home.join("postgres.log.1")).map_err(EmbeddedError::io("rename", &log))?;
    }
    if log.exists() {
        home::hand_over(&log, account)?;
    }
    let file = home.join("cluster/site.conf");
    fs::write(&file, settings).map_err(EmbeddedError::io("write", &file))?;
    home::hand_over(&file, account)
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(count)..).unwrap_or_default().join("\n")
}

async fn finish(command: Command, tool: &'static str) -> Result<Output, EmbeddedError> {
    let output = tokio::process::Command::from(command).output().await;
    output.map_err(EmbeddedError::io("run", Path::new(tool)))
}

/// File work off the threads that serve requests.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, EmbeddedError> + Send + 'static,
) -> Result<T, EmbeddedError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => {
            Err(EmbeddedError::Step { what: "preparing Postgres".to_owned(), output: error.to_string() })
        }
    }
}

#[cfg(test)]
mod tests;
