//! What is told of a vote to everybody on its roll.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::model::Ballot;

/// What everybody on the roll is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    Announced,
    Opened,
    /// To whoever has not voted, a day before the close.
    Reminder,
    Declared,
    Void,
    /// Announced before, and taken back.
    Withdrawn,
}

impl News {
    fn code(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Opened => "opened",
            Self::Reminder => "reminder",
            Self::Declared => "declared",
            Self::Void => "void",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub const ALL: [Self; 6] =
        [Self::Announced, Self::Withdrawn, Self::Opened, Self::Reminder, Self::Declared, Self::Void];

    pub fn name(self) -> &'static str {
        match self {
            Self::Announced => "Announcement",
            Self::Opened => "Opening",
            Self::Reminder => "Reminder",
            Self::Declared => "Result",
            Self::Void => "Called off",
            Self::Withdrawn => "Taken back",
        }
    }

    /// By which the sender of notices knows it. A vote that was taken back can be announced again, which is other news.
    pub fn key(self, ballot: &Ballot) -> String {
        let (id, code) = (ballot.id, self.code());
        match (self, ballot.announced_at) {
            (Self::Announced | Self::Withdrawn, Some(at)) => {
                format!("ballot:{id}:{code}:{}", at.timestamp_micros())
            }
            _ => format!("ballot:{id}:{code}"),
        }
    }
}

/// Tells everybody on a roll: a job, since a roll can be long.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellRoll {
    pub ballot: Uuid,
    pub news: News,
}
