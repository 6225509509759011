//! What an officer sets by hand for a time.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use uuid::Uuid;

use super::State;
use crate::kit::{codes::codes, dates};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverrideKind {
    /// Counts as a current member, although a payment is overdue or on its way.
    Current,
    /// May not vote, whatever else is true.
    NoVote,
}
codes!(OverrideKind { Current = "current", NoVote = "no_vote" });

impl OverrideKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "Counts as a current member",
            Self::NoVote => "May not vote",
        }
    }

    /// Said to the member, before the last day.
    pub fn own_words(self) -> &'static str {
        match self {
            Self::Current => "Although a payment is outstanding, the party counts you as a current member",
            Self::NoVote => "The party has decided that you may not vote",
        }
    }
}

/// One of them, from its first day to its last.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Override {
    pub id: Uuid,
    pub kind: OverrideKind,
    pub starts_on: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    pub reason: String,
    /// For legal reasons the member does not read why.
    pub is_confidential: bool,
    /// The officer's name.
    pub by: String,
    pub set_at: DateTime<Utc>,
    /// The first day on which it did not hold any more, if it was ended before its time.
    pub lifted_on: Option<NaiveDate>,
}

impl Override {
    pub fn holds_on(&self, day: NaiveDate) -> bool {
        self.starts_on <= day && day <= self.until && self.lifted_on.is_none_or(|lifted| day < lifted)
    }

    /// Whether it changes anything for somebody in this state: whoever has paid counts as current anyway.
    pub fn matters_in(&self, state: State) -> bool {
        match self.kind {
            OverrideKind::Current => matches!(state, State::Pending | State::Grace { .. }),
            OverrideKind::NoVote => true,
        }
    }

    /// Said to the member, of one that holds.
    pub fn own_words(&self) -> String {
        let until = dates::day(self.until);
        if self.is_confidential {
            format!("{} until {until}.", self.kind.own_words())
        } else {
            format!("{} until {until}. Why: {}", self.kind.own_words(), self.reason)
        }
    }
}

/// What an officer asks for.
#[derive(Clone, Debug)]
pub struct NewOverride {
    pub kind: OverrideKind,
    pub until: NaiveDate,
    pub reason: String,
    pub is_confidential: bool,
}

#[cfg(test)]
mod tests {
    use super::{super::EndReason, *};

    #[test]
    fn whoever_has_paid_is_not_told_that_they_count_although_they_have_not() {
        let day: NaiveDate = "2026-11-26".parse().unwrap();
        let set = |kind| Override {
            id: Uuid::nil(),
            kind,
            starts_on: day,
            until: day,
            reason: "A mix-up".to_owned(),
            is_confidential: false,
            by: "Alex".to_owned(),
            set_at: DateTime::UNIX_EPOCH,
            lifted_on: None,
        };
        for (state, matters) in [
            (State::Active, false),
            (State::Pending, true),
            (State::Grace { until: day }, true),
            (State::Suspended { until: day }, false),
            (State::Ended { on: day, reason: EndReason::Lapsed }, false),
        ] {
            assert_eq!(set(OverrideKind::Current).matters_in(state), matters, "{state:?}");
            assert!(set(OverrideKind::NoVote).matters_in(state), "{state:?}");
        }
    }
}
