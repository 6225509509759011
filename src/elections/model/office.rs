//! Who holds a post.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    kit::{codes::codes, picture::Picture},
    pictures::Shot,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Elected,
    Unopposed,
    Countback,
}
codes!(How { Elected = "elected", Unopposed = "unopposed", Countback = "countback" });

impl How {
    pub fn words(self) -> &'static str {
        match self {
            Self::Elected => "elected by members",
            Self::Unopposed => "elected unopposed",
            Self::Countback => "elected by countback",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Office {
    pub id: Uuid,
    pub post: Uuid,
    pub title: String,
    pub election: Uuid,
    pub person: Uuid,
    pub name: String,
    pub portrait: Option<Picture>,
    pub how: How,
    pub started_on: NaiveDate,
    /// The first day on which it is held no more.
    pub ends_on: NaiveDate,
    pub ended_on: Option<NaiveDate>,
    pub ended_why: Option<String>,
    /// Whether somebody holds it now instead, after a countback.
    pub is_filled: bool,
}

impl Office {
    pub fn shot(&self) -> Option<Shot> {
        self.portrait.clone().map(|picture| Shot { picture, alt: format!("Portrait of {}", self.name) })
    }

    /// The last day of the term.
    pub fn last_day(&self) -> NaiveDate {
        self.ends_on.pred_opt().unwrap_or(self.ends_on)
    }

    /// Whether it was given up before its term was over, which is not over yet, and nobody has taken it.
    pub fn is_vacant(&self, today: impl std::borrow::Borrow<NaiveDate>) -> bool {
        self.ended_on.is_some()
            && !self.is_filled
            && *today.borrow() < self.ends_on
            && self.ended_on < Some(self.ends_on)
    }
}
