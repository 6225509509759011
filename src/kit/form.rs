//! What was typed into a form, and what is wrong with it.
//!
//! A handler takes [`Form`]; the room's `forms.rs` reads it with a [`Check`] into a typed command or gives back
//! the same form with every message, which the page shows beside the fields with the values kept:
//!
//! ```ignore
//! pub fn parse(form: &Form) -> Result<Join, Form> {
//!     let mut check = form.check();
//!     let name = check.person_name("name", "Enter your full name");
//!     let email = check.email("email");
//!     check.finish(|| Some(Join { name: name?, email: email? }))
//! }
//! ```
//!
//! Fields whose name starts with `password` are never shown again.

mod check;

use std::fmt;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::header,
};
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use check::Check;

use super::{app::App, dates, error::Error};

#[derive(Clone, Default)]
pub struct Form {
    values: Vec<(String, String)>,
    errors: Vec<FieldError>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

/// Names only: values are personal.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.values.iter().map(|(name, _)| name).collect();
        f.debug_struct("Form").field("fields", &names).field("errors", &self.errors).finish()
    }
}

/// The hidden field of a form that edits a record.
const VERSION: &str = "version";

/// Said first when somebody else was quicker.
pub const OVERTAKEN: &str = "Somebody else saved this while you were writing. Nothing of yours is lost: it is below, with what is saved now beside it. Save again to replace that";

/// Beside a field of a form that somebody else has saved meanwhile.
pub fn saved_meanwhile(theirs: &str) -> String {
    if theirs.is_empty() { "Saved now: nothing".to_owned() } else { format!("Saved now: “{theirs}”") }
}

/// More fields than any form of ours has.
const MOST_FIELDS: usize = 2_000;

/// A filter in an address that says nothing that can be looked for: shown unfiltered, a list would be the wrong answer.
pub const UNREADABLE: Error = Error::Invalid("We could not read this address. Start again from the list.");

/// What stands behind the `?` of an address, as a form that was sent.
///
/// # Errors
/// Invalid, if it is nothing that a form sends.
pub fn read_query(query: Option<String>) -> Result<Form, Error> {
    let values = serde_html_form::from_str(&query.unwrap_or_default()).map_err(|_| UNREADABLE)?;
    Ok(Form::from_values(values))
}

impl Form {
    /// A form filled with what is known already, for a page that edits something.
    pub fn filled<const N: usize>(values: [(&str, String); N]) -> Self {
        Self {
            values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            errors: Vec::new(),
        }
    }

    /// A group of boxes is sent as `name[]`, which marks it in the page as a name that may come more than once;
    /// here it is `name`.
    pub fn from_values(mut values: Vec<(String, String)>) -> Self {
        for (name, _) in &mut values {
            if let Some(plain) = name.strip_suffix("[]") {
                *name = plain.to_owned();
            }
        }
        Self { values, errors: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.push((name.to_owned(), value.into()));
        self
    }

    /// The same with a date in its three fields, as [`Check::date`] reads it.
    #[must_use]
    pub fn with_date(self, name: &str, date: NaiveDate) -> Self {
        self.with(&format!("{name}_day"), date.day().to_string())
            .with(&format!("{name}_month"), date.month().to_string())
            .with(&format!("{name}_year"), date.year().to_string())
    }

    /// The same with a moment, as [`Check::moment`] reads it.
    #[must_use]
    pub fn with_moment(self, name: &str, at: DateTime<Utc>) -> Self {
        self.with_date(name, dates::london_date(at)).with(&format!("{name}_time"), dates::time_of_day(at))
    }

    /// With a key of its own in the hidden field of `f::key`, for a page that adds something: sent twice, it is added once.
    #[must_use]
    pub fn keyed(self, key: Uuid) -> Self {
        self.set("key", key.to_string())
    }

    pub fn key(&self) -> Option<Uuid> {
        self.value("key").parse().ok()
    }

    /// The same with one value in place of all that stand under a name.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.retain(|(field, _)| field != name);
        self.with(name, value)
    }

    /// With the [version](Self::version) of what it is filled with in the hidden field of `f::version`.
    #[must_use]
    pub fn versioned(self) -> Self {
        let version = self.version();
        self.set(VERSION, version)
    }

    /// What tells one state of a record from another, for the form that edits it.
    pub fn version(&self) -> String {
        let mut values: Vec<_> = self.shown().filter(|(name, _)| *name != VERSION).collect();
        values.sort_unstable();
        let mut hash = Sha256::new();
        for (name, value) in values {
            // Neither can hold a nought.
            hash.update([name.as_bytes(), b"\0", value.as_bytes(), b"\0"].concat());
        }
        let hash: [u8; 32] = hash.finalize().into();
        hash.first_chunk().map(|first| format!("{:016x}", u64::from_be_bytes(*first))).unwrap_or_default()
    }

