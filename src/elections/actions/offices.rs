//! Offices: given after an election, ended with their term or before.

use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

use super::{obstacle_of, subject};
use crate::{
    accounts,
    audit::{Actor, Change},
    ballots::{self, Electorate},
    elections::{
        mail,
        model::{Election, How, Nomination, Office, Part},
        sql,
    },
    kit::{
        app::App,
        dates,
        error::{Error, Result},
    },
};

/// Gives somebody the post that they were elected to, with the office of the site that comes with it. False if they cannot
/// hold it any more, as somebody who has left the party.
///
/// # Errors
/// The database is away.
pub async fn give(
    change: &mut Change<'_>,
    election: &Election,
    nomination: &Nomination,
    how: How,
    ends_on: Option<NaiveDate>,
    instead_of: Option<Uuid>,
) -> Result<bool> {
    let (app, today) = (change.app, change.today());
    // Whoever grew too old for a youth post meanwhile holds it all the same.
    let obstacle = obstacle_of(app, change, &Electorate::default(), Part::Elector, nomination.person).await?;
    if let Some(why) = obstacle {
        let detail = json!({ "post": election.words.title, "why": why });
        change.audit("elections.office_not_given", ("person", nomination.person), detail);
        return Ok(false);
    }
    let ends_on = ends_on
        .or(election.term_ends_on)
        .unwrap_or_else(|| dates::months_later(today, election.words.term_months));
    let office = Office {
        id: app.random().id(change.now),
        post: election.post,
        title: election.words.title.clone(),
        election: election.id,
        person: nomination.person,
        name: nomination.name.clone(),
        portrait: nomination.portrait.clone(),
        how,
        started_on: today,
        ends_on,
        ended_on: None,
        ended_why: None,
        is_filled: false,
    };
    if !sql::offices::insert(change, &office, instead_of).await? {
        return Ok(false);
    }
    if let Some(role) = election.words.role {
        accounts::add_officer(change, nomination.person, role, election.words.role_region()).await?;
    }
    let detail = json!({ "post": election.words.title, "how": how.code(), "until": office.last_day() });
    change.audit("elections.office_given", ("person", nomination.person), detail);
    let person = accounts::find_person(change, nomination.person).await?.ok_or(Error::NotFound)?;
    let letter = mail::elected(app, election, &office, person.greeting())?;
    change.mail(format!("elected:{}", office.id), &person.email, letter);
    Ok(true)
}

/// Gives all who were elected their posts. Of a by-election, each takes a place that is vacant.
///
/// # Errors
/// The database is away.
pub async fn fill(
    change: &mut Change<'_>,
    election: &Election,
    elected: &[&Nomination],
    how: How,
) -> Result<()> {
    let today = change.today();
    let current = sql::offices::list_current(change, today).await?;
    let is_ours =
        |office: &&Office| election.fills_vacancy && office.post == election.post && office.is_vacant(today);
    let mut vacant = current.iter().filter(is_ours).map(|office| office.id);
    for nomination in elected {
        give(change, election, nomination, how, None, vacant.next()).await?;
    }
    Ok(())
}

/// Ends an office before its term is over, as the returning officer was told.
///
/// # Errors
/// Conflict if it has ended.
pub async fn end(change: &mut Change<'_>, id: Uuid, why: &str) -> Result<()> {
    let office = sql::offices::find(change, id).await?.ok_or(Error::NotFound)?;
    let today = change.today();
    if !end_on(change, &office, today, Some(why)).await? {
        return Err(Error::Conflict("This office has ended already."));
    }
    Ok(())
}

async fn end_on(change: &mut Change<'_>, office: &Office, on: NaiveDate, why: Option<&str>) -> Result<bool> {
    if !sql::offices::set_ended(change, office.id, on, why).await? {
        return Ok(false);
    }
    let post = sql::posts::find(change, office.post).await?.ok_or(Error::NotFound)?;
    if let Some(role) = post.words.role
        && !sql::offices::holds_role(change, office.person, role.code()).await?
    {
        accounts::end_role(change, office.person, role, post.words.role_region()).await?;
    }
    let detail = json!({ "post": office.title, "why": why });
    change.audit("elections.office_ended", ("person", office.person), detail);
    Ok(true)
}

/// Ends what is over: terms, each in a transaction of its own.
///
/// # Errors
/// The database is away.
pub async fn turn(app: &App) -> Result<()> {
    let today = app.clock().today();
    let mut db = app.pool().acquire().await?;
    let over = sql::offices::list_over(&mut db, today).await?;
    drop(db);
    for office in over {
        let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
        end_on(&mut change, &office, office.ends_on, None).await?;
        change.commit().await?;
    }
    Ok(())
}

/// Fills the rest of a term by counting the papers of its election again, as if whoever gave it up, and whoever cannot
/// hold it, had not stood. Of those who are elected then, the first who holds none of its places takes it; nobody who
/// holds one loses it.
///
/// # Errors
/// Conflict if the office is not vacant, was not voted on, or nobody is left.
pub async fn countback(change: &mut Change<'_>, id: Uuid) -> Result<String> {
    let vacant = sql::offices::find(change, id).await?.ok_or(Error::NotFound)?;
    let election = sql::elections::lock(change, vacant.election).await?.ok_or(Error::NotFound)?;
    let ballot = election.ballot.clone();
    let (Some(ballot), true) = (ballot, vacant.is_vacant(change.today())) else {
        return Err(Error::Conflict("This place cannot be filled by a countback: call a by-election."));
    };
    let nominations = sql::nominations::list(change, election.id).await?;
    let held = sql::offices::list_of_election(change, election.id).await?;
    // Whoever gave up a place, and whoever cannot hold one.
    let mut without: Vec<u16> = Vec::new();
    for nomination in &nominations {
        let Some(number) = nomination.number else { continue };
        let had = held.iter().find(|office| office.person == nomination.person);
        let is_out = match had {
            Some(office) => office.ended_on.is_some(),
            None => {
                let (app, all) = (change.app, Electorate::default());
                obstacle_of(app, change, &all, Part::Elector, nomination.person).await?.is_some()
            }
        };
        if is_out {
            without.push(number);
        }
    }
    let elected = ballots::recount(change, ballot.id, &without).await?;
    let next = elected.iter().find_map(|number| {
        let nomination = nominations.iter().find(|it| it.number == Some(*number))?;
        let holds = held.iter().any(|office| office.person == nomination.person);
        (!holds).then_some(nomination)
    });
    let next = next.ok_or(Error::Conflict("Nobody is left whom the papers elect: call a by-election."))?;
    if !give(change, &election, next, How::Countback, Some(vacant.ends_on), Some(vacant.id)).await? {
        return Err(Error::Conflict("This place has been filled already."));
    }
    let detail = json!({ "post": election.words.title, "without": without });
    change.audit("elections.counted_back", subject(election.id), detail);
    Ok(next.name.clone())
}
