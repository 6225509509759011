//! What members ask all who stand, and what those answer.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// All in characters.
pub const LONGEST_QUESTION: usize = 500;
pub const LONGEST_ANSWER: usize = 1_000;
/// A candidate's part of the one email to all voters.
pub const LONGEST_LETTER: usize = 1_000;

#[derive(Clone, Debug)]
pub struct Question {
    pub id: Uuid,
    pub words: String,
    pub asked_by: Uuid,
    pub asked_at: DateTime<Utc>,
    /// Until when all candidates answer; `None` before an officer has let it through.
    pub answers_at: Option<DateTime<Utc>>,
    pub refused_why: Option<String>,
    pub answers: Vec<Answer>,
}

#[derive(Clone, Debug, serde::Deserialize)]
pub struct Answer {
    pub nomination: Uuid,
    pub words: String,
}

impl Question {
    pub fn waits(&self) -> bool {
        self.answers_at.is_none() && self.refused_why.is_none()
    }

    /// Whether candidates can answer it now.
    pub fn takes_answers(&self, now: &DateTime<Utc>) -> bool {
        self.answers_at.is_some_and(|until| *now < until)
    }

    /// Whether everybody reads the answers.
    pub fn shows_answers(&self, now: &DateTime<Utc>) -> bool {
        self.answers_at.is_some_and(|until| until <= *now)
    }

    pub fn answer_of(&self, nomination: &Uuid) -> Option<&str> {
        self.answers.iter().find(|it| it.nomination == *nomination).map(|it| it.words.as_str())
    }
}
