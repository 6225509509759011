//! What a payer is told before a Direct Debit.

use askama::Template;
use chrono::NaiveDate;

use crate::{
    kit::{
        app::App,
        dates,
        email_address::EmailAddress,
        error::Result,
        mail::{Frame, Letter},
        money::Money,
    },
    payments::model::{Collection, WhyNotice},
};

/// The scheme's own wording, as Stripe, which collects for us, has to show it.
pub const GUARANTEE: &str = "https://stripe.com/legal/bacs-direct-debit-guarantee";

#[derive(Template)]
#[template(path = "payments/mail_debit.md")]
struct Debit<'a> {
    name: &'a str,
    why: WhyNotice,
    amount: Money,
    every: String,
    due: String,
    account: Option<&'a str>,
    reference: &'a str,
    party: String,
    contact: EmailAddress,
    notice_days: u32,
    guarantee: &'static str,
}

pub(super) fn notice(app: &App, it: &Collection, due_on: NaiveDate, notice_days: u32) -> Result<Letter> {
    let frame = Frame::service(app, "You get this because you pay us by Direct Debit.");
    let site = app.settings().site(app.clock().today());
    let letter = Debit {
        name: &it.name,
        why: it.why,
        amount: it.amount,
        every: it.every.to_string(),
        due: dates::day(due_on),
        account: it.last4.as_deref(),
        reference: &it.reference,
        party: site.name,
        contact: site.contact_email,
        notice_days,
        guarantee: GUARANTEE,
    };
    Letter::new(&frame, &letter)
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    use crate::kit::stripe::Interval;

    let day = app.clock().today();
    let collection = |why, every, last4: Option<&str>| Collection {
        subscription: "sub_1".into(),
        why,
        period_on: day,
        amount: Money::from_pence(123_456),
        every,
        name: name.to_owned(),
        email: "ana@example.org".parse().expect("an address"),
        last4: last4.map(str::to_owned),
        reference: "0A1B2C3D".into(),
    };
    let all = [
        collection(WhyNotice::First, Interval::Month, Some("2345")),
        collection(WhyNotice::Amount, Interval::Year, None),
        collection(WhyNotice::Frequency, Interval::Year, Some("2345")),
        collection(WhyNotice::Date, Interval::Month, Some("2345")),
    ];
    all.iter().map(|it| ("payments/mail_debit", notice(app, it, day, 3))).collect()
}
