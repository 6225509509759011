//! The receipt, and what donor checks lead to.

use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};

use super::{
    model::{Case, Gift, Unheard, Why},
    settings,
};
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
    /// Whether it goes back the way it was paid.
    by_stripe: bool,
    check_above: Money,
    check_days: u32,
    /// Where a regular gift is stopped.
    stop: String,
}

pub(super) fn receipt(app: &App, gift: &Gift, payment: &Unheard, over_cap: bool) -> Result<Letter> {
    let site = app.settings().site(app.clock().today());
    let why = if over_cap {
        "You get this because you made a donation."
    } else {
        "You get this as the receipt for your donation."
    };
    let frame = Frame::service(app, why);
    let (arrived, by_stripe) = (dates::london_date(payment.at), payment.by_stripe);
    let check_above = app.setting(payments::CHECK_ABOVE, arrived);
    let check_days = app.setting(settings::CHECK_DAYS, arrived);
    let (party, day, contact) = (site.name, dates::day(arrived), site.contact_email);
    let stop = stop_page(app, gift);
    Letter::new(
        &frame,
        &Receipt { gift, party, day, contact, over_cap, by_stripe, check_above, check_days, stop },
    )
}

fn stop_page(app: &App, gift: &Gift) -> String {
    app.link(&format!("/donate/{}/stop", gift.id))
}

#[derive(Template)]
#[template(path = "donations/mail_stopped.md")]
struct Stopped<'a> {
    gift: &'a Gift,
    price: String,
    party: String,
    page: String,
}

/// A regular gift was stopped.
pub(super) fn stopped(app: &App, gift: &Gift) -> Result<Letter> {
    let frame = Frame::service(app, "You get this because you stopped a regular donation.");
    let party = app.settings().site(app.clock().today()).name;
    Letter::new(&frame, &Stopped { gift, price: gift.price(), party, page: app.link("/donate") })
}

#[derive(Template)]
#[template(path = "donations/mail_failed.md")]
struct Failed<'a> {
    gift: &'a Gift,
    price: String,
    next_try: Option<String>,
    is_stripe: bool,
    page: String,
    contact: EmailAddress,
}

/// A payment of a regular gift could not be collected.
pub(super) fn failed(
    app: &App,
    gift: &Gift,
    next_try: Option<DateTime<Utc>>,
    page: Option<&str>,
) -> Result<Letter> {
    let frame = Frame::service(app, "You get this because you make a regular donation.");
    let contact = app.settings().site(app.clock().today()).contact_email;
    let next_try = next_try.map(|at| dates::weekday(dates::london_date(at)));
    let page = page.filter(|_| next_try.is_some());
    let is_stripe = page.is_some();
    let page = page.map_or_else(|| stop_page(app, gift), str::to_owned);
    Letter::new(&frame, &Failed { gift, price: gift.price(), next_try, is_stripe, page, contact })
}

#[derive(Template)]
#[template(path = "donations/mail_refused.md")]
struct Refused<'a> {
    name: &'a str,
    amount: Money,
    day: String,
    party: String,
    contact: EmailAddress,
    reason: &'static str,
    then: Then,
    check_above: Money,
    join: String,
}

/// What follows for the membership that a donation paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Nothing,
    Ended,
    /// The last day on which they can pay anew and stay a member.
    Unpaid(NaiveDate),
}

