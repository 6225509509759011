//! Files, their columns and lines, and what becomes of each line. Pure.

mod columns;
mod decision;
mod line;

use std::borrow::Borrow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    accounts::{Permission, Role},
    kit::{codes::codes, money::grouped},
};

pub use columns::{Field, REPORT, faults, recognise};
pub use decision::{Decision, Emails, Known, Outcome, decide};
pub use line::{Entry, Read, Rules, Says, read};

/// Bring members from another system in.
pub const IMPORT_PEOPLE: Permission = Permission { code: "import_people", held_by: &[Role::Membership] };

/// Lines that are read, decided about and written together: one transaction.
pub const CHUNK: usize = 500;

/// How far a file has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has said yet what its columns hold.
    New,
    /// It is being checked, and nothing is written.
    Trying,
    Tried,
    Running,
    Finished,
}
codes!(Stage {
    New = "new",
    Trying = "trying",
    Tried = "tried",
    Running = "running",
    Finished = "finished",
});

impl Stage {
    /// Whether a job is working on it.
    pub fn is_busy(self) -> bool {
        matches!(self, Self::Trying | Self::Running)
    }

    pub fn is_new(self) -> bool {
        self == Self::New
    }

    pub fn is_tried(self) -> bool {
        self == Self::Tried
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::New => "Columns to match",
            Self::Trying => "Being checked",
            Self::Tried => "Checked, not imported",
            Self::Running => "Being imported",
            Self::Finished => "Imported",
        }
    }

    /// The class of its tag.
    pub fn look(self) -> &'static str {
        match self {
            Self::New | Self::Tried => "wait",
            Self::Trying | Self::Running => "off",
            Self::Finished => "good",
        }
    }
}

/// What a pass over a file found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub added: i64,
    pub filled: i64,
    pub unchanged: i64,
    pub rejected: i64,
    /// Lines that say that emails were stopped.
    pub stopped: i64,
    /// Consents to emails that are kept.
    pub agreed: i64,
    /// Lines that say yes, but not when or how.
    pub unproved: i64,
    /// Payments that are looked up at Stripe.
    pub customers: i64,
}

impl Counts {
    pub fn note(&mut self, outcome: Outcome, says: &Says) {
        *match outcome {
            Outcome::Added => &mut self.added,
            Outcome::Filled => &mut self.filled,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Rejected => &mut self.rejected,
        } += 1;
        match says {
            Says::Stopped => self.stopped += 1,
            Says::Unproved => self.unproved += 1,
            Says::Nothing | Says::Agreed { .. } => {}
        }
    }

    /// Lines of a file that bring something.
    pub fn writes(&self) -> i64 {
        self.added + self.filled
    }
}

/// `1 line`, `1,234 lines`
pub fn lines(count: impl Borrow<i64>) -> String {
    let count = *count.borrow();
    format!("{} {}", number(count), if count == 1 { "line" } else { "lines" })
}

/// A number for a page: `12,345`.
pub fn number(count: impl Borrow<i64>) -> String {
    grouped(count.borrow().unsigned_abs())
}

/// A file, and how far it has got.
#[derive(Clone, Debug)]
pub struct Import {
    pub id: Uuid,
    pub file_name: String,
    pub heads: Vec<String>,
    /// What each column is taken for, once somebody has said so.
    pub columns: Option<Vec<Option<Field>>>,
    pub stage: Stage,
    pub lines: i32,
    pub done: i32,
    pub counts: Counts,
    /// `None`: by the command.
    pub officer: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    /// When its lines were deleted.
    pub emptied_at: Option<DateTime<Utc>>,
}

/// A line as it came: its place in the file's order, the line of the file at which it begins, its cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: i32,
    pub at: i32,
    pub cells: Vec<String>,
}

/// Processes a file, as a check or to import it.
#[derive(Debug, Serialize, Deserialize)]
pub struct GoThrough {
    pub import: Uuid,
}

/// Lets a customer's payment at Stripe count for a member.
#[derive(Debug, Serialize, Deserialize)]
pub struct AdoptPayment {
    pub person: Uuid,
    pub customer: String,
}
