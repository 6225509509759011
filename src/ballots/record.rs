//! Opening the papers of a closed ballot, counting them, and writing down what everybody can check.

use std::{num::NonZero, sync::Arc, thread::available_parallelism};

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    actions,
    casting::lots,
    model::{Ballot, State, Step, TWO_PEOPLE},
    proof::{
        self, Bundle, Commitment, CountSecretKey, Manifest, Paper, RollEntry, Sha, Signed, SigningKey,
        TrackingCode,
    },
    sql::{
        self,
        record::{Opening, Sealed},
    },
};
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        error::{Error, Result},
    },
};

/// Papers that each core opens between two looks at the progress.
const AT_ONCE: usize = 2_000;

/// Opens and counts, once two people have agreed to it. Killed in the middle it begins again from the box.
///
/// # Errors
/// The database is away, or the box is not what the board says: then an officer has to look.
pub async fn count(app: &App, id: Uuid) -> Result<()> {
    let mut db = app.pool().acquire().await?;
    let ballot = sql::find(&mut db, id).await?.ok_or(Error::NotFound)?;
    let approved = sql::count_approvals(&mut db, id, Step::Count).await?;
    if ballot.state != State::Closed || approved < TWO_PEOPLE {
        return Ok(());
    }
    let manifest = actions::manifest(&mut db, &ballot).await?;
    let secret = actions::count_secret(app, &mut db, id).await?;
    let key = lots::board_key(app, &mut db, id).await?;
    let mut sealed = sql::record::list_papers(&mut db, id).await?;
    // Opening takes longer than a connection should be held for.
    drop(db);
    let mut papers = Vec::with_capacity(sealed.len());
    let keys = Arc::new((manifest, secret));
    let cores = available_parallelism().map_or(1, NonZero::get);
    while !sealed.is_empty() {
        let mut parts = JoinSet::new();
        for _ in 0..cores {
            let some = sealed.split_off(sealed.len().saturating_sub(AT_ONCE));
            let keys = keys.clone();
            parts.spawn_blocking(move || open(&keys.0, &keys.1, &some));
        }
        while let Some(opened) = parts.join_next().await {
            papers.extend(opened.map_err(anyhow::Error::from)??);
        }
        let mut db = app.pool().acquire().await?;
        sql::set_opened_papers(&mut db, id, papers.len()).await?;
    }
    let manifest = &keys.0;
    let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
    let now = change.now;
    publish(&mut change, &ballot, manifest, &papers, &key, now).await?;
    change.audit(
        "ballots.counted",
        ("ballot", id),
        json!({ "title": ballot.draft.title, "papers": papers.len() }),
    );
    change.commit().await?;
    Ok(())
}

/// Counts opened papers and writes down what everybody can check. Nothing happens if that was done.
///
/// # Errors
/// The database is away, or the papers are not those of the board.
pub async fn publish(
    change: &mut Change<'_>,
    ballot: &Ballot,
    manifest: &Manifest,
    papers: &[Vec<u8>],
    key: &SigningKey,
    at: DateTime<Utc>,
) -> Result<()> {
    let id = ballot.id;
    let board = board(change, id).await?;
    let roll = roll(change, id).await?;
    let (made, openings) = {
        let (manifest, papers, key) = (manifest.clone(), papers.to_vec(), key.clone());
        let made = tokio::task::spawn_blocking(move || {
            let openings = openings(&manifest, &papers)?;
            let bundle =
                Bundle::make(&manifest, &roll, &board, &papers, &key).map_err(anyhow::Error::from)?;
            Ok::<_, Error>((bundle, openings))
        });
        made.await.map_err(anyhow::Error::from)??
    };
    let outcome = serde_json::to_value(&made.outcome).map_err(anyhow::Error::from)?;
    if !sql::set_counted(change, id, &outcome, at).await? {
        return Ok(());
    }
    sql::record::insert_openings(change, id, &openings).await?;
    for (name, body) in made.files() {
        sql::record::insert_file(change, id, name, body).await?;
    }
    let mut archive = Vec::new();
    made.tar(&ballot.slug, &mut archive).map_err(anyhow::Error::from)?;
    sql::record::insert_file(change, id, "bundle.tar", &archive).await?;
    Ok(())
}

/// Opens sealed papers, each to the bytes that its commitment is of.
fn open(manifest: &Manifest, secret: &CountSecretKey, sealed: &[Sealed]) -> Result<Vec<Vec<u8>>> {
    let hash = manifest.hash();
    sealed
        .iter()
        .map(|paper| {
            let commitment: [u8; 32] = paper.commitment.as_slice().try_into().map_err(anyhow::Error::from)?;
            let opened = proof::open(secret, &hash, &Commitment(Sha(commitment)), &paper.sealed);
            Ok(opened.map_err(anyhow::Error::from)?)
        })
        .collect()
}

fn openings(manifest: &Manifest, papers: &[Vec<u8>]) -> Result<Vec<Opening>> {
    papers
        .iter()
        .map(|bytes| {
            let paper = Paper::parse(manifest, bytes).map_err(anyhow::Error::from)?;
            Ok(Opening {
                code: TrackingCode::of(&Commitment::of(bytes)).to_string(),
                mark: paper.mark.to_string(),
                choices: paper.choices.numbers().iter().map(|number| i32::from(*number)).collect(),
            })
        })
        .collect()
}

async fn board(db: &mut PgConnection, id: Uuid) -> Result<Vec<Signed>> {
    let lines = sql::record::list_board(db, id).await?;
    lines.iter().map(|line| Ok(Signed::from_json(line).map_err(anyhow::Error::from)?)).collect()
}

async fn roll(db: &mut PgConnection, id: Uuid) -> Result<Vec<RollEntry>> {
    let entries = sql::roll::list_entries(db, id).await?;
    entries
        .into_iter()
        .map(|(entry, voted)| {
            let entry: [u8; 32] =
                entry.try_into().map_err(|_| anyhow::anyhow!("an entry of the roll is no hash"))?;
            Ok(RollEntry { entry: Sha(entry), voted })
        })
        .collect()
}
