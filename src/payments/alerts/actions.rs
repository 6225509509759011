//! Keeping what happened, telling of it, and settling it. Each runs in the caller's transaction unless it says otherwise.

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::mail;
use crate::{
    accounts,
    audit::{Actor, Change},
    kit::{
        app::App,
        error::Result,
        money::Money,
        queue::{Failure, Job},
        stripe::{Dispute, Payout},
    },
    payments::{
        model::{Alert, AlertKind, AlertState, SEE_PAYMENTS, TellOfficers},
        sql::alerts,
    },
};

/// A dispute of a payment that is in the books, as Stripe has it now.
pub async fn note_dispute(
    app: &App,
    db: &mut PgConnection,
    dispute: &Dispute,
    payment: Uuid,
) -> sqlx::Result<()> {
    let now = app.clock().now();
    let alert = Alert {
        id: app.random().id(now),
        kind: AlertKind::Dispute,
        stripe_id: dispute.id.clone(),
        amount: Some(dispute.amount_pence).filter(|pence| *pence > 0).map(Money::from_pence),
        payment: Some(payment),
        status: dispute.status.clone(),
        state: AlertState::of_dispute(&dispute.status),
        due_by: dispute.due_by.filter(|_| dispute.status.ends_with("needs_response")),
        opened_at: dispute.created,
    };
    alerts::keep(db, &alert, now).await
}

/// A payout that did not arrive. `at` is when that was heard first.
pub async fn note_payout(
    app: &App,
    db: &mut PgConnection,
    payout: &Payout,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    let now = app.clock().now();
    let alert = Alert {
        id: app.random().id(now),
        kind: AlertKind::Payout,
        stripe_id: payout.id.clone(),
        amount: Some(payout.amount_pence).filter(|pence| *pence > 0).map(Money::from_pence),
        payment: None,
        status: payout.failure.clone().unwrap_or_else(|| "Stripe does not say why.".to_owned()),
        state: AlertState::Open,
        due_by: None,
        opened_at: at,
    };
    alerts::keep(db, &alert, now).await
}

/// A message of the other mode than ours.
pub async fn note_mode(app: &App, db: &mut PgConnection, livemode: bool) -> sqlx::Result<()> {
    let now = app.clock().now();
    alerts::keep_mode(db, app.random().id(now), if livemode { "live" } else { "test" }, now).await
}

/// An officer has seen to it. `status` is how it stood when they looked: what has become of it since is not settled.
pub(super) async fn settle(change: &mut Change<'_>, officer: Uuid, id: Uuid, status: &str) -> Result<bool> {
    let now = change.now;
    let Some((kind, stripe)) = alerts::set_settled(change, id, status, officer, now).await? else {
        return Ok(false);
    };
    let detail = json!({ "what": kind.title(), "stripe_id": stripe, "status": status });
    change.audit("payment.alert_settled", ("stripe_alert", id), detail);
    Ok(true)
}

impl Job for TellOfficers {
    const NAME: &'static str = "payments_tell_officers";

    async fn run(self, app: App) -> std::result::Result<(), Failure> {
        let mut change = Change::begin_alone(&app, Actor::System).await?;
        tell(&mut change).await.map_err(Failure::from_page)?;
        Ok(change.commit().await?)
    }
}

/// One mail to each officer who looks after payments, with all that is new.
async fn tell(change: &mut Change<'_>) -> Result<()> {
    let (app, now) = (change.app, change.now);
    // While nobody holds the office it stays news.
    let officers = accounts::list_holders(change, SEE_PAYMENTS).await?;
    if officers.is_empty() {
        return Ok(());
    }
    let news = alerts::take_news(change, now).await?;
    if news.is_empty() {
        return Ok(());
    }
    for officer in officers {
        let letter = mail::news(app, &officer.name, &news)?;
        change.mail(format!("money-news:{}:{}", now.timestamp_micros(), officer.id), &officer.email, letter);
    }
    Ok(())
}
