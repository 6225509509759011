//! What a notice of a payment means for a membership.

use serde_json::json;
use uuid::Uuid;

use super::{carrying, hardship, joining::settle, person, standing::recompute, subscription_of};
use crate::{
    audit::Change,
    kit::{error::Result, stripe::SubscriptionStatus},
    membership::{DUES, mail, sql},
    payments::{self, PaymentNotice, Purpose, Subscription, What},
};

/// What a notice of a payment means for a membership. May be called any number of times and in any order.
pub async fn hear(change: &mut Change<'_>, notice: &PaymentNotice) -> Result<()> {
    let app = change.app;
    let Some(id) = &notice.subscription else { return Ok(()) };
    // The application first, then the membership: every caller locks in this order.
    let application = sql::lock_application(change, notice.purpose.id).await?;
    let mut known = sql::lock_by_subscription(change, id).await?;
    if known.is_none() {
        let subscription = payments::find_subscription(change, id).await?;
        if let (Some(application), Some(subscription)) = (application, subscription)
            && has_begun(&subscription)
        {
            settle(change, &application, &subscription).await?;
            known = sql::lock_by_subscription(change, id).await?;
        }
    }
    let Some(membership) = known else { return Ok(()) };
    payments::attribute(change, &notice.purpose, membership.person).await?;
    let after = recompute(change, membership).await?;
    let subscription = subscription_of(change, &after).await?;
    carrying::remind(change, id).await?;
    let known = person(change, after.person).await?;
    let (occasion, letter) = match (&notice.what, subscription) {
        (What::PaidTooLate { invoice, amount }, _) => {
            let letter = mail::paid_too_late(app, known.greeting(), *amount, after.state.is_ended())?;
            (format!("paid-too-late:{invoice}"), letter)
        }
        // Whose membership ends with it hears that, and only that.
        (What::Failed { invoice, attempt, next_try, page }, Some(failing))
            if failing.is_failing() && !after.state.is_ended() =>
        {
            let paying = hardship::as_collected(change, &after).await?;
            // What is paid at Stripe for a subscription that has ended there would not count.
            let page = page.as_deref().filter(|_| failing.is_alive());
            let letter = mail::payment_failed(app, known.greeting(), &paying, *next_try, page)?;
            (format!("payment-failed:{invoice}:{attempt}"), letter)
        }
        (What::MethodLost { method }, Some(subscription)) => {
            // They may have chosen another by now.
            if !subscription.is_alive() || subscription.method.is_none_or(|it| it.lost_at.is_none()) {
                return Ok(());
            }
            let paying = hardship::as_collected(change, &after).await?;
            change.audit("membership.method_lost", ("person", after.person), json!({}));
            (
                format!("method-lost:{}:{method}", subscription.id),
                mail::method_lost(app, known.greeting(), &paying)?,
            )
        }
        (What::CardExpires { method, on }, Some(subscription)) => {
            let Some(card) = subscription.method.filter(|it| it.expires_on == Some(*on)) else {
                return Ok(());
            };
            let paying = hardship::as_collected(change, &after).await?;
            let letter = mail::card_expires(app, known.greeting(), &paying, card.words(), *on)?;
            (format!("card-expires:{}:{method}:{on}", subscription.id), letter)
        }
        _ => return Ok(()),
    };
    change.mail(occasion, &known.email, letter);
    Ok(())
}

/// The purpose of dues that a person pays without a subscription.
pub fn dues_of(person: Uuid) -> Purpose {
    Purpose::new(DUES, person)
}

/// Whatever has become of a subscription by the time we hear of it: once it was in force, its payer was a member.
fn has_begun(subscription: &Subscription) -> bool {
    let was_in_force = match subscription.state {
        SubscriptionStatus::Incomplete | SubscriptionStatus::IncompleteExpired => false,
        SubscriptionStatus::Canceled => subscription.first_paid_at.is_some(),
        _ => true,
    };
    was_in_force && subscription.surplus_since.is_none()
}
