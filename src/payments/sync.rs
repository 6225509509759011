//! What Stripe tells: each object is fetched afresh, kept, booked, and the room above is told by a job.
//!
//! An event is only a hint which object to look at, so it does not matter in which order events come, how often, or
//! whether some are lost: [`session`], [`subscription`] and [`invoice`] bring us to what is the case at Stripe.

mod giving_back;
mod invoices;
mod pay_methods;

pub(super) use giving_back::{dispute, keep_dispute, keep_refund, refunds};
pub(super) use invoices::{invoice, keep_invoice};
pub(super) use pay_methods::{mandate, method, warn_of_cards};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use self::{invoices::book_invoice, pay_methods::set_up};
use super::{
    alerts,
    model::{
        CheckoutState, CloseCheckout, LedgerLine, LineKind, Origin, PaymentMethod, ProcessEvent,
        Subscription, ours,
    },
    purposes::Purpose,
    sql::{
        checkouts::{self, Progress},
        events, ledger, methods, subscriptions,
    },
};
use crate::kit::{
    app::App,
    money::Money,
    queue::{self, Failure},
    stripe::{self, CheckoutMode, SubscriptionStatus},
};

/// What the room above is told about a payment. It is a job whose consequence stands in `reactions.rs`; it may come
/// twice and in any order, so the room looks at the facts and does not count on the notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentNotice {
    pub purpose: Purpose,
    pub subscription: Option<String>,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Something about the subscription or the session may be different now.
    Changed,
    /// Money came.
    Paid { at: DateTime<Utc> },
    /// An attempt to collect failed. `next_try` is empty when there will be none.
    Failed { invoice: String, attempt: u64, next_try: Option<DateTime<Utc>>, page: Option<String> },
    /// Money came for a subscription that had ended, and is given back.
    PaidTooLate { invoice: String, amount: Money },
    /// Money went back: refunded, or taken by the payer's bank.
    Returned,
    /// The payer's bank takes no more debits by this payment method.
    MethodLost { method: String },
    /// The card expires before the next payment.
    CardExpires { method: String, on: NaiveDate },
}

/// What became of one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// Why nothing was done.
    Ignored(&'static str),
}

type Result = std::result::Result<Outcome, Failure>;

const NOT_OURS: Outcome = Outcome::Ignored("not from this site");

pub(super) async fn tell(
    db: &mut PgConnection,
    purpose: Purpose,
    subscription: Option<&str>,
    what: What,
) -> sqlx::Result<()> {
    let notice = PaymentNotice { purpose, subscription: subscription.map(str::to_owned), what };
    queue::push(db, &notice).await
}

/// Looks a session up, and all that it brought about.
pub(super) async fn session(app: &App, id: &str, debit_failed: bool) -> Result {
    let session = app.stripe().find_checkout(id).await?;
    if session.mode == CheckoutMode::Setup {
        return set_up(app, &session).await;
    }
    let Some((checkout, purpose)) = ours(&session.metadata) else { return Ok(NOT_OURS) };
    let found = CheckoutState::of(&session, debit_failed);
    let now = app.clock().now();
    // First how it is paid: the line in the books, which may come with the invoice, takes it from here.
    let mut tx = app.pool().begin().await?;
    let Some((state, known)) = checkouts::lock_state(&mut tx, checkout).await? else { return Ok(NOT_OURS) };
    // Another site on the same account may use ids that we know; it does not know what they are for.
    if known != purpose {
        return Ok(NOT_OURS);
    }
    let progress = Progress {
        state: state.after(found),
        session: Some(&session.id),
        subscription: session.subscription.as_deref(),
        payment_intent: session.payment_intent.as_deref(),
        by_debit: found == CheckoutState::Pending,
    };
    checkouts::set_progress(&mut tx, checkout, &progress, now).await?;
    if matches!(progress.state, CheckoutState::Pending | CheckoutState::Paid) {
        for other in checkouts::list_other_open(&mut tx, checkout).await? {
            queue::push(&mut tx, &CloseCheckout { checkout: other }).await?;
        }
    }
    tx.commit().await?;
    if let Some(id) = &session.subscription {
        self::subscription(app, id).await?;
    }
    // A page may have been open for hours, and be heard of days later: the day of receipt is that of the charge.
    let charged_at = match (found, &session.subscription, &session.payment_intent) {
        (CheckoutState::Paid, None, Some(intent)) => app.stripe().find_charged_at(intent).await?,
        _ => None,
    };
    let mut tx = app.pool().begin().await?;
    // A single payment has no invoice: the session is what we learn it by.
    if let (CheckoutState::Paid, None, Some(intent), Some(pence)) =
        (found, &session.subscription, &session.payment_intent, session.amount_total_pence)
    {
        let line = LedgerLine {
            id: app.random().id(now),
            kind: LineKind::Payment,
            origin: Origin::Stripe {
                id: intent.clone(),
                method: None,
                subscription: None,
                payment_intent: Some(intent.clone()),
            },
            amount: Money::from_pence(pence),
            at: charged_at.unwrap_or(session.created).min(now),
            purpose: purpose.clone(),
            person: None,
        };
        book(&mut tx, &line, now).await?;
    }
    tell(&mut tx, purpose, session.subscription.as_deref(), What::Changed).await?;
    tx.commit().await?;
    Ok(Outcome::Done)
}

