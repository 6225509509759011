//! Consents of two records that become one: the stricter holds.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{rooms::Merging, sql::consents};
use crate::{audit::Change, kit::error::Result};

/// Ends what stands on one record and was stopped on the other.
pub(super) async fn join(change: &mut Change<'_>, merging: Merging) -> Result<Value> {
    let ended = consents::end_where_stopped(change, merging.gone, merging.kept, merging.at).await?;
    Ok(json!({ "ended": ended }))
}

/// Lets it stand again, unless they have stopped or given it themselves since.
pub(super) async fn part(change: &mut Change<'_>, merging: Merging, did: Value) -> Result<()> {
    let ended: Vec<Uuid> = serde_json::from_value(did["ended"].clone()).map_err(anyhow::Error::from)?;
    consents::let_stand_again(change, &ended, merging.at).await?;
    let now = change.now;
    Ok(consents::end_where_stopped_since(change, (merging.gone, merging.kept), merging.at, now).await?)
}
