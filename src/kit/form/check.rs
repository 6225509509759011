//! Reading what was typed, field by field.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::{FieldError, Form};
use crate::kit::{dates, email_address::EmailAddress, markdown, money, person_name, typed};

/// Of one text, named at once.
const MOST_FAULTS: usize = 5;

/// In which a date makes sense.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2100;

/// Reads fields and gathers every fault.
pub struct Check<'a> {
    form: &'a Form,
    errors: Vec<FieldError>,
}

impl<'a> Check<'a> {
    pub(super) fn new(form: &'a Form) -> Self {
        Self { form, errors: Vec::new() }
    }
}

impl Check<'_> {
    pub fn fail(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    /// What was sent once, without what cannot be seen at its ends. A field sent twice with different values is a fault:
    /// which one was meant?
    fn once(&mut self, name: &str) -> Option<&str> {
        let form = self.form;
        let mut sent = form.values.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str());
        let first = sent.next().unwrap_or_default();
        if sent.any(|other| other != first) {
            self.fail(name, "This was sent twice with different answers. Answer it once");
            return None;
        }
        Some(typed::trim(first))
    }

    fn line(&mut self, name: &str, longest: usize) -> Option<String> {
        let text = typed::clean(self.once(name)?).into_owned();
        if text.chars().count() > longest {
            self.fail(name, format!("Make this shorter: at most {longest} characters"));
            return None;
        }
        if text.chars().any(typed::is_hidden) {
            self.fail(name, "Type this again: it contains hidden characters that cannot be stored");
            return None;
        }
        Some(text)
    }

    /// One line that must not be empty, of at most so many characters.
    pub fn text(&mut self, name: &str, missing: &str, longest: usize) -> Option<String> {
        let text = self.line(name, longest)?;
        if !typed::is_visible(&text) {
            self.fail(name, missing);
            return None;
        }
        Some(text)
    }

    /// Whether anything that can be seen was typed.
    pub fn is_filled(&self, name: &str) -> bool {
        typed::is_visible(self.form.raw(name))
    }

    /// One line that may be empty.
    pub fn optional_text(&mut self, name: &str, longest: usize) -> Option<String> {
        self.line(name, longest)
    }

    /// The name of a person.
    pub fn person_name(&mut self, name: &str, missing: &str) -> Option<String> {
        let text = self.text(name, missing, person_name::LONGEST)?;
        person_name::judge(&text).map_err(|why| self.fail(name, why)).ok()?;
        Some(text)
    }

    /// Several lines that must not be all empty.
    pub fn paragraphs(&mut self, name: &str, missing: &str, longest: usize) -> Option<String> {
        let text = self.optional_paragraphs(name, longest)?;
        if !typed::is_visible(&text) {
            self.fail(name, missing);
            return None;
        }
        Some(text)
    }

    pub fn optional_paragraphs(&mut self, name: &str, longest: usize) -> Option<String> {
        // Word processors end lines in ways of their own.
        let text = typed::clean(self.once(name)?)
            .replace("\r\n", "\n")
            .replace(['\r', '\u{B}', '\u{C}', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
        if text.chars().count() > longest {
            self.fail(
                name,
                format!("Make this shorter: at most {} characters", money::grouped(longest as u64)),
            );
            return None;
        }
        if text.chars().any(|c| c != '\n' && c != '\t' && typed::is_hidden(c)) {
            self.fail(name, "Type this again: it contains hidden characters that cannot be stored");
            return None;
        }
        Some(text)
    }

    /// Several lines in Markdown that must not be all empty, and that a page and a mail can show as they are.
    pub fn markdown(&mut self, name: &str, missing: &str, longest: usize) -> Option<String> {
        let text = self.paragraphs(name, missing, longest)?;
        self.readable(name, text)
    }

    pub fn optional_markdown(&mut self, name: &str, longest: usize) -> Option<String> {
        let text = self.optional_paragraphs(name, longest)?;
        self.readable(name, text)
    }

    fn readable(&mut self, name: &str, text: String) -> Option<String> {
        let faults = markdown::faults(&text);
        if faults.is_empty() {
            return Some(text);
        }
        let said: Vec<_> = faults.iter().take(MOST_FAULTS).map(ToString::to_string).collect();
        self.fail(name, said.join(". "));
        None
    }

    /// A line that a type reads; its error is the message.
    pub fn parse<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let text = self.line(name, 1_000)?;
        text.parse().map_err(|error: T::Err| self.fail(name, error.to_string())).ok()
    }

    /// An email address. One that is a slip away from a well-known provider's is asked about once: sent again as it is,
    /// it passes, by the field that `f::email` adds.
    pub fn email(&mut self, name: &str) -> Option<EmailAddress> {
        let email = self.parse::<EmailAddress>(name)?;
        let insists = self.form.value(&format!("{name}_typed")) == self.form.value(name);
        if let Some(meant) = email.meant().filter(|_| !insists) {
            self.fail(name, format!("Did you mean {meant}? If {email} is right, send the form again"));
            return None;
        }
        Some(email)
    }

    /// One of several answers; anything else gets `missing`.
    pub fn choice<T: FromStr>(&mut self, name: &str, missing: &str) -> Option<T> {
        let text = self.once(name)?.to_owned();
        let choice = text.parse().ok();
        if choice.is_none() {
            self.fail(name, missing);
        }
        choice
    }

    /// An answer that may be missing or left over from another question: no fault if it is not one.
    pub fn said<T: FromStr>(&mut self, name: &str) -> Option<T> {
        self.once(name)?.parse().ok()
    }

    /// A line that a type reads, or nothing: `None` where it is empty, and after a fault.
    pub fn optional<T>(&mut self, name: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        if self.once(name)?.is_empty() { None } else { self.parse(name) }
    }

    /// Any number of answers, none twice; an unknown one gets `unknown`.
    pub fn choices<T: FromStr + PartialEq>(&mut self, name: &str, unknown: &str) -> Option<Vec<T>> {
        let mut choices = Vec::new();
        for (_, value) in self.form.values.iter().filter(|(field, _)| field == name) {
            match value.parse() {
                Ok(choice) if choices.contains(&choice) => {}
                Ok(choice) => choices.push(choice),
                Err(_) => {
                    self.fail(name, unknown);
                    return None;
                }
            }
        }
        Some(choices)
    }

    /// Whether a button of that name and value is chosen.
    pub fn chosen(&self, name: &str, value: &str) -> bool {
        self.form.checked(name, value)
    }

    /// Whether a box is ticked, which then sends `yes`.
    pub fn ticked(&mut self, name: &str) -> bool {
        let Some(sent) = self.once(name).map(str::to_owned) else { return false };
        if !matches!(sent.as_str(), "" | "yes") {
            self.fail(name, "Tick the box or leave it empty");
        }
        sent == "yes"
    }

    /// A box that has to be ticked.
    pub fn must_tick(&mut self, name: &str, missing: &str) -> Option<()> {
        let faults = self.errors.len();
        if self.ticked(name) {
            return Some(());
        }
        if self.errors.len() == faults {
            self.fail(name, missing);
        }
        None
    }

    /// A date in three fields, `{prefix}_day`, `{prefix}_month`, `{prefix}_year`; messages stand at the day.
    pub fn date(&mut self, prefix: &str, missing: &str) -> Option<NaiveDate> {
        let field = format!("{prefix}_day");
        let parts =
            ["day", "month", "year"].map(|part| self.once(&format!("{prefix}_{part}")).map(str::to_owned));
        let [Some(day), Some(month), Some(year)] = parts else { return None };
        if day.is_empty() || month.is_empty() || year.is_empty() {
            let is_whole = month.is_empty() && year.is_empty() && day.contains(['/', '-', '.', ' ']);
            self.fail(&field, if is_whole { "Enter day, month and year in a field each" } else { missing });
            return None;
        }
        let year = typed::plain(&year);
        let year = year.trim_end_matches(['.', ',']);
        if year.len() == 2 && year.bytes().all(|byte| byte.is_ascii_digit()) {
            self.fail(&field, "Enter the year in four figures, like 2001");
            return None;
        }
        let date = match (typed::day(&day), typed::month(&month), year.parse()) {
            (Some(day), Some(month), Ok(year)) if YEARS.contains(&year) => {
                NaiveDate::from_ymd_opt(year, month, day)
            }
            _ => None,
        };
        if date.is_none() {
            self.fail(&field, "Enter a real date, like 27 3 2001");
        }
        date
    }

    /// A date as [`Check::date`] reads it and a time of day in `{prefix}_time`, on London's clocks.
    pub fn moment(&mut self, prefix: &str, missing: &str) -> Option<DateTime<Utc>> {
        let day = self.date(prefix, missing);
        let field = format!("{prefix}_time");
        let time = typed::time(self.once(&field)?);
        if time.is_none() {
            self.fail(&field, "Enter a time of day, like 9am or 17:30");
        }
        dates::in_london(day?, time?).map_err(|why| self.fail(&field, why)).ok()
    }

    /// The same where nothing has to be entered; `None` also where nothing is.
    pub fn optional_date(&mut self, prefix: &str) -> Option<NaiveDate> {
        let is_empty =
            ["day", "month", "year"].iter().all(|part| self.form.is_empty(&format!("{prefix}_{part}")));
        if is_empty { None } else { self.date(prefix, "Enter the whole date, or leave it empty") }
    }

    /// A date in one field of type date, as filters have it; `None` also where it is empty. Postgres knows fewer years
    /// than chrono, and nobody asks for others.
    pub fn optional_day(&mut self, name: &str) -> Option<NaiveDate> {
        let text = self.once(name).filter(|text| !text.is_empty())?;
        match text.parse::<NaiveDate>() {
            Ok(day) if YEARS.contains(&day.year()) => return Some(day),
            Ok(_) => self.fail(name, "Enter a year between 1900 and 2100"),
            Err(_) => self.fail(name, "Enter a date like 2026-11-21"),
        }
        None
    }

    /// A password as it was typed: not trimmed, any character, 8 to 200 of them.
    pub fn password(&mut self, name: &str, missing: &str) -> Option<secrecy::SecretString> {
        let typed = self.form.raw(name);
        if typed.is_empty() {
            self.fail(name, missing);
        } else if typed.chars().count() > 200 {
            self.fail(name, "Use a password of at most 200 characters");
        } else {
            return Some(typed.into());
        }
        None
    }

    /// The command, or the form with all its messages.
    ///
    /// # Errors
    /// The form, if any field was wrong.
    pub fn finish<T>(self, command: impl FnOnce() -> Option<T>) -> Result<T, Form> {
        let mut form = self.form.clone();
        form.errors.extend(self.errors);
        if !form.errors.is_empty() {
            return Err(form);
        }
        command()
            .ok_or_else(|| form.failed("", "Something is missing. Check your answers and send them again"))
    }
}
