//! What an account's mails say.

use askama::Template;

use super::model::REQUEST_MINUTES;
use crate::kit::{
    app::App,
    error::Result,
    mail::{Frame, Letter},
};

fn frame(app: &App) -> Frame {
    Frame::service(app, "You get this because of something done with your account.")
}

/// The code is not in the subject: subjects are kept, and officers see them.
#[derive(Template)]
#[template(path = "accounts/mail_sign_in.md")]
struct SignIn<'a> {
    name: &'a str,
    link: String,
    code: &'a str,
    minutes: i64,
}

pub(super) fn sign_in(app: &App, name: &str, token: &str, code: &str) -> Result<Letter> {
    let link = app.link(&format!("/sign-in/link/{token}"));
    Letter::new(&frame(app), &SignIn { name, link, code, minutes: REQUEST_MINUTES })
}

#[derive(Template)]
#[template(path = "accounts/mail_unknown.md")]
struct Unknown {
    join: String,
}

pub(super) fn unknown_address(app: &App) -> Result<Letter> {
    Letter::new(&frame(app), &Unknown { join: app.link("/join") })
}

#[derive(Template)]
#[template(path = "accounts/mail_address.md")]
struct AddressChanged<'a> {
    name: &'a str,
    contact: String,
}

/// For the address that was theirs until now.
pub(super) fn address_changed(app: &App, name: &str) -> Result<Letter> {
    Letter::new(&frame(app), &AddressChanged { name, contact: app.link("/contact") })
}

#[derive(Template)]
#[template(path = "accounts/mail_password.md")]
struct PasswordChanged<'a> {
    name: &'a str,
    account: String,
}

pub(super) fn password_changed(app: &App, name: &str) -> Result<Letter> {
    Letter::new(&frame(app), &PasswordChanged { name, account: app.link("/account") })
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    vec![
        ("accounts/mail_sign_in", sign_in(app, name, &"t".repeat(43), "042195")),
        ("accounts/mail_unknown", unknown_address(app)),
        ("accounts/mail_address", address_changed(app, name)),
        ("accounts/mail_password", password_changed(app, name)),
    ]
}
