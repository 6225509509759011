//! A person's record and the words of its timeline.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    accounts::{Consent, ConsentPurpose, Rooms, Standing, Term},
    admin::log,
    kit::{dates, money::Money},
    membership::{EndReason, Membership, Note, State, Status},
    payments::{self, PaymentMethod},
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
    pub standing: Standing,
    pub created_at: DateTime<Utc>,
    pub membership: Option<Membership>,
    pub consents: Vec<Consent>,
    pub offices: Vec<Term>,
    pub notes: Vec<Note>,
    /// What this person wants to help with.
    pub interests: Vec<Interest>,
    pub payments: i64,
    pub paid_in_all: Money,
    /// How their membership is paid for, where Stripe collects it.
    pub pays: Option<Pays>,
}

/// A regular payment at Stripe, as far as it is shown beside what was paid.
#[derive(Debug, Deserialize)]
pub struct Pays {
    /// Stripe's id.
    id: String,
    state: String,
    next_on: Option<DateTime<Utc>>,
    is_ending: bool,
    /// Whether its first payment has arrived.
    is_paid: bool,
    failing_since: Option<DateTime<Utc>>,
    next_try: Option<DateTime<Utc>>,
    method: Option<PaymentMethod>,
}

impl Pays {
    pub fn stripe_page(&self, livemode: bool) -> String {
        payments::stripe_page(livemode, &self.id)
    }

    /// Whether another price can be asked for.
    pub fn is_changeable(&self) -> bool {
        self.is_paid && !self.is_ending && matches!(self.state.as_str(), "active" | "trialing" | "paused")
    }

    pub fn method_words(&self) -> String {
        self.method.as_ref().map_or_else(|| "Not known".to_owned(), PaymentMethod::words)
    }

    /// What is wrong with what it is charged to.
    pub fn trouble(&self, today: NaiveDate) -> Option<String> {
        let next = self.next_on.map(dates::london_date);
        let method = self.method.as_ref()?;
        if method.lost_at.is_some() {
            return Some("The bank has cancelled this Direct Debit: nothing can be collected.".to_owned());
        }
        method.trouble(today, next)
    }

    /// `On 21 December 2026`. Not how much: whoever pays less for a time is told from others on no officer's page.
    pub fn next_payment(&self) -> String {
        let day = |at: Option<DateTime<Utc>>| at.map(|at| dates::day(dates::london_date(at)));
        match (self.state.as_str(), self.failing_since) {
            ("canceled" | "incomplete_expired", _) => "None: the payments have ended".to_owned(),
            _ if self.is_ending => "None: renewal is stopped".to_owned(),
            (_, Some(since)) => {
                let next = day(self.next_try).map_or_else(
                    || "Stripe does not try again".to_owned(),
                    |day| format!("Stripe tries again on {day}"),
                );
                format!("Overdue since {}. {next}", dates::day(dates::london_date(since)))
            }
            ("incomplete", _) => "The first one is not confirmed yet".to_owned(),
            _ => day(self.next_on).map_or_else(|| "Not known".to_owned(), |day| format!("On {day}")),
        }
    }
}

impl Record {
    fn status(&self) -> Option<Status> {
        self.membership.as_ref().map(|membership| membership.state.status())
    }

    /// The colour and the words of their tag on a day.
    pub fn tag(&self, today: NaiveDate) -> (&'static str, String) {
        match &self.membership {
            Some(membership) => membership.tag(today),
            None => (self.standing.colour(), self.standing.name().to_owned()),
        }
    }

    /// Whether organisers of the region may have name and address.
    pub fn is_open_to_organisers(&self) -> bool {
        let purpose = ConsentPurpose::OrganiserContact;
        self.consents.iter().any(|consent| consent.purpose == purpose && consent.withdrawn.is_none())
    }

    /// `leafleting, social media`
    pub fn wants_to_help_with(&self) -> String {
        self.interests.iter().map(|interest| interest.name().to_lowercase()).collect::<Vec<_>>().join(", ")
    }

    pub fn is_ended(&self) -> bool {
        self.status() == Some(Status::Ended)
    }

    pub fn has_changeable_rate(&self) -> bool {
        !self.is_ended() && self.pays.as_ref().is_some_and(Pays::is_changeable)
    }

    pub fn is_suspended(&self) -> bool {
        self.status() == Some(Status::Suspended)
    }

    pub fn has_died(&self) -> bool {
        let state = self.membership.as_ref().map(|known| known.state);
        matches!(state, Some(State::Ended { reason: EndReason::Died, .. }))
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
            let changes = says.map(|_| log::changes(rooms, ("person", ""), &self.detail)).unwrap_or_default();
            ("Change", says.map_or(log::UNKNOWN, |says| says.words).to_owned(), changes)
        } else {
            let source = rooms.source(&self.source)?;
            (source.title, (source.words)(rooms, &self.what, &self.detail), Vec::new())
        };
        Some(Event { at: self.at, kind, words, changes, by: self.by.unwrap_or_default() })
    }
}
