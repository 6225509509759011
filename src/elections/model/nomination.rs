//! Somebody who is nominated, and how far that is.

use std::borrow::Borrow;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    kit::{codes::codes, picture::Picture},
    pictures::Shot,
};

/// Why somebody does not stand any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Withdrawn,
    /// By the returning officer.
    Refused,
    /// Too few seconded them in time.
    Seconders,
    /// They could not stand any more.
    Barred,
    /// The election is over.
    Settled,
}
codes!(Ended {
    Withdrawn = "withdrawn",
    Refused = "refused",
    Seconders = "seconders",
    Barred = "barred",
    Settled = "settled",
});

#[derive(Clone, Debug)]
pub struct Nomination {
    pub id: Uuid,
    pub election: Uuid,
    pub person: Uuid,
    pub name: String,
    pub nominated_by: Uuid,
    pub nominator: String,
    pub nominated_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub declined_at: Option<DateTime<Utc>>,
    /// Markdown.
    pub statement: String,
    pub portrait: Option<Picture>,
    pub letter: String,
    pub stands: bool,
    /// On the ballot paper.
    pub number: Option<u16>,
    pub ended: Option<Ended>,
    pub ended_why: Option<String>,
    pub seconders: Vec<Seconder>,
}

/// What everybody reads of somebody who stands.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub id: Uuid,
    pub name: String,
    /// Markdown.
    pub statement: String,
    pub portrait: Option<Picture>,
}

impl Candidate {
    pub fn shot(&self) -> Option<Shot> {
        self.portrait.clone().map(|picture| Shot { picture, alt: format!("Portrait of {}", self.name) })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Seconder {
    pub person: Uuid,
    pub name: String,
}

/// How far a nomination is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They have not said yet whether they want to.
    Asked,
    Declined,
    /// So many seconders are missing.
    Wants(usize),
    Complete,
    Ended(Ended),
}

impl Nomination {
    pub fn path(&self, election: &str) -> String {
        format!("/elections/{election}/nominations/{}", self.id)
    }

    pub fn shot(&self) -> Option<Shot> {
        self.portrait.clone().map(|picture| Shot { picture, alt: format!("Portrait of {}", self.name) })
    }

    pub fn standing(&self, seconders: impl Borrow<u32>) -> Standing {
        if let Some(ended) = self.ended.filter(|ended| *ended != Ended::Settled) {
            return Standing::Ended(ended);
        }
        if self.declined_at.is_some() {
            return Standing::Declined;
        }
        if self.accepted_at.is_none() {
            return Standing::Asked;
        }
        let wanted = usize::try_from(*seconders.borrow()).unwrap_or(usize::MAX);
        match wanted.saturating_sub(self.seconders.len()) {
            0 => Standing::Complete,
            missing => Standing::Wants(missing),
        }
    }

    pub fn has_seconder(&self, person: &Uuid) -> bool {
        self.seconders.iter().any(|seconder| seconder.person == *person)
    }
}

/// Their names as a ballot paper has them: who is called the same is told apart by a number.
pub fn numbered(standing: &[Nomination]) -> Vec<String> {
    let name = |(at, it): (usize, &Nomination)| {
        let is_same = |other: &&Nomination| other.name.to_lowercase() == it.name.to_lowercase();
        match standing.iter().filter(is_same).count() {
            1 => it.name.clone(),
            _ => format!("{} ({})", it.name, standing[..=at].iter().filter(is_same).count()),
        }
    };
    standing.iter().enumerate().map(name).collect()
}

impl Standing {
    pub fn tag(self) -> (&'static str, String) {
        match self {
            Self::Asked => ("wait", "Asked whether they want to stand".to_owned()),
            Self::Declined => ("off", "Does not want to stand".to_owned()),
            Self::Wants(1) => ("wait", "Needs 1 more seconder".to_owned()),
            Self::Wants(missing) => ("wait", format!("Needs {missing} more seconders")),
            Self::Complete => ("good", "Complete".to_owned()),
            Self::Ended(Ended::Withdrawn) => ("off", "Withdrawn".to_owned()),
            Self::Ended(Ended::Refused) => ("off", "Refused by the returning officer".to_owned()),
            Self::Ended(Ended::Seconders) => ("off", "Not enough seconders in time".to_owned()),
            Self::Ended(Ended::Barred | Ended::Settled) => ("off", "Cannot stand any more".to_owned()),
        }
    }
}
