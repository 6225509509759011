//! Dues that are paid by hand: in cash, by cheque, by transfer.

use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

use super::{
    joining::settled_on,
    standing::{enter, recompute, tell_standing},
    subscription_of,
};
use crate::{
    audit::Change,
    kit::error::{Error, Result},
    membership::{
        mail,
        model::{Membership, State},
        sql,
    },
    payments,
};

/// Notes the day until which somebody has paid by hand. Anyone who lapsed or left is a member again; the gap stays. Whoever
/// is a member again by it, or whose failed automatic payment ends by it, is told.
///
/// # Errors
/// Not found if they were never a member; a conflict if the party decided that the membership is over, or if they pay
/// automatically.
pub async fn paid_by_hand(change: &mut Change<'_>, person: Uuid, until: NaiveDate) -> Result<()> {
    let mut membership = sql::lock_of_person(change, person).await?.ok_or(Error::NotFound)?;
    if membership.state.is_final() {
        return Err(Error::Conflict("This membership has been ended, so it cannot be paid for."));
    }
    let (before, was_over) = (membership.ends_on, membership.state.is_ended());
    let failed = subscription_of(change, &membership).await?.filter(|it| it.is_alive() && it.is_failing());
    pay_until(change, &mut membership, until).await?;
    change.audit("membership.paid_by_hand", ("person", person), json!({ "until": [before, Some(until)] }));
    let after = recompute(change, membership).await?;
    let is_back = was_over && !after.state.is_ended();
    // Whatever else an officer enters changes nothing that the member has to know of.
    if is_back || failed.is_some() {
        let known = super::person(change, person).await?;
        let letter = mail::paid_by_hand(change.app, known.greeting(), until, is_back, failed.is_some())?;
        let occasion = format!("paid-by-hand:{}:{}", after.id, change.now.timestamp_micros());
        change.mail(occasion, &known.email, letter);
    }
    Ok(())
}

/// Keeps that a membership is paid until a day, by no regular payment. Where it stands is worked out by the caller.
///
/// # Errors
/// A conflict if a regular payment goes on.
pub async fn pay_until(change: &mut Change<'_>, membership: &mut Membership, until: NaiveDate) -> Result<()> {
    let (now, today) = (change.now, change.today());
    let old = subscription_of(change, membership).await?;
    let old = old.filter(|it| !it.is_alive() || it.is_failing() || it.is_stopping());
    if let Some(old) = &old {
        payments::end_surplus(change, &old.id, false).await?;
        membership.subscription = None;
    }
    if membership.subscription.is_some() {
        return Err(Error::Conflict("They pay automatically. Stop that first."));
    }
    membership.ends_on = Some(until);
    if membership.state.is_ended() {
        (membership.state, membership.state_since) = (State::Active, now);
        membership.end_words = None;
        sql::set_membership(change, membership).await?;
        let settled_on = settled_on(change.app, today);
        enter(change, membership, today, settled_on).await?;
        tell_standing(change, membership).await?;
    } else {
        sql::set_membership(change, membership).await?;
    }
    Ok(())
}
