//! What subscriptions are charged to: cards and accounts that are changed, renewed, lost.

use uuid::Uuid;

use super::{NOT_OURS, Outcome, Result, What, keep_subscription, tell};
use crate::{
    kit::{
        app::App,
        queue::Failure,
        stripe::{self, CheckoutStatus},
    },
    payments::{
        model::{ChangeState, our_change},
        sql::methods,
    },
};

/// Looks a wish to pay by something else up: once its card or account is taken down, the subscription is charged to it.
pub async fn set_up(app: &App, session: &stripe::CheckoutSession) -> Result {
    let Some(id) = our_change(&session.metadata) else { return Ok(NOT_OURS) };
    let mut db = app.pool().acquire().await?;
    let Some(change) = methods::find_change(&mut db, id).await? else { return Ok(NOT_OURS) };
    drop(db);
    if change.state.is_over() {
        return Ok(Outcome::Done);
    }
    let state = match (session.status, &session.setup_intent) {
        (CheckoutStatus::Complete, Some(intent)) => charge_to(app, &change.subscription, id, intent).await?,
        (CheckoutStatus::Expired, _) => ChangeState::Closed,
        _ => return Ok(Outcome::Done),
    };
    let mut tx = app.pool().begin().await?;
    methods::set_over(&mut tx, id, state, app.clock().now()).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

async fn charge_to(
    app: &App,
    subscription: &str,
    change: Uuid,
    setup_intent: &str,
) -> std::result::Result<ChangeState, Failure> {
    let Some(method) = app.stripe().find_set_up(setup_intent).await? else {
        return Err(Failure::Retry(anyhow::anyhow!(
            "{setup_intent} is complete and names no payment method"
        )));
    };
    let started = app.clock().now();
    let key = format!("method:{change}");
    let answer = match app.stripe().set_payment_method(&key, subscription, &method).await {
        Ok(answer) => answer,
        // It ended in the meantime: there is nothing left to charge.
        Err(error) if error.is_missing() => return Ok(ChangeState::Closed),
        Err(error) => return Err(error.into()),
    };
    let mut tx = app.pool().begin().await?;
    keep_subscription(app, &mut tx, &answer, started).await?;
    tx.commit().await?;
    Ok(ChangeState::Done)
}

/// Looks a mandate up, and tells of one that the payer's bank has ended. Nothing ends by it: whoever pays is asked for
/// another way.
pub async fn mandate(app: &App, id: &str) -> Result {
    let found = app.stripe().find_mandate(id).await?;
    let mut tx = app.pool().begin().await?;
    if methods::set_mandate(&mut tx, &found, app.clock().now()).await? {
        for (subscription, purpose) in methods::subscriptions_of(&mut tx, &found.payment_method).await? {
            let what = if found.is_lost {
                What::MethodLost { method: found.payment_method.clone() }
            } else {
                What::Changed
            };
            tell(&mut tx, purpose, Some(&subscription), what).await?;
        }
    }
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// A bank has brought a card up to date, or a card was taken away: looks at what is charged to it.
pub async fn method(app: &App, id: &str) -> Result {
    let mut db = app.pool().acquire().await?;
    let charged = methods::subscriptions_of(&mut db, id).await?;
    drop(db);
    if charged.is_empty() {
        return Ok(NOT_OURS);
    }
    for (subscription, _) in charged {
        super::subscription(app, &subscription).await?;
    }
    Ok(Outcome::Done)
}

/// Tells of cards that expire before the next payment, each once.
pub async fn warn_of_cards(app: &App, days: u32) -> std::result::Result<(), Failure> {
    let (now, today) = (app.clock().now(), app.clock().today());
    loop {
        let mut tx = app.pool().begin().await?;
        let expiring = methods::take_expiring(&mut tx, today, days.try_into().unwrap_or(30), now).await?;
        for it in &expiring {
            let what = What::CardExpires { method: it.method.clone(), on: it.expires_on };
            tell(&mut tx, it.purpose.clone(), Some(&it.subscription), what).await?;
        }
        tx.commit().await?;
        if expiring.is_empty() {
            return Ok(());
        }
    }
}
