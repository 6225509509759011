//! The newest seal that was found good, kept in a file of `DATA_DIR`: whoever owns the database need not own that.

use std::path::Path;

use sqlx::PgConnection;

use super::{Chain, Seal, verify};
use crate::kit::app::App;

const FILE: &str = "audit_seal";

/// Walks the log and holds it against the seal that is kept here and the one that somebody was told. One that is found
/// good is kept from then on.
///
/// # Errors
/// The database is away. A folder that cannot be written is logged, and what was told counts alone.
pub async fn check(app: &App, db: &mut PgConnection, told: Option<Seal>) -> Result<Chain, sqlx::Error> {
    let path = app.config().data_dir.join(FILE);
    let kept = tokio::fs::read_to_string(&path).await.ok().and_then(|text| text.parse().ok());
    let told: Vec<Seal> = told.into_iter().chain(kept).collect();
    let chain = verify(app, db, &told).await?;
    if let Chain::Whole(seal) = &chain
        && let Err(error) = keep(&path, seal).await
    {
        tracing::warn!(%error, "the seal of the audit log is not kept: DATA_DIR cannot be written");
    }
    Ok(chain)
}

async fn keep(path: &Path, seal: &Seal) -> std::io::Result<()> {
    let draft = path.with_extension("draft");
    tokio::fs::write(&draft, format!("{seal}\n")).await?;
    tokio::fs::rename(&draft, path).await
}
