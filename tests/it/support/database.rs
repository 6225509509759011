//! One private Postgres for the test run, one database a test: copied from a template that is migrated and holds
//! the demo party.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
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
use sqlx::PgPool;
use tokio::sync::OnceCell;

static SERVER: OnceCell<Server> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(0);

struct Server {
    embedded: Embedded,
    folder: PathBuf,
}

pub struct Scratch {
    pub pool: PgPool,
    pub url: String,
    pub folder: PathBuf,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub fn settings(address: SocketAddr, folder: &std::path::Path) -> RawConfig {
    RawConfig {
        app_env: Environment::Development,
        listen: address,
        public_url: None,
        database_url: None,
        data_dir: folder.to_owned(),
        secret_key: Some("0123456789abcdef".repeat(4).into()),
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
            let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("site");
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
            let admin = PgPool::connect(embedded.url()).await.unwrap();
            // Databases of earlier runs are left behind when a run is killed.
            let old: Vec<String> =
                sqlx::query_scalar("select datname from pg_database where datname like 'test%'")
                    .fetch_all(&admin)
                    .await
                    .unwrap();
            for name in old {
                sqlx::query(sqlx::AssertSqlSafe(format!("drop database if exists {name} with (force)")))
                    .execute(&admin)
                    .await
                    .unwrap();
            }
            sqlx::query("create database test_template").execute(&admin).await.unwrap();
            admin.close().await;
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
            Server { embedded, folder }
        })
        .await
}

pub async fn scratch(connections: u32) -> Scratch {
    let server = server().await;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("test_{number}");
    // Not a pool kept between tests: each test has a runtime of its own.
    let mut admin = <sqlx::PgConnection as sqlx::Connection>::connect(server.embedded.url()).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {name} template test_template")))
        .execute(&mut admin)
        .await
        .unwrap();
    let folder = server.folder.join(&name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let url = server.embedded.database_url(&name);
    Scratch { pool: db::pool(&url, connections).unwrap(), url, folder }
}
