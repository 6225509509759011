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
    name: &'a str,
    link: &'a str,
    days: i64,
}

#[derive(Template)]
#[template(path = "supporters/mail_confirm.html")]
struct ConfirmHtml<'a> {
    letter: Frame,
    name: &'a str,
    link: &'a str,
    days: i64,
}

pub(super) fn confirm(app: &App, name: &str, token: &str) -> Result<Letter> {
    let letter = || Frame::service(app, "You get this because this address was entered on our website.");
    let link = &app.link(&format!("/support/confirm/{token}"));
    let site = app.settings().site(app.clock().today()).name;
    Letter::new(
        format!("One press to support {}", the(&site)),
        &ConfirmText { letter: letter(), name, link, days: CONFIRM_DAYS },
        &ConfirmHtml { letter: letter(), name, link, days: CONFIRM_DAYS },
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

pub(super) fn welcome(app: &App, name: &str, link: &str, is_member: bool) -> Result<Letter> {
    let letter = || Frame::service(app, "You get this because you signed up as a supporter.");
    let join = &app.link("/join");
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
