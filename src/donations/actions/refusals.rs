//! Donations that were refused before they were in the books: kept, and followed until they are back.

use chrono::Days;
use serde_json::json;
use uuid::Uuid;

use crate::{
    audit::Change,
    donations::{
        model::{ByHand, NewRefusal},
        settings, sql,
    },
    kit::error::{Error, Result},
};

/// Keeps one. Sent twice, it is one.
///
/// # Errors
/// The database is away.
pub async fn enter(change: &mut Change<'_>, officer: Uuid, new: &NewRefusal) -> Result<()> {
    let days = change.app.setting(settings::CHECK_DAYS, new.received_on);
    let (decide_by, now) = (new.received_on + Days::new(days.into()), change.now);
    if sql::refusals::insert(change, new, decide_by, officer, now).await? {
        let detail = json!({ "what": new.nature.words(), "pence": new.value.pence() });
        change.audit("donation.refusal_entered", ("refused_donation", new.id), detail);
    }
    Ok(())
}

/// It has been sent back.
///
/// # Errors
/// A conflict if it was before; not found if there is none.
pub async fn note_return(change: &mut Change<'_>, id: Uuid, by_hand: &ByHand) -> Result<()> {
    if !sql::refusals::set_returned(change, id, by_hand).await? {
        return Err(match sql::refusals::find(change, id).await? {
            Some(_) => Error::Conflict("That it was sent back is recorded already."),
            None => Error::NotFound,
        });
    }
    change.audit("donation.refusal_returned", ("refused_donation", id), json!({ "on": by_hand.on }));
    Ok(())
}

/// It was entered by mistake.
///
/// # Errors
/// A conflict if it stands in a return that was filed; not found if there is none.
pub async fn remove(change: &mut Change<'_>, id: Uuid) -> Result<()> {
    let known = sql::refusals::find(change, id).await?.ok_or(Error::NotFound)?;
    if sql::returns::is_filed(change, id).await? {
        return Err(Error::Conflict("It is in a return that has been filed, so it has to stay."));
    }
    sql::refusals::delete(change, id).await?;
    let detail =
        json!({ "what": known.it.nature.words(), "words": known.it.words, "pence": known.it.value.pence() });
    change.audit("donation.refusal_removed", ("refused_donation", id), detail);
    Ok(())
}
