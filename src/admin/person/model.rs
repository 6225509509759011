//! A person's record and the words of its timeline.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    accounts::{ConsentPurpose, Role, Rooms},
    admin::{log, people},
    kit::money::Money,
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

/// One row of the timeline's query, before it is put into words.
#[derive(Debug, sqlx::FromRow)]
pub struct Happening {
    pub at: DateTime<Utc>,
    pub source: String,
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

/// The lines that come from the audit log, whose words are its own.
const AUDIT: &str = "audit";

impl Happening {
    /// In words; `None` for a line that no room reads.
    pub fn read(self, rooms: Rooms) -> Option<Event> {
        let (kind, words, changes) = if self.source == AUDIT {
            let says = rooms.says(&self.what);
            let changes = says.map(|_| log::changes(&self.detail)).unwrap_or_default();
            ("Change", says.map_or(log::UNKNOWN, |says| says.words).to_owned(), changes)
        } else {
            let source = rooms.source(&self.source)?;
            (source.title, (source.words)(&self.what, &self.detail), Vec::new())
        };
        Some(Event { at: self.at, kind, words, changes, by: self.by.unwrap_or_default() })
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
    use super::*;

    #[test]
    fn offices_in_plain_words() {
        assert_eq!(office(Some("organiser"), Some("north-west")), "Regional organiser, North West");
    }
}
