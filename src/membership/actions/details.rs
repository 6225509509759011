//! What members say about themselves, put right.

use serde_json::json;
use uuid::Uuid;

use super::person;
use crate::{
    accounts::{self, Details},
    audit::Change,
    kit::error::{Error, Result},
    membership::{
        model::{EndReason, NewDetails, State},
        sql,
    },
};

/// Members change what they said about themselves, or officers put it right.
///
/// # Errors
/// A conflict if somebody else has the email address; not found if they are not a member.
pub async fn change_details(change: &mut Change<'_>, id: Uuid, new: &NewDetails) -> Result<()> {
    let mut membership = sql::lock_of_person(change, id).await?.ok_or(Error::NotFound)?;
    let (name, email) = match new.account.clone() {
        Some(account) => account,
        None => {
            let known = person(change, id).await?;
            (known.name, known.email)
        }
    };
    let details = Details { name, email, postcode: new.personal.postcode(), region: new.region };
    accounts::change_details(change, id, &details).await?;
    if matches!(membership.state, State::Ended { reason: EndReason::Died, .. }) {
        // Another address is one of somebody who did not ask for our mail.
        accounts::close_account(change, id).await?;
    }
    if membership.personal == new.personal {
        return Ok(());
    }
    let changed = membership.personal.changed(&new.personal);
    membership.personal = new.personal.clone();
    sql::set_membership(change, &membership).await?;
    change.audit("membership.details_changed", ("person", id), json!({ "changed": changed }));
    Ok(())
}
