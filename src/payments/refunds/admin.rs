//! One payment, as officers see it: what it was, what went back, and giving back more.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::NaiveDate;
use uuid::Uuid;

use super::actions;
use crate::{
    accounts::{Officer, Rooms},
    audit::{Actor, Change},
    kit::{
        app::App,
        dates,
        db::Db,
        error::{Error, Result},
        flash,
        form::{Check, Form},
        money::Money,
        visit::Visit,
    },
    payments::{
        model::{LedgerLine, NoRefund, RefundState, SEE_PAYMENTS, refundable, returnable},
        purposes::Kinds,
        returning::{self, Returned},
        settings,
        sql::{
            ledger::NamedLine,
            refunds::{self, Listed},
        },
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "payments/payment.html")]
struct PaymentPage {
    visit: Visit,
    form: Form,
    kinds: Kinds,
    payment: NamedLine,
    corrections: Vec<LedgerLine>,
    refunds: Vec<Listed>,
    /// What may still go back, or why nothing may.
    left: std::result::Result<Money, NoRefund>,
    /// What may still be sent back in another way.
    by_hand: Option<Money>,
    returned: Form,
    /// How money can be sent back by hand.
    ways: Vec<(&'static str, &'static str)>,
    /// Up to this sum no second person is needed.
    alone: Money,
    officer: Uuid,
    sees_payments: bool,
    livemode: bool,
}

/// Which of the forms of a page was sent.
enum Sent {
    None,
    Refund(Form),
    Return(Form),
}

impl PaymentPage {
    /// The form in which something is wrong, for the summary.
    fn wrong(&self) -> &Form {
        if self.returned.errors().is_empty() { &self.form } else { &self.returned }
    }
}

pub async fn show(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    rooms: Rooms,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    Ok(page(&app, visit, &who, rooms, id, &mut db, Sent::None).await?.into_response())
}

async fn page(
    app: &App,
    visit: Visit,
    who: &Officer,
    rooms: Rooms,
    id: Uuid,
    db: &mut Db,
    sent: Sent,
) -> Result<PaymentPage> {
    let actions::Payment { line: payment, corrections } = actions::find_payment(db, id).await?;
    let refunds = refunds::list(db, Some(id), 100).await?;
    let known: Vec<_> = refunds.iter().map(|it| it.refund.clone()).collect();
    let left = refundable(&payment.line, &corrections, &known);
    let by_hand = returnable(&payment.line, &corrections, &known).ok();
    let form = Form::filled([("amount", left.map(Money::decimal).unwrap_or_default())]);
    let returned = Form::filled([("returned_amount", by_hand.map(Money::decimal).unwrap_or_default())]);
    let returned = returned.keyed(app.random().opaque_id());
    let (form, returned) = match sent {
        Sent::None => (form, returned),
        Sent::Refund(form) => (form, returned),
        Sent::Return(returned) => (form, returned),
    };
    Ok(PaymentPage {
        visit,
        form,
        by_hand,
        returned,
        ways: returning::ways(),
        kinds: Kinds::of(rooms),
        payment,
        corrections,
        refunds,
        left,
        alone: app.setting(settings::REFUND_ALONE, app.clock().today()),
        officer: who.0.person_id,
        sees_payments: who.may(SEE_PAYMENTS),
        livemode: app.stripe().livemode(),
    })
}

