//! Asking for a refund, deciding it, sending it. Each runs in the caller's transaction unless it says otherwise.

use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::mail;
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        error::{Error, Result},
        money::Money,
        queue::{self, FOR_DAYS, Failure, Job},
    },
    payments::{
        model::{LedgerLine, Refund, RefundState, SendRefund, refundable, sum_alone},
        settings,
        sql::{ledger, refunds},
        sync,
    },
};

/// A payment with what has become of it.
pub(super) struct Payment {
    pub line: ledger::NamedLine,
    pub corrections: Vec<LedgerLine>,
}

/// # Errors
/// Not found if no payment has that id.
pub(super) async fn find_payment(db: &mut PgConnection, id: Uuid) -> Result<Payment> {
    let mut lines = ledger::with_its_corrections(db, id).await?.into_iter();
    let line = lines.next().ok_or(Error::NotFound)?;
    Ok(Payment { line, corrections: lines.map(|named| named.line).collect() })
}

/// Keeps an officer's request to refund some of a payment, and sends it if no second person is needed.
///
/// # Errors
/// A conflict if nothing may go back, or less than that.
pub(super) async fn ask(
    change: &mut Change<'_>,
    officer: Uuid,
    payment: Uuid,
    amount: Money,
    reason: String,
) -> Result<RefundState> {
    // Refunds of one payment wait for each other here, and for what Stripe tells of it.
    ledger::lock_line(change, payment).await?.ok_or(Error::NotFound)?;
    let known = find_payment(change, payment).await?;
    let before = refunds::of_payment(change, payment).await?;
    let left = refundable(&known.line.line, &known.corrections, &before)
        .map_err(|why| Error::Conflict(why.words()))?;
    if amount > left {
        return Err(Error::Conflict(
            "There is less than that left of this payment. Open it again to see how much.",
        ));
    }
    // Of one payment, all that no second person has looked at counts together.
    let alone = sum_alone(&before)
        .checked_add(amount)
        .is_some_and(|sum| sum <= change.app.setting(settings::REFUND_ALONE, change.today()));
    let new = Refund {
        id: change.app.random().id(change.now),
        payment,
        amount,
        reason,
        state: if alone { RefundState::Sending } else { RefundState::Asked },
        asked_by: officer,
        asked_at: change.now,
        decided_by: None,
        attempt: 1,
        stripe_id: None,
        failure: None,
    };
    if !refunds::insert(change, &new).await? {
        return Err(Error::Conflict("A refund of this payment is under way."));
    }
    let detail = json!({ "pence": amount.pence(), "reason": new.reason });
    change.audit("payment.refund_asked", ("payment", payment), detail);
    if alone {
        send(change, &new).await?;
    }
    Ok(new.state)
}

async fn send(db: &mut PgConnection, refund: &Refund) -> Result<()> {
    Ok(SendRefund { refund: refund.id, attempt: refund.attempt }.push(db).await?)
}

impl SendRefund {
    /// Gives an attempt its tries; fresh ones if it has used some.
    pub(in crate::payments) async fn push(self, db: &mut PgConnection) -> sqlx::Result<()> {
        let key = format!("refund:{}:{}", self.refund, self.attempt);
        queue::push_keyed(db, &self, &key).await
    }
}

/// A second person's word on a refund.
///
/// # Errors
/// A conflict if it is not waiting for approval, or is waiting for somebody else.
pub(super) async fn decide(change: &mut Change<'_>, officer: Uuid, id: Uuid, send_it: bool) -> Result<Uuid> {
    let refund = refunds::lock(change, id).await?.ok_or(Error::NotFound)?;
    if refund.state != RefundState::Asked && (send_it || refund.state != RefundState::Failed) {
        return Err(Error::Conflict("This refund has already been decided."));
    }
    if send_it {
        // Some of the payment may have gone back since.
        ledger::lock_line(change, refund.payment).await?.ok_or(Error::NotFound)?;
        let known = find_payment(change, refund.payment).await?;
        let left = refundable(&known.line.line, &known.corrections, &[]);
        if !left.is_ok_and(|left| refund.amount <= left) {
            return Err(Error::Invalid(
                "There is less than that left of this payment: some of it has been returned meanwhile. Decline this refund.",
            ));
        }
    }
    // Who asked may take it back.
    if send_it && !refund.may_be_approved_by(officer) {
        return Err(Error::Conflict("You asked for this refund, so somebody else has to approve it."));
    }
    let now = change.now;
    let (state, action) = if send_it {
        (RefundState::Sending, "payment.refund_approved")
    } else {
        (RefundState::Declined, "payment.refund_declined")
    };
    let by = Some(officer).filter(|officer| *officer != refund.asked_by);
    refunds::set_decided(change, id, state, by, now).await?;
    change.audit(action, ("payment", refund.payment), json!({ "pence": refund.amount.pence() }));
    if send_it {
        send(change, &refund).await?;
    }
    Ok(refund.payment)
}

