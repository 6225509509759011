//! The receipt.

use askama::Template;
use chrono::{DateTime, Utc};

use super::{model::Gift, settings};
use crate::{
    kit::{
        app::App,
        dates,
        error::Result,
        mail::{Frame, Letter},
        money::Money,
    },
    payments,
};

#[derive(Template)]
#[template(path = "donations/mail_receipt.txt")]
struct ReceiptText<'a> {
    letter: Frame,
    gift: &'a Gift,
    party: &'a str,
    day: &'a str,
    contact: &'a str,
    over_cap: bool,
    check_above: Money,
    check_days: u32,
}

#[derive(Template)]
#[template(path = "donations/mail_receipt.html")]
struct ReceiptHtml<'a> {
    letter: Frame,
    gift: &'a Gift,
    party: &'a str,
    day: &'a str,
    contact: &'a str,
    over_cap: bool,
    check_above: Money,
    check_days: u32,
}

pub(super) fn receipt(app: &App, gift: &Gift, at: DateTime<Utc>, over_cap: bool) -> Result<Letter> {
    let site = app.settings().site(app.clock().today());
    let (party, contact) = (&site.name, site.contact_email.as_str());
    let arrived = dates::london_date(at);
    let day = &dates::day(arrived);
    let check_above = app.setting(payments::CHECK_ABOVE, arrived);
    let check_days = app.setting(settings::CHECK_DAYS, arrived);
    let frame = || Frame::service(app, "You get this as the receipt of your gift.");
    let subject = if over_cap {
        format!("We are sending your gift of {} back", gift.amount)
    } else {
        format!("Thank you: your gift of {}", gift.amount)
    };
    Letter::new(
        subject,
        &ReceiptText { letter: frame(), gift, party, day, contact, over_cap, check_above, check_days },
        &ReceiptHtml { letter: frame(), gift, party, day, contact, over_cap, check_above, check_days },
    )
}
