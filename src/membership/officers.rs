//! What officers decide about a membership. Each is recorded with its reason.

use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions::{recompute, tell_standing},
    forms::{Ending, NewDetails, NewSuspension},
    mail,
    model::{EndReason, State, Suspension},
    sql,
};
use crate::{
    accounts::{self, Details},
    audit::{self, Actor, Entry},
    kit::{
        app::App,
        error::{Error, Result},
        mail as outbox,
    },
    payments,
};

async fn record(
    app: &App,
    db: &mut PgConnection,
    officer: Uuid,
    action: &'static str,
    person: Uuid,
    detail: serde_json::Value,
) -> Result<()> {
    let entry =
        Entry { actor: Actor::Person(officer), action, subject: ("person", &person.to_string()), detail };
    Ok(audit::record(db, app.clock().now(), &entry).await?)
}

/// Puts a member's details right.
///
/// # Errors
/// A conflict if somebody else has the address; not found if she is no member.
pub(super) async fn change_details(
    app: &App,
    db: &mut PgConnection,
    officer: Uuid,
    person: Uuid,
    new: &NewDetails,
) -> Result<()> {
    let actor = Actor::Person(officer);
    let mut membership = sql::lock_of_person(db, person).await?.ok_or(Error::NotFound)?;
    let details = Details {
        name: new.name.clone(),
        email: new.email.clone(),
        postcode: Some(new.place.postcode.to_string()),
        region: new.place.region,
    };
    accounts::change_details(app, db, actor, person, &details).await?;
    let mut changed = Vec::new();
    if membership.born_on != new.born_on {
        changed.push("date of birth");
    }
    if membership.address != new.place.address {
        changed.push("address");
    }
    if changed.is_empty() {
        return Ok(());
    }
    membership.born_on = new.born_on;
    membership.address = new.place.address.clone();
    sql::set_membership(db, &membership).await?;
    // The log says what changed, not where she lives or when she was born.
    record(app, db, officer, "membership.details_changed", person, json!({ "changed": changed })).await
}

/// Ends a membership today. The payments stop by a job; what was paid stays.
///
/// # Errors
/// A conflict if it is over already.
pub(super) async fn end(
    app: &App,
    db: &mut PgConnection,
    officer: Uuid,
    person: Uuid,
    ending: &Ending,
) -> Result<()> {
    let mut membership = sql::lock_of_person(db, person).await?.ok_or(Error::NotFound)?;
    if membership.state.is_ended() {
        return Err(Error::Conflict("This membership is over already."));
    }
    let (now, today) = (app.clock().now(), app.clock().today());
    membership.state = State::Ended { on: today, reason: ending.reason };
    membership.state_since = now;
    membership.end_words = Some(ending.words.clone());
    membership.suspension = None;
    // The payment's own news must not bring it back before the job has ended it.
    let subscription = membership.subscription.take();
    sql::set_membership(db, &membership).await?;
    sql::end_period(db, membership.id, today).await?;
    if let Some(subscription) = &subscription {
        payments::end_surplus(app, db, subscription, false).await?;
    }
    tell_standing(app, db, &membership).await?;
    let detail = json!({ "reason": ending.reason.code(), "words": ending.words });
    record(app, db, officer, "membership.ended", person, detail).await?;
    if matches!(ending.reason, EndReason::Left | EndReason::Expelled) {
        let known = accounts::find_person(db, person).await?.ok_or(Error::NotFound)?;
        let letter = mail::ended(app, &known.name, ending.reason)?;
        let occasion = format!("membership-ended:{}:{}", membership.id, now.timestamp_micros());
        outbox::push(app, db, &occasion, &known.email, &letter).await?;
    }
    Ok(())
}

/// Suspends a member until a day. Payments go on.
///
/// # Errors
/// A conflict if the membership is over.
pub(super) async fn suspend(
    app: &App,
    db: &mut PgConnection,
    officer: Uuid,
    person: Uuid,
    new: &NewSuspension,
) -> Result<()> {
    let mut membership = sql::lock_of_person(db, person).await?.ok_or(Error::NotFound)?;
    if membership.state.is_ended() {
        return Err(Error::Conflict("This membership is over: there is nothing to suspend."));
    }
    let now = app.clock().now();
    let suspension =
        Suspension { since: now, until: new.until, reason: new.reason.clone(), by: Some(officer) };
    membership.suspension = Some(suspension);
    sql::set_membership(db, &membership).await?;
    let detail = json!({ "until": new.until, "reason": new.reason });
    record(app, db, officer, "membership.suspended", person, detail).await?;
    recompute(app, db, membership, Actor::Person(officer)).await?;
    let known = accounts::find_person(db, person).await?.ok_or(Error::NotFound)?;
    let letter = mail::suspended(app, &known.name, new.until)?;
    let occasion = format!("suspended:{person}:{}", now.timestamp_micros());
    outbox::push(app, db, &occasion, &known.email, &letter).await?;
    Ok(())
}

/// Lifts a suspension before its time: the state follows from the payments again.
///
/// # Errors
/// A conflict if there is none.
pub(super) async fn lift_suspension(
    app: &App,
    db: &mut PgConnection,
    officer: Uuid,
    person: Uuid,
) -> Result<()> {
    let mut membership = sql::lock_of_person(db, person).await?.ok_or(Error::NotFound)?;
    if membership.suspension.take().is_none() {
        return Err(Error::Conflict("She is not suspended."));
    }
    record(app, db, officer, "membership.suspension_lifted", person, json!({})).await?;
    recompute(app, db, membership, Actor::Person(officer)).await?;
    Ok(())
}

/// Writes a note that officers see.
pub(super) async fn add_note(
    app: &App,
    db: &mut PgConnection,
    officer: Uuid,
    person: Uuid,
    words: &str,
) -> Result<()> {
    let now = app.clock().now();
    accounts::find_person(db, person).await?.ok_or(Error::NotFound)?;
    sql::insert_note(db, app.random().id(now), person, officer, words, now).await?;
    record(app, db, officer, "membership.note_added", person, json!({})).await
}
