//! Complaints made, answered, appealed and decided.

use serde_json::json;
use uuid::Uuid;

use super::model::About;
use crate::{
    audit::Change,
    ballots::{model::Ballot, sql},
    kit::error::{Error, Result},
};

const ANSWERED: Error = Error::Conflict("This has been answered already. Open the page again to read it.");

/// Makes a complaint; the same form sent twice is one.
///
/// # Errors
/// Conflict if nothing of the kind can be complained about now.
pub async fn complain(
    change: &mut Change<'_>,
    ballot: &Ballot,
    (key, person): (Uuid, Uuid),
    about: About,
    words: &str,
) -> Result<()> {
    let now = change.now;
    if !About::possible(ballot, now).contains(&about) {
        return Err(Error::Conflict("The time for this is over. Write to the returning officer instead."));
    }
    if sql::complaints::insert(change, key, (ballot.id, person), about, words, now).await? {
        change.audit(
            "ballots.complained",
            ("complaint", key),
            json!({ "vote": ballot.draft.title, "about": about.name() }),
        );
    }
    Ok(())
}

/// Answers one.
///
/// # Errors
/// Conflict if it is answered.
pub async fn reply(change: &mut Change<'_>, id: Uuid, by: Uuid, words: &str) -> Result<Uuid> {
    let complaint = sql::complaints::lock(change, id).await?.ok_or(Error::NotFound)?;
    if complaint.reply.is_some() {
        return Err(ANSWERED);
    }
    let now = change.now;
    sql::complaints::set_reply(change, id, words, by, now).await?;
    change.audit("ballots.replied", ("complaint", id), json!({ "about": complaint.about.name() }));
    Ok(complaint.ballot)
}

/// Asks for another officer to look at it.
///
/// # Errors
/// Not found if it is somebody else's, conflict if it is not answered or was appealed.
pub async fn appeal(change: &mut Change<'_>, id: Uuid, person: Uuid, words: &str) -> Result<()> {
    let complaint =
        sql::complaints::lock(change, id).await?.filter(|it| it.person == person).ok_or(Error::NotFound)?;
    if complaint.reply.is_none() || complaint.appeal.is_some() {
        return Err(Error::Conflict(
            "This cannot be appealed now. Open the page again to see where it stands.",
        ));
    }
    let now = change.now;
    sql::complaints::set_appeal(change, id, words, now).await?;
    change.audit("ballots.appealed", ("complaint", id), json!({ "about": complaint.about.name() }));
    Ok(())
}

/// Decides an appeal.
///
/// # Errors
/// Forbidden to whoever answered first, conflict if there is none or it is decided.
pub async fn decide(change: &mut Change<'_>, id: Uuid, by: Uuid, words: &str) -> Result<Uuid> {
    let complaint = sql::complaints::lock(change, id).await?.ok_or(Error::NotFound)?;
    if complaint.appeal.is_none() || complaint.decision.is_some() {
        return Err(ANSWERED);
    }
    if complaint.replied_by == Some(by) {
        return Err(Error::Forbidden("You gave the first answer, so that somebody else decides the appeal."));
    }
    let now = change.now;
    sql::complaints::set_decision(change, id, words, by, now).await?;
    change.audit("ballots.decided", ("complaint", id), json!({ "about": complaint.about.name() }));
    Ok(complaint.ballot)
}
