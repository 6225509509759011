//! Rulings of returning officers.

use serde_json::json;
use uuid::Uuid;

use super::{lock, manifests::unfix, subject};
use crate::{
    audit::Change,
    ballots::{
        model::{Ballot, State},
        sql,
    },
    kit::error::{Error, Result},
};

/// Writes down what the returning officer decided, for everybody to read.
///
/// # Errors
/// The database is away.
pub async fn rule(change: &mut Change<'_>, ballot: &Ballot, by: Uuid, words: &str) -> Result<()> {
    let (id, now) = (change.app.random().id(change.now), change.now);
    sql::complaints::insert_ruling(change, id, ballot.id, words, by, now).await?;
    change.audit("ballots.ruled", subject(ballot.id), json!({ "words": words }));
    Ok(())
}

/// Adds a member to the roll or takes them off it, by a ruling, before anything is fixed.
///
/// # Errors
/// Conflict if the ballot is past that, or nothing would change.
pub async fn correct_roll(
    change: &mut Change<'_>,
    id: Uuid,
    by: Uuid,
    number: i64,
    adds: bool,
    words: &str,
) -> Result<()> {
    let ballot = lock(change, id).await?;
    if ballot.state != State::Announced || ballot.roll.is_none() {
        return Err(Error::Conflict("The roll can be corrected after it is made and before the vote opens."));
    }
    let changed = if adds {
        sql::roll::insert_person(change, id, number).await?
    } else {
        sql::roll::delete_person(change, id, number).await?
    };
    if !changed {
        return Err(Error::Conflict(
            "Nothing changes: check the membership number, and whether they are on the roll.",
        ));
    }
    unfix(change, id).await?;
    let size = sql::roll::size(change, id).await?;
    let print = sql::roll::fingerprint(change, id).await?;
    let now = change.now;
    sql::roll::set_frozen(change, id, size, &print, now).await?;
    rule(change, &ballot, by, words).await?;
    let what = if adds { "added" } else { "taken off" };
    change.audit(
        "ballots.roll_corrected",
        subject(id),
        json!({ "member": number, "what": what, "size": size }),
    );
    Ok(())
}
