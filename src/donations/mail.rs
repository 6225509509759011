//! The receipt.

use askama::Template;
use chrono::{DateTime, Utc};

use super::{model::Gift, settings};
use crate::{
    kit::{
        app::App,
        dates,
        email_address::EmailAddress,
        error::Result,
        mail::{Frame, Letter},
        money::Money,
    },
    payments,
};

#[derive(Template)]
#[template(path = "donations/mail_receipt.md")]
struct Receipt<'a> {
    gift: &'a Gift,
    party: String,
    day: String,
    contact: EmailAddress,
    over_cap: bool,
    check_above: Money,
    check_days: u32,
}

pub(super) fn receipt(app: &App, gift: &Gift, at: DateTime<Utc>, over_cap: bool) -> Result<Letter> {
    let site = app.settings().site(app.clock().today());
    let frame = Frame::service(app, "You get this as the receipt for your donation.");
    let arrived = dates::london_date(at);
    let check_above = app.setting(payments::CHECK_ABOVE, arrived);
    let check_days = app.setting(settings::CHECK_DAYS, arrived);
    let (party, day, contact) = (site.name, dates::day(arrived), site.contact_email);
    Letter::new(&frame, &Receipt { gift, party, day, contact, over_cap, check_above, check_days })
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    let at = app.clock().now();
    let gift = |needs_check| Gift {
        id: uuid::Uuid::nil(),
        name: name.to_owned(),
        email: "ana@example.org".parse().expect("an address"),
        address: None,
        amount: Money::from_pence(123_456),
        person: None,
        created_at: at,
        paid_at: Some(at),
        needs_check,
        over_cap: false,
    };
    vec![
        ("donations/mail_receipt", receipt(app, &gift(false), at, false)),
        ("donations/mail_receipt", receipt(app, &gift(true), at, false)),
        ("donations/mail_receipt", receipt(app, &gift(true), at, true)),
    ]
}
