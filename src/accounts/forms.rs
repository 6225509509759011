//! What is typed at sign-in and on the account page.

use secrecy::SecretString;
use uuid::Uuid;

use super::{
    model::{Role, safe_next},
    passwords,
};
use crate::{
    kit::{email_address::EmailAddress, form::Form},
    places::Region,
};

pub(super) enum SignIn {
    ByMail { email: EmailAddress, next: String },
    ByPassword { email: EmailAddress, password: SecretString, next: String },
}

pub(super) fn sign_in(form: &Form) -> Result<SignIn, Form> {
    let mut check = form.check();
    let email = check.parse::<EmailAddress>("email");
    let next = safe_next(form.value("next")).to_owned();
    if form.value("how") == "link" {
        return check.finish(|| Some(SignIn::ByMail { email: email?, next }));
    }
    let password = check.password("password", "Enter your password, or ask for a link by email");
    check.finish(|| Some(SignIn::ByPassword { email: email?, password: password?, next }))
}

pub(super) struct Code {
    pub request: Uuid,
    pub code: String,
}

pub(super) fn code(form: &Form) -> Result<Code, Form> {
    let mut check = form.check();
    let request = check.choice("request", "Ask for a new code");
    let typed = check.text("code", "Enter the 6-digit code from the email", 20);
    // People type it in two groups, as the mail shows it.
    let code = typed.map(|text| text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>());
    if code.as_ref().is_some_and(|code| code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit())) {
        check.fail("code", "Enter the 6-digit code from the email");
    }
    check.finish(|| Some(Code { request: request?, code: code? }))
}

pub(super) fn new_password(form: &Form, name: &str, email: &str) -> Result<SecretString, Form> {
    let mut check = form.check();
    let password = check.password("password_new", "Enter a new password");
    if password.as_ref().is_some_and(|password| !passwords::is_strong_enough(password, &[name, email])) {
        check.fail(
            "password_new",
            "Choose a password that is harder to guess: three or four unrelated words are good",
        );
    }
    check.finish(|| password)
}

pub(super) struct NewOfficer {
    pub email: EmailAddress,
    pub name: String,
    pub role: Role,
    pub region: Option<Region>,
}

pub(super) fn new_officer(form: &Form) -> Result<NewOfficer, Form> {
    let mut check = form.check();
    let email = check.parse::<EmailAddress>("email");
    let name = check.text("name", "Enter the officer's full name", 100);
    let role = check.choice::<Role>("role", "Choose an office");
    let region = if role == Some(Role::Organiser) {
        check.choice::<Region>("region", "Choose the organiser's region")
    } else {
        None
    };
    check.finish(|| Some(NewOfficer { email: email?, name: name?, role: role?, region }))
}