pub async fn ask(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    rooms: Rooms,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let (amount, reason) = match read(&form) {
        Ok(read) => read,
        Err(form) => {
            let page = page(&app, visit, &who, rooms, id, &mut db, Sent::Refund(form)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let officer = who.0.person_id;
    let mut change = Change::begin(&app, &mut db, Actor::Person(officer)).await?;
    let state = match actions::ask(&mut change, officer, id, amount, reason).await {
        Ok(state) => state,
        Err(Error::Conflict(why)) => {
            drop(change);
            let form = form.failed("amount", why);
            let page = page(&app, visit, &who, rooms, id, &mut db, Sent::Refund(form)).await?;
            return Ok((StatusCode::CONFLICT, page).into_response());
        }
        Err(error) => return Err(error),
    };
    change.commit().await?;
    let said = match state {
        RefundState::Asked => format!("{amount} is waiting for a second person to approve it."),
        _ => format!("{amount} is on its way back. The payer gets an email about it."),
    };
    Ok(flash::redirect(&app, &path(id), &said))
}

fn path(payment: Uuid) -> String {
    format!("/admin/payments/lines/{payment}")
}

pub async fn note_return(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    rooms: Rooms,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let payment = actions::find_payment(&mut db, id).await?.line.line;
    let officer = who.0.person_id;
    let received_on = dates::london_date(payment.at);
    let returned = match read_return(&form, id, (received_on, visit.today()), officer) {
        Ok(returned) => returned,
        Err(form) => {
            let page = page(&app, visit, &who, rooms, id, &mut db, Sent::Return(form)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(officer)).await?;
    match returning::note_returned(&mut change, &returned).await {
        Ok(()) => {}
        Err(Error::Conflict(why)) => {
            drop(change);
            let form = form.failed("returned_amount", why);
            let page = page(&app, visit, &who, rooms, id, &mut db, Sent::Return(form)).await?;
            return Ok((StatusCode::CONFLICT, page).into_response());
        }
        Err(error) => return Err(error),
    }
    change.commit().await?;
    Ok(flash::redirect(&app, &path(id), "The return is in the books."))
}

fn read_return(
    form: &Form,
    payment: Uuid,
    (received_on, today): (NaiveDate, NaiveDate),
    entered_by: Uuid,
) -> std::result::Result<Returned, Form> {
    let mut check = form.check();
    let id = check.choice("key", "Open this page again");
    let amount = amount(&mut check, "returned_amount", "Enter how much was sent back");
    let sent = returning::read(&mut check, received_on, today);
    check.finish(|| Some(Returned { id: id?, payment, amount: amount?, sent: sent?, entered_by }))
}

fn amount(check: &mut Check<'_>, name: &str, missing: &str) -> Option<Money> {
    match Money::parse(&check.text(name, missing, 20)?) {
        Ok(amount) if amount > Money::ZERO => return Some(amount),
        Ok(_) => check.fail(name, "Enter more than £0"),
        Err(error) => check.fail(name, error.to_string()),
    }
    None
}

fn read(form: &Form) -> std::result::Result<(Money, String), Form> {
    let mut check = form.check();
    let amount = amount(&mut check, "amount", "Enter how much to refund");
    let reason = check.paragraphs("reason", "Enter the reason for the refund", 2_000);
    check.finish(|| Some((amount?, reason?)))
}

pub async fn decide(
    State(app): State<App>,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let officer = who.0.person_id;
    let send_it = match form.value("decision") {
        "approve" => true,
        "decline" => false,
        _ => return Err(Error::Invalid("Press one of the two buttons beside the refund.")),
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(officer)).await?;
    let payment = actions::decide(&mut change, officer, id, send_it).await?;
    change.commit().await?;
    let said = if send_it {
        "Approved. The refund is on its way, and the payer gets an email about it."
    } else {
        "Declined. Nothing will be refunded."
    };
    Ok(flash::redirect(&app, &path(payment), said))
}

pub async fn try_again(
    State(app): State<App>,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let attempt = form.value("attempt").parse().map_err(|_| Error::Invalid("Open the payment again."))?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    let payment = actions::try_again(&mut change, id, attempt).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &path(payment), "We are asking Stripe again."))
}

#[derive(Template, WebTemplate)]
#[template(path = "payments/refunds.html")]
pub struct RefundsPage {
    visit: Visit,
    refunds: Vec<Listed>,
    officer: Uuid,
}

/// Refunds that are waiting for somebody, or that Stripe has not taken.
pub async fn list(visit: Visit, who: Officer, mut db: Db) -> Result<RefundsPage> {
    let refunds = refunds::list(&mut db, None, 500).await?;
    Ok(RefundsPage { visit, refunds, officer: who.0.person_id })
}
