//! The receipt.

use askama::Template;
use chrono::{DateTime, Utc};

use super::model::Gift;
use crate::kit::{
    app::App,
    dates,
    error::Result,
    mail::{Frame, Letter},
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
}

pub(super) fn receipt(app: &App, gift: &Gift, at: DateTime<Utc>, over_cap: bool) -> Result<Letter> {
    let site = app.settings().site(app.clock().today());
    let (party, contact) = (&site.name, &site.contact_email);
    let day = &dates::day(dates::london_date(at));
    let frame = || Frame::service(app, "You get this as the receipt of your gift.");
    let subject = if over_cap {
        format!("We are sending your gift of {} back", gift.amount)
    } else {
        format!("Thank you: your gift of {}", gift.amount)
    };
    Letter::new(
        subject,
        &ReceiptText { letter: frame(), gift, party, day, contact, over_cap },
        &ReceiptHtml { letter: frame(), gift, party, day, contact, over_cap },
    )
}
