//! Entries made by hand, and closing months. What follows from a receipt is booked with it, by the database.

use chrono::NaiveDate;
use serde_json::json;
use uuid::Uuid;

use super::{
    model::{Account, As, Misfit, Month, NewEntry, Receipt, Settled, What, paid_for_until, to_close},
    sql::{self, bank::BankLine, members::Member},
    statement::Line,
};
use crate::{
    accounts,
    audit::Change,
    donations,
    kit::{
        error::{Error, Result},
        money::Money,
    },
    membership::{self, EndReason, State},
    payments::{self, Method, Received},
};

/// Books what an officer entered; the same form sent twice is booked once.
pub(super) async fn enter(change: &mut Change<'_>, by: Uuid, new: &NewEntry) -> Result<()> {
    let now = change.now;
    let Some(number) = sql::insert_entry(change, new, by, now).await? else { return Ok(()) };
    let detail = json!({ "pence": new.amount.pence(), "from": new.from.name(), "to": new.to.name(), "what": new.words });
    change.audit("books.entered", ("entry", number), detail);
    Ok(())
}

/// Closes the next month that is over.
///
/// # Errors
/// A conflict if another month comes first.
pub(super) async fn close(change: &mut Change<'_>, by: Uuid, month: Month) -> Result<()> {
    const NOT_NEXT: Error = Error::Conflict(
        "This month is already closed, is not over yet, or an earlier month must be closed first.",
    );
    let (now, today) = (change.now, change.today());
    let closed = sql::closed_through(change).await?;
    // Pressed twice, it is closed once.
    if closed == Some(month) {
        return Ok(());
    }
    if to_close(sql::first_month(change).await?, closed, today) != Some(month) {
        return Err(NOT_NEXT);
    }
    if sql::close(change, month, by, now).await? {
        change.audit("books.month_closed", ("month", month.code()), json!({ "month": month.name() }));
    }
    Ok(())
}

/// Books what a member paid in cash, by cheque or through the bank. Returns whether it is a gift above the cap, which has to be
/// sent back.
pub(super) async fn receive(
    change: &mut Change<'_>,
    by: Uuid,
    member: &Member,
    receipt: Receipt,
) -> Result<bool> {
    let (purpose, is_above_cap) = match receipt.what {
        What::Dues => (membership::dues_of(member.person), false),
        What::Gift => {
            let person = accounts::find_person(change, member.person).await?.ok_or(Error::NotFound)?;
            let gift = donations::enter(change, receipt.key, &person, receipt.amount, receipt.on).await?;
            (gift.purpose, gift.is_above_cap)
        }
    };
    let is_dues = receipt.what == What::Dues;
    let (amount, on) = (receipt.amount, receipt.on);
    let received = Received {
        id: receipt.key,
        purpose,
        person: member.person,
        amount: receipt.amount,
        method: receipt.method,
        on: receipt.on,
        reference: receipt.reference,
        entered_by: by,
    };
    if payments::receive(change, received).await? && is_dues {
        pay_for(change, member.person, amount, on).await?;
    }
    Ok(is_above_cap)
}

/// Extends a membership by the whole months that the dues that were entered cover. Whoever pays automatically, has left,
/// or whose membership the party ended, gets only the receipt.
async fn pay_for(change: &mut Change<'_>, person: Uuid, amount: Money, on: NaiveDate) -> Result<()> {
    let Some(known) = membership::find_of_person(change, person).await? else { return Ok(()) };
    let subscription = match &known.subscription {
        Some(id) => payments::find_subscription(change, id).await?,
        None => None,
    };
    let is_automatic = subscription.as_ref().is_some_and(|it| it.is_alive() && !it.is_failing());
    // Whoever left joins again by themselves.
    let has_left = matches!(known.state, State::Ended { reason: EndReason::Left, .. });
    if is_automatic || has_left || known.state.is_final() {
        return Ok(());
    }
    let paid_until = known.ends_on.filter(|_| subscription.is_none());
    match paid_for_until(paid_until, on, amount, known.amount, known.every) {
        Some(until) => membership::paid_by_hand(change, person, until).await,
        None => Ok(()),
    }
}

/// Keeps the lines of a statement; those already there are skipped. Returns how many were new.
pub(super) async fn upload(change: &mut Change<'_>, by: Uuid, lines: &[Line]) -> Result<u64> {
    let now = change.now;
    let ids: Vec<_> = lines.iter().map(|_| change.app.random().id(now)).collect();
    let new = sql::bank::insert(change, &ids, lines, by, now).await?;
    change.audit(
        "books.statement_uploaded",
        ("statement", now.date_naive()),
        json!({ "lines": lines.len(), "new": new }),
    );
    Ok(new)
}

/// Books ticked lines of the bank, each once. Returns how many, and how many of them have to be sent back.
///
/// # Errors
/// Within: each line that cannot be booked so. The caller gives the transaction up then, so that none is.
pub(super) async fn settle(
    change: &mut Change<'_>,
    by: Uuid,
    settled: Vec<Settled>,
) -> Result<Result<(usize, usize), Vec<Misfit>>> {
    let now = change.now;
    let (mut count, mut above_cap, mut misfits) = (0, 0, Vec::new());
    for Settled { line, so, member } in settled {
        // Another tab was quicker, or the button was pressed twice.
        let Some(line) = sql::bank::settle(change, line, so.code(), by, now).await? else { continue };
        count += 1;
        match so {
            As::Known => {}
            As::Account(account) => enter(change, by, &of_line(&line, account)).await?,
            As::Member(what) => {
                let id = line.id;
                if line.sum < Money::ZERO {
                    let why = "Money that left the bank cannot be a subscription or donation";
                    misfits.push(Misfit::Other { line: id, why });
                    continue;
                }
                // The form asks for one.
                let number = member.unwrap_or_default();
                let Some(member) = sql::members::find(change, number).await? else {
                    misfits.push(Misfit::Nobody { line: id, number });
                    continue;
                };
                let receipt = Receipt {
                    key: line.id,
                    what,
                    method: method(&line.words),
                    amount: line.sum,
                    on: line.day,
                    reference: line.words,
                };
                match receive(change, by, &member, receipt).await {
                    Err(Error::Conflict(why)) => misfits.push(Misfit::Other { line: id, why }),
                    received => above_cap += usize::from(received?),
                }
            }
        }
    }
    if !misfits.is_empty() {
        return Ok(Err(misfits));
    }
    change.audit("books.statement_settled", ("statement", now.date_naive()), json!({ "lines": count }));
    Ok(Ok((count, above_cap)))
}

/// Banks mark standing orders.
fn method(words: &str) -> Method {
    let marked = words.split(|letter: char| !letter.is_alphanumeric() && letter != '/');
    let is_marked = marked.map(str::to_uppercase).any(|word| ["STO", "SO", "S/O"].contains(&word.as_str()));
    if is_marked || words.to_lowercase().contains("standing order") {
        Method::StandingOrder
    } else {
        Method::Transfer
    }
}

/// A line of the bank with the account on its other side.
fn of_line(line: &BankLine, account: Account) -> NewEntry {
    let (from, to) = if line.sum > Money::ZERO { (account, Account::Bank) } else { (Account::Bank, account) };
    NewEntry {
        key: line.id,
        from,
        to,
        amount: Money::from_pence(line.sum.pence().saturating_abs()),
        on: line.day,
        words: line.words.clone(),
        document: "Bank statement".to_owned(),
    }
}
