use serde_json::json;

use crate::{
    audit::Change,
    kit::{
        error::{Error, Result},
        settings::{self, Dated, Known},
    },
};

/// Sets a value from a day on. Sent twice, it is one change.
///
/// # Errors
/// The setting does not accept the value.
pub async fn set_setting(change: &mut Change<'_>, known: &Known, dated: &Dated) -> Result<()> {
    let old = change.app.settings().text(known, dated.valid_from).to_owned();
    if !known.meaning.accepts(&dated.value) {
        return Err(Error::Invalid("This setting cannot have that value."));
    }
    if !settings::set(change, known, dated).await? {
        return Ok(());
    }
    let detail = json!({"from": dated.valid_from, "value": [old, dated.value], "source": dated.source});
    change.audit("setting.changed", ("setting", known.key), detail);
    Ok(())
}
