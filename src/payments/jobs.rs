//! Work that speaks to Stripe, outside of any request. The comparison of each night is in `reconciling`.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{
    alerts,
    model::{
        ChangeState, Checkout, CloseCheckout, EndSubscription, GiveBack, MethodChange, ProcessEvent,
        WarnOfCards,
    },
    settings,
    sql::{checkouts, events, ledger, methods, returns, subscriptions},
    sync::{self, Outcome},
};
use crate::kit::{
    app::App,
    queue::{self, FOR_DAYS, Failure, Job, Lane},
    stripe::Event,
};

/// The events that mean something here: README tells whoever sets up a site to switch on these at Stripe, and no others.
pub const EVENTS: [&str; 28] = [
    "checkout.session.completed",
    "checkout.session.expired",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "invoice.paid",
    "invoice.payment_failed",
    "invoice.payment_action_required",
    "invoice.overdue",
    "invoice.voided",
    "invoice.marked_uncollectible",
    "invoice.finalization_failed",
    "charge.refunded",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "mandate.updated",
    "payment_method.automatically_updated",
    "payment_method.detached",
    "payout.failed",
];

impl ProcessEvent {
    /// Gives an event its tries; fresh ones if it has used some.
    pub(super) async fn push(db: &mut PgConnection, id: String) -> sqlx::Result<()> {
        let key = format!("stripe-event:{id}");
        queue::push_keyed(db, &Self { id }, &key).await
    }
}

impl Job for ProcessEvent {
    const NAME: &'static str = "payments_process_event";
    const TRIES: i32 = FOR_DAYS;

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut db = app.pool().acquire().await?;
        let Some(body) = events::find_waiting(&mut db, &self.id).await? else { return Ok(()) };
        drop(db);
        match process(&app, &body).await {
            Ok(outcome) => {
                let ignored = match outcome {
                    Outcome::Done => None,
                    Outcome::Ignored(why) => Some(why),
                };
                let mut db = app.pool().acquire().await?;
                events::set_processed(&mut db, &self.id, ignored, app.clock().now()).await?;
                Ok(())
            }
            Err(failure) => {
                let why = match &failure {
                    Failure::Retry(error) => format!("{error:#}"),
                    Failure::GiveUp(reason) => reason.clone(),
                };
                let mut db = app.pool().acquire().await?;
                events::set_failed(&mut db, &self.id, &why).await?;
                Err(failure)
            }
        }
    }
}

async fn process(app: &App, body: &[u8]) -> Result<Outcome, Failure> {
    let Ok(event) = Event::parse(body) else { return Ok(Outcome::Ignored("it cannot be read")) };
    if event.livemode != app.stripe().livemode() {
        alerts::note_mode(app, &mut *app.pool().acquire().await?, event.livemode).await?;
        return Ok(Outcome::Ignored("from the other mode, live or test"));
    }
    if !EVENTS.contains(&event.kind.as_str()) {
        return Ok(Outcome::Ignored("of a kind that we do not use"));
    }
    let id = event.object_id.as_deref().unwrap_or_default();
    let at = event.created.unwrap_or_else(|| app.clock().now());
    let outcome = match event.kind.as_str() {
        "checkout.session.async_payment_failed" => sync::session(app, id, true).await,
        kind if kind.starts_with("checkout.session.") => sync::session(app, id, false).await,
        kind if kind.starts_with("customer.subscription.") => sync::subscription(app, id).await,
        "invoice.payment_failed" | "invoice.payment_action_required" => {
            sync::invoice(app, id, Some(at)).await
        }
        kind if kind.starts_with("invoice.") => sync::invoice(app, id, None).await,
        "charge.refunded" | "refund.failed" | "refund.updated" => match event.charge() {
            Some(charge) => sync::refunds(app, &charge).await,
            None => Ok(Outcome::Ignored("no charge could be found in it")),
        },
        kind if kind.starts_with("charge.dispute.") => sync::dispute(app, id).await,
        "mandate.updated" => sync::mandate(app, id).await,
        kind if kind.starts_with("payment_method.") => sync::method(app, id).await,
        "payout.failed" => sync::payout(app, id, at).await,
        _ => Ok(Outcome::Ignored("of a kind that we do not use")),
    };
    match outcome {
        // What Stripe does not have is of another account or mode.
        Err(Failure::Retry(error)) if is_missing(&error) => Ok(Outcome::Ignored("unknown to Stripe")),
        outcome => outcome,
    }
}

/// Whether Stripe does not have what was asked for.
pub(super) fn is_missing(error: &anyhow::Error) -> bool {
    use crate::kit::stripe::StripeError;
    match error.downcast_ref::<StripeError>() {
        Some(error) => error.is_missing() || matches!(error, StripeError::NotSent(_)),
        None => false,
    }
}

impl Job for CloseCheckout {
    const NAME: &'static str = "payments_close_checkout";
    const TRIES: i32 = FOR_DAYS;

