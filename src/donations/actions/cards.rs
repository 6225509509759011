//! By which cards payments just below the law's sum were made.

use chrono::{Days, Duration};

use super::cases::laws;
use crate::{
    donations::{model::LOOKS_BACK_DAYS, settings, sql::cards},
    kit::{app::App, queue::Failure},
};

/// Asks Stripe for the cards of payments that may be parts of one donation, each once, and forgets those that are too old.
/// Speaks to Stripe: call it without a transaction at hand.
///
/// # Errors
/// Stripe or the database is away.
pub async fn note(app: &App) -> Result<(), Failure> {
    let (now, today) = (app.clock().now(), app.clock().today());
    let least = app.setting(settings::SPLIT_FROM, today);
    let mut db = app.pool().acquire().await?;
    cards::delete_old(&mut db, now - Duration::days(i64::try_from(LOOKS_BACK_DAYS).unwrap_or(i64::MAX)))
        .await?;
    let unknown = cards::list_unknown(&mut db, &laws(app), least, today - Days::new(LOOKS_BACK_DAYS)).await?;
    drop(db);
    for (line, payment_intent) in unknown {
        let card = match app.stripe().find_card(&payment_intent).await {
            Ok(card) => card,
            // Of another account, or from before this site.
            Err(error) if error.is_missing() => None,
            Err(error) => return Err(error.into()),
        };
        let mut db = app.pool().acquire().await?;
        cards::insert(&mut db, line, card.as_deref(), now).await?;
    }
    Ok(())
}
