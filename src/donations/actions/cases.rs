//! Donor checks: opening a case for each receipt that is a donation in law, deciding, sending back, and warning in time.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    accounts,
    audit::Change,
    donations::{
        mail::{self, Then},
        model::{ByHand, CHECK_DONORS, Case, Decision, Law, Outcome, Refuse, Register, Stage, Warnings, Why},
        settings, sql,
    },
    kit::{
        app::App,
        error::{Error, Result},
        money::Money,
        queue,
    },
    membership::{self, DUES},
    payments::{
        self, GiveBack, Purpose,
        returning::{Returned, Sent},
    },
};

/// A refund that has not come after so many days needs a person: Stripe refuses it, or does not answer.
const GIVE_UP_DAYS: u64 = 3;

/// The law as the settings have it, oldest first; the first holds for all days before as well.
pub fn laws(app: &App) -> Vec<Law> {
    let settings = app.settings();
    let known = [&payments::CHECK_ABOVE.known, &settings::CHECK_DAYS.known];
    let days: BTreeSet<_> =
        known.into_iter().flat_map(|known| settings.history(known)).map(|dated| dated.valid_from).collect();
    let mut laws: Vec<_> = days
        .into_iter()
        .map(|from| Law {
            from,
            check_above: app.setting(payments::CHECK_ABOVE, from),
            check_days: app.setting(settings::CHECK_DAYS, from),
        })
        .collect();
    if let (Some(first), Some(beginning)) = (laws.first_mut(), NaiveDate::from_ymd_opt(1900, 1, 1)) {
        first.from = beginning;
    }
    laws
}

/// The days of a case on which officers are warned, as set when it was received.
pub fn warnings(app: &App, received_on: NaiveDate) -> Warnings {
    let mut days = settings::WARN_DAYS.map(|setting| app.setting(setting, received_on));
    days.sort_unstable();
    days
}

/// Opens a case for each payment, of one purpose or of all, that was more than the law's sum on its day. May be called
/// any number of times.
///
/// # Errors
/// The database is away.
pub async fn open_cases(change: &mut Change<'_>, of: Option<&Purpose>) -> Result<()> {
    let (laws, now) = (laws(change.app), change.now);
    for line in sql::cases::open(change, &laws, of, now).await? {
        change.audit("donation.check_opened", ("donor_case", line), json!({}));
    }
    Ok(())
}

/// Money of a purpose went back, or did not go back after all: its open cases follow the books.
pub async fn follow_books(change: &mut Change<'_>, of: &Purpose) -> Result<()> {
    let today = change.today();
    for case in sql::cases::lock_of(change, of).await? {
        let went_back = Outcome::Refused { why: Why::WentBack, by_hand: None };
        let decision = case.decision.as_ref().map(|decision| &decision.outcome);
        if decision.is_none() && case.books.left == Money::ZERO {
            let decision = Decision { on: today, by: None, late: None, outcome: went_back };
            sql::cases::set_decision(change, case.line, Some(&decision), None).await?;
            change.audit("donation.went_back", ("donor_case", case.line), json!({}));
        } else if decision == Some(&went_back) && case.books.left > Money::ZERO {
            sql::cases::set_decision(change, case.line, None, None).await?;
            change.audit("donation.check_reopened", ("donor_case", case.line), json!({}));
        }
    }
    Ok(())
}

async fn lock_open(change: &mut Change<'_>, line: Uuid) -> Result<Case> {
    let case = sql::cases::lock(change, line).await?.ok_or(Error::NotFound)?;
    if case.decision.is_some() {
        return Err(Error::Conflict(
            "This donation has already been decided. Open its page again to see how.",
        ));
    }
    Ok(case)
}

