//! Nominations: made, accepted, seconded, written, withdrawn. Each goes by the stage of its election.

use serde_json::json;
use uuid::Uuid;

use super::{candidacies, lock, need_elector, obstacle_of, subject};
use crate::{
    accounts,
    audit::Change,
    elections::{
        mail,
        model::{Election, Ended, Nomination, Part, Stage},
        sql,
    },
    kit::{
        email_address::EmailAddress,
        error::{Error, Result},
        picture::Picture,
    },
};

const CLOSED: Error = Error::Conflict("Nominations are not open. The timetable says when they are.");
const ENOUGH: Error = Error::Conflict(
    "You have supported as many people as there are places. Take back a second before you support another.",
);
const ENDED: Error = Error::Conflict("They do not stand any more.");

/// The election of a nomination, locked, and the nomination as it is behind the lock.
async fn lock_both(change: &mut Change<'_>, slug: &str, id: Uuid) -> Result<(Election, Nomination)> {
    let known = sql::elections::find_by_slug(change, slug).await?.ok_or(Error::NotFound)?;
    let election = lock(change, known.id).await?;
    let nomination = sql::nominations::find(change, id).await?;
    let nomination = nomination.filter(|it| it.election == election.id).ok_or(Error::NotFound)?;
    Ok((election, nomination))
}

fn need_open(change: &Change<'_>, election: &Election) -> Result<()> {
    if election.stage(change.now) == Stage::Nominations { Ok(()) } else { Err(CLOSED) }
}

/// Nominates oneself, which is an acceptance too.
///
/// # Errors
/// Conflict if nominations are closed, or they stand elsewhere; forbidden if they cannot stand.
pub async fn nominate_oneself(change: &mut Change<'_>, election: Uuid, person: Uuid) -> Result<Uuid> {
    let election = lock(change, election).await?;
    need_open(change, &election)?;
    need_elector(change, &election, Part::Candidate, person).await?;
    let (id, now) = (change.app.random().id(change.now), change.now);
    if sql::nominations::insert(change, id, election.id, (person, person), now).await? {
        change.audit(
            "elections.nominated",
            ("person", person),
            json!({ "post": election.words.title, "by": "themselves" }),
        );
    }
    let nomination =
        sql::nominations::find_of_person(change, election.id, person).await?.ok_or(Error::NotFound)?;
    accept_one(change, &election, &nomination).await?;
    Ok(nomination.id)
}

/// Nominates somebody else by their address, who is asked by email. Whether the address is known, and whether they can
/// stand, is nobody else's to learn: the answer is always the same.
///
/// # Errors
/// Conflict if nominations are closed, or enough were nominated; forbidden if they cannot nominate.
pub async fn nominate(change: &mut Change<'_>, election: Uuid, by: Uuid, email: &EmailAddress) -> Result<()> {
    let (app, now) = (change.app, change.now);
    let election = lock(change, election).await?;
    need_open(change, &election)?;
    need_elector(change, &election, Part::Elector, by).await?;
    let (nominated, _) = sql::nominations::count_support(change, election.id, by).await?;
    if nominated >= i64::from(election.plan.seats) {
        return Err(Error::Conflict("You have nominated as many people as there are places."));
    }
    let Some(person) = accounts::find_person_by_email(change, email).await? else { return Ok(()) };
    let electorate = &election.words.electorate;
    if person.id == by || obstacle_of(app, change, electorate, Part::Candidate, person.id).await?.is_some() {
        return Ok(());
    }
    let id = app.random().id(now);
    if !sql::nominations::insert(change, id, election.id, (person.id, by), now).await? {
        return Ok(());
    }
    change.audit(
        "elections.nominated",
        ("person", person.id),
        json!({ "post": election.words.title, "by": "another" }),
    );
    let nominator = accounts::find_person(change, by).await?.ok_or(Error::NotFound)?;
    let letter = mail::nominated(app, &election, id, person.greeting(), &nominator.name)?;
    change.mail(format!("nominated:{}:{}", election.id, person.id), &person.email, letter);
    Ok(())
}

async fn accept_one(change: &mut Change<'_>, election: &Election, nomination: &Nomination) -> Result<()> {
    let now = change.now;
    if nomination.ended.is_some() {
        return Err(Error::Conflict("This nomination is over: whoever has withdrawn cannot come back."));
    }
    if nomination.accepted_at.is_some() {
        return Ok(());
    }
    if !sql::nominations::set_accepted(change, nomination, now).await? {
        return Err(Error::Conflict(
            "You stand for another post. Nobody stands for two at a time: withdraw there first.",
        ));
    }
    accounts::pause_offices(change, nomination.person, true).await?;
    change.audit(
        "elections.accepted",
        ("person", nomination.person),
        json!({ "post": election.words.title }),
    );
    Ok(())
}

/// Somebody who is nominated wants to stand.
///
/// # Errors
/// Not found for anybody else, conflict when nominations are closed or they stand elsewhere.
pub async fn accept(change: &mut Change<'_>, slug: &str, id: Uuid, person: Uuid) -> Result<()> {
    let (election, nomination) = lock_both(change, slug, id).await?;
    need_own(&nomination, person)?;
    need_open(change, &election)?;
    need_elector(change, &election, Part::Candidate, person).await?;
    accept_one(change, &election, &nomination).await
}

/// Somebody who is nominated does not want to.
///
/// # Errors
/// Not found for anybody else, conflict once they have accepted.
pub async fn decline(change: &mut Change<'_>, slug: &str, id: Uuid, person: Uuid) -> Result<()> {
    let (election, nomination) = lock_both(change, slug, id).await?;
    need_own(&nomination, person)?;
    if nomination.accepted_at.is_some() {
        return Err(Error::Conflict("You have accepted already. You can withdraw instead."));
    }
    let now = change.now;
    sql::nominations::set_declined(change, id, now).await?;
    change.audit("elections.declined", ("person", person), json!({ "post": election.words.title }));
    Ok(())
}

