//! The words of an update as they are mailed: rendered once, then only the reader's name and link put in.

use askama::Template;

use super::model::Content;
use crate::kit::{
    app::App,
    error::Result,
    mail::{Frame, Letter},
};

/// Characters that no keyboard writes hold the places; they are taken out of what officers write.
const NAME: char = '\u{E000}';
const STOP: char = '\u{E001}';

#[derive(Template)]
#[template(path = "newsletters/mail_update.md")]
struct Words<'a> {
    name: char,
    subject: &'a str,
    body: &'a str,
}

/// An update, ready for one reader after the other.
#[derive(Clone, Debug)]
pub struct Rendered {
    subject: String,
    text: Filling,
    html: Filling,
}

/// Renders an update for everybody, away from the threads that answer requests: its styles go into each element.
///
/// # Errors
/// A template failed.
pub async fn render(app: &App, content: &Content) -> Result<Rendered> {
    let (app, content) = (app.clone(), content.clone());
    tokio::task::spawn_blocking(move || render_here(&app, &content)).await.map_err(anyhow::Error::from)?
}

fn render_here(app: &App, content: &Content) -> Result<Rendered> {
    let site = app.settings().site(app.clock().today());
    let clean = |text: &str| text.replace([NAME, STOP], "");
    let frame = Frame {
        reason: format!("You get this because you agreed to news and campaign updates from {}.", site.name),
        site_name: site.name,
        preheader: clean(&content.preheader),
        unsubscribe_url: Some(STOP.to_string()),
        imprint: site.imprint,
        public_url: app.config().public_url.clone(),
    };
    let (subject, body) = (&clean(&content.subject), &clean(&content.body));
    Ok(Rendered::new(Letter::new(&frame, &Words { name: NAME, subject, body })?))
}

impl Rendered {
    fn new(letter: Letter) -> Self {
        Self { subject: letter.subject, text: Filling::new(&letter.text), html: Filling::new(&letter.html) }
    }

    /// The letter to one reader.
    pub fn for_reader(&self, name: &str, stop: &str) -> Letter {
        Letter {
            subject: self.subject.clone(),
            text: self.text.with(name, stop),
            html: self.html.with(&escaped(name), &escaped(stop)),
            reply_to: None,
        }
    }
}

/// Words, each piece with the mark at its end.
#[derive(Clone, Debug)]
struct Filling(Vec<(String, Option<char>)>);

impl Filling {
    fn new(words: &str) -> Self {
        let piece = |piece: &str| match piece.strip_suffix([NAME, STOP]) {
            Some(words) => (words.to_owned(), piece.chars().last()),
            None => (piece.to_owned(), None),
        };
        Self(words.split_inclusive([NAME, STOP]).map(piece).collect())
    }

    fn with(&self, name: &str, stop: &str) -> String {
        let mut filled = String::new();
        for (words, mark) in &self.0 {
            filled.push_str(words);
            match mark {
                Some(NAME) => filled.push_str(name),
                Some(_) => filled.push_str(stop),
                None => {}
            }
        }
        filled
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Each mail in its forms, for the test that judges all mails.
#[cfg(test)]
pub(crate) fn samples(app: &App, name: &str) -> Vec<(&'static str, Result<Letter>)> {
    let content = Content {
        subject: "*We* won <b>all</b> of it".to_owned(),
        preheader: "What’s next & <when>".to_owned(),
        body: "## Meet us\n\nWe *meet* in [Bury](/events/bury), or write to <ana@example.org>.\n\n[Join us & sing](/join?a=1&b=2)\n\n- one\n- two".to_owned(),
    };
    let stop = app.link("/unsubscribe/a_b-c_d");
    vec![("newsletters/mail_update", render_here(app, &content).map(|update| update.for_reader(name, &stop)))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_a_name() {
        let words = format!("Hello {NAME}, <a href=\"{STOP}\">stop</a>");
        let letter = Letter { subject: "Hi".into(), text: words.clone(), html: words, reply_to: None };
        let letter = Rendered::new(letter).for_reader("<b>Ana\"", "https://p.test/u");
        assert_eq!(letter.html, "Hello &lt;b&gt;Ana&quot;, <a href=\"https://p.test/u\">stop</a>");
        assert!(letter.text.starts_with("Hello <b>Ana\","));
    }
}
