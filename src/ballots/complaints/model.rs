//! What somebody has against a vote, and where that stands. Pure.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    ballots::model::{Ballot, State},
    kit::codes::codes,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    Roll,
    Conduct,
    Result,
}
codes!(About { Roll = "roll", Conduct = "conduct", Result = "result" });

impl About {
    pub fn name(self) -> &'static str {
        match self {
            Self::Roll => "Who may vote",
            Self::Conduct => "How the vote is run",
            Self::Result => "The result",
        }
    }

    /// What can be complained about now.
    pub fn possible(ballot: &Ballot, now: DateTime<Utc>) -> Vec<Self> {
        match ballot.state {
            State::Announced => vec![Self::Roll, Self::Conduct],
            State::Open | State::Closed | State::Counted => vec![Self::Conduct],
            State::Declared if ballot.is_provisional(now) => vec![Self::Result, Self::Conduct],
            State::Declared | State::Draft | State::Void => Vec::new(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Complaint {
    pub id: Uuid,
    pub ballot: Uuid,
    pub person: Uuid,
    pub name: String,
    pub about: About,
    pub words: String,
    pub made_at: DateTime<Utc>,
    pub reply: Option<(String, DateTime<Utc>)>,
    pub replied_by: Option<Uuid>,
    pub appeal: Option<(String, DateTime<Utc>)>,
    pub decision: Option<(String, DateTime<Utc>)>,
}

impl Complaint {
    /// What an officer still owes.
    pub fn waits(&self) -> bool {
        self.reply.is_none() || (self.appeal.is_some() && self.decision.is_none())
    }

    pub fn tag(&self) -> (&'static str, &'static str) {
        match (&self.reply, &self.appeal, &self.decision) {
            (None, ..) => ("wait", "To answer"),
            (Some(_), None, _) => ("good", "Answered"),
            (Some(_), Some(_), None) => ("wait", "Appeal to decide"),
            (Some(_), Some(_), Some(_)) => ("good", "Appeal decided"),
        }
    }
}
