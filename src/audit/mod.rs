//! Who did what to which record, and when: append-only and sealed, so that a removed or altered line shows.
//!
//! Every action works in a [`Change`], and notes there what the log shall say ([`Change::audit`]). Details name fields
//! and old and new values, never passwords or secrets. Reading it is the business of the officers' desk ([`list`]).
//! That an officer opened a record is noted too, once a day ([`record_sight`]).
//!
//! Each line holds a hash over itself and the line before, made with a key that the database does not have;
//! [`verify`] walks along them. What a walk cannot see is that the last lines are gone: for that the [`Seal`] of the
//! newest line is told to officers by mail and kept in a file, out of the reach of whoever owns the database ([`check`]).
//!
//! Tables: `audit_log`, `audit_sights`.

mod change;
mod kept;
mod sql;

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::kit::{app::App, dates};

pub use change::Change;
pub use kept::check;
pub use sql::{Filter, list, may_be_changed, newest_of_subject, of_subject};

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
    /// Lines from before there was a key have a plain hash.
    keyed: bool,
}

/// Notes that somebody opened a record, unless it was noted on that day before. Within the caller's transaction.
pub async fn record_sight(
    app: &App,
    db: &mut PgConnection,
    officer: Uuid,
    (kind, id): (&'static str, &str),
) -> Result<(), sqlx::Error> {
    let now = app.clock().now();
    if !sql::insert_sight(db, officer, (kind, id), dates::london_date(now)).await? {
        return Ok(());
    }
    let line = Entry {
        action: "record.seen",
        subject_kind: kind,
        subject_id: id.to_owned(),
        detail: Value::Object(serde_json::Map::new()),
    };
    sql::write(app, db, now, Actor::Person(officer), &[line]).await
}

/// What stands for the whole log up to a line: how many lines there are, and the beginning of the last one's hash.
/// Written like `1234-3fa94c0b27d1e688`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    pub lines: i64,
    hash: String,
}

impl Seal {
    fn of(lines: i64, hash: &[u8]) -> Self {
        Self { lines, hash: hex::encode(hash.get(..8).unwrap_or(hash)) }
    }
}

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.lines, self.hash)
    }
}

impl FromStr for Seal {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FAULT: &str = "Enter the seal as it stands in the email, like 1234-3fa94c0b27d1e688";
        let (lines, hash) = text.trim().split_once('-').ok_or(FAULT)?;
        let lines = lines.parse().map_err(|_| FAULT)?;
        let is_hash = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash { Ok(Self { lines, hash: hash.to_ascii_lowercase() }) } else { Err(FAULT) }
    }
}

/// What a walk along the log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Every line fits, and so does the seal that was told.
    Whole(Seal),
    /// The first line that does not fit what is before it.
    Broken { at: i64 },
    /// Every line fits, but there were more of them, or others, when a seal was told.
    Cut(Seal),
}

/// Walks from the first line to the last. `told` are seals from earlier.
pub async fn verify(app: &App, db: &mut PgConnection, told: &[Seal]) -> Result<Chain, sqlx::Error> {
    let (mut previous, mut keyed) = (Vec::new(), false);
    let (mut after, mut count) = (0, 0);
    let mut unmet: Vec<_> = told.iter().filter(|told| told.lines != 0).collect();
    loop {
        let lines = sql::list_from(db, after, 1_000).await?;
        let Some(last) = lines.last() else {
            let seal = Seal::of(count, &previous);
            return Ok(if unmet.is_empty() { Chain::Whole(seal) } else { Chain::Cut(seal) });
        };
        after = last.id;
        for line in lines {
            let bytes = link(
                &previous,
                line.at,
                [&line.actor, &line.action, &line.subject_kind, &line.subject_id],
                &line.detail,
            );
            let hash = if line.keyed { seal(app, &bytes) } else { Sha256::digest(&bytes).to_vec() };
            // After the first line with a key none comes without.
            if hash != line.hash || (keyed && !line.keyed) {
                return Ok(Chain::Broken { at: line.id });
            }
            (previous, keyed) = (hash, line.keyed);
            count += 1;
            unmet.retain(|told| told.lines != count || **told != Seal::of(count, &previous));
        }
    }
}

fn seal(app: &App, bytes: &[u8]) -> Vec<u8> {
    app.audit_hash(bytes)
}

/// What a line's hash is made over.
fn link(previous: &[u8], at: DateTime<Utc>, words: [&str; 4], detail: &Value) -> Vec<u8> {
    // serde_json sorts keys, as jsonb loses their order. The length before each part keeps parts from running together.
    let (at, detail) = (at.timestamp_micros().to_string(), detail.to_string());
    let [actor, action, kind, id] = words;
    let mut bytes = previous.to_vec();
    for part in [&at, actor, action, kind, id, &detail] {
        bytes.extend(part.len().to_be_bytes());
        bytes.extend(part.bytes());
    }
    bytes
}
