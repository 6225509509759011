//! What officers decide about a membership. Each is recorded with its reason.

use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::standing::{recompute, tell_standing};
use crate::{
    accounts,
    audit::Change,
    kit::error::{Error, Result},
    membership::{
        mail,
        model::{EndReason, Ending, NewSuspension, State, Suspension},
        sql,
    },
    payments,
};

/// Ends a membership today. The payments stop by a job; what was paid stays.
///
/// # Errors
/// A conflict if it is over already.
pub async fn end(change: &mut Change<'_>, person: Uuid, ending: &Ending) -> Result<()> {
    let app = change.app;
    let mut membership = sql::lock_of_person(change, person).await?.ok_or(Error::NotFound)?;
    if membership.state.is_ended() {
        return Err(Error::Conflict("This membership is over already."));
    }
    let (now, today) = (change.now, change.today());
    membership.state = State::Ended { on: today, reason: ending.reason };
    membership.state_since = now;
    membership.end_words = Some(ending.words.clone());
    membership.suspension = None;
    // A notice of the payment must not bring it back before the job has ended it.
    let subscription = membership.subscription.take();
    sql::set_membership(change, &membership).await?;
    sql::end_period(change, membership.id, today).await?;
    if let Some(subscription) = &subscription {
        payments::end_surplus(change, subscription, false).await?;
    }
    tell_standing(change, &membership).await?;
    let detail = json!({ "reason": ending.reason.code(), "words": ending.words });
    change.audit("membership.ended", ("person", person), detail);
    if matches!(ending.reason, EndReason::Left | EndReason::Expelled) {
        let known = accounts::find_person(change, person).await?.ok_or(Error::NotFound)?;
        let letter = mail::ended(app, &known.name, ending.reason, true)?;
        let occasion = format!("membership-ended:{}:{}", membership.id, now.timestamp_micros());
        change.mail(occasion, &known.email, letter);
    }
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
        return Err(Error::Conflict("This membership is over: there is nothing to suspend."));
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
    let letter = mail::suspended(app, &known.name, new.until)?;
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
    let letter = mail::suspension_lifted(app, &known.name)?;
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
