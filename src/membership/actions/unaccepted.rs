//! Dues that the party may not keep: what becomes of the membership, decided by whoever sends them back.

use chrono::NaiveDate;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{decisions::end_untold, standing::recompute};
use crate::{
    audit::Change,
    kit::error::{Error, Result},
    membership::{
        model::{EndReason, Ending, State, Unaccepted},
        sql,
    },
    payments,
};

/// Whether there is a membership about which to decide.
///
/// # Errors
/// The database is away.
pub async fn has_membership(db: &mut PgConnection, person: Uuid) -> Result<bool> {
    Ok(sql::find_of_person(db, person).await?.is_some_and(|it| !it.state.is_ended()))
}

/// The payments stop either way, by a job. `why` is kept with the membership if it ends. Whoever calls it tells the member.
/// Returns the last day on which they can pay anew and stay a member; `None` once the membership is over.
///
/// # Errors
/// A conflict if it has ended; not found if there never was one.
pub async fn settle_unaccepted(
    change: &mut Change<'_>,
    person: Uuid,
    what: Unaccepted,
    why: &str,
) -> Result<Option<NaiveDate>> {
    if what == Unaccepted::End {
        let words = format!("A payment could not be accepted: {why}");
        let ending = Ending { reason: EndReason::Officer, words, decision: None };
        end_untold(change, person, &ending).await?;
        return Ok(None);
    }
    let mut membership = sql::lock_of_person(change, person).await?.ok_or(Error::NotFound)?;
    if membership.state.is_ended() {
        return Err(Error::Conflict("This membership has already ended."));
    }
    if let Some(subscription) = membership.subscription.take() {
        payments::end_surplus(change, &subscription, false).await?;
    }
    membership.ends_on = change.today().pred_opt();
    sql::set_membership(change, &membership).await?;
    change.audit("membership.unpaid", ("person", person), json!({ "why": why }));
    Ok(match recompute(change, membership).await?.state {
        State::Grace { until } => Some(until),
        _ => None,
    })
}
