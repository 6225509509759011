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

/// An update or a notice, at whatever stage.
#[derive(Clone, Debug)]
pub struct Update {
    pub id: Uuid,
    pub number: i32,
    pub content: Content,
    pub class: Class,
    pub state: State,
    /// Grows with each change: what was confirmed is what is sent.
    pub version: i32,
    pub trouble: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl Update {
    /// Who a draft is for. `None` once it has been sent or is on its way, and for every notice.
    pub fn draft(&self) -> Option<&Audience> {
        match &self.class {
            Class::Update(audience) if self.state == State::Draft => Some(audience),
            _ => None,
        }
    }
}

/// Why it comes to those it comes to.
#[derive(Clone, Debug)]
pub enum Class {
    /// News: to those of an audience who agreed to it.
    Update(Audience),
    Notice(About),
}

/// What a notice has that an update has not. It has no draft: it is on its way when it is made.
#[derive(Clone, Debug)]
pub struct About {
    /// Why its readers get it, in words for them.
    pub reason: String,
    /// Who gets it is for nobody to read.
    pub is_reminder: bool,
    /// Once it was forgotten who got it.
    pub sums: Option<Counts>,
}

impl Class {
    pub fn is_notice(&self) -> bool {
        matches!(self, Self::Notice(_))
    }

    /// Whether officers may read whose mails went wrong.
    pub fn names_people(&self) -> bool {
        match self {
            Self::Update(_) => true,
            Self::Notice(about) => !about.is_reminder && about.sums.is_none(),
        }
    }
}

/// What became of an update or a notice to one person, for their timeline.
pub fn delivery_words(state: &str, detail: &Value) -> String {
    let subject = detail["subject"].as_str().unwrap_or_default();
    match state {
        "sent" => format!("We emailed “{subject}”"),
        "refused" => format!("The mail server refused “{subject}”"),
        _ => format!("“{subject}” may or may not have arrived"),
    }
}

/// Mail to people because of a right of theirs: a vote opens, a meeting is called. It asks for no consent and carries
/// no way to stop it, so it may not campaign for anything.
#[derive(Clone, Debug)]
pub struct Notice {
    /// `vote:<id>:opening`. A second notice of the same key is never sent.
    pub key: String,
    /// 200 characters at most.
    pub subject: String,
    /// Markdown. “Hello” and the reader's name go before it. What others typed has to be escaped in it.
    pub body: String,
    /// Why its readers get it, in words for them: “You get this because you are on the roll of this vote.”
    pub reason: String,
    /// The officer who sends it; none: the site itself.
    pub by: Option<Uuid>,
}

/// How far a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeProgress {
    /// Its page for officers is `/admin/updates/<id>`.
    pub id: Uuid,
    pub state: State,
    /// All whom it is for. The numbers below add up to it.
    pub total: i64,
    /// The mail server took so many.
    pub sent: i64,
    /// Still to be sent, or in hand.
    pub waiting: i64,
    pub refused: i64,
    /// May or may not have arrived, those that an officer left alone too.
    pub uncertain: i64,
    /// No mail goes to their address any more, or it was forgotten who gets it before their turn.
    pub left_out: i64,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    /// Whether it has been forgotten who got it.
    pub is_forgotten: bool,
}

/// Somebody who has not got a notice, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    pub person: Uuid,
    pub name: String,
    pub email: String,
    /// A sentence.
    pub why: String,
}

/// Why a notice has not arrived, in a sentence.
pub fn undelivered_words(state: &str, answer: &str) -> String {
    match state {
        "refused" => format!("The mail server refused it: {answer}"),
        "skipped" => "No emails go to this address any more".to_owned(),
        _ => format!("It may or may not have arrived: {answer}"),
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
    /// Of the form of a new one.
    pub key: Option<Uuid>,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Counts {
    pub all: i64,
    pub waiting: i64,
    #[serde(alias = "sending")]
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
