//! What everything about a ballot hangs from.

use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::subject;
use crate::{
    audit::Change,
    ballots::{
        casting::lots,
        model::{Ballot, Step},
        proof::{BoardKey, Format, Manifest, RollSummary},
        sql,
    },
    kit::{
        app::App,
        error::{Error, Result},
    },
};

/// What was hashed when the ballot was fixed.
///
/// # Errors
/// The database is away. Not found where nothing is fixed.
pub async fn manifest(db: &mut PgConnection, ballot: &Ballot) -> Result<Manifest> {
    let text = sql::find_manifest(db, ballot.id).await?.ok_or(Error::NotFound)?;
    Ok(Manifest::from_json(&text).map_err(anyhow::Error::from)?)
}

/// What will be hashed of a ballot. A draft's roll is taken to be of `roll`; its previews use it.
///
/// # Errors
/// The database is away.
pub async fn manifest_of(
    app: &App,
    db: &mut PgConnection,
    ballot: &Ballot,
    roll: RollSummary,
) -> Result<Manifest> {
    let draft = &ballot.draft;
    let key = ballot.count_key.clone().ok_or(Error::Conflict("This vote has no key yet."))?;
    let board_key = lots::board_key(app, db, ballot.id).await?;
    Ok(Manifest {
        format: Format::One,
        id: ballot.id,
        title: draft.title.clone(),
        question: draft.question.clone(),
        options: draft.options.clone(),
        kind: draft.kind.clone(),
        roll,
        opens_at: draft.times.opens_at,
        closes_at: draft.times.closes_at,
        key,
        board_key: BoardKey::of(&board_key),
        publish_papers: true,
        software: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

pub async fn fix(change: &mut Change<'_>, ballot: &Ballot) -> Result<()> {
    let app = change.app;
    let roll = ballot.roll.as_ref().ok_or(Error::Conflict("The roll is not made yet."))?;
    let roll = RollSummary {
        size: roll.size.into(),
        fingerprint: roll.fingerprint.parse().map_err(anyhow::Error::from)?,
        frozen_on: ballot.draft.times.roll_on,
    };
    let manifest = manifest_of(app, change, ballot, roll).await?;
    if let Err(error) = manifest.check() {
        tracing::warn!(%error, ballot = %ballot.id, "a ballot cannot be held like this");
        return Err(Error::Conflict("This vote cannot be held like this: see that somebody is on its roll."));
    }
    let hash = manifest.hash().to_string();
    sql::set_manifest(change, ballot.id, &manifest.to_json(), &hash).await?;
    change.audit("ballots.fixed", subject(ballot.id), json!({ "hash": hash }));
    Ok(())
}

/// What was fixed is open again: whoever agreed to it agreed to something else.
pub async fn unfix(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    sql::clear_manifest(change, id).await?;
    sql::delete_approvals(change, id, Step::Open).await?;
    Ok(())
}
