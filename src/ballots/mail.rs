//! What people are told by mail about votes: notices to everybody on the roll, and that a vote was recorded. None carries a
//! code, a choice or the hour of a vote.

use askama::Template;
use chrono::{DateTime, Utc};

use super::{
    model::{Ballot, left},
    news::News,
};
use crate::kit::{
    app::App,
    dates,
    email_address::EmailAddress,
    error::Result,
    mail::{Frame, Letter},
    markdown,
};

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
