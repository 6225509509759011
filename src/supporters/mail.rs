use askama::Template;

use super::model::CONFIRM_DAYS;
use crate::kit::{
    app::App,
    error::Result,
    mail::{Frame, Letter},
};

#[derive(Template)]
#[template(path = "supporters/mail_confirm.md")]
struct Confirm {
    party: String,
    link: String,
    days: i64,
}

/// Holds nothing that was typed: whoever filled in the form may have meant it for somebody else to read.
pub(super) fn confirm(app: &App, token: &str) -> Result<Letter> {
    let frame = Frame::service(app, "You get this because this address was entered on our website.");
    let link = app.link(&format!("/support/confirm/{token}"));
    let party = the(&app.settings().site(app.clock().today()).name);
    Letter::new(&frame, &Confirm { party, link, days: CONFIRM_DAYS })
}

#[derive(Template)]
#[template(path = "supporters/mail_welcome.md")]
struct Welcome<'a> {
    name: &'a str,
    link: &'a str,
    join: &'a str,
    is_member: bool,
    days: i64,
}

/// `link` signs them in once and leads to their page, `join` to the form for members.
pub(super) fn welcome(app: &App, name: &str, link: &str, join: &str, is_member: bool) -> Result<Letter> {
    let frame = Frame::service(app, "You get this because you signed up as a supporter.");
    Letter::new(&frame, &Welcome { name, link, join, is_member, days: CONFIRM_DAYS })
}

/// `the Breakthrough Party`, as one says it in a sentence.
fn the(name: &str) -> String {
    if name.starts_with("The ") || !name.contains("Party") { name.to_owned() } else { format!("the {name}") }
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    let (link, join) = (app.link("/sign-in/link/a_b-c_d"), app.link("/sign-in/link/e_f?next=/join&x=1"));
    let welcome = |is_member| ("supporters/mail_welcome", welcome(app, name, &link, &join, is_member));
    vec![("supporters/mail_confirm", confirm(app, "a_b-c_d")), welcome(false), welcome(true)]
}
