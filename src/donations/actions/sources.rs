//! Saying that two records are one person.

use serde_json::json;
use uuid::Uuid;

use crate::{
    audit::Change,
    donations::sql::sources,
    kit::error::{Error, Result},
};

/// Two records are one person: their sums are one from now on, for past years too.
///
/// # Errors
/// Invalid if they are the same record, or one that no donation came from.
pub async fn merge(
    change: &mut Change<'_>,
    officer: Uuid,
    (source, into): (&str, &str),
    reason: &str,
) -> Result<()> {
    if source == into {
        return Err(Error::Invalid("Choose two different records."));
    }
    if !(sources::is_source(change, source).await? && sources::is_source(change, into).await?) {
        return Err(Error::Conflict("These records have changed in the meantime. Open the page again."));
    }
    let now = change.now;
    sources::insert_merge(change, (source, into), reason, officer, now).await?;
    change.audit("donation.records_joined", ("donor", "records"), json!({ "because": reason }));
    Ok(())
}

/// # Errors
/// A conflict if it was not merged.
pub async fn separate(change: &mut Change<'_>, source: &str) -> Result<()> {
    if !sources::delete_merge(change, source).await? {
        return Err(Error::Conflict("These records are already separate."));
    }
    change.audit("donation.records_separated", ("donor", "records"), json!({}));
    Ok(())
}