/// To a donor whose donation is not kept.
pub(super) fn refused(app: &App, case: &Case, why: Why, then: Then) -> Result<Letter> {
    let site = app.settings().site(app.clock().today());
    let frame = Frame::service(app, "You get this because you made a donation.");
    let reason = match why {
        Why::NotOnRegister => {
            "The law lets us keep a donation of this size only if the donor is on a UK electoral register, the list of people who may vote. We could not find you on one."
        }
        Why::Unidentified => {
            "The law does not let us keep a donation of this size without knowing who it is from."
        }
        Why::NotPermissible => "The law and our rules do not let us keep this donation.",
        Why::AboveCap => "It would take you over the limit of what one person may give us in a year.",
        Why::AboveOverseasCap => {
            "It would take you over what the law lets somebody who votes from abroad give in a year."
        }
        Why::PartyRules | Why::WentBack => "Our rules do not let us keep this donation.",
    };
    let (party, day, contact) = (site.name, dates::day(case.received_on), site.contact_email);
    let check_above = app.setting(payments::CHECK_ABOVE, app.clock().today());
    let (name, amount, join) = (&case.donor.name, case.amount, app.link("/sign-in?next=/join"));
    let letter = Refused { name, amount, day, party, contact, reason, then, check_above, join };
    Letter::new(&frame, &letter)
}

#[derive(Template)]
#[template(path = "donations/mail_clock.md")]
struct Clock<'a> {
    name: &'a str,
    cases: &'a [&'a Case],
    today: NaiveDate,
    late: bool,
    page: String,
}

/// To an officer, about donations that need a decision. No donor is named.
pub(super) fn clock(app: &App, name: &str, cases: &[&Case], today: NaiveDate) -> Result<Letter> {
    let frame = Frame::service(app, "You get this because you check donors.");
    let late = cases.iter().any(|case| case.is_late(today));
    let page = app.link("/admin/donations");
    Letter::new(&frame, &Clock { name, cases, today, late, page })
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    use super::model::{Books, Donor};
    let at = app.clock().now();
    let gift = |needs_check| Gift {
        id: uuid::Uuid::nil(),
        name: name.to_owned(),
        email: "ana@example.org".parse().expect("an address"),
        address: None,
        amount: Money::from_pence(123_456),
        every: None,
        person: None,
        created_at: at,
        paid_at: Some(at),
        is_returned: false,
        needs_check,
    };
    let today = app.clock().today();
    let case = |days_ago| {
        let received_on = today - chrono::Days::new(days_ago);
        Case {
            line: uuid::Uuid::nil(),
            kind: super::GIFTS.into(),
            amount: Money::from_pence(123_456),
            received_on,
            decide_by: received_on + chrono::Days::new(30),
            donor: Donor { name: name.to_owned(), email: None, address: None, person: None },
            decision: None,
            books: Books::default(),
        }
    };
    let (warned, late) = (case(14), case(31));
    let refused = |why, then| ("donations/mail_refused", refused(app, &warned, why, then));
    let mut mails: Vec<_> = Why::ALL.map(|why| refused(why, Then::Nothing)).into();
    mails.extend([Then::Ended, Then::Unpaid(today)].map(|then| refused(Why::NotOnRegister, then)));
    let monthly = Gift { every: Some(crate::kit::stripe::Interval::Month), ..gift(false) };
    for (next_try, page) in
        [(Some(at), Some("https://pay.example/i/acct_1/x_y?s=a*b*c")), (Some(at), None), (None, None)]
    {
        mails.push(("donations/mail_failed", failed(app, &monthly, next_try, page)));
    }
    let paid =
        |by_stripe| Unheard { line: uuid::Uuid::nil(), at, amount: Money::from_pence(123_456), by_stripe };
    let (paid, entered) = (paid(true), paid(false));
    mails.extend([
        ("donations/mail_stopped", stopped(app, &monthly)),
        ("donations/mail_receipt", receipt(app, &monthly, &paid, false)),
        ("donations/mail_clock", clock(app, name, &[&warned], today)),
        ("donations/mail_clock", clock(app, name, &[&late, &warned], today)),
        ("donations/mail_receipt", receipt(app, &gift(false), &paid, false)),
        ("donations/mail_receipt", receipt(app, &gift(true), &paid, false)),
        ("donations/mail_receipt", receipt(app, &gift(true), &paid, true)),
        ("donations/mail_receipt", receipt(app, &gift(true), &entered, true)),
    ]);
    mails
}
