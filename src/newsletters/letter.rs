//! The words of an update as they are mailed: rendered once, then only the reader's name and link put in.

use askama::Template;

use super::model::Content;
use crate::kit::{
    app::App,
    error::Result,
    mail::{Frame, Letter, plain},
    markdown,
};

/// Characters that no keyboard writes hold the places; they are taken out of what officers write.
const NAME: char = '\u{E000}';
const STOP: char = '\u{E001}';

#[derive(Template)]
#[template(path = "newsletters/mail_update.txt")]
struct Text<'a> {
    letter: Frame,
    name: char,
    body: &'a str,
}

#[derive(Template)]
#[template(path = "newsletters/mail_update.html")]
struct Html<'a> {
    letter: Frame,
    name: char,
    subject: &'a str,
    preheader: &'a str,
    body: &'a str,
}

/// An update, ready for one reader after the other.
#[derive(Clone, Debug)]
pub struct Rendered(Letter);

/// Renders an update for everybody.
///
/// # Errors
/// A template failed.
pub fn render(app: &App, content: &Content) -> Result<Rendered> {
    let site = app.settings().site(app.clock().today());
    let public_url = app.config().public_url.clone();
    let frame = || Frame {
        site_name: site.name.clone(),
        reason: format!("You get this because you agreed to news and campaign updates from {}.", site.name),
        unsubscribe_url: Some(STOP.to_string()),
        imprint: site.imprint.clone(),
        public_url: public_url.clone(),
    };
    let clean = |text: &str| text.replace([NAME, STOP], "");
    let (subject, preheader, body) =
        (clean(&content.subject), clean(&content.preheader), clean(&content.body));
    let text = plain::to_text(&body, &public_url);
    // A mail has no address of its own that `/faq` could be read from.
    let html = markdown::to_html(&body)
        .replace("href=\"/", &format!("href=\"{public_url}/"))
        .replace("src=\"/", &format!("src=\"{public_url}/"));
    let letter = Letter::new(
        subject.clone(),
        &Text { letter: frame(), name: NAME, body: &text },
        &Html { letter: frame(), name: NAME, subject: &subject, preheader: &preheader, body: &html },
    )?;
    Ok(Rendered(letter))
}

impl Rendered {
    /// The letter to one reader.
    pub fn for_reader(&self, name: &str, stop: &str) -> Letter {
        Letter {
            subject: self.0.subject.clone(),
            text: filled(&self.0.text, name, stop),
            html: filled(&self.0.html, &escaped(name), &escaped(stop)),
            reply_to: None,
        }
    }
}

fn filled(words: &str, name: &str, stop: &str) -> String {
    let mut filled = String::with_capacity(words.len() + name.len() + 2 * stop.len());
    for letter in words.chars() {
        match letter {
            NAME => filled.push_str(name),
            STOP => filled.push_str(stop),
            other => filled.push(other),
        }
    }
    filled
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_a_name() {
        let words = format!("Hello {NAME}, <a href=\"{STOP}\">stop</a>");
        let letter = Letter { subject: "Hi".into(), text: words.clone(), html: words, reply_to: None };
        let letter = Rendered(letter).for_reader("<b>Ana\"", "https://p.test/u");
        assert_eq!(letter.html, "Hello &lt;b&gt;Ana&quot;, <a href=\"https://p.test/u\">stop</a>");
        assert!(letter.text.starts_with("Hello <b>Ana\","));
    }
}