/// The donor was found on the register: the donation is accepted today.
///
/// # Errors
/// A conflict if it was decided already, or if it takes an overseas elector over the law's limit; invalid if it is late and no
/// reason is given.
pub async fn accept(
    change: &mut Change<'_>,
    officer: Uuid,
    line: Uuid,
    register: Register,
    late: Option<String>,
) -> Result<()> {
    let case = lock_open(change, line).await?;
    if let Some(email) = case.donor.email.as_ref().filter(|_| register.address.is_overseas()) {
        sql::sources::lock(change, email).await?;
    }
    if let Some(limit) =
        super::overseas_limit(change.app, case.received_on).filter(|_| register.address.is_overseas())
        && sql::cases::accepted_beside(change, line)
            .await?
            .checked_add(case.amount)
            .is_none_or(|sum| sum > limit)
    {
        return Err(Error::Conflict(
            "With this donation they would give more in a year than the law lets an overseas elector give. Return it.",
        ));
    }
    let outcome = Outcome::Accepted(Some(register));
    decide(change, &case, Some(officer), outcome, late).await?;
    change.audit("donation.accepted", ("donor_case", line), json!({ "pence": case.amount.pence() }));
    Ok(())
}

async fn decide(
    change: &mut Change<'_>,
    case: &Case,
    by: Option<Uuid>,
    outcome: Outcome,
    late: Option<String>,
) -> Result<()> {
    let today = change.today();
    if by.is_some() && case.is_late(today) && late.is_none() {
        return Err(Error::Invalid("The last day has passed: say why it is being decided now."));
    }
    let decision = Decision { on: today, by: None, late, outcome };
    Ok(sql::cases::set_decision(change, case.line, Some(&decision), by).await?)
}

/// Whether a case is of dues that pay for a membership.
///
/// # Errors
/// The database is away.
pub async fn is_dues(db: &mut PgConnection, case: &Case) -> Result<bool> {
    match case.donor.person.filter(|_| case.kind.is(&DUES)) {
        Some(person) => membership::has_membership(db, person).await,
        None => Ok(false),
    }
}

/// The donation is not kept: it goes back the way it was paid, the membership that it paid for ends or is unpaid, and the
/// donor is told of both.
///
/// # Errors
/// As [`accept`].
pub async fn refuse(
    change: &mut Change<'_>,
    officer: Uuid,
    line: Uuid,
    Refuse { why, membership, late }: Refuse,
) -> Result<()> {
    let case = lock_open(change, line).await?;
    decide(change, &case, Some(officer), Outcome::Refused { why, by_hand: None }, late).await?;
    give_back(change, line).await?;
    let detail = json!({ "pence": case.amount.pence(), "why": why.words() });
    change.audit("donation.refused", ("donor_case", line), detail);
    let then = match (membership, case.donor.person) {
        (Some(what), Some(person)) => {
            let until = membership::settle_unaccepted(change, person, what, why.words()).await?;
            until.map_or(Then::Ended, Then::Unpaid)
        }
        _ => Then::Nothing,
    };
    if let Some(email) = &case.donor.email {
        let letter = mail::refused(change.app, &case, why, then)?;
        change.mail(format!("donor-case:{line}:refused:{}", change.now.timestamp()), email, letter);
    }
    Ok(())
}

/// A payment above the cap goes back, and its case, if it is large enough to have one, says why.
pub async fn refuse_above_cap(change: &mut Change<'_>, line: Uuid) -> Result<()> {
    if let Some(case) = sql::cases::lock(change, line).await?.filter(|case| case.decision.is_none()) {
        decide(change, &case, None, Outcome::Refused { why: Why::AboveCap, by_hand: None }, None).await?;
    }
    give_back(change, line).await
}

async fn give_back(change: &mut Change<'_>, line: Uuid) -> Result<()> {
    if let Some(payment_intent) = sql::cases::find_intent(change, line).await? {
        queue::push(change, &GiveBack { payment_intent }).await?;
    }
    Ok(())
}

async fn lock_stuck(change: &mut Change<'_>, line: Uuid) -> Result<(Case, Decision)> {
    let case = sql::cases::lock(change, line).await?.ok_or(Error::NotFound)?;
    let stage = case.stage(change.today(), warnings(change.app, case.received_on));
    match case.decision.clone() {
        Some(decision) if stage == Stage::Stuck => Ok((case, decision)),
        _ => Err(Error::Conflict("This money is being returned, or has already been returned.")),
    }
}