/// Another try at a refund that failed, or that Stripe has not answered. `attempt` is the one that was looked at.
///
/// # Errors
/// A conflict if it has gone through, or somebody has pressed the button before.
pub(super) async fn try_again(change: &mut Change<'_>, id: Uuid, attempt: i32) -> Result<Uuid> {
    let now = change.now;
    if !refunds::set_sending_again(change, id, attempt, now).await? {
        return Err(Error::Conflict("This refund is already being tried, or has gone through."));
    }
    let refund = refunds::find(change, id).await?.ok_or(Error::NotFound)?;
    change.audit(
        "payment.refund_tried_again",
        ("payment", refund.payment),
        json!({ "attempt": refund.attempt }),
    );
    send(change, &refund).await?;
    Ok(refund.payment)
}

impl Job for SendRefund {
    const NAME: &'static str = "payments_send_refund";
    const TRIES: i32 = FOR_DAYS;

    async fn run(self, app: App) -> std::result::Result<(), Failure> {
        let mut db = app.pool().acquire().await?;
        let Some(refund) = refunds::find(&mut db, self.refund).await? else { return Ok(()) };
        // A later attempt has its own job.
        if refund.state != RefundState::Sending || refund.attempt != self.attempt {
            return Ok(());
        }
        let payment = find_payment(&mut db, refund.payment).await.map_err(Failure::from_page)?;
        drop(db);
        let intent = payment.line.line.origin.payment_intent().unwrap_or_default();
        match tell_stripe(&app, &refund, intent).await {
            Ok(sent) => {
                sync::keep_refund(&app, &sent).await?;
                note_sent(&app, &refund, &payment, &sent.id).await.map_err(Failure::from_page)
            }
            Err(Failure::GiveUp(why)) => {
                let mut change = Change::begin_alone(&app, Actor::System)
                    .await
                    .map_err(|error| Failure::from_page(error.into()))?;
                let now = change.now;
                refunds::set_failed(&mut change, refund.id, &why, now).await?;
                let detail = json!({ "pence": refund.amount.pence(), "answer": why });
                change.audit("payment.refund_failed", ("payment", refund.payment), detail);
                change.commit().await.map_err(|error| Failure::from_page(error.into()))
            }
            Err(failure) => Err(failure),
        }
    }
}

/// Asks Stripe for a refund, unless an earlier attempt got there and only its answer was lost.
async fn tell_stripe(
    app: &App,
    refund: &Refund,
    intent: &str,
) -> std::result::Result<crate::kit::stripe::Refund, Failure> {
    let id = refund.id.to_string();
    let known = app.stripe().list_refunds(Some(intent), None).await?.items;
    let is_gone = |status: Option<&str>| matches!(status, Some("failed" | "canceled"));
    if let Some(known) =
        known.into_iter().find(|it| it.metadata.get("refund") == Some(&id) && !is_gone(it.status.as_deref()))
    {
        return Ok(known);
    }
    let key = format!("refund:{id}:{}", refund.attempt);
    let metadata = [("refund".to_owned(), id)].into();
    let answer = app.stripe().refund_part(&key, intent, refund.amount.pence(), &metadata).await;
    answer.map_err(|error| match error.code() {
        _ if error.is_transient() => error.into(),
        Some("charge_disputed") => {
            Failure::GiveUp("The payer’s bank has already taken this payment back.".to_owned())
        }
        Some("charge_already_refunded") => Failure::GiveUp("All of it has already been returned.".to_owned()),
        _ => Failure::GiveUp(format!("Stripe refused it: {}.", error.brief())),
    })
}

async fn note_sent(app: &App, refund: &Refund, payment: &Payment, stripe: &str) -> Result<()> {
    let mut change = Change::begin_alone(app, Actor::System).await?;
    let now = change.now;
    if refunds::set_sent(&mut change, refund.id, stripe, now).await? {
        change.audit(
            "payment.refunded",
            ("payment", refund.payment),
            json!({ "pence": refund.amount.pence() }),
        );
        if let Some(email) = payment.line.email.as_deref().and_then(|email| email.parse().ok()) {
            let name = payment.line.name.as_deref().unwrap_or_default();
            let letter = mail::refunded(app, name, refund.amount, &payment.line.line)?;
            change.mail(format!("refund:{}:{}", refund.id, refund.attempt), &email, letter);
        }
    }
    Ok(change.commit().await?)
}

/// A refund of an officer's could not be paid out: the money is ours again, and it can be tried once more.
pub(in crate::payments) async fn note_bounced(
    db: &mut PgConnection,
    stripe: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> sqlx::Result<()> {
    refunds::set_bounced(db, stripe, "The payer’s bank would not accept it.", now).await
}
