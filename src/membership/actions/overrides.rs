//! What officers set by hand for a time, with a reason.

use serde_json::json;
use uuid::Uuid;

use super::{person as find_person, standing::recompute};
use crate::{
    audit::Change,
    kit::error::{Error, Result},
    membership::{
        mail,
        model::{EndReason, NewOverride, OverrideKind, State},
        sql::{self, overrides::Setting},
    },
};

/// Sets a standing by hand until a day. The member is told, unless it is confidential.
///
/// # Errors
/// A conflict if the membership is over, or would not be changed by it.
pub async fn set_override(
    change: &mut Change<'_>,
    officer: Uuid,
    person: Uuid,
    new: &NewOverride,
) -> Result<()> {
    let (app, now, today) = (change.app, change.now, change.today());
    let membership = sql::lock_of_person(change, person).await?.ok_or(Error::NotFound)?;
    match (membership.state, new.kind) {
        (State::Ended { reason: EndReason::Lapsed, .. }, OverrideKind::Current) => {}
        (State::Ended { .. }, _) => return Err(Error::Conflict("This membership has ended.")),
        (State::Suspended { .. }, OverrideKind::Current) => {
            return Err(Error::Conflict("They are suspended. Lift the suspension first."));
        }
        _ => {}
    }
    // Pressed twice.
    let standing = sql::history::find(change, membership.id).await?.overrides;
    let is_same = |it: &&_| same(it, new) && it.holds_on(today);
    if standing.iter().any(|it| is_same(&it)) {
        return Ok(());
    }
    let at = Setting { id: app.random().id(now), membership: membership.id, by: officer, from: today, now };
    sql::overrides::insert(change, &at, new).await?;
    let detail = json!({ "kind": new.kind.name(), "until": new.until, "reason": new.reason, "confidential": new.is_confidential });
    change.audit("membership.override_set", ("person", person), detail);
    recompute(change, membership).await?;
    if !new.is_confidential {
        let known = find_person(change, person).await?;
        let letter = mail::set_by_hand(app, known.greeting(), new)?;
        change.mail(format!("override:{}", at.id), &known.email, letter);
    }
    Ok(())
}

fn same(it: &crate::membership::model::Override, new: &NewOverride) -> bool {
    (it.kind, it.until, &it.reason) == (new.kind, new.until, &new.reason)
}

/// Ends today what was set by hand.
///
/// # Errors
/// A conflict if it is already over.
pub async fn lift_override(change: &mut Change<'_>, officer: Uuid, person: Uuid, id: Uuid) -> Result<()> {
    let today = change.today();
    let membership = sql::lock_of_person(change, person).await?.ok_or(Error::NotFound)?;
    let kind = sql::overrides::lift(change, membership.id, id, officer, today)
        .await?
        .ok_or(Error::Conflict("It has already ended."))?;
    change.audit("membership.override_ended", ("person", person), json!({ "kind": kind.name() }));
    recompute(change, membership).await?;
    Ok(())
}