/// Adds a line and tells of it, once.
pub(super) async fn book(db: &mut PgConnection, line: &LedgerLine, now: DateTime<Utc>) -> sqlx::Result<bool> {
    // A line that is there has been told of. Its unique key is what keeps money from being booked twice.
    if !ledger::insert_line(db, line, now).await? {
        return Ok(false);
    }
    let what = match line.kind {
        LineKind::Payment => What::Paid { at: line.at },
        _ => What::Returned,
    };
    // Money that went back before its payment was known was passed over as somebody else's.
    if let (LineKind::Payment, Some(intent)) = (line.kind, line.origin.payment_intent()) {
        for event in events::set_waiting_again(db, intent).await? {
            ProcessEvent::push(db, event).await?;
        }
    }
    tell(db, line.purpose.clone(), line.origin.subscription(), what).await?;
    Ok(true)
}

/// Looks a subscription up and keeps how it is.
///
/// As long as no payment of it is known, its invoices are booked in the same transaction: whoever hears of the
/// subscription must not take a payment for missing whose own event is only a second late.
pub(super) async fn subscription(app: &App, id: &str) -> Result {
    // Before the call: an answer may lie on the wire while a newer one is being stored.
    let started = app.clock().now();
    let found = app.stripe().find_subscription(id).await?;
    let mut db = app.pool().acquire().await?;
    let is_paid = subscriptions::find(&mut db, id).await?.is_some_and(|known| known.first_paid_at.is_some());
    drop(db);
    let invoices = if is_paid || ours(&found.metadata).is_none() {
        Vec::new()
    } else {
        app.stripe().list_invoices(Some(id), None).await?.items
    };
    let mut tx = app.pool().begin().await?;
    let outcome = keep_subscription(app, &mut tx, &found, started).await?;
    for invoice in &invoices {
        book_invoice(app, &mut tx, invoice).await?;
    }
    tx.commit().await?;
    Ok(outcome)
}

/// A subscription as Stripe gave it, for what is ours.
fn as_ours(
    app: &App,
    found: &stripe::Subscription,
    purpose: Purpose,
    started: DateTime<Utc>,
) -> Subscription {
    let failing_since = match found.status {
        SubscriptionStatus::PastDue | SubscriptionStatus::Unpaid | SubscriptionStatus::Paused => {
            Some(app.clock().now())
        }
        // Whoever was never told that a payment failed, because no event came, has their days of grace from the end.
        SubscriptionStatus::Canceled if found.ended_unpaid => found.ended_at,
        _ => None,
    };
    Subscription {
        id: found.id.clone(),
        purpose,
        customer: found.customer.clone(),
        state: found.status,
        amount: Money::from_pence(found.amount_pence.unwrap_or_default()),
        every: found.interval,
        current_period_end: found.current_period_end,
        cancel_at_period_end: found.cancel_at_period_end,
        started_at: found.created,
        ended_at: found.ended_at,
        first_paid_at: None,
        failing_since,
        surplus_since: None,
        next_try: None,
        pay_page: None,
        payment_method: found.payment_method.as_ref().map(|method| method.id.clone()),
        method: found
            .payment_method
            .as_ref()
            .and_then(|method| method.details.as_ref())
            .map(PaymentMethod::of),
        seen_at: started,
    }
}

/// Whether a subscription is known and paid, and all that Stripe says of it is known too.
pub(super) fn is_settled(
    app: &App,
    known: &[Subscription],
    found: &stripe::Subscription,
    started: DateTime<Utc>,
) -> bool {
    let Some((_, purpose)) = ours(&found.metadata) else { return false };
    let known = known.iter().find(|known| known.id == found.id && known.first_paid_at.is_some());
    known.is_some_and(|known| known.is_as(&as_ours(app, found, purpose, started)))
}

/// Keeps a subscription as Stripe gave it. `started` is when we asked: an answer to an older question does not count.
pub(super) async fn keep_subscription(
    app: &App,
    db: &mut PgConnection,
    found: &stripe::Subscription,
    started: DateTime<Utc>,
) -> sqlx::Result<Outcome> {
    let Some((checkout, purpose)) = ours(&found.metadata) else { return Ok(NOT_OURS) };
    if checkouts::find(db, checkout).await?.is_none_or(|known| known.purpose != purpose) {
        return Ok(NOT_OURS);
    }
    let kept = as_ours(app, found, purpose.clone(), started);
    if let Some((method, details)) =
        found.payment_method.as_ref().and_then(|method| Some((method, method.details.as_ref()?)))
    {
        methods::upsert(db, &method.id, details, started).await?;
    }
    // Compared with what really was stored, not with the answer: an older answer changes nothing, and is not told of.
    let before = subscriptions::lock(db, &kept.id).await?;
    subscriptions::upsert(db, &kept).await?;
    let after = subscriptions::find(db, &kept.id).await?;
    let same = |a: &Subscription, b: &Subscription| *a == Subscription { seen_at: a.seen_at, ..b.clone() };
    if before.zip(after).is_none_or(|(before, after)| !same(&before, &after)) {
        tell(db, purpose, Some(&found.id), What::Changed).await?;
    }
    Ok(Outcome::Done)
}

/// Looks a payout up that did not arrive.
pub(super) async fn payout(app: &App, id: &str, at: DateTime<Utc>) -> Result {
    let found = app.stripe().find_payout(id).await?;
    if found.status != "failed" {
        return Ok(Outcome::Ignored("the payout did not fail"));
    }
    let mut db = app.pool().acquire().await?;
    alerts::note_payout(app, &mut db, &found, at).await?;
    Ok(Outcome::Done)
}
