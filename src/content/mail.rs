//! The mail that carries what somebody wrote to us.

use askama::Template;

use super::forms::Message;
use crate::kit::{
    app::App,
    error::Result,
    mail::{Frame, Letter},
};

#[derive(Template)]
#[template(path = "content/mail_contact.txt")]
struct Text<'a> {
    letter: Frame,
    message: &'a Message,
}

#[derive(Template)]
#[template(path = "content/mail_contact.html")]
struct Html<'a> {
    letter: Frame,
    message: &'a Message,
}

pub(super) fn contact(app: &App, message: &Message) -> Result<Letter> {
    let letter =
        Frame::service(app, "Somebody sent this with the contact form. Your answer goes straight to them.");
    Letter::new(
        format!("{}: {}", message.topic.words(), message.name),
        &Text { letter: letter.clone(), message },
        &Html { letter, message },
    )
}