/// Tries a refund that failed once more.
///
/// # Errors
/// A conflict if none has failed.
pub async fn refund_again(change: &mut Change<'_>, line: Uuid) -> Result<()> {
    let (case, _) = lock_stuck(change, line).await?;
    if !case.books.by_stripe {
        return Err(Error::Conflict(
            "It was not paid by card or Direct Debit, so it cannot be refunded through Stripe.",
        ));
    }
    give_back(change, line).await?;
    let today = change.today();
    sql::cases::set_tried(change, line, today).await?;
    change.audit("donation.refund_tried_again", ("donor_case", line), json!({}));
    Ok(())
}

/// An officer has sent the money back outside of Stripe: what was left of it.
///
/// # Errors
/// A conflict if it can go back the way it was paid.
pub async fn note_return(
    change: &mut Change<'_>,
    officer: Uuid,
    line: Uuid,
    (sent, to): (Sent, String),
) -> Result<()> {
    let (case, decision) = lock_stuck(change, line).await?;
    let Outcome::Refused { why, .. } = decision.outcome else { return Err(Error::NotFound) };
    let by_hand = ByHand { on: sent.on, how: sent.words(), to };
    let returned = Returned {
        id: change.app.random().id(change.now),
        payment: line,
        amount: case.books.left,
        sent,
        entered_by: officer,
    };
    payments::returning::note_returned(change, &returned).await?;
    let outcome = Outcome::Refused { why, by_hand: Some(by_hand) };
    let decision = Decision { outcome, ..decision };
    sql::cases::set_decision(change, line, Some(&decision), Some(officer)).await?;
    change.audit("donation.returned", ("donor_case", line), json!({}));
    Ok(())
}

/// Undoes the acceptance of a donation: it waits to be decided again.
///
/// # Errors
/// A conflict if it was not accepted, or is in a return that was filed.
pub async fn undo(change: &mut Change<'_>, line: Uuid) -> Result<()> {
    let case = sql::cases::lock(change, line).await?.ok_or(Error::NotFound)?;
    match case.decision.map(|decision| decision.outcome) {
        Some(Outcome::Accepted(_)) => {}
        _ => return Err(Error::Conflict("This donation has not been accepted, or is being returned.")),
    }
    if sql::returns::is_filed(change, line).await? {
        return Err(Error::Conflict(
            "This donation is in a return that has been filed. Its acceptance cannot be undone.",
        ));
    }
    sql::cases::set_decision(change, line, None, None).await?;
    change.audit("donation.check_undone", ("donor_case", line), json!({}));
    Ok(())
}

/// Opens what has no case yet, and tells officers of each open case on its warning days, once.
pub async fn watch(change: &mut Change<'_>) -> Result<()> {
    open_cases(change, None).await?;
    let (app, today) = (change.app, change.today());
    sql::cases::give_up(change, today - Days::new(GIVE_UP_DAYS)).await?;
    super::returns::note_due(app, change, today).await?;
    let officers = accounts::list_holders(change, CHECK_DONORS).await?;
    if officers.is_empty() {
        return Ok(());
    }
    let cases = sql::cases::list_open(change).await?;
    let due: Vec<_> = cases
        .iter()
        .filter_map(|case| Some((case.line, case.warning(today, warnings(app, case.received_on))?)))
        .collect();
    let new: BTreeSet<_> = sql::cases::insert_warnings(change, &due).await?.into_iter().collect();
    let warned: Vec<_> = cases.iter().filter(|case| new.contains(&case.line)).collect();
    let Some(first) = warned.first() else { return Ok(()) };
    for officer in officers {
        let letter = mail::clock(app, &officer.name, &warned, today)?;
        let occasion = format!("donor-checks:{}:{}:{}", first.line, change.now.timestamp(), officer.id);
        change.mail(occasion, &officer.email, letter);
    }
    Ok(())
}