    async fn run(self, app: App) -> Result<(), Failure> {
        let mut db = app.pool().acquire().await?;
        let Some(checkout) = checkouts::find(&mut db, self.checkout).await? else { return Ok(()) };
        drop(db);
        let Some(session) = checkout.stripe_session else {
            return Ok(());
        };
        let key = format!("close:{}", checkout.id);
        match app.stripe().expire_checkout(&key, &session).await {
            Ok(_) => {}
            Err(error) if error.is_transient() => return Err(error.into()),
            // Paid or over in the meantime: what it is now is looked up next.
            Err(error) => tracing::debug!(%error, "a page for paying was closed already"),
        }
        sync::session(&app, &session, false).await?;
        Ok(())
    }
}

impl Job for EndSubscription {
    const NAME: &'static str = "payments_end_subscription";
    const TRIES: i32 = FOR_DAYS;

    async fn run(self, app: App) -> Result<(), Failure> {
        let id = &self.subscription;
        let mut db = app.pool().acquire().await?;
        let alive = subscriptions::find(&mut db, id).await?.is_some_and(|known| known.is_alive());
        let intents = if self.refund { ledger::list_to_give_back(&mut db, id).await? } else { Vec::new() };
        drop(db);
        if alive {
            match app.stripe().cancel_subscription(&format!("end:{id}"), id).await {
                Ok(_) => {}
                Err(error) if error.is_missing() => {}
                Err(error) => return Err(error.into()),
            }
            sync::subscription(&app, id).await?;
        }
        for intent in intents {
            give_back(&app, &intent).await?;
        }
        Ok(())
    }
}

/// Refunds a payment in full, and books that.
///
/// Each run has a key of its own, because Stripe repeats a saved error for a day. That cannot pay back twice: nothing
/// is left of a payment that was refunded in full.
async fn give_back(app: &App, intent: &str) -> Result<(), Failure> {
    let mut db = app.pool().acquire().await?;
    // An officer has sent it back by hand, while Stripe would not.
    if returns::is_back_by_hand(&mut db, intent).await? {
        return Ok(());
    }
    drop(db);
    let key = format!("give-back:{intent}:{}", app.clock().now().timestamp_millis());
    match app.stripe().refund(&key, intent).await {
        Ok(refund) => sync::keep_refund(app, &refund).await.map(drop),
        Err(error) if error.code() == Some("charge_already_refunded") => Ok(()),
        // The payer's bank has taken it back already.
        Err(error) if error.code() == Some("charge_disputed") => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl Job for GiveBack {
    const NAME: &'static str = "payments_give_back";
    const TRIES: i32 = FOR_DAYS;

    async fn run(self, app: App) -> Result<(), Failure> {
        give_back(&app, &self.payment_intent).await
    }
}

/// Looks after pages, open or with a debit on its way, of which no webhook told what became of them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CatchUp {}

impl Job for CatchUp {
    const NAME: &'static str = "payments_catch_up";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        let now = app.clock().now();
        let mut db = app.pool().acquire().await?;
        let silent =
            checkouts::list_silent(&mut db, now - Duration::minutes(10), now - Duration::days(1)).await?;
        drop(db);
        // One that cannot be looked up must not keep the others waiting.
        let mut failed = None;
        for checkout in silent {
            if let Err(failure) = look_after(&app, &checkout).await {
                failed = Some(failure);
            }
        }
        let mut db = app.pool().acquire().await?;
        let changes = methods::list_old_changes(&mut db, now - Duration::minutes(10)).await?;
        drop(db);
        for change in changes {
            if let Err(failure) = look_after_change(&app, &change).await {
                failed = Some(failure);
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

async fn look_after_change(app: &App, change: &MethodChange) -> Result<(), Failure> {
    match &change.stripe_session {
        Some(session) => sync::session(app, session, false).await.map(drop),
        // Stripe was away when it was wanted, and whoever wanted it has gone.
        None => {
            let mut tx = app.pool().begin().await?;
            methods::set_over(&mut tx, change.id, ChangeState::Closed, app.clock().now()).await?;
            Ok(tx.commit().await?)
        }
    }
}

impl Job for WarnOfCards {
    const NAME: &'static str = "payments_warn_of_cards";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        sync::warn_of_cards(&app, app.setting(settings::CARD_DAYS, app.clock().today())).await
    }
}

async fn look_after(app: &App, checkout: &Checkout) -> Result<(), Failure> {
    let gone = match &checkout.stripe_session {
        Some(session) => match sync::session(app, session, false).await {
            Ok(_) => false,
            // Of another account, or of the other mode: nobody can pay it for us.
            Err(Failure::Retry(error)) if is_missing(&error) => true,
            Err(failure) => return Err(failure),
        },
        // Never reached Stripe: nobody can pay it any more after a day.
        None => checkout.created_at < app.clock().now() - Duration::days(1),
    };
    if gone && checkout.state.is_open() {
        let mut db = app.pool().acquire().await?;
        super::actions::close(&mut db, checkout.id, app.clock().now()).await?;
    }
    Ok(())
}

/// Forgets wishes to pay that came to nothing, as applications are, and the bodies of old events.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TidyPayments {}

impl Job for TidyPayments {
    const NAME: &'static str = "payments_tidy";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        let now = app.clock().now();
        let mut db = app.pool().acquire().await?;
        let wishes = checkouts::delete_old(&mut db, now - Duration::days(30)).await?;
        let events = events::empty_old(&mut db, now - Duration::days(90)).await?;
        tracing::info!(wishes, events, "payments tidied");
        Ok(())
    }
}
