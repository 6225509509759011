//! What people are told by mail about elections.

use askama::Template;
use uuid::Uuid;

use super::model::{Election, Ended, News, Nomination, Office};
use crate::kit::{
    app::App,
    dates,
    email_address::EmailAddress,
    error::Result,
    mail::{Frame, Letter},
    markdown,
};

#[derive(Template)]
#[template(path = "elections/notice.md")]
struct Words<'a> {
    election: &'a Election,
    news: &'a News,
    page: String,
}

/// Subject and body of a notice in Markdown.
fn split(text: &str) -> (String, String) {
    let (subject, body) = text.trim_start().split_once('\n').unwrap_or((text, ""));
    (markdown::plain(subject.trim_start_matches("# ")), body.trim().to_owned())
}

/// What everybody is told of an election who could vote in it.
pub fn notice(app: &App, election: &Election, news: &News) -> Result<(String, String)> {
    Ok(split(&Words { election, news, page: app.link(&election.path()) }.render()?))
}

#[derive(Template)]
#[template(path = "elections/mail_nominated.md")]
struct Nominated<'a> {
    name: &'a str,
    nominator: &'a str,
    post: &'a str,
    until: &'a str,
    page: &'a str,
}

/// That somebody is nominated by another, and is asked whether they want to stand.
pub fn nominated(
    app: &App,
    election: &Election,
    nomination: Uuid,
    name: &str,
    nominator: &str,
) -> Result<Letter> {
    let words = Nominated {
        name,
        nominator,
        post: &election.words.title,
        until: &dates::moment(election.plan.timetable.nominations_close),
        page: &app.link(&format!("{}/nominations/{nomination}", election.path())),
    };
    Letter::new(&Frame::service(app, "You get this because a member nominated you."), &words)
}

#[derive(Template)]
#[template(path = "elections/mail_ended.md")]
struct End<'a> {
    name: &'a str,
    post: &'a str,
    how: Ended,
    why: Option<&'a str>,
    page: &'a str,
    contact: &'a EmailAddress,
}

/// That somebody does not stand any more, other than by their own wish.
pub fn ended(app: &App, election: &Election, name: &str, how: Ended, why: Option<&str>) -> Result<Letter> {
    let words = End {
        name,
        post: &election.words.title,
        how,
        why,
        page: &app.link(&election.path()),
        contact: &app.settings().site(app.clock().today()).contact_email,
    };
    Letter::new(&Frame::service(app, "You get this because you stood in this election."), &words)
}

#[derive(Template)]
#[template(path = "elections/letters.md")]
struct Letters<'a> {
    election: &'a Election,
    candidates: &'a [Nomination],
    page: String,
}

/// The one email of all candidates, in the order given.
pub fn letters(app: &App, election: &Election, candidates: &[Nomination]) -> Result<(String, String)> {
    Ok(split(&Letters { election, candidates, page: app.link(&election.path()) }.render()?))
}

#[derive(Template)]
#[template(path = "elections/mail_elected.md")]
struct Elected<'a> {
    name: &'a str,
    post: &'a str,
    how: &'a str,
    until: &'a str,
    page: &'a str,
}

/// That somebody holds a post from now on.
pub fn elected(app: &App, election: &Election, office: &Office, name: &str) -> Result<Letter> {
    let words = Elected {
        name,
        post: &election.words.title,
        how: office.how.words(),
        until: &dates::day(office.last_day()),
        page: &app.link("/people"),
    };
    Letter::new(&Frame::service(app, "You get this because you stood in this election."), &words)
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    let contact = app.settings().site(app.clock().today()).contact_email;
    let page = app.link("/elections/chair-2027");
    let asked = Nominated {
        name,
        nominator: name,
        post: "Chair & *host*",
        until: "30 January 2027, 12pm",
        page: &page,
    };
    let frame = Frame::service(app, "You get this because a member nominated you.");
    let mut samples = vec![("elections/mail_nominated", Letter::new(&frame, &asked))];
    let frame = Frame::service(app, "You get this because you stood in this election.");
    let won = Elected {
        name,
        post: "Chair & *host*",
        how: "elected unopposed",
        until: "4 March 2029",
        page: &page,
    };
    samples.push(("elections/mail_elected", Letter::new(&frame, &won)));
    for (how, why) in
        [(Ended::Seconders, None), (Ended::Refused, Some("Not *a* <member>")), (Ended::Barred, Some("x"))]
    {
        let words = End { name, post: "Chair & *host*", how, why, page: &page, contact: &contact };
        samples.push(("elections/mail_ended", Letter::new(&frame, &words)));
    }
    samples
}
