//! What everybody is told of an election who could vote in it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    Called,
    /// Steps that were moved and when they are now, in words; and the moment of the change.
    Moved {
        steps: Vec<String>,
        at: i64,
    },
    CalledOff,
}

impl News {
    /// By which the sender of notices knows it.
    pub fn key(&self, election: Uuid) -> String {
        match self {
            Self::Called => format!("election:{election}:notice"),
            Self::Moved { at, .. } => format!("election:{election}:moved:{at}"),
            Self::CalledOff => format!("election:{election}:called_off"),
        }
    }
}

/// Tells them: a job, since they can be many.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellElectors {
    pub election: Uuid,
    pub news: News,
}
