//! What members are told who pay less for a time. Officers see the subject of a mail that comes back, so none says why.

use askama::Template;
use chrono::NaiveDate;

use super::{contact, frame};
use crate::{
    kit::{app::App, dates, error::Result, mail::Letter},
    membership::model::{Hardship, Membership},
};

enum Occasion {
    /// From the first day on.
    Declared(String),
    Ends,
    /// The first day of the usual rate.
    Over(String),
    Refused,
    /// Another usual rate, which begins later.
    Rate,
}

#[derive(Template)]
#[template(path = "membership/mail_hardship.md")]
struct HardshipMail<'a> {
    name: &'a str,
    occasion: Occasion,
    less: String,
    usual: String,
    until: String,
    page: String,
    contact: String,
}

fn letter(
    app: &App,
    name: &str,
    occasion: Occasion,
    membership: &Membership,
    hardship: Option<&Hardship>,
) -> Result<Letter> {
    let mail = HardshipMail {
        name,
        occasion,
        less: hardship.map(Hardship::price).unwrap_or_default(),
        usual: membership.price(),
        until: hardship.map(|it| dates::day(it.until)).unwrap_or_default(),
        page: app.link("/membership/hardship"),
        contact: contact(app),
    };
    Letter::new(&frame(app), &mail)
}

/// They pay less from a day on, or for longer. Also the notice of the new amount and its first day that payers by
/// Direct Debit are owed.
pub fn declared(
    app: &App,
    name: &str,
    membership: &Membership,
    hardship: &Hardship,
    from: NaiveDate,
) -> Result<Letter> {
    letter(app, name, Occasion::Declared(dates::day(from)), membership, Some(hardship))
}

/// It ends soon.
pub fn ends(app: &App, name: &str, membership: &Membership, hardship: &Hardship) -> Result<Letter> {
    letter(app, name, Occasion::Ends, membership, Some(hardship))
}

/// They pay their usual rate again. Also the notice of its first day.
pub fn over(app: &App, name: &str, membership: &Membership, from: NaiveDate) -> Result<Letter> {
    letter(app, name, Occasion::Over(dates::day(from)), membership, None)
}

/// Stripe would not take the smaller amount.
pub fn refused(app: &App, name: &str, membership: &Membership) -> Result<Letter> {
    letter(app, name, Occasion::Refused, membership, None)
}

/// Their usual rate has been changed; they go on paying less for a time.
pub fn rate_changed(app: &App, name: &str, membership: &Membership, hardship: &Hardship) -> Result<Letter> {
    letter(app, name, Occasion::Rate, membership, Some(hardship))
}

#[cfg(test)]
pub fn samples(
    app: &App,
    name: &str,
    membership: &Membership,
    day: NaiveDate,
) -> Vec<(&'static str, Result<Letter>)> {
    use crate::kit::money::Money;

    let hardship = Hardship {
        id: uuid::Uuid::nil(),
        person: membership.person,
        every: membership.every,
        amount: Money::from_pence(50),
        until: day,
        turn: 1,
        told: None,
        is_over: false,
    };
    [
        declared(app, name, membership, &hardship, day),
        ends(app, name, membership, &hardship),
        over(app, name, membership, day),
        refused(app, name, membership),
        rate_changed(app, name, membership, &hardship),
    ]
    .map(|letter| ("membership/mail_hardship", letter))
    .into()
}