    /// The form again if somebody else has saved its record since the page was made: with all that was typed, what they
    /// saved beside each field that differs, and the version of that, so that sending it again replaces theirs. `now`
    /// is the form filled from the record, which is locked; if it carries a version, that of more than it shows, that
    /// counts. `say` puts a value that is a code into words.
    pub fn overtaken(&self, now: &Self, say: impl Fn(&str, &str) -> String) -> Option<Self> {
        let version =
            Some(now.value(VERSION)).filter(|it| !it.is_empty()).map_or_else(|| now.version(), str::to_owned);
        if self.value(VERSION) == version {
            return None;
        }
        let mut form = Self { values: self.values.clone(), errors: Vec::new() };
        let has = |name: &str| self.values.iter().any(|(field, _)| field == name);
        for (name, theirs) in now.shown().filter(|(name, _)| *name != VERSION && has(name)) {
            // A date has three fields and one message.
            let (field, theirs) = match name.rsplit_once('_') {
                Some((_, "month" | "year")) => continue,
                Some((date, "day")) => (name, now.date_in_figures(date)),
                _ => (name, theirs.to_owned()),
            };
            let ours = match name.strip_suffix("_day") {
                Some(date) => self.date_in_figures(date),
                None => self.value(name).replace("\r\n", "\n"),
            };
            if ours.trim() != theirs.trim() {
                form = form.failed(field, saved_meanwhile(&say(name, &theirs)));
            }
        }
        if form.errors.is_empty() {
            return None;
        }
        let told = FieldError { field: String::new(), message: OVERTAKEN.to_owned() };
        form.errors.insert(0, told);
        Some(form.set(VERSION, version))
    }

    fn date_in_figures(&self, name: &str) -> String {
        ["day", "month", "year"]
            .map(|part| self.value(&format!("{name}_{part}")).trim_start_matches('0'))
            .join(" ")
    }

    /// What stands in a field; empty if nothing does or the field is a password.
    pub fn value(&self, name: &str) -> &str {
        if name.starts_with("password") { "" } else { self.raw(name) }
    }

    /// Whether nothing was typed into a field; a password's too.
    pub fn is_empty(&self, name: &str) -> bool {
        self.raw(name).is_empty()
    }

    fn raw(&self, name: &str) -> &str {
        self.values.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Whether a box or button of that name and value is chosen.
    pub fn checked(&self, name: &str, value: &str) -> bool {
        self.values.iter().any(|(field, chosen)| field == name && chosen == value)
    }

    /// Every value that was sent under a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    pub fn error(&self, name: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == name).map(|error| error.message.as_str())
    }

    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// Every field as it was sent, passwords left out.
    pub fn shown(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values
            .iter()
            .filter(|(name, _)| !name.starts_with("password"))
            .map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// The same form with one message more.
    #[must_use]
    pub fn failed(mut self, field: &str, message: impl Into<String>) -> Self {
        self.errors.push(FieldError { field: field.to_owned(), message: message.into() });
        self
    }

    /// What a person could have typed or chosen, with the field's name in words, to be copied.
    pub fn said(&self) -> impl Iterator<Item = (String, &str)> {
        self.shown()
            .filter(|(_, value)| !value.trim().is_empty())
            .map(|(name, value)| (name.replace('_', " "), value))
    }

    pub fn check(&self) -> Check<'_> {
        Check::new(self)
    }

    /// Whether the button of that name was the one pressed.
    pub fn pressed(&self, name: &str) -> bool {
        self.values.iter().any(|(field, _)| field == name)
    }
}

