//! The database that a command works on.

use std::time::Duration;

use anyhow::Context;
use secrecy::ExposeSecret;
use sqlx::PgPool;

use crate::kit::{
    config::{Config, RawConfig},
    db::{
        self,
        embedded::{Embedded, Options},
    },
};

/// The database that the settings name, or the private one, running for as long as this value is kept.
pub(super) struct Database {
    pub pool: PgPool,
    pub embedded: Option<Embedded>,
}

impl Database {
    pub async fn open(settings: &RawConfig, config: &Config) -> anyhow::Result<Self> {
        let embedded = match &settings.database_url {
            Some(_) => None,
            None => {
                let options = Options { binaries: settings.pg_bin.clone(), ..Options::default() };
                Some(Embedded::start_with(&config.data_dir, &options).await?)
            }
        };
        let url = match (&settings.database_url, &embedded) {
            (Some(url), _) => url.expose_secret().to_owned(),
            (None, Some(embedded)) => embedded.url().to_owned(),
            (None, None) => unreachable!("one of the two was just made"),
        };
        let pool = db::pool(&url, 20)
            .context("DATABASE_URL cannot be read; it looks like postgres://user:password@host/database")?;
        Ok(Self { pool, embedded })
    }

    pub async fn close(self) -> anyhow::Result<()> {
        // What still runs has had its time to end.
        let _ = tokio::time::timeout(Duration::from_secs(2), self.pool.close()).await;
        if let Some(embedded) = self.embedded {
            embedded.stop().await?;
        }
        Ok(())
    }
}
