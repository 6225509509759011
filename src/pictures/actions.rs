//! What officers do with pictures. Each function runs in the caller's transaction and writes the audit log.

use serde_json::json;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::sql;
use crate::{
    audit::Change,
    kit::{
        error::Result,
        picture::{self, Prepared, Unusable},
    },
};

/// Reading one picture takes a processor and some hundred megabytes.
static READERS: Semaphore = Semaphore::const_new(1);

/// Reads an upload on a thread of its own, one after the other.
///
/// # Errors
/// The inner one says what is wrong with it.
pub async fn prepare(file: Vec<u8>) -> Result<std::result::Result<Prepared, Unusable>> {
    let _turn = READERS.acquire().await.map_err(anyhow::Error::from)?;
    let work = tokio::task::spawn_blocking(move || picture::prepare(&file));
    Ok(work.await.map_err(anyhow::Error::from)?)
}

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
    let now = change.now;
    if let Some(alt) = sql::set_deleted(change, id, Some(now)).await? {
        change.audit("picture.deleted", ("picture", id), json!({"title": alt}));
    }
    Ok(())
}

/// Undoes that.
pub(super) async fn bring_back(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    if let Some(alt) = sql::set_deleted(change, id, None).await? {
        change.audit("picture.brought_back", ("picture", id), json!({"title": alt}));
    }
    Ok(())
}

/// Forgets one that is deleted.
pub(super) async fn erase(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    if let Some(alt) = sql::erase(change, id).await? {
        change.audit("picture.erased", ("picture", id), json!({"title": alt}));
    }
    Ok(())
}
