//! Money that goes back, as Stripe has it: refunds and disputes.

use chrono::{DateTime, Utc};

use super::{NOT_OURS, Outcome, Result, book};
use crate::{
    kit::{
        app::App,
        money::Money,
        queue::Failure,
        stripe::{self, Dispute},
    },
    payments::{
        alerts,
        model::{LedgerLine, LineKind, Origin, dispute_lines, ours},
        refunds,
        sql::{ledger, subscriptions},
    },
};

/// Money went back from a payment that is not in the books. If it is one of ours, its own event has to come first.
async fn not_booked(app: &App, charge: &str) -> Result {
    let charge = app.stripe().find_charge(charge).await?;
    let mut db = app.pool().acquire().await?;
    let is_payer = match &charge.customer {
        Some(customer) => subscriptions::is_customer(&mut db, customer).await?,
        None => false,
    };
    if is_payer || ours(&charge.metadata).is_some() {
        return Err(Failure::Retry(anyhow::anyhow!(
            "money went back from {}, which is not in the books yet",
            charge.id
        )));
    }
    Ok(NOT_OURS)
}

fn correction(
    app: &App,
    payment: &LedgerLine,
    kind: LineKind,
    stripe_id: &str,
    amount: Money,
    at: DateTime<Utc>,
) -> LedgerLine {
    let mut line = LedgerLine { id: app.random().id(app.clock().now()), kind, amount, at, ..payment.clone() };
    // Found by its payment intent, so it is Stripe's.
    if let Origin::Stripe { id, .. } = &mut line.origin {
        stripe_id.clone_into(id);
    }
    line
}

/// Books the refunds of a charge as Stripe has them now.
pub async fn refunds(app: &App, charge: &str) -> Result {
    let found = app.stripe().find_charge(charge).await?;
    let Some(intent) = &found.payment_intent else { return Ok(NOT_OURS) };
    let mut db = app.pool().acquire().await?;
    let is_booked = ledger::is_booked(&mut db, intent).await?;
    drop(db);
    if !is_booked {
        return not_booked(app, charge).await;
    }
    for refund in app.stripe().list_refunds(Some(intent), None).await?.items {
        keep_refund(app, &refund).await?;
    }
    Ok(Outcome::Done)
}

/// Books one refund of a payment that is in the books; one that failed is two lines, whichever event came first.
pub async fn keep_refund(app: &App, refund: &stripe::Refund) -> Result {
    let Some(intent) = &refund.payment_intent else { return Ok(NOT_OURS) };
    if refund.amount_pence <= 0 || refund.status.as_deref() == Some("requires_action") {
        return Ok(Outcome::Ignored("nothing to book"));
    }
    let now = app.clock().now();
    let mut tx = app.pool().begin().await?;
    let Some(payment) = ledger::lock_payment(&mut tx, intent).await? else { return Ok(NOT_OURS) };
    let amount = Money::from_pence(-refund.amount_pence);
    let line = correction(app, &payment, LineKind::Refund, &refund.id, amount, refund.created);
    book(&mut tx, &line, now).await?;
    // The money was gone for a while, as the bank's statement shows too: a line each way, not none.
    if matches!(refund.status.as_deref(), Some("failed" | "canceled")) {
        let back = Money::from_pence(refund.amount_pence);
        let at = refund.failed_at.unwrap_or(now);
        let line = correction(app, &payment, LineKind::RefundFailed, &refund.id, back, at);
        book(&mut tx, &line, now).await?;
        refunds::note_bounced(&mut tx, &refund.id, now).await?;
    }
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// Looks a dispute up and books it: the payer's bank took money back, or gave it back after all.
pub async fn dispute(app: &App, id: &str) -> Result {
    let found = app.stripe().find_dispute(id).await?;
    match keep_dispute(app, &found).await? {
        NOT_OURS if found.payment_intent.is_some() => match &found.charge {
            Some(charge) => not_booked(app, charge).await,
            None => Ok(NOT_OURS),
        },
        outcome => Ok(outcome),
    }
}

/// Books a dispute of a payment that is in the books.
pub async fn keep_dispute(app: &App, dispute: &Dispute) -> sqlx::Result<Outcome> {
    let Some(intent) = &dispute.payment_intent else { return Ok(NOT_OURS) };
    let mut tx = app.pool().begin().await?;
    let Some(payment) = ledger::lock_payment(&mut tx, intent).await? else { return Ok(NOT_OURS) };
    for (kind, amount, at) in dispute_lines(dispute) {
        let line = correction(app, &payment, kind, &dispute.id, amount, at);
        book(&mut tx, &line, app.clock().now()).await?;
    }
    alerts::note_dispute(app, &mut tx, dispute, payment.id).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}
