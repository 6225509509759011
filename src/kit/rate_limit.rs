//! Limits on tries, counted in Postgres so that every process sees them. Keys are hashed: no address or email is kept.

use std::net::IpAddr;

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::{
    app::App,
    config::Switch,
    email_address::EmailAddress,
    error::{Error, Result},
};

/// At most `tries` in each window of `minutes`.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub name: &'static str,
    pub tries: i32,
    pub minutes: i64,
}

/// For `who` in [`take`]: what is done with somebody's address counts for the network it is done from, so that a
/// stranger who knows the address uses up no tries of its owner.
pub fn from(email: &EmailAddress, network: IpAddr) -> String {
    format!("{email} {network}")
}

/// Counts one try for `who`.
///
/// # Errors
/// [`Error::TooMany`] when the window is used up.
pub async fn take(app: &App, db: &mut PgConnection, limit: Limit, who: &str) -> Result<()> {
    if app.config().rate_limits == Switch::Off {
        return Ok(());
    }
    let now = app.clock().now();
    let window_start = window(now, limit.minutes);
    let key =
        Sha256::digest(format!("{}\n{}", limit.name, app.sign("rate limit", who.to_lowercase().as_bytes())))
            .to_vec();
    let tries = sqlx::query_scalar!(
        "insert into rate_limits (key, window_start, tries) values ($1, $2, 1)
         on conflict (key, window_start) do update set tries = rate_limits.tries + 1 returning tries",
        key,
        window_start
    )
    .fetch_one(db)
    .await?;
    if tries <= limit.tries {
        return Ok(());
    }
    let end = window_start + Duration::minutes(limit.minutes);
    Err(Error::TooMany { wait_seconds: (end - now).num_seconds() })
}

fn window(now: DateTime<Utc>, minutes: i64) -> DateTime<Utc> {
    let length = minutes * 60;
    DateTime::from_timestamp(now.timestamp().div_euclid(length) * length, 0).unwrap_or(now)
}

/// Forgets windows that ended a day ago.
pub async fn tidy(db: &mut PgConnection, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from rate_limits where window_start < $1", now - Duration::days(2))
        .execute(db)
        .await?;
    Ok(())
}
