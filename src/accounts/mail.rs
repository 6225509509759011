//! What an account's mails say.

use askama::Template;

use super::{
    model::{CODE_TRIES_A_DAY, EMAIL_CHANGE_HOURS, Office, REQUEST_MINUTES},
    rooms::Begun,
};
use crate::kit::{
    app::App,
    email_address::EmailAddress,
    error::Result,
    mail::{Frame, Letter},
};

fn frame(app: &App) -> Frame {
    Frame::service(app, "You get this because of something done with your account, or with your address.")
}

/// The code is not in the subject: subjects are kept, and officers see them.
#[derive(Template)]
#[template(path = "accounts/mail_sign_in.md")]
struct SignIn<'a> {
    name: &'a str,
    link: String,
    code: Option<&'a str>,
    with_password: bool,
    minutes: i64,
}

/// Without a code only the link signs in; `with_password` says that the code is not enough by itself.
pub(super) fn sign_in(
    app: &App,
    name: &str,
    token: &str,
    code: Option<&str>,
    with_password: bool,
) -> Result<Letter> {
    let link = app.link(&format!("/sign-in/link/{token}"));
    Letter::new(&frame(app), &SignIn { name, link, code, with_password, minutes: REQUEST_MINUTES })
}

#[derive(Template)]
#[template(path = "accounts/mail_codes.md")]
struct CodesGuessed<'a> {
    name: &'a str,
    tries: i64,
    sign_in: String,
    contact: String,
}

/// For the owner of an account whose codes somebody is guessing.
pub(super) fn codes_guessed(app: &App, name: &str) -> Result<Letter> {
    let (sign_in, contact) = (app.link("/sign-in"), app.link("/contact"));
    Letter::new(&frame(app), &CodesGuessed { name, tries: CODE_TRIES_A_DAY, sign_in, contact })
}

#[derive(Template)]
#[template(path = "accounts/mail_unknown.md")]
struct Unknown<'a> {
    join: String,
    begun: Option<&'a Begun>,
    path: String,
}

/// `begun` is what they have begun with this address and not brought to an end.
pub(super) fn unknown_address(app: &App, begun: Option<&Begun>) -> Result<Letter> {
    let path = begun.map(|begun| app.link(&begun.path)).unwrap_or_default();
    Letter::new(&frame(app), &Unknown { join: app.link("/join"), begun, path })
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
#[template(path = "accounts/mail_confirm_address.md")]
struct ConfirmAddress<'a> {
    name: &'a str,
    email: &'a EmailAddress,
    link: String,
    is_old: bool,
    hours: i64,
}

/// For the address that is wanted, and for the one that is to be left.
pub(super) fn confirm_address(
    app: &App,
    name: &str,
    email: &EmailAddress,
    token: &str,
    is_old: bool,
) -> Result<Letter> {
    let link = app.link(&format!("/account/email/{token}"));
    Letter::new(&frame(app), &ConfirmAddress { name, email, link, is_old, hours: EMAIL_CHANGE_HOURS })
}

#[derive(Template)]
#[template(path = "accounts/mail_address_taken.md")]
struct AddressTaken<'a> {
    name: &'a str,
    contact: String,
}

/// For the owner of an address that somebody wants for another account.
pub(super) fn address_taken(app: &App, name: &str) -> Result<Letter> {
    Letter::new(&frame(app), &AddressTaken { name, contact: app.link("/contact") })
}

#[derive(Template)]
#[template(path = "accounts/mail_address_moved.md")]
struct AddressMoved<'a> {
    name: &'a str,
    email: &'a EmailAddress,
    contact: String,
}

pub(super) fn address_moved(app: &App, name: &str, email: &EmailAddress) -> Result<Letter> {
    Letter::new(&frame(app), &AddressMoved { name, email, contact: app.link("/contact") })
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

#[derive(Template)]
#[template(path = "accounts/mail_appointed.md")]
struct Appointed<'a> {
    name: &'a str,
    office: String,
    party: String,
    desk: String,
    contact: String,
}

pub(super) fn appointed(app: &App, name: &str, office: &Office) -> Result<Letter> {
    let party = app.settings().site(app.clock().today()).name;
    let (office, desk, contact) = (office.to_string(), app.link("/admin"), app.link("/contact"));
    Letter::new(&frame(app), &Appointed { name, office, party, desk, contact })
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    use super::model::Role;
    use crate::places::Region;

    let token = "t".repeat(43);
    let email: EmailAddress = "ana_b*c@example.org".parse().expect("an address");
    let (words, button) = ("You filled in our form and have not paid yet.", "Continue to payment");
    let begun = Begun { words, button, path: "/join/a-b_c".to_owned() };
    let sign_in = |code, officer| ("accounts/mail_sign_in", sign_in(app, name, &token, code, officer));
    vec![
        sign_in(Some("042195"), false),
        sign_in(Some("042195"), true),
        sign_in(None, true),
        ("accounts/mail_codes", codes_guessed(app, name)),
        ("accounts/mail_unknown", unknown_address(app, None)),
        ("accounts/mail_unknown", unknown_address(app, Some(&begun))),
        ("accounts/mail_address", address_changed(app, name)),
        ("accounts/mail_confirm_address", confirm_address(app, name, &email, &token, true)),
        ("accounts/mail_confirm_address", confirm_address(app, name, &email, &token, false)),
        ("accounts/mail_address_taken", address_taken(app, name)),
        ("accounts/mail_address_moved", address_moved(app, name, &email)),
        ("accounts/mail_password", password_changed(app, name)),
        (
            "accounts/mail_appointed",
            appointed(app, name, &Office { role: Role::Organiser, region: Some(Region::NorthWest) }),
        ),
        ("accounts/mail_appointed", appointed(app, name, &Office { role: Role::Treasurer, region: None })),
    ]
}
