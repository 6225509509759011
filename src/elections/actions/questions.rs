//! Hustings: members ask all candidates, an officer lets questions through, all answer in the same hours.

use chrono::Duration;
use serde_json::json;
use uuid::Uuid;

use super::{lock, need_elector, subject};
use crate::{
    audit::Change,
    elections::{
        model::{Part, Stage},
        settings, sql,
    },
    kit::error::{Error, Result},
};

/// So many may one member ask in one election.
const MOST_OF_ONE: i64 = 3;

/// Asks all who stand. The same form sent twice is one question.
///
/// # Errors
/// Conflict if it is not the time; forbidden if they cannot take part.
pub async fn ask(
    change: &mut Change<'_>,
    election: Uuid,
    (key, by): (Uuid, Uuid),
    words: &str,
) -> Result<()> {
    let now = change.now;
    let election = lock(change, election).await?;
    if !election.takes_questions(now) {
        return Err(Error::Conflict(
            "Questions can be asked from the close of nominations until the timetable says.",
        ));
    }
    need_elector(change, &election, Part::Elector, by).await?;
    let own = sql::nominations::find_of_person(change, election.id, by).await?;
    if own.is_some_and(|own| own.stands) {
        return Err(Error::Conflict("You stand in this election: you answer questions, and ask none."));
    }
    if sql::questions::count_of_person(change, election.id, by).await? >= MOST_OF_ONE {
        return Err(Error::Conflict(
            "You have asked three questions. That is as many as one member can ask.",
        ));
    }
    if sql::questions::insert(change, key, election.id, (by, words), now).await? {
        change.audit("elections.asked", ("person", by), json!({ "post": election.words.title }));
    }
    Ok(())
}

/// Lets a question through: all candidates have the same hours to answer it.
///
/// # Errors
/// Conflict if that is decided, or no time is left to answer before the vote opens.
pub async fn let_through(change: &mut Change<'_>, election: Uuid, id: Uuid) -> Result<()> {
    let election = lock(change, election).await?;
    sql::questions::find(change, election.id, id).await?.ok_or(Error::NotFound)?;
    let hours = change.app.setting(settings::ANSWER_HOURS, change.today());
    let until = change.now + Duration::hours(hours.into());
    if election.stage(change.now) > Stage::Hustings || until > election.plan.timetable.opens {
        return Err(Error::Conflict("Too little time is left to answer it before the vote opens."));
    }
    if !sql::questions::set_let_through(change, id, until).await? {
        return Err(Error::Conflict("This question has been decided already."));
    }
    change.audit(
        "elections.question_let_through",
        subject(election.id),
        json!({ "post": election.words.title }),
    );
    Ok(())
}

/// Does not, with a reason for whoever asked.
///
/// # Errors
/// Conflict if that is decided.
pub async fn refuse(change: &mut Change<'_>, election: Uuid, id: Uuid, why: &str) -> Result<()> {
    let election = lock(change, election).await?;
    sql::questions::find(change, election.id, id).await?.ok_or(Error::NotFound)?;
    if !sql::questions::set_refused(change, id, why).await? {
        return Err(Error::Conflict("This question has been decided already."));
    }
    change.audit(
        "elections.question_refused",
        subject(election.id),
        json!({ "post": election.words.title, "why": why }),
    );
    Ok(())
}

/// A candidate answers, or answers again until the time is over.
///
/// # Errors
/// Conflict when the time is over; forbidden for whoever does not stand.
pub async fn answer(
    change: &mut Change<'_>,
    election: Uuid,
    id: Uuid,
    person: Uuid,
    words: &str,
) -> Result<()> {
    let now = change.now;
    let election = lock(change, election).await?;
    let own = sql::nominations::find_of_person(change, election.id, person).await?;
    let own = own.filter(|own| own.stands).ok_or(Error::Forbidden("Candidates answer these questions."))?;
    let question = sql::questions::find(change, election.id, id).await?.ok_or(Error::NotFound)?;
    if !question.takes_answers(&now) {
        return Err(Error::Conflict("The time to answer this question is over: all answers can be read."));
    }
    sql::questions::set_answer(change, id, own.id, words, now).await?;
    change.audit("elections.answered", ("person", person), json!({ "post": election.words.title }));
    Ok(())
}
