//! What officers decide about a membership. Each is recorded with its reason.

use chrono::NaiveDate;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::{Builder, Uuid};

use super::standing::{enter, recompute, tell_standing};
use crate::{
    accounts,
    audit::Change,
    kit::error::{Error, Result},
    membership::{
        gifts, mail,
        model::{EndReason, Ending, Membership, NewSuspension, State, Suspension},
        sql,
    },
    parties, payments,
};

/// Ends a membership today, and tells the member. The payments stop by a job; what was paid stays.
///
/// # Errors
/// A conflict if it is already over.
pub async fn end(change: &mut Change<'_>, person: Uuid, ending: &Ending) -> Result<()> {
    let membership = end_untold(change, person, ending).await?;
    if matches!(
        ending.reason,
        EndReason::Left | EndReason::Expelled | EndReason::Refused | EndReason::Officer
    ) {
        let (app, now) = (change.app, change.now);
        let known = accounts::find_person(change, person).await?.ok_or(Error::NotFound)?;
        let letter = mail::ended(app, known.greeting(), ending.reason, true, membership.decision.as_ref())?;
        let occasion = format!("membership-ended:{}:{}", membership.id, now.timestamp_micros());
        change.mail(occasion, &known.email, letter);
    }
    Ok(())
}

/// Ends a membership today. Whoever calls it tells the member.
///
/// # Errors
/// As [`end`].
pub async fn end_untold(change: &mut Change<'_>, person: Uuid, ending: &Ending) -> Result<Membership> {
    let mut membership = sql::lock_of_person(change, person).await?.ok_or(Error::NotFound)?;
    if membership.state.is_ended() {
        return Err(Error::Conflict("This membership has already ended."));
    }
    let (now, today) = (change.now, change.today());
    let is_refused = ending.reason == EndReason::Refused;
    if is_refused && !is_new(change, &membership, today).await? {
        return Err(Error::Conflict("They are no longer a new member: the time for objections is over."));
    }
    membership.state = State::Ended { on: today, reason: ending.reason };
    membership.state_since = now;
    membership.end_words = Some(ending.words.clone());
    membership.decision = ending.decision.clone();
    membership.suspension = None;
    // A notice of the payment must not bring it back before the job has ended it.
    let subscription = membership.subscription.take();
    sql::set_membership(change, &membership).await?;
    enter(change, &membership, today, None).await?;
    if let Some(subscription) = &subscription {
        // Who is not admitted has paid for nothing.
        payments::end_surplus(change, subscription, is_refused).await?;
    }
    if is_refused {
        gifts::actions::give_back_of(change, person).await?;
    }
    if let Some(rule) = ending.decision.as_ref().and_then(|it| it.rule.as_deref()).filter(|_| is_refused) {
        parties::close(change, person, &ending.words, rule).await?;
    }
    if ending.reason == EndReason::Died {
        payments::end_all_of(change, person).await?;
        accounts::close_account(change, person).await?;
    }
    tell_standing(change, &membership).await?;
    let mut detail = json!({ "reason": ending.reason.code(), "words": ending.words });
    if let Some(decision) = &ending.decision {
        detail["decision"] = decision.in_words().into();
    }
    change.audit("membership.ended", ("person", person), detail);
    Ok(membership)
}

/// Whether officers can still object to somebody.
pub async fn is_new(db: &mut PgConnection, membership: &Membership, today: NaiveDate) -> Result<bool> {
    let settled_on = sql::history::settled_on(db, membership.id).await?;
    Ok(!membership.state.is_ended() && settled_on.is_some_and(|settled| today < settled))
}

/// Undoes the record that somebody has died, made by mistake. The membership stays ended, since its payments have, and
/// they can join again.
///
/// # Errors
/// A conflict if nobody said so.
pub async fn take_back_death(change: &mut Change<'_>, person: Uuid) -> Result<()> {
    let mut membership = sql::lock_of_person(change, person).await?.ok_or(Error::NotFound)?;
    let State::Ended { on, reason: EndReason::Died } = membership.state else {
        return Err(Error::Conflict("The record does not say that they have died."));
    };
    membership.state = State::Ended { on, reason: EndReason::Error };
    membership.end_words = Some("Recorded as having died, by mistake".to_owned());
    sql::set_membership(change, &membership).await?;
    enter(change, &membership, on, None).await?;
    accounts::reopen_account(change, person).await?;
    change.audit("membership.death_taken_back", ("person", person), json!({}));
    Ok(())
}

/// Suspends a member until a day. Payments go on.
///
/// # Errors
/// A conflict if the membership is over.
pub async fn suspend(
    change: &mut Change<'_>,
    officer: Uuid,
    person: Uuid,
    new: &NewSuspension,
) -> Result<()> {
    let app = change.app;
    let mut membership = sql::lock_of_person(change, person).await?.ok_or(Error::NotFound)?;
    if membership.state.is_ended() {
        return Err(Error::Conflict("This membership has ended: there is nothing to suspend."));
    }
    let now = change.now;
    let same = |before: &Suspension| before.until == new.until && before.reason == new.reason;
    if membership.suspension.as_ref().is_some_and(same) {
        return Ok(());
    }
    let suspension =
        Suspension { since: now, until: new.until, reason: new.reason.clone(), by: Some(officer) };
    membership.suspension = Some(suspension);
    sql::set_membership(change, &membership).await?;
    let detail = json!({ "until": new.until, "reason": new.reason });
    change.audit("membership.suspended", ("person", person), detail);
    recompute(change, membership).await?;
    let known = accounts::find_person(change, person).await?.ok_or(Error::NotFound)?;
    let letter = mail::suspended(app, known.greeting(), new.until)?;
    let occasion = format!("suspended:{person}:{}", now.timestamp_micros());
    change.mail(occasion, &known.email, letter);
    Ok(())
}

/// Lifts a suspension before its time: the state follows from the payments again.
///
/// # Errors
/// A conflict if there is none.
pub async fn lift_suspension(change: &mut Change<'_>, person: Uuid) -> Result<()> {
    let mut membership = sql::lock_of_person(change, person).await?.ok_or(Error::NotFound)?;
    if membership.suspension.take().is_none() {
        return Err(Error::Conflict("They are not suspended."));
    }
    change.audit("membership.suspension_lifted", ("person", person), json!({}));
    recompute(change, membership).await?;
    let (app, now) = (change.app, change.now);
    let known = accounts::find_person(change, person).await?.ok_or(Error::NotFound)?;
    let letter = mail::suspension_lifted(app, known.greeting())?;
    change.mail(format!("suspension-lifted:{person}:{}", now.timestamp_micros()), &known.email, letter);
    Ok(())
}

/// Writes a note that officers see. The same words of the same officer are one note a day, however often they are sent.
pub async fn add_note(change: &mut Change<'_>, officer: Uuid, person: Uuid, words: &str) -> Result<()> {
    let now = change.now;
    accounts::find_person(change, person).await?.ok_or(Error::NotFound)?;
    let hash = Sha256::digest(format!("{person} {officer} {} {words}", change.today()));
    let id = Builder::from_custom_bytes(std::array::from_fn(|at| hash[at])).into_uuid();
    if sql::insert_note(change, id, person, officer, words, now).await? {
        change.audit("membership.note_added", ("person", person), json!({}));
    }
    Ok(())
}
