//! Invoices of subscriptions, as Stripe has them.

use chrono::{DateTime, Duration, Utc};
use sqlx::PgConnection;

use super::{NOT_OURS, Outcome, Result, What, book, tell};
use crate::{
    kit::{
        app::App,
        money::Money,
        queue::{self, Failure},
        stripe::{self, InvoiceStatus, SubscriptionStatus},
    },
    payments::{
        model::{GiveBack, LedgerLine, LineKind, Origin, ours},
        sql::{checkouts, subscriptions},
    },
};

/// Looks an invoice up, and books it if it is paid. `failed_at` is when an event said that collecting it failed.
pub async fn invoice(app: &App, id: &str, failed_at: Option<DateTime<Utc>>) -> Result {
    let found = app.stripe().find_invoice(id).await?;
    let outcome = keep_invoice(app, &found).await?;
    // The subscription says so a moment later. An attempt that is still under way looks the same, so not for ever.
    let is_late = failed_at.is_some_and(|at| at > app.clock().now() - Duration::hours(1));
    if is_late && outcome == Outcome::Done && found.status == InvoiceStatus::Open {
        let mut db = app.pool().acquire().await?;
        let subscription = match &found.subscription {
            Some(id) => subscriptions::find(&mut db, id).await?,
            None => None,
        };
        if subscription.is_some_and(|known| known.state == SubscriptionStatus::Active) {
            return Err(Failure::Retry(anyhow::anyhow!(
                "{id} was not collected, and its subscription does not say so yet"
            )));
        }
    }
    Ok(outcome)
}

/// Books an invoice that is paid; tells of one whose collection failed.
pub async fn keep_invoice(app: &App, found: &stripe::Invoice) -> Result {
    let (Some(subscription_id), Some((checkout, purpose))) = (&found.subscription, ours(&found.metadata))
    else {
        return Ok(NOT_OURS);
    };
    let mut db = app.pool().acquire().await?;
    if checkouts::find(&mut db, checkout).await?.is_none_or(|known| known.purpose != purpose) {
        return Ok(NOT_OURS);
    }
    let known = subscriptions::find(&mut db, subscription_id).await?;
    drop(db);
    let tried = found.status == InvoiceStatus::Open && found.attempt_count > 0;
    // Whether an attempt failed, only the subscription's state says; and a payment moves its period on. Both may
    // have happened since we last looked.
    let is_stale = known.is_none_or(|known| found.paid_at.is_some_and(|at| at >= known.seen_at));
    if tried || is_stale {
        super::subscription(app, subscription_id).await?;
    }
    let mut tx = app.pool().begin().await?;
    // Locked, so that a payment and a failure of one subscription are booked one after the other.
    let Some(subscription) = subscriptions::lock(&mut tx, subscription_id).await? else {
        return Ok(NOT_OURS);
    };
    if tried && subscription.is_failing() {
        let page = found.hosted_invoice_url.as_deref();
        subscriptions::set_overdue(&mut tx, subscription_id, found.next_payment_attempt, page).await?;
        let what = What::Failed {
            invoice: found.id.clone(),
            attempt: found.attempt_count,
            next_try: found.next_payment_attempt,
            page: found.hosted_invoice_url.clone(),
        };
        tell(&mut tx, purpose, Some(subscription_id), what).await?;
    }
    book_invoice(app, &mut tx, found).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// Books an invoice of a known subscription, if it is paid and not in the books yet.
pub async fn book_invoice(app: &App, db: &mut PgConnection, found: &stripe::Invoice) -> sqlx::Result<()> {
    let (Some(subscription_id), Some((checkout, purpose))) = (&found.subscription, ours(&found.metadata))
    else {
        return Ok(());
    };
    if found.status != InvoiceStatus::Paid || found.amount_paid_pence <= 0 {
        return Ok(());
    }
    let Some(subscription) = subscriptions::lock(db, subscription_id).await? else { return Ok(()) };
    let now = app.clock().now();
    let paid_at = found.paid_at.unwrap_or(found.created);
    let line = LedgerLine {
        id: app.random().id(now),
        kind: LineKind::Payment,
        origin: Origin::Stripe {
            id: found.id.clone(),
            // What is charged now. Of its first checkout the line takes it where that is not known.
            method: subscription.method.as_ref().and_then(|it| it.kind.parse().ok()),
            subscription: Some(subscription_id.clone()),
            payment_intent: found.payment_intent.clone(),
        },
        amount: Money::from_pence(found.amount_paid_pence),
        at: paid_at,
        purpose: purpose.clone(),
        person: None,
    };
    subscriptions::set_paid(db, subscription_id, paid_at).await?;
    // Looking an old invoice up again must not hide that a newer one is overdue.
    if !subscription.is_failing() {
        subscriptions::set_overdue(db, subscription_id, None, None).await?;
    }
    // The session's own event may come later; the line takes from its checkout how it was paid.
    checkouts::set_subscription(db, checkout, subscription_id).await?;
    if !book(db, &line, now).await? {
        return Ok(());
    }
    let Some(payment_intent) = &found.payment_intent else { return Ok(()) };
    // A payment of a subscription that was given up before, or that was a duplicate from the start.
    let is_surplus = subscription
        .surplus_since
        .is_some_and(|since| paid_at >= since || subscription.first_paid_at.is_none());
    // A last notice that was paid after Stripe had given the subscription up: it buys nothing any more.
    let is_too_late = subscription.ended_at.is_some_and(|ended_at| paid_at > ended_at);
    if is_surplus || is_too_late {
        queue::push(db, &GiveBack { payment_intent: payment_intent.clone() }).await?;
    }
    if is_too_late && !is_surplus {
        let what = What::PaidTooLate { invoice: found.id.clone(), amount: line.amount };
        tell(db, purpose, Some(subscription_id), what).await?;
    }
    Ok(())
}
