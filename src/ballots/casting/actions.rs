//! Casting, changing and checking a paper.

use sqlx::PgConnection;
use uuid::Uuid;

use super::model::{Cast, Prepared, hide, pseudonym};
use crate::{
    ballots::{
        model::Ballot,
        proof::{self, Manifest, Sha},
        sql::{self, casting::Incoming},
    },
    kit::{app::App, error::Result},
};

/// Puts a paper into the box, or in the place of the one whose key was given. In the caller's transaction.
///
/// # Errors
/// The database is away, or the paper cannot be sealed.
pub async fn cast(
    app: &App,
    db: &mut PgConnection,
    ballot: &Ballot,
    manifest: &Manifest,
    person: Uuid,
    prepared: &Prepared,
) -> Result<Cast> {
    let commitment = prepared.commitment();
    let sealed = proof::seal(
        &manifest.key.public,
        &manifest.hash(),
        &commitment,
        prepared.bytes(),
        &mut app.random().stream(),
    )
    .map_err(anyhow::Error::from)?;
    sql::casting::lock_with_others(db, ballot.id).await?;
    // Read again: its hour may have passed while this waited.
    let Some(ballot) = sql::find(db, ballot.id).await?.filter(|it| it.takes_votes(app.clock().now())) else {
        return Ok(Cast::NotOpen);
    };
    let voter = pseudonym(app, ballot.id, person);
    let Some(voted) = sql::casting::has_voted(db, ballot.id, person, &voter).await? else {
        return Ok(Cast::NotOnRoll);
    };
    let commitment = commitment.0.0.to_vec();
    if sql::casting::is_cast(db, &commitment).await? {
        return Ok(Cast::Again);
    }
    if sql::casting::is_spoilt(db, &commitment).await? {
        return Ok(Cast::Spoilt);
    }
    let change_hash = prepared.key.hash().0.to_vec();
    let vote = Incoming { commitment, voter: None, person: None, sealed, change_hash };
    if let Some(known) = prepared.replaces {
        let replaced = sql::casting::replace(db, ballot.id, &known.0, &vote).await?;
        return Ok(if replaced { Cast::Recorded } else { Cast::WrongKey });
    }
    if voted {
        return Ok(Cast::Voted);
    }
    let vote = Incoming { voter: Some(voter), person: Some(hide(app, ballot.id, person)), ..vote };
    let added = sql::casting::insert(db, ballot.id, &vote).await?;
    // Another of the voter's own was quicker.
    Ok(if added { Cast::Recorded } else { Cast::Voted })
}

/// Whether somebody has voted; `None` if they are not on the roll.
///
/// # Errors
/// The database is away.
pub async fn has_voted(app: &App, db: &mut PgConnection, ballot: Uuid, person: Uuid) -> Result<Option<bool>> {
    Ok(sql::casting::has_voted(db, ballot, person, &pseudonym(app, ballot, person)).await?)
}

/// Whether there is a paper with this change key.
///
/// # Errors
/// The database is away.
pub async fn is_key_known(db: &mut PgConnection, ballot: Uuid, key: &Sha) -> Result<bool> {
    Ok(sql::casting::is_key_known(db, ballot, &key.0).await?)
}

/// Shows a paper in full, so that it cannot be cast. False if it was cast already.
///
/// # Errors
/// The database is away.
pub async fn challenge(db: &mut PgConnection, ballot: Uuid, prepared: &Prepared) -> Result<bool> {
    sql::casting::lock_with_others(db, ballot).await?;
    Ok(sql::casting::spoil(db, ballot, &prepared.commitment().0.0).await?)
}
