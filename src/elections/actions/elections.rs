//! Elections: called, published, moved on by the clock.

use chrono::{Datelike, NaiveDate};
use serde_json::json;
use uuid::Uuid;

use super::{candidacies, lock, offices, rules, subject, votes};
use crate::{
    audit::{Actor, Change},
    elections::{
        model::{Election, News, Outcome, Plan, Stage, Step, Timetable},
        sql, telling,
    },
    kit::{
        app::App,
        dates,
        error::{Error, Result},
    },
};

/// Writes the draft of an election for a post; a by-election fills the rest of terms that end on a day.
///
/// # Errors
/// Conflict if there is one already.
pub async fn call(
    change: &mut Change<'_>,
    post: Uuid,
    plan: &Plan,
    term_ends_on: Option<NaiveDate>,
    by: Option<Uuid>,
) -> Result<Uuid> {
    let post = sql::posts::lock(change, post).await?.ok_or(Error::NotFound)?;
    if post.under_way.is_some() {
        return Err(Error::Conflict("There is an election for this post already."));
    }
    let (id, now) = (change.app.random().id(change.now), change.now);
    let stem = format!("{}-{}", post.slug, dates::london_date(plan.timetable.closes).year());
    let mut slug = stem.clone();
    let mut number = 1;
    loop {
        let fills_vacancy = term_ends_on.is_some();
        let new =
            sql::elections::New { id, slug: &slug, post: post.id, fills_vacancy, term_ends_on, by, now };
        if sql::elections::insert(change, &new, plan).await? {
            break;
        }
        number += 1;
        slug = format!("{stem}-{number}");
    }
    change.audit("elections.called", subject(id), json!({ "title": post.words.title }));
    Ok(id)
}

/// Publishes the notice of an election, and sends it to everybody who could vote in it today.
///
/// # Errors
/// Conflict if it is published, or too late for its timetable.
pub async fn publish(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    let (app, now) = (change.app, change.now);
    let election = lock(change, id).await?;
    if election.published_at.is_some() {
        return Err(Error::Conflict("This election has been published already."));
    }
    // The notice is given now; the hours until nominations have to be those of the rule book all the same.
    let timetable = election.plan.timetable.with(Step::Notice, now);
    if now > election.plan.timetable.notice && !timetable.faults(rules(app, change.today())).is_empty() {
        return Err(Error::Conflict(
            "It is too late for this timetable. Change it, or choose a later day for the vote.",
        ));
    }
    sql::elections::set_published(change, id, &timetable, now).await?;
    change.audit("elections.published", subject(id), json!({ "title": election.words.title }));
    telling::tell(change, id, News::Called).await
}

/// Deletes a draft.
///
/// # Errors
/// Conflict once it is published.
pub async fn delete(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    let election = lock(change, id).await?;
    if !sql::elections::delete_draft(change, id).await? {
        return Err(Error::Conflict("This election has been published, so that it cannot be deleted."));
    }
    change.audit("elections.deleted", subject(id), json!({ "title": election.words.title }));
    Ok(())
}

pub const PASSED: Error =
    Error::Conflict("A step that you wanted to move has passed meanwhile. Open the page again.");

/// Moves steps of the timetable that have not passed. Once published, the notice has.
///
/// # Errors
/// Conflict if one has passed, or the vote is made already.
pub async fn move_steps(change: &mut Change<'_>, id: Uuid, wanted: &Timetable) -> Result<()> {
    let now = change.now;
    let election = lock(change, id).await?;
    let known = election.plan.timetable;
    if election.ballot.is_some() || election.outcome.is_some() {
        return Err(Error::Conflict("The vote is made already: its hours cannot be moved any more."));
    }
    let moved: Vec<_> = Step::ALL.into_iter().filter(|step| known.at(*step) != wanted.at(*step)).collect();
    let can_move = |step: &Step| known.at(*step) > now && wanted.at(*step) > now;
    if election.published_at.is_some() && !moved.iter().all(can_move) {
        return Err(PASSED);
    }
    sql::elections::set_timetable(change, id, wanted).await?;
    let words = |step: &Step| format!("{}: {}", step.name(), dates::moment(wanted.at(*step)));
    let moved: Vec<_> = moved.iter().map(words).collect();
    change.audit(
        "elections.moved",
        subject(id),
        json!({ "title": election.words.title, "to": moved.join("; ") }),
    );
    if election.published_at.is_none() || moved.is_empty() {
        return Ok(());
    }
    telling::tell(change, id, News::Moved { steps: moved, at: now.timestamp_micros() }).await
}

/// Calls an election off, for everybody to read why.
///
/// # Errors
/// Conflict if it is a draft, over, or its vote is made: that is called off by two people.
pub async fn call_off(change: &mut Change<'_>, id: Uuid, why: &str) -> Result<()> {
    let election = lock(change, id).await?;
    if election.published_at.is_none() || election.outcome.is_some() {
        return Err(Error::Conflict("Only an election that is published and not over can be called off."));
    }
    if election.ballot.is_some() {
        return Err(Error::Conflict(
            "Its vote is made. Call that off, under Votes: two people have to agree.",
        ));
    }
    votes::settle(change, &election, Outcome::Void, Some(why)).await?;
    change.audit("elections.called_off", subject(id), json!({ "title": election.words.title, "why": why }));
    telling::tell(change, id, News::CalledOff).await
}

/// What the clock brings. Each election in a transaction of its own, so that one that cannot go on keeps no other.
///
/// # Errors
/// The first that went wrong, after all were tried.
pub async fn turn(app: &App) -> Result<()> {
    let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
    let now = change.now;
    sql::questions::show_due(&mut change, now).await?;
    let all = sql::elections::list_under_way(&mut change).await?;
    change.commit().await?;
    let mut fault = offices::turn(app).await;
    for election in all {
        if let Err(error) = turn_one(app, &election).await {
            fault = Err(error);
        }
    }
    fault
}

async fn turn_one(app: &App, known: &Election) -> Result<()> {
    let mut change = Change::begin_alone(app, Actor::System).await?.in_turn();
    let now = change.now;
    let election = lock(&mut change, known.id).await?;
    if election.judged_at.is_none() && is_closed(&election, app) {
        candidacies::judge(&mut change, &election).await?;
    }
    let stage = election.stage(now);
    if stage >= Stage::Hustings && stage < Stage::Over {
        match election.ballot {
            None => votes::make(&mut change, &election).await?,
            Some(_) => votes::follow(&mut change, &election).await?,
        }
    }
    let election = lock(&mut change, known.id).await?;
    let stage = election.stage(now);
    if stage != election.turned_to {
        sql::elections::set_turned(&mut change, election.id, stage).await?;
    }
    change.commit().await?;
    Ok(())
}

fn is_closed(election: &Election, app: &App) -> bool {
    election.plan.timetable.nominations_close <= app.clock().now()
}
