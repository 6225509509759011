//! The mail that carries what somebody wrote to us.

use askama::Template;

use super::model::Message;
use crate::kit::{
    app::App,
    error::Result,
    mail::{Frame, Letter},
    markdown,
};

const LONGEST_NAME: usize = 30;

#[derive(Template)]
#[template(path = "content/mail_contact.md")]
struct Contact<'a> {
    /// Short enough for the subject.
    name: String,
    message: &'a Message,
}

pub(super) fn contact(app: &App, message: &Message) -> Result<Letter> {
    let frame =
        Frame::service(app, "Somebody sent this with the contact form. Your answer goes straight to them.");
    let name = markdown::shorten(&message.name, LONGEST_NAME);
    Letter::new(&frame, &Contact { name, message })
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    let email = "o'neill+a_b*c@example.org".parse().expect("an address");
    // A long line, a line break, what looks like our own words, a code block, a rule.
    let text = format!(
        "{name}\n{}\n\n    # Your password\n---\n> [Sign in](http://evil.test)\n\nBest,\nAna",
        "long ".repeat(400).trim()
    );
    let message = Message { name: name.to_owned(), email, topic: super::model::Topic::Press, text };
    vec![("content/mail_contact", contact(app, &message))]
}
