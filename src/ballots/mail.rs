//! What people are told by mail about votes: notices to everybody on the roll, and that a vote was recorded. None carries a
//! code, a choice or the hour of a vote.

use askama::Template;
use chrono::{DateTime, Utc};

use super::model::{Ballot, left};
use crate::kit::{
    app::App,
    dates,
    email_address::EmailAddress,
    error::Result,
    mail::{Frame, Letter},
    markdown,
};

/// What everybody on the roll is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

#[derive(Template)]
#[template(path = "ballots/notice.md")]
struct Words<'a> {
    news: News,
    ballot: &'a Ballot,
    page: String,
    /// Until the close.
    left: String,
    hash: Option<String>,
}

/// Subject and body of a notice, in Markdown.
pub fn words(app: &App, now: DateTime<Utc>, ballot: &Ballot, news: News) -> Result<(String, String)> {
    let words = Words {
        news,
        ballot,
        page: app.link(&ballot.path()),
        left: left(ballot.draft.times.closes_at, now),
        hash: ballot.hash.clone(),
    };
    let text = words.render()?;
    let (subject, body) = text.trim_start().split_once('\n').unwrap_or((&text, ""));
    Ok((markdown::plain(subject.trim_start_matches("# ")), body.trim().to_owned()))
}

#[derive(Template)]
#[template(path = "ballots/mail_recorded.md")]
struct Recorded<'a> {
    name: &'a str,
    title: &'a str,
    page: &'a str,
    closes: &'a str,
    contact: &'a EmailAddress,
}

/// That a vote in somebody's name is in.
pub fn recorded(app: &App, now: DateTime<Utc>, ballot: &Ballot, name: &str) -> Result<Letter> {
    let words = Recorded {
        name,
        title: &ballot.draft.title,
        page: &app.link(&ballot.path()),
        closes: &dates::moment(ballot.draft.times.closes_at),
        contact: &app.settings().site(dates::london_date(now)).contact_email,
    };
    Letter::new(&Frame::service(app, "You get this because a vote was cast in your name."), &words)
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    let contact = app.settings().site(app.clock().today()).contact_email;
    let words = Recorded {
        name,
        title: "Free *buses* & trains",
        page: &app.link("/ballots/free-buses"),
        closes: "9 December 2026, 5pm",
        contact: &contact,
    };
    let frame = Frame::service(app, "You get this because a vote was cast in your name.");
    vec![("ballots/mail_recorded", Letter::new(&frame, &words))]
}
