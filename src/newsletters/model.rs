use std::fmt;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    accounts::{ConsentPurpose, Permission, Role, Standing},
    kit::codes::codes,
    people::{Condition, Segment},
};

pub const SEND_UPDATES: Permission = Permission { code: "send_updates", held_by: &[Role::Communications] };

/// An update, at whatever stage.
#[derive(Clone, Debug)]
pub struct Update {
    pub id: Uuid,
    pub number: i32,
    pub content: Content,
    pub audience: Audience,
    pub state: State,
    /// Grows with each change: what was confirmed is what is sent.
    pub version: i32,
    pub trouble: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// What became of an update to one person, for their timeline.
pub fn delivery_words(state: &str, detail: &Value) -> String {
    let subject = detail["subject"].as_str().unwrap_or_default();
    match state {
        "sent" => format!("We emailed “{subject}”"),
        "refused" => format!("The mail server refused “{subject}”"),
        _ => format!("“{subject}” may or may not have arrived"),
    }
}

/// What it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    pub subject: String,
    /// The line that mailboxes show beside the subject.
    pub preheader: String,
    /// Markdown.
    pub body: String,
}

/// What the page to write an update sends.
pub struct Written {
    pub content: Content,
    pub audience: Audience,
    /// The version that was on the page; 0 for a new one.
    pub version: i32,
}

/// Sends what waits of one update. Two of them do not get in each other's way: one has the lock.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendUpdate {
    pub id: Uuid,
}

/// Who gets it, of those who agreed to updates: members, supporters or both, and what else an officer asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience(pub Segment);

impl Audience {
    pub fn members_and_supporters() -> Self {
        Self(Segment::default().and(Condition::Standing(vec![Standing::Member, Standing::Supporter])))
    }

    /// Those who get it if it goes out now: whatever was chosen, nobody but members and supporters who agreed to
    /// updates (Privacy and Electronic Communications Regulations 2003, regulation 22).
    pub fn readers(&self) -> Segment {
        Self::members_and_supporters()
            .0
            .and(Condition::Consent(ConsentPurpose::EmailUpdates))
            .and_all(&self.0)
    }
}

/// `Members in Wales, payment overdue`
impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Draft,
    Sending,
    Paused,
    Cancelled,
    Finished,
}
codes!(State {
    Draft = "draft",
    Sending = "sending",
    Paused = "paused",
    Cancelled = "cancelled",
    Finished = "finished",
});

impl State {
    pub fn words(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Sending => "Being sent",
            Self::Paused => "Paused",
            Self::Cancelled => "Cancelled",
            Self::Finished => "Sent",
        }
    }

    pub fn is_sending(self) -> bool {
        self == Self::Sending
    }

    pub fn is_paused(self) -> bool {
        self == Self::Paused
    }

    pub fn is_cancelled(self) -> bool {
        self == Self::Cancelled
    }

    /// The class of its tag.
    pub fn look(self) -> &'static str {
        match self {
            Self::Draft | Self::Cancelled => "off",
            Self::Sending | Self::Paused => "wait",
            Self::Finished => "good",
        }
    }
}

/// How many mails are where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub all: i64,
    pub waiting: i64,
    pub in_hand: i64,
    pub sent: i64,
    pub refused: i64,
    pub uncertain: i64,
    /// Uncertain ones that an officer let be.
    pub left: i64,
    /// Had stopped their emails, or the update was cancelled before their turn.
    pub skipped: i64,
}

impl Counts {
    pub fn done(&self) -> i64 {
        self.all - self.waiting - self.in_hand
    }
}

/// Mails that an officer may have sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsettled {
    Uncertain,
    /// Also those that a mail server refused because of us, not of the reader.
    Refused,
}
codes!(Unsettled { Uncertain = "uncertain", Refused = "refused" });

/// What became of one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Sent,
    Refused(String),
    Uncertain(String),
    /// Back to those who wait, until then.
    Later {
        answer: String,
        at: DateTime<Utc>,
    },
    /// Was not tried: the mail server went away.
    Untried,
}

/// Tries after which a server that always says "later" is taken at its word as refusing.
pub const TRIES: i16 = 6;

/// The outcome of a mail that the server did not take now, at the `tries`th time (from 1).
pub fn later(tries: i16, answer: String, now: DateTime<Utc>) -> Outcome {
    // Greylisting wants some minutes; a full mailbox or a busy server an hour or more.
    let minutes = match tries {
        ..=1 => 2,
        2 => 10,
        3 => 30,
        4 => 120,
        _ => 360,
    };
    if tries >= TRIES {
        Outcome::Refused(format!("after {tries} tries: {answer}"))
    } else {
        Outcome::Later { answer, at: now + Duration::minutes(minutes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_it_without_agreeing() {
        let readers = Audience(Segment::default()).readers();
        assert!(readers.0.contains(&Condition::Consent(ConsentPurpose::EmailUpdates)));
        assert!(readers.0.contains(&Condition::Standing(vec![Standing::Member, Standing::Supporter])));
    }

    #[test]
    fn waits_grow_and_end() {
        let now = DateTime::from_timestamp(0, 0).unwrap();
        let mut last = now;
        for tries in 1..TRIES {
            let Outcome::Later { at, .. } = later(tries, "busy".into(), now) else {
                panic!("given up early")
            };
            assert!(at > last);
            last = at;
        }
        assert_eq!(later(TRIES, "busy".into(), now), Outcome::Refused("after 6 tries: busy".into()));
    }
}
