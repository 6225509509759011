//! What members are told by mail about their declarations. None of it names a party.

use askama::Template;
use chrono::NaiveDate;

use super::model::OWN_PAGE;
use crate::kit::{
    app::App,
    dates,
    email_address::EmailAddress,
    error::Result,
    mail::{Frame, Letter},
};

fn frame(app: &App) -> Frame {
    Frame::service(app, "You get this because you joined and told us about another party.")
}

fn contact(app: &App) -> EmailAddress {
    app.settings().site(app.clock().today()).contact_email
}

#[derive(Template)]
#[template(path = "parties/mail_looked_at.md")]
struct LookedAt<'a> {
    name: &'a str,
    until: Option<String>,
    page: String,
    contact: EmailAddress,
}

/// Officers look at what a new member declared. `until` is the last day on which they can object.
pub(super) fn looked_at(app: &App, name: &str, until: Option<NaiveDate>) -> Result<Letter> {
    let (until, page, contact) = (until.map(dates::day), app.link(OWN_PAGE), contact(app));
    Letter::new(&frame(app), &LookedAt { name, until, page, contact })
}

#[derive(Template)]
#[template(path = "parties/mail_admitted.md")]
struct Admitted<'a> {
    name: &'a str,
    page: String,
}

/// Officers have no objection.
pub(super) fn admitted(app: &App, name: &str) -> Result<Letter> {
    Letter::new(&frame(app), &Admitted { name, page: app.link(OWN_PAGE) })
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    let day = app.clock().today();
    vec![
        ("parties/mail_looked_at", looked_at(app, name, Some(day))),
        ("parties/mail_looked_at", looked_at(app, name, None)),
        ("parties/mail_admitted", admitted(app, name)),
    ]
}
