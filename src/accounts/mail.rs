//! What an account's mails say.

use askama::Template;

use super::model::REQUEST_MINUTES;
use crate::kit::{
    app::App,
    error::Result,
    mail::{Frame, Letter},
};

macro_rules! pair {
    ($text:ident, $html:ident, $text_path:literal, $html_path:literal { $($field:ident : $type:ty),* $(,)? }) => {
        #[derive(Template)]
        #[template(path = $text_path)]
        struct $text<'a> { letter: Frame, $($field: $type),* }
        #[derive(Template)]
        #[template(path = $html_path)]
        struct $html<'a> { letter: Frame, $($field: $type),* }
    };
}

pair!(SignInText, SignInHtml, "accounts/mail_sign_in.txt", "accounts/mail_sign_in.html" { name: &'a str, link: &'a str, code: &'a str, minutes: i64 });
pair!(UnknownText, UnknownHtml, "accounts/mail_unknown.txt", "accounts/mail_unknown.html" { join: &'a str });
pair!(AddressText, AddressHtml, "accounts/mail_address.txt", "accounts/mail_address.html" { name: &'a str, contact: &'a str });
pair!(PasswordText, PasswordHtml, "accounts/mail_password.txt", "accounts/mail_password.html" { name: &'a str, account: &'a str });

fn frame(app: &App) -> Frame {
    Frame::service(app, "You get this because of something done with your account.")
}

pub(super) fn sign_in(app: &App, name: &str, token: &str, code: &str) -> Result<Letter> {
    let link = &app.link(&format!("/sign-in/link/{token}"));
    let minutes = REQUEST_MINUTES;
    Letter::new(
        // Not the code: subjects are kept, and officers see them.
        "Your sign-in code",
        &SignInText { letter: frame(app), name, link, code, minutes },
        &SignInHtml { letter: frame(app), name, link, code, minutes },
    )
}

pub(super) fn unknown_address(app: &App) -> Result<Letter> {
    let join = &app.link("/join");
    Letter::new(
        "Signing in: we do not know this address",
        &UnknownText { letter: frame(app), join },
        &UnknownHtml { letter: frame(app), join },
    )
}

/// For the address that was hers until now.
pub(super) fn address_changed(app: &App, name: &str) -> Result<Letter> {
    let contact = &app.link("/contact");
    Letter::new(
        "The address of your account was changed",
        &AddressText { letter: frame(app), name, contact },
        &AddressHtml { letter: frame(app), name, contact },
    )
}

pub(super) fn password_changed(app: &App, name: &str) -> Result<Letter> {
    let account = &app.link("/account");
    Letter::new(
        "Your password was changed",
        &PasswordText { letter: frame(app), name, account },
        &PasswordHtml { letter: frame(app), name, account },
    )
}
