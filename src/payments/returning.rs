//! Money that goes back outside of Stripe: in cash, by cheque or through the bank. Officers send it, and enter that here.

use chrono::{Duration, NaiveDate};
use serde_json::json;

pub use super::model::{Returned, Sent};
use super::{
    model::Method,
    sql::{ledger, returns},
    sync,
};
use crate::{
    audit::Change,
    kit::{
        dates,
        error::{Error, Result},
        form::Check,
        money::Money,
    },
};

/// How money can be sent back by hand.
const WAYS: [Method; 3] = [Method::Transfer, Method::Cheque, Method::Cash];

/// To choose from, by code and name.
pub fn ways() -> Vec<(&'static str, &'static str)> {
    WAYS.into_iter().map(|way| (way.code(), way.name())).collect()
}

/// Reads when and how something was sent back, as an officer types it under `returned`, `method` and `reference`.
pub fn read(check: &mut Check<'_>, received_on: NaiveDate, today: NaiveDate) -> Option<Sent> {
    const HOW: &str = "Choose how it was sent back";
    let on = check.date("returned", "Enter the date it was sent back");
    if on.is_some_and(|on| on < received_on || on > today) {
        let from = dates::day(received_on);
        check.fail("returned_day", format!("Enter a date from {from} to today"));
    }
    let method = check.choice::<Method>("method", HOW);
    let way = method.filter(|method| WAYS.contains(method));
    if method != way {
        check.fail("method", HOW);
    }
    let reference = check.optional_text("reference", 100)?;
    Some(Sent { on: on?, method: way?, reference: (!reference.is_empty()).then_some(reference) })
}

/// Books what was sent back, once, and tells the room that it was paid for.
///
/// # Errors
/// Not found if there is no such payment; a conflict if less than that is left of it.
pub async fn note_returned(change: &mut Change<'_>, it: &Returned) -> Result<()> {
    if it.amount <= Money::ZERO {
        return Err(Error::Invalid("Enter more than £0."));
    }
    // Corrections of one payment wait for each other.
    ledger::lock_line(change, it.payment).await?.ok_or(Error::NotFound)?;
    let (now, at) = (change.now, dates::start_of_day(it.sent.on) + Duration::hours(12));
    let Some(purpose) = returns::insert(change, it, at, now).await? else { return Ok(()) };
    if returns::left_of(change, it.payment).await? < Money::ZERO {
        return Err(Error::Conflict(
            "There is less than that left of this payment. Open it again to see how much.",
        ));
    }
    sync::tell(change, purpose, None, sync::What::Returned).await?;
    let detail = json!({ "pence": it.amount.pence(), "how": it.sent.method.name(), "on": it.sent.on });
    change.audit("payment.returned", ("payment", it.payment), detail);
    Ok(())
}
