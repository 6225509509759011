//! Payments close together that may be parts of one donation: finding them, and saying that they are not.

use chrono::Days;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::cases::laws;
use crate::{
    audit::Change,
    donations::{
        model::{LOOKS_BACK_DAYS, Split},
        settings,
        sql::splits,
    },
    kit::{
        app::App,
        error::{Error, Result},
    },
};

/// Those that nobody has looked at, the newest first.
///
/// # Errors
/// The database is away.
pub async fn list(app: &App, db: &mut PgConnection) -> Result<Vec<Split>> {
    let today = app.clock().today();
    let days = i32::try_from(app.setting(settings::SPLIT_DAYS, today)).unwrap_or(i32::MAX);
    let least = app.setting(settings::SPLIT_FROM, today);
    Ok(splits::list(db, &laws(app), (least, days), today - Days::new(LOOKS_BACK_DAYS)).await?)
}

/// Keeps which are open, for pages that only count.
///
/// # Errors
/// The database is away.
pub async fn note(app: &App, db: &mut PgConnection) -> Result<()> {
    let open = list(app, db).await?;
    Ok(splits::set_open(db, &open, app.clock().today()).await?)
}

/// # Errors
/// A conflict if just these payments were dismissed before.
pub async fn dismiss(change: &mut Change<'_>, officer: Uuid, lines: &[Uuid], reason: &str) -> Result<()> {
    let now = change.now;
    if !splits::insert_dismissal(change, lines, reason, officer, now).await? {
        return Err(Error::Conflict("Somebody has already looked at these payments."));
    }
    change.audit(
        "donation.split_dismissed",
        ("donor", "payments"),
        json!({ "because": reason, "payments": lines.len() }),
    );
    note(change.app, change).await
}
