//! Postgres: the pool, the schema, and one connection a request.
//!
//! A handler takes [`Db`]; it holds the connection that the session was looked up with, so that a page costs one
//! acquire. Functions in rooms take `&mut PgConnection`; [`Db::begin`] opens the transaction that a handler commits.

mod changes;
pub mod embedded;
pub mod session;

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{extract::FromRequestParts, http::request::Parts};
use sqlx::{
    AssertSqlSafe, Connection, PgConnection, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

pub use changes::listen;

use super::{app::App, error::Error};

pub type Tx<'c> = sqlx::Transaction<'c, Postgres>;

/// A pool for a web process: waits 3 s for a connection, so that a stopped Postgres gives a page and not a hang.
///
/// # Errors
/// The address is malformed.
pub fn pool(url: &str, most: u32) -> Result<PgPool, sqlx::Error> {
    let options: PgConnectOptions = url.parse()?;
    let options = options.application_name("breakthrough");
    Ok(PgPoolOptions::new()
        .max_connections(most)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(3))
        .idle_timeout(Duration::from_mins(5))
        // A ping at each acquire would cost a third of a page; after a pause it is worth it.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for < Duration::from_millis(500) {
                    Ok(true)
                } else {
                    Ok(connection.ping().await.is_ok())
                }
            })
        })
        .connect_lazy_with(options))
}

/// The site's advisory locks with one key, so that no two things wait for each other by accident.
pub mod lock {
    pub const QUEUE_SCHEMA: i64 = 7_265_001;
    /// Taken in SQL, by `audit_head`.
    pub const AUDIT_CHAIN: i64 = 7_265_002;
    pub const DEMO: i64 = 7_265_003;
    pub const STRIPE_STAND_IN: i64 = 7_265_004;
}

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// For rows that no rule of ours allows, and documents in columns that cannot be read.
pub fn impossible(why: impl Into<sqlx::error::BoxDynError>) -> sqlx::Error {
    sqlx::Error::Decode(why.into())
}

/// Brings the schema up to date: ours, then the job queue's. Several processes may do so at once.
///
/// # Errors
/// A migration failed, or the database is newer than this program.
pub async fn migrate(pool: &PgPool) -> anyhow::Result<()> {
    MIGRATIONS.run(pool).await?;
    // The queue's own migrations do not take a lock of their own.
    let mut connection = pool.acquire().await?;
    let mut tx = connection.begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(lock::QUEUE_SCHEMA).execute(&mut *tx).await?;
    super::queue::install(pool).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives a role what the site needs to work, and no more: it can neither change the schema nor take lines of the audit
/// log away. To be run after [`migrate`], as the owner of the database.
///
/// # Errors
/// There is no such role, or the caller may not give what it does not own.
pub async fn grant(pool: &PgPool, role: &str) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    let name: String = sqlx::query_scalar("select quote_ident($1)").bind(role).fetch_one(&mut *tx).await?;
    for schema in ["public", "graphile_worker"] {
        for what in [
            format!("usage on schema {schema}"),
            format!("select, insert, update, delete on all tables in schema {schema}"),
            format!("usage on all sequences in schema {schema}"),
            format!("execute on all functions in schema {schema}"),
        ] {
            sqlx::query(AssertSqlSafe(format!("grant {what} to {name}"))).execute(&mut *tx).await?;
        }
    }
    // The queue shuts its tables to everybody but their owner.
    let shut: Vec<String> = sqlx::query_scalar(
        "select oid::regclass::text from pg_class
         where relrowsecurity and relnamespace = 'graphile_worker'::regnamespace",
    )
    .fetch_all(&mut *tx)
    .await?;
    for table in shut {
        for policy in [
            format!("drop policy if exists {name} on {table}"),
            format!("create policy {name} on {table} to {name} using (true)"),
        ] {
            sqlx::query(AssertSqlSafe(policy)).execute(&mut *tx).await?;
        }
    }
    // Which are written anew, so that nothing of old rows stays in their files.
    for table in ["ballot_incoming", "ballot_papers", "ballot_roll"] {
        sqlx::query(AssertSqlSafe(format!("grant truncate on {table} to {name}"))).execute(&mut *tx).await?;
    }
    for (what, table) in [
        ("update, delete", "audit_log"),
        ("update, delete", "audit_sights"),
        ("insert, update, delete", "_sqlx_migrations"),
    ] {
        let revoke = format!("revoke {what} on {table} from {name}");
        sqlx::query(AssertSqlSafe(revoke)).execute(&mut *tx).await?;
    }
    tx.commit().await
}

/// Whether the server is Postgres 15 or newer, which the schema needs.
pub async fn is_new_enough(db: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select current_setting('server_version_num')::int >= 150000").fetch_one(db).await
}

/// Whether the schema is the one this program was built with.
pub async fn is_current(db: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
    let applied: Option<i64> =
        sqlx::query_scalar("select max(version) from _sqlx_migrations where success").fetch_one(db).await?;
    Ok(applied == Some(newest))
}

/// Where a layer leaves its connection for the handler behind it.
#[derive(Clone, Default)]
pub struct Slot(Arc<Mutex<Option<PoolConnection<Postgres>>>>);

impl Slot {
    pub fn put(&self, connection: PoolConnection<Postgres>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }

    fn take(&self) -> Option<PoolConnection<Postgres>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// This request's connection.
pub struct Db(PoolConnection<Postgres>);

impl Db {
    /// Opens a transaction; whoever opens it commits it, visibly.
    pub async fn begin(&mut self) -> Result<Tx<'_>, Error> {
        Ok(self.0.begin().await?)
    }
}

impl Deref for Db {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for Db {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

impl FromRequestParts<App> for Db {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        match parts.extensions.get::<Slot>().and_then(Slot::take) {
            Some(connection) => Ok(Self(connection)),
            None => Ok(Self(app.pool().acquire().await?)),
        }
    }
}
