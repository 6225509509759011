//! The mail that tells a payer that money is on its way back.

use askama::Template;

use crate::{
    kit::{
        app::App,
        dates,
        email_address::EmailAddress,
        error::Result,
        mail::{Frame, Letter},
        money::Money,
    },
    payments::model::{LedgerLine, Method},
};

#[derive(Template)]
#[template(path = "payments/mail_refund.md")]
struct Refunded<'a> {
    name: &'a str,
    amount: Money,
    paid: Money,
    on: String,
    to: &'static str,
    contact: EmailAddress,
}

pub(super) fn refunded(app: &App, name: &str, amount: Money, payment: &LedgerLine) -> Result<Letter> {
    let frame = Frame::service(app, "You get this because money that you paid us is on its way back to you.");
    let to = match payment.origin.method() {
        Some(Method::DirectDebit) => "bank account",
        Some(Method::Card) => "card",
        _ => "card or bank account",
    };
    let contact = app.settings().site(app.clock().today()).contact_email;
    let on = dates::day(dates::london_date(payment.at));
    Letter::new(&frame, &Refunded { name, amount, paid: payment.amount, on, to, contact })
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    use uuid::Uuid;

    use crate::payments::{
        model::{LineKind, Origin},
        purposes::Purpose,
    };

    let payment = |method, pence| LedgerLine {
        id: Uuid::nil(),
        kind: LineKind::Payment,
        origin: Origin::Stripe { id: "in_1".into(), method, subscription: None, payment_intent: None },
        amount: Money::from_pence(pence),
        at: app.clock().now(),
        purpose: Purpose { kind: "ticket".parse().expect("a kind"), id: Uuid::nil() },
        person: None,
    };
    let amount = Money::from_pence(500);
    [(Some(Method::Card), 500), (Some(Method::DirectDebit), 123_456), (None, 500)]
        .map(|(method, pence)| ("payments/mail_refund", refunded(app, name, amount, &payment(method, pence))))
        .into()
}