fn need_own(nomination: &Nomination, person: Uuid) -> Result<()> {
    if nomination.person == person { Ok(()) } else { Err(Error::NotFound) }
}

/// Seconds somebody, as the member who is signed in.
///
/// # Errors
/// Conflict if nominations are closed, it is their own, they nominated them, are nominated themselves, or second as many
/// as there are places; forbidden if they cannot take part.
pub async fn second(change: &mut Change<'_>, slug: &str, id: Uuid, person: Uuid) -> Result<()> {
    let now = change.now;
    let (election, nomination) = lock_both(change, slug, id).await?;
    need_open(change, &election)?;
    if !nomination.stands {
        return Err(ENDED);
    }
    if nomination.person == person {
        return Err(Error::Conflict("Nobody seconds themselves."));
    }
    if nomination.nominated_by == person {
        return Err(Error::Conflict("You nominated them. Somebody else has to second."));
    }
    let own = sql::nominations::find_of_person(change, election.id, person).await?;
    if own.is_some_and(|own| own.stands) {
        return Err(Error::Conflict("You stand in this election, so that you cannot second others in it."));
    }
    need_elector(change, &election, Part::Elector, person).await?;
    if nomination.has_seconder(&person) {
        return Ok(());
    }
    let (_, seconded) = sql::nominations::count_support(change, election.id, person).await?;
    if seconded >= i64::from(election.plan.seats) {
        return Err(ENOUGH);
    }
    sql::nominations::insert_second(change, id, person, now).await?;
    change.audit("elections.seconded", subject(election.id), json!({ "post": election.words.title }));
    Ok(())
}

/// Takes a second back while nominations are open.
///
/// # Errors
/// Conflict once they are closed.
pub async fn unsecond(change: &mut Change<'_>, slug: &str, id: Uuid, person: Uuid) -> Result<()> {
    let (election, nomination) = lock_both(change, slug, id).await?;
    need_open(change, &election)?;
    if nomination.has_seconder(&person) {
        sql::nominations::delete_second(change, id, person).await?;
        change.audit("elections.unseconded", subject(election.id), json!({ "post": election.words.title }));
    }
    Ok(())
}

/// What a candidate writes, until everybody can read who stands.
///
/// # Errors
/// Not found for anybody else, conflict once it is fixed.
pub async fn write(
    change: &mut Change<'_>,
    slug: &str,
    id: Uuid,
    person: Uuid,
    (statement, letter): (&str, &str),
) -> Result<()> {
    let (election, nomination) = lock_both(change, slug, id).await?;
    need_own(&nomination, person)?;
    need_writable(change, &election, &nomination)?;
    sql::nominations::set_words(change, id, statement, letter).await?;
    change.audit("elections.statement_written", ("person", person), json!({ "post": election.words.title }));
    Ok(())
}

/// Whether a candidate's statement, portrait and letter can still be changed.
pub fn is_writable(election: &Election, nomination: &Nomination, now: chrono::DateTime<chrono::Utc>) -> bool {
    nomination.stands && election.stage(now) <= Stage::Nominations
}

fn need_writable(change: &Change<'_>, election: &Election, nomination: &Nomination) -> Result<()> {
    if is_writable(election, nomination, change.now) {
        Ok(())
    } else {
        Err(Error::Conflict("What candidates say of themselves is fixed when nominations close."))
    }
}

/// Sets or takes away a candidate's portrait.
///
/// # Errors
/// As [`write`].
pub async fn set_portrait(
    change: &mut Change<'_>,
    slug: &str,
    id: Uuid,
    person: Uuid,
    portrait: Option<&Picture>,
) -> Result<()> {
    let (election, nomination) = lock_both(change, slug, id).await?;
    need_own(&nomination, person)?;
    need_writable(change, &election, &nomination)?;
    sql::nominations::set_portrait(change, id, portrait).await?;
    change.audit("elections.portrait_set", ("person", person), json!({ "post": election.words.title }));
    Ok(())
}

/// A candidate withdraws, for good.
///
/// # Errors
/// Not found for anybody else, conflict once the vote is made.
pub async fn withdraw(change: &mut Change<'_>, slug: &str, id: Uuid, person: Uuid) -> Result<()> {
    let (election, nomination) = lock_both(change, slug, id).await?;
    need_own(&nomination, person)?;
    if !nomination.stands {
        return Err(ENDED);
    }
    if election.stage(change.now) > Stage::Withdrawals {
        return Err(Error::Conflict(
            "It is too late to withdraw: the names are fixed. Write to the returning officer.",
        ));
    }
    candidacies::end(change, &election, &nomination, Ended::Withdrawn, None).await
}

/// The returning officer refuses a nomination, with a reason that whoever stood reads.
///
/// # Errors
/// Conflict if they do not stand, or the vote is made.
pub async fn refuse(change: &mut Change<'_>, election: Uuid, id: Uuid, why: &str) -> Result<()> {
    let election = lock(change, election).await?;
    let nomination = sql::nominations::find(change, id).await?;
    let nomination = nomination.filter(|it| it.election == election.id).ok_or(Error::NotFound)?;
    if nomination.ended.is_some() || election.stage(change.now) > Stage::Withdrawals {
        return Err(Error::Conflict("This nomination cannot be refused any more."));
    }
    candidacies::end(change, &election, &nomination, Ended::Refused, Some(why)).await
}
