use askama::Template;

use super::model::CONFIRM_DAYS;
use crate::kit::{
    app::App,
    error::Result,
    mail::{Frame, Letter},
};

#[derive(Template)]
#[template(path = "supporters/mail_confirm.txt")]
struct ConfirmText<'a> {
    letter: Frame,
    link: &'a str,
    days: i64,
}

#[derive(Template)]
#[template(path = "supporters/mail_confirm.html")]
struct ConfirmHtml<'a> {
    letter: Frame,
    link: &'a str,
    days: i64,
}

/// Holds nothing that was typed: whoever filled in the form may have meant it for somebody else to read.
pub(super) fn confirm(app: &App, token: &str) -> Result<Letter> {
    let letter = || Frame::service(app, "You get this because this address was entered on our website.");
    let link = &app.link(&format!("/support/confirm/{token}"));
    let site = app.settings().site(app.clock().today()).name;
    Letter::new(
        format!("One more step to support {}", the(&site)),
        &ConfirmText { letter: letter(), link, days: CONFIRM_DAYS },
        &ConfirmHtml { letter: letter(), link, days: CONFIRM_DAYS },
    )
}

#[derive(Template)]
#[template(path = "supporters/mail_welcome.txt")]
struct WelcomeText<'a> {
    letter: Frame,
    name: &'a str,
    link: &'a str,
    join: &'a str,
    is_member: bool,
    days: i64,
}

#[derive(Template)]
#[template(path = "supporters/mail_welcome.html")]
struct WelcomeHtml<'a> {
    letter: Frame,
    name: &'a str,
    link: &'a str,
    join: &'a str,
    is_member: bool,
    days: i64,
}

/// `link` signs her in once and leads to her page, `join` to the form for members.
pub(super) fn welcome(app: &App, name: &str, link: &str, join: &str, is_member: bool) -> Result<Letter> {
    let letter = || Frame::service(app, "You get this because you signed up as a supporter.");
    let days = CONFIRM_DAYS;
    Letter::new(
        "Good to have you with us",
        &WelcomeText { letter: letter(), name, link, join, is_member, days },
        &WelcomeHtml { letter: letter(), name, link, join, is_member, days },
    )
}

/// `the Breakthrough Party`, as one says it in a sentence.
fn the(name: &str) -> String {
    if name.starts_with("The ") || !name.contains("Party") { name.to_owned() } else { format!("the {name}") }
}
