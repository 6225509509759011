//! Who did what to which record, and when: append-only and hash-chained, so that a removed or altered line shows.
//!
//! Every action works in a [`Change`], and notes there what the log shall say ([`Change::audit`]). Details name fields
//! and old and new values, never passwords or secrets. Reading it is the business of the officers' desk ([`list`]);
//! [`verify`] walks the chain. That an officer opened a record is noted too, once a day ([`record_sight`]).
//!
//! Tables: `audit_log`, `audit_sights`.

mod change;
mod sql;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

pub use change::Change;
pub use sql::{Filter, list, newest_of_subject, of_subject};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    Person(Uuid),
    /// A job, a webhook, the command line.
    System,
}

impl Actor {
    /// As it is stored: a person's id, or `system`.
    pub fn text(self) -> String {
        match self {
            Self::Person(id) => id.to_string(),
            Self::System => "system".to_owned(),
        }
    }
}

/// One line, before it is written.
#[derive(Clone, Debug)]
struct Entry {
    action: &'static str,
    subject_kind: &'static str,
    subject_id: String,
    detail: Value,
}

/// One line, as it was written.
#[derive(Clone, Debug)]
pub struct StoredEntry {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub action: String,
    pub subject_kind: String,
    pub subject_id: String,
    pub detail: Value,
    hash: Vec<u8>,
}

/// Notes that somebody opened a record, unless it was noted on that day before.
pub async fn record_sight(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    officer: Uuid,
    subject: (&'static str, &str),
) -> Result<(), sqlx::Error> {
    let day = crate::kit::dates::london_date(now);
    sql::write_sight(db, now, officer, "record.seen", subject, day).await
}

/// What a walk along the chain found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Every line fits, up to the one with this id (0 for an empty log).
    Whole { last: i64 },
    /// The first line that does not fit what is before it.
    Broken { at: i64 },
}

/// Walks the chain from the first line to the last.
pub async fn verify(db: &mut PgConnection) -> Result<Chain, sqlx::Error> {
    let mut previous = Vec::new();
    let mut after = 0;
    loop {
        let lines = sql::list_from(db, after, 1_000).await?;
        let Some(last) = lines.last() else { return Ok(Chain::Whole { last: after }) };
        after = last.id;
        for line in lines {
            let hash = chain(
                &previous,
                line.at,
                &line.actor,
                &line.action,
                &line.subject_kind,
                &line.subject_id,
                &line.detail,
            );
            if hash != line.hash {
                return Ok(Chain::Broken { at: line.id });
            }
            previous = hash;
        }
    }
}

fn chain(
    previous: &[u8],
    at: DateTime<Utc>,
    actor: &str,
    action: &str,
    kind: &str,
    id: &str,
    detail: &Value,
) -> Vec<u8> {
    // serde_json sorts keys, as jsonb loses their order. The length before each part keeps parts from running together.
    let mut digest = Sha256::new();
    digest.update(previous);
    for part in [&at.timestamp_micros().to_string(), actor, action, kind, id, &detail.to_string()] {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    digest.finalize().to_vec()
}