impl FromRequest<App> for Form {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self, Error> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let is_form =
            kind.split(';').next().is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded");
        let empty = request.headers().get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
        let sent_nothing = kind.is_empty() && empty;
        if !is_form && !sent_nothing {
            return Err(Error::Invalid("That was not sent as a form. Use the form on the page."));
        }
        let body = Bytes::from_request(request, app).await.map_err(|rejection| {
            if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                Error::TooLarge
            } else {
                Error::Invalid("The form did not arrive whole. Send it again.")
            }
        })?;
        let values: Vec<(String, String)> = serde_html_form::from_bytes(&body)
            .map_err(|_| Error::Invalid("We could not read the form. Go back and send it again."))?;
        if values.len() > MOST_FIELDS {
            return Err(Error::Invalid("The form has more fields than it should."));
        }
        Ok(Self::from_values(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_overtaken_loses_nothing_and_sees_what_the_other_saved() {
        let record = |town: &str, phone: &str| {
            Form::filled([("town", town.to_owned()), ("phone", phone.to_owned())])
                .with_date("dob", NaiveDate::from_ymd_opt(1990, 2, 1).unwrap())
        };
        let plain = |_: &str, value: &str| value.to_owned();
        let seen = record("Bury", "").versioned();
        let typed = seen.clone().set("phone", "0161 496 0000");
        assert!(typed.overtaken(&record("Bury", ""), plain).is_none());
        // Somebody else moved them, and took the date of birth for another.
        let theirs = record("Leeds", "").set("dob_year", "1991");
        let back = typed.overtaken(&theirs, plain).unwrap();
        assert_eq!(back.errors()[0].message, OVERTAKEN);
        assert_eq!(back.error("town"), Some("Saved now: “Leeds”"));
        assert_eq!(back.error("dob_day"), Some("Saved now: “1 2 1991”"));
        assert_eq!(back.error("phone"), Some("Saved now: nothing"));
        assert_eq!((back.value("town"), back.value("phone")), ("Bury", "0161 496 0000"));
        // Sent again, knowing theirs, it passes, until somebody is quicker once more.
        assert!(back.overtaken(&theirs, plain).is_none());
        assert!(back.overtaken(&record("York", ""), plain).is_some());
        // The same thing typed by two is no quarrel, and no version is an old one.
        assert!(theirs.clone().set("version", "other").overtaken(&theirs, plain).is_none());
        assert!(record("Bury", "").overtaken(&theirs, plain).is_some());
        // Fields that the form does not have are not its business.
        let part = Form::filled([("phone", String::new())]);
        assert!(part.overtaken(&theirs, plain).is_none());
    }

    fn form(body: &str) -> Form {
        Form::from_values(serde_html_form::from_str(body).unwrap())
    }

    #[test]
    fn gathers_every_fault_and_keeps_what_was_typed() {
        let sent = form("name=&email=nope&password=secret&dob_day=31&dob_month=2&dob_year=2001");
        let mut check = sent.check();
        let name = check.text("name", "Enter your full name", 100);
        let email = check.email("email");
        let born = check.date("dob", "Enter your date of birth");
        let Err(back) = check.finish(|| Some((name?, email?, born?))) else { panic!("must not pass") };
        assert_eq!(back.errors().len(), 3);
        assert_eq!(back.value("email"), "nope");
        assert_eq!(back.value("password"), "");
        assert_eq!(back.error("dob_day"), Some("Enter a real date, like 27 3 2001"));
        assert!(!format!("{back:?}").contains("nope"));
    }

    #[test]
    fn a_date_that_was_filled_in_is_read_again() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 5);
        assert_eq!(Form::default().with_date("from", day.unwrap()).check().date("from", ""), day);
    }

    #[test]
    fn takes_names_as_people_write_them() {
        for name in ["Siân O'Neill", "עדי כהן", "محمد", "李小龙", "Zoë 🌹 Smith", "Nguyễn Văn A"]
        {
            let sent = Form::from_values(vec![("name".into(), name.into())]);
            assert_eq!(sent.check().text("name", "", 100).as_deref(), Some(name));
        }
        for bad in ["a\0b", "a\u{202E}b", "a\nb", "a\u{2028}b", "a\u{7}", "\u{200B}", "\u{3164}", "\u{2800}"]
        {
            let sent = Form::from_values(vec![("name".into(), bad.into())]);
            assert_eq!(sent.check().text("name", "", 100), None, "{bad:?}");
        }
    }

    #[test]
    fn a_likely_slip_in_an_address_is_asked_about_once() {
        let sent = form("email=ana%40gmial.com");
        let Err(back) = check_email(&sent) else { panic!("it asks") };
        assert_eq!(
            back.error("email"),
            Some("Did you mean ana@gmail.com? If ana@gmial.com is right, send the form again")
        );
        assert!(check_email(&form("email=ana%40gmial.com&email_typed=ana%40gmial.com")).is_ok());
        assert!(check_email(&form("email=ana%40gmaul.com&email_typed=ana%40gmial.com")).is_err());
        assert_eq!(check_email(&form("email=%E2%80%8Bana%40demo.test%E2%80%8B")).unwrap(), "ana@demo.test");
    }

    fn check_email(form: &Form) -> Result<String, Form> {
        let mut check = form.check();
        let email = check.email("email");
        check.finish(|| email.map(|email| email.to_string()))
    }

    #[test]
    fn a_month_may_be_a_word() {
        for month in ["March", "maw", "3"] {
            let sent = form(&format!("d_day=5&d_month={month}&d_year=2001"));
            assert_eq!(sent.check().date("d", ""), NaiveDate::from_ymd_opt(2001, 3, 5), "{month}");
        }
    }

    #[test]
    fn a_group_of_boxes_is_read_without_its_brackets() {
        let sent = form("help%5B%5D=leaflets&help%5B%5D=phones");
        assert_eq!(sent.check().choices::<String>("help", "").unwrap_or_default(), ["leaflets", "phones"]);
        assert!(sent.checked("help", "phones"));
        assert!(!sent.checked("help", "money"));
    }

    #[test]
    fn a_field_sent_twice_is_a_fault() {
        assert!(form("name=a&name=b").check().text("name", "", 9).is_none());
        assert_eq!(form("name=a&name=a").check().text("name", "", 9).as_deref(), Some("a"));
    }
}
