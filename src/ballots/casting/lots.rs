//! Lots: votes that go into the box together.

use chrono::Duration;
use sqlx::PgConnection;
use uuid::Uuid;

use super::model::{LOT, show};
use crate::{
    ballots::{
        model::{Ballot, State, TellVoters},
        proof::{Commitment, Sha, Signed, SigningKey, What, board},
        sql,
    },
    kit::{app::App, error::Result, queue},
};

/// Voters of one lot, at most: whoever votes meanwhile waits until it is closed.
const MOST: i64 = 1_000;

/// Closes a lot if enough votes wait for it. In the caller's transaction; true if there were more than one lot takes.
///
/// # Errors
/// The database is away, or the site's secret is not the one with which the votes came in.
pub async fn close(app: &App, db: &mut PgConnection, ballot: &Ballot) -> Result<bool> {
    // Without the lock most minutes end here.
    if sql::casting::count_waiting(db, ballot.id).await? < LOT {
        return Ok(false);
    }
    sql::casting::lock_alone(db, ballot.id).await?;
    let waiting = sql::casting::count_waiting(db, ballot.id).await?;
    if !is_open(db, ballot.id).await? || waiting < LOT {
        return Ok(false);
    }
    let key = board_key(app, db, ballot.id).await?;
    let head = head(db, ballot.id).await?;
    let lot = take(app, db, ballot.id, head.entry.n + 1, Some(MOST)).await?;
    let what = What::Batch { added: lot.added, withdrawn: lot.withdrawn, papers: lot.papers };
    let entry = board::append(&head, what, app.clock().now(), &key).map_err(anyhow::Error::from)?;
    sql::casting::insert_entry(db, ballot.id, entry.entry.n, &entry.to_json()).await?;
    Ok(waiting > MOST)
}

/// The last lot, however small it is, and the end of the board. Box and roll are written anew. In the caller's
/// transaction; false if the ballot was closed before.
///
/// # Errors
/// As [`close`].
pub async fn close_last(app: &App, db: &mut PgConnection, ballot: &Ballot) -> Result<bool> {
    sql::casting::lock_alone(db, ballot.id).await?;
    let now = app.clock().now();
    if !sql::set_closed(db, ballot.id, now).await? {
        return Ok(false);
    }
    let key = board_key(app, db, ballot.id).await?;
    let head = head(db, ballot.id).await?;
    let lot = take(app, db, ballot.id, head.entry.n + 1, None).await?;
    let voted = sql::roll::count_voted(db, ballot.id).await?;
    let voted = u64::try_from(voted).unwrap_or_default();
    let entries = board::close(&head, lot.added, lot.withdrawn, lot.papers, voted, now, &key)
        .map_err(anyhow::Error::from)?;
    for entry in entries {
        sql::casting::insert_entry(db, ballot.id, entry.entry.n, &entry.to_json()).await?;
    }
    sql::casting::rewrite(db).await?;
    Ok(true)
}

/// Forgets the votes that wait, and whose they are, of a ballot that is called off. In the caller's transaction.
///
/// # Errors
/// The database is away.
pub async fn forget(db: &mut PgConnection, ballot: Uuid) -> Result<()> {
    sql::casting::lock_alone(db, ballot).await?;
    sql::casting::take_incoming(db, ballot, None).await?;
    sql::casting::empty_incoming(db).await?;
    sql::casting::take_all_confirmations(db, ballot).await?;
    Ok(())
}

struct Lot {
    added: Vec<Commitment>,
    withdrawn: Vec<Commitment>,
    /// In the box, after it.
    papers: u64,
}

async fn take(app: &App, db: &mut PgConnection, ballot: Uuid, number: u64, most: Option<i64>) -> Result<Lot> {
    let incoming = sql::casting::take_incoming(db, ballot, most).await?;
    let mut people = Vec::with_capacity(incoming.len());
    for hidden in incoming.iter().filter_map(|vote| vote.person.as_deref()) {
        people.push(show(app, ballot, hidden).ok_or_else(|| {
            anyhow::anyhow!(
                "SECRET_KEY is not the one with which votes came in: put that back to close the vote"
            )
        })?);
    }
    people.sort_unstable();
    let lot = i32::try_from(number).unwrap_or(i32::MAX);
    sql::casting::mark_voted(db, ballot, lot, &people).await?;
    sql::casting::insert_papers(db, ballot, &incoming).await?;
    let withdrawn = sorted(sql::casting::take_withdrawn(db, ballot).await?);
    let added = sorted(incoming.into_iter().map(|vote| vote.commitment).collect());
    sql::casting::empty_incoming(db).await?;
    if !people.is_empty() {
        // Between ten minutes and an hour later, so that the mail says nothing of the minute.
        let [random] = app.random().bytes::<1>();
        let at = app.clock().now() + Duration::minutes(10 + i64::from(random) * 50 / 255);
        queue::push_at(db, &TellVoters { ballot, lot }, &format!("tell_voters:{ballot}:{lot}"), at).await?;
    }
    let papers = u64::try_from(sql::casting::count_papers(db, ballot).await?).unwrap_or_default();
    Ok(Lot { added, withdrawn, papers })
}

/// As the board shows them.
pub fn sorted(all: Vec<Vec<u8>>) -> Vec<Commitment> {
    let all = all.into_iter().filter_map(|bytes| Some(Commitment(Sha(bytes.try_into().ok()?))));
    let mut all: Vec<_> = all.collect();
    all.sort_unstable();
    all
}

async fn is_open(db: &mut PgConnection, ballot: Uuid) -> Result<bool> {
    Ok(sql::find(db, ballot).await?.is_some_and(|ballot| ballot.state == State::Open))
}

/// The newest entry of a board that has begun.
pub async fn head(db: &mut PgConnection, ballot: Uuid) -> Result<Signed> {
    let line = sql::casting::find_head(db, ballot).await?;
    let line = line.ok_or_else(|| anyhow::anyhow!("an open ballot without a board"))?;
    Ok(Signed::from_json(&line).map_err(anyhow::Error::from)?)
}

pub const BOARD: &str = "ballot board";

/// What signs a ballot's board.
pub async fn board_key(app: &App, db: &mut PgConnection, ballot: Uuid) -> Result<SigningKey> {
    let (_, sealed) = sql::find_secrets(db, ballot).await?;
    let secret = app.unseal(BOARD, ballot.as_bytes(), &sealed).and_then(|bytes| bytes.try_into().ok());
    let secret: [u8; 32] =
        secret.ok_or_else(|| anyhow::anyhow!("SECRET_KEY is not the one that this ballot was made with"))?;
    Ok(SigningKey::from_bytes(&secret))
}
