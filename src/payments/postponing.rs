//! Putting the next payment of a subscription off.

use chrono::{DateTime, Utc};

use super::sync;
use crate::kit::{app::App, queue::Failure};

/// Has Stripe collect the next payment at a later time, and go on from there, and notes the answer. `key` comes from a stored
/// record of the wish. Call it without a transaction at hand.
///
/// # Errors
/// Stripe's own: ask it whether trying again can help.
pub async fn postpone(app: &App, key: &str, subscription: &str, until: DateTime<Utc>) -> Result<(), Failure> {
    let started = app.clock().now();
    let answer = app.stripe().set_next_payment(key, subscription, until).await?;
    let mut tx = app.pool().begin().await?;
    sync::keep_subscription(app, &mut tx, &answer, started).await?;
    tx.commit().await?;
    Ok(())
}
