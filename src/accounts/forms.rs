//! What is typed at sign-in and on the account page.

use secrecy::SecretString;
use uuid::Uuid;

use super::{
    model::{ConsentPurpose, Names, Role, safe_next},
    passwords,
};
use crate::{
    kit::{email_address::EmailAddress, form::Form, typed},
    places::Region,
};

pub(super) enum SignIn {
    ByMail { email: EmailAddress, next: String },
    ByPassword { email: EmailAddress, password: SecretString, next: String },
}

pub(super) fn sign_in(form: &Form) -> Result<SignIn, Form> {
    let mut check = form.check();
    let email = check.email("email");
    let next = safe_next(form.value("next")).to_owned();
    // Return in a field presses the first button, so that without a password it asks for a link.
    if form.value("how") == "link" || form.is_empty("password") {
        return check.finish(|| Some(SignIn::ByMail { email: email?, next }));
    }
    let password = check.password("password", "Enter your password");
    check.finish(|| Some(SignIn::ByPassword { email: email?, password: password?, next }))
}

pub(super) struct TypedCode {
    pub request: Uuid,
    pub digits: String,
    /// Asked of officers.
    pub password: Option<SecretString>,
}

pub(super) fn code(form: &Form) -> Result<TypedCode, Form> {
    let mut check = form.check();
    let request = check.choice("request", "Ask for a new code");
    let text = check.text("code", "Enter the 6-digit code from the email", 20);
    // People type it in two groups, as the mail shows it.
    let code = text.map(|text| {
        typed::plain(&text)
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '.' | ','))
            .collect::<String>()
    });
    if code.as_ref().is_some_and(|code| code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit())) {
        check.fail("code", "Enter the 6-digit code from the email");
    }
    let password =
        if form.is_empty("password") { None } else { check.password("password", "Enter your password") };
    check.finish(|| Some(TypedCode { request: request?, digits: code?, password }))
}

pub(super) fn new_password(form: &Form, name: &str, email: &str) -> Result<SecretString, Form> {
    let mut check = form.check();
    let password = check.password("password_new", "Enter a new password");
    if password.as_ref().is_some_and(|password| !passwords::is_strong_enough(password, &[name, email])) {
        check.fail(
            "password_new",
            "Choose a password that is harder to guess: three or four unrelated words work well",
        );
    }
    check.finish(|| password)
}

pub(super) fn names(form: &Form) -> Result<Names, Form> {
    let mut check = form.check();
    let name = check.person_name("name", "Enter your full name");
    let called = if form.value("called").trim().is_empty() {
        Some(String::new())
    } else {
        check.person_name("called", "Enter a name, or leave this empty")
    };
    check.finish(|| {
        let (name, called) = (name?, called?);
        let called = Some(called).filter(|called| !called.is_empty() && *called != name);
        Some(Names { name, called })
    })
}

pub(super) fn email(form: &Form) -> Result<EmailAddress, Form> {
    let mut check = form.check();
    let email = check.email("email");
    check.finish(|| email)
}

/// What somebody agrees to from now on.
pub(super) fn consents(form: &Form) -> Result<Vec<ConsentPurpose>, Form> {
    let mut check = form.check();
    let agreed = check.choices("consent", "Choose from the boxes on the page");
    check.finish(|| agreed)
}

pub(super) struct NewOfficer {
    pub email: EmailAddress,
    pub name: String,
    pub role: Role,
    pub region: Option<Region>,
}

pub(super) fn new_officer(form: &Form) -> Result<NewOfficer, Form> {
    let mut check = form.check();
    let email = check.email("email");
    let name = check.person_name("name", "Enter the officer’s full name");
    let role = check.choice::<Role>("role", "Choose an office");
    let region = if role == Some(Role::Organiser) {
        check.choice::<Region>("region", "Choose the organiser's region")
    } else {
        if check.is_filled("region") {
            check.fail("region", "Only an organiser has a region. Choose that office, or “None” here");
        }
        None
    };
    check.finish(|| Some(NewOfficer { email: email?, name: name?, role: role?, region }))
}
