//! Entering by hand. What comes of receipts is booked with them, by the database.

use serde_json::json;
use uuid::Uuid;

use super::{model::NewEntry, sql};
use crate::{audit::Change, kit::error::Result};

/// Books what an officer entered; the same form sent twice is booked once.
pub(super) async fn enter(change: &mut Change<'_>, by: Uuid, new: &NewEntry) -> Result<()> {
    let now = change.now;
    let Some(number) = sql::insert_entry(change, new, by, now).await? else { return Ok(()) };
    let detail = json!({ "pence": new.amount.pence(), "from": new.from.name(), "to": new.to.name(), "what": new.words });
    change.audit("books.entered", ("entry", number), detail);
    Ok(())
}
