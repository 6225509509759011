//! What two records of one person are to votes when they become one.

use serde_json::{Value, json};

use super::sql;
use crate::{
    accounts::Merging,
    audit::Change,
    kit::error::{Error, Result},
};

/// Leaves rolls as they were published: where both stood, the entry of the record that goes stays and is nobody's.
///
/// # Errors
/// Conflict while the record that goes is on the roll of a vote under way: its vote may be in already, under its own
/// pseudonym.
pub async fn join(change: &mut Change<'_>, merging: Merging) -> Result<Value> {
    if sql::roll::is_on_one_under_way(change, merging.gone).await? {
        return Err(Error::Conflict(
            "The record that would go is on the roll of a vote under way. Keep that one, or wait until the result is declared.",
        ));
    }
    let left = sql::roll::leave_to_nobody(change, merging.gone, merging.kept).await?;
    Ok(json!(left))
}

/// They are two again.
pub async fn part(change: &mut Change<'_>, merging: Merging, did: Value) -> Result<()> {
    let left: Vec<String> = serde_json::from_value(did).map_err(anyhow::Error::from)?;
    if !left.is_empty() {
        sql::roll::give_back(change, &left, merging.gone).await?;
    }
    Ok(())
}
