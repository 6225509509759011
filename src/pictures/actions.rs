//! What officers do with pictures. Each function runs in the caller's transaction and writes the audit log.

use serde_json::json;
use uuid::Uuid;

use super::sql;
use crate::{
    audit::Change,
    kit::{error::Result, picture::Prepared},
};

/// Keeps a picture and what it shows.
///
/// # Errors
/// The database is away.
pub async fn add(change: &mut Change<'_>, prepared: &Prepared, alt: &str) -> Result<Uuid> {
    let now = change.now;
    let id = change.app.random().id(now);
    let id = sql::insert(change, id, prepared, alt, now).await?;
    change.audit("picture.added", ("picture", id), json!({"title": alt}));
    Ok(id)
}

/// Takes a picture off the site. Pages that show it show its words instead.
pub(super) async fn delete(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    if let Some(alt) = sql::delete(change, id).await? {
        change.audit("picture.deleted", ("picture", id), json!({"title": alt}));
    }
    Ok(())
}
