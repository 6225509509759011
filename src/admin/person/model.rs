//! A person's record and the words of its timeline.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    accounts::{ConsentPurpose, Role},
    admin::{log, people},
    kit::{markdown::shorten, money::Money},
    places::Region,
    supporters::Interest,
};

#[derive(Debug)]
pub struct Record {
    pub id: Uuid,
    pub name: String,
    pub email: String,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub postcode: Option<String>,
    pub region: Option<Region>,
    pub standing: String,
    pub created_at: DateTime<Utc>,
    pub membership: Option<Membership>,
    pub consents: Vec<Consent>,
    pub offices: Vec<Office>,
    pub notes: Vec<Note>,
    /// What this person wants to help with.
    pub interests: Vec<Interest>,
    pub payments: i64,
    pub paid_in_all: Money,
}

#[derive(Debug)]
pub struct Membership {
    pub number: i64,
    pub state: String,
    pub joined_on: NaiveDate,
    pub born_on: NaiveDate,
    pub address: String,
    pub pays: String,
    pub grace_until: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
    pub ended: Option<(NaiveDate, String)>,
    pub suspended: Option<(NaiveDate, String)>,
}

#[derive(Debug, Deserialize)]
pub struct Consent {
    pub purpose: String,
    pub wording: String,
    pub source: String,
    pub given_at: DateTime<Utc>,
    pub withdrawn_at: Option<DateTime<Utc>>,
    pub withdrawn_how: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct Office {
    pub role: String,
    pub region: Option<String>,
    pub granted_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

impl Office {
    /// `Regional organiser, North West`
    pub fn words(&self) -> String {
        office(Some(&self.role), self.region.as_deref())
    }
}

#[derive(Debug, Deserialize)]
pub struct Note {
    pub words: String,
    pub author: String,
    pub written_at: DateTime<Utc>,
}

impl Record {
    pub fn state(&self) -> Option<&str> {
        self.membership.as_ref().map(|membership| membership.state.as_str())
    }

    pub fn state_words(&self) -> &'static str {
        people::states::words(self.state(), &self.standing)
    }

    pub fn state_class(&self) -> &'static str {
        people::states::class(self.state(), &self.standing)
    }

    /// Whether organisers of the region may have the address.
    pub fn is_open_to_organisers(&self) -> bool {
        let purpose = ConsentPurpose::OrganiserContact.code();
        self.consents.iter().any(|consent| consent.purpose == purpose && consent.withdrawn_at.is_none())
    }

    /// `leafleting, social media`
    pub fn wants_to_help_with(&self) -> String {
        self.interests.iter().map(|interest| interest.name().to_lowercase()).collect::<Vec<_>>().join(", ")
    }

    pub fn is_ended(&self) -> bool {
        self.state() == Some("ended")
    }

    pub fn is_suspended(&self) -> bool {
        self.state() == Some("suspended")
    }
}

/// What a line of the timeline was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Audit,
    Payment,
    Consent,
    Mail,
    Note,
    Record,
}

/// One row of the timeline's query, before it is put into words.
#[derive(Debug)]
pub struct Happening {
    pub at: DateTime<Utc>,
    pub source: Source,
    pub what: String,
    pub detail: Value,
    pub by: Option<String>,
}

/// One line as it is read.
#[derive(Debug)]
pub struct Event {
    pub at: DateTime<Utc>,
    pub kind: &'static str,
    pub words: String,
    pub changes: Vec<log::Change>,
    pub by: String,
}

impl Happening {
    pub fn read(self) -> Event {
        let text = |key: &str| self.detail.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (kind, words, changes) = match self.source {
            Source::Audit => ("Change", log::action(&self.what), log::changes(&self.detail)),
            Source::Payment => ("Payment", payment(&self.what, &self.detail), Vec::new()),
            Source::Consent => ("Consent", consent(&self.what, &text("purpose"), &text("where")), Vec::new()),
            Source::Mail => ("Email", mail(&self.what, &text("subject")), Vec::new()),
            Source::Note => ("Note", shorten(&text("words"), 200), Vec::new()),
            Source::Record => ("Record", "First known to us".to_owned(), Vec::new()),
        };
        Event { at: self.at, kind, words, changes, by: self.by.unwrap_or_default() }
    }
}

fn payment(kind: &str, detail: &Value) -> String {
    let pence = detail.get("pence").and_then(Value::as_i64).unwrap_or_default();
    let amount = Money::from_pence(pence.saturating_abs());
    let purpose = match detail.get("purpose").and_then(Value::as_str) {
        Some("membership") => " for membership",
        Some("donation") => " as a gift",
        _ => "",
    };
    let method = match detail.get("method").and_then(Value::as_str) {
        Some("card") => " by card",
        Some("bacs_debit") => " by Direct Debit",
        _ => "",
    };
    match kind {
        "payment" => format!("Paid {amount}{purpose}{method}"),
        "refund" => format!("{amount} paid back"),
        "refund_failed" => format!("Paying {amount} back did not work"),
        "dispute" => format!("The bank took {amount} back"),
        "dispute_won" => format!("The bank returned {amount}"),
        other => format!("{}: {amount}", log::action(other)),
    }
}

fn consent(what: &str, purpose: &str, place: &str) -> String {
    let purpose = purpose.parse().map_or("something", people::consent_words);
    match what {
        "given" => format!("Agreed to {purpose} ({place})"),
        _ => format!("No longer agrees to {purpose} ({place})"),
    }
}

fn mail(what: &str, subject: &str) -> String {
    match what {
        "sent" => format!("We emailed “{subject}”"),
        "refused" => format!("The mail server refused “{subject}”"),
        "uncertain" => format!("“{subject}” may or may not have arrived"),
        _ => format!("“{subject}” waits to be sent"),
    }
}

pub fn office(role: Option<&str>, region: Option<&str>) -> String {
    let role = role.and_then(|code| code.parse::<Role>().ok()).map_or("Officer", Role::name);
    match region.and_then(|slug| slug.parse::<Region>().ok()) {
        Some(region) => format!("{role}, {region}"),
        None => role.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn money_in_plain_words() {
        let detail = json!({ "pence": 500, "purpose": "membership", "method": "bacs_debit" });
        assert_eq!(payment("payment", &detail), "Paid £5 for membership by Direct Debit");
        assert_eq!(payment("refund", &json!({ "pence": -500 })), "£5 paid back");
        assert_eq!(
            payment("dispute", &json!({ "pence": i64::MIN })),
            payment("dispute", &json!({ "pence": i64::MAX }))
        );
    }

    #[test]
    fn consents_and_offices_in_plain_words() {
        assert_eq!(
            consent("given", "email_updates", "joining form"),
            "Agreed to email updates (joining form)"
        );
        assert_eq!(office(Some("organiser"), Some("north-west")), "Regional organiser, North West");
    }
}
