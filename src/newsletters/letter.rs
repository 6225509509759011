//! The words of an update or a notice as they are mailed: rendered once, then only the reader's name and link put in.

use std::{
    collections::VecDeque,
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use askama::Template;
use sha2::{Digest, Sha256};

use super::model::{Class, Update};
use crate::kit::{
    app::App,
    error::Result,
    mail::{Frame, Letter, SOFT_BREAK, Written, quoted},
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

/// An update or a notice, ready for one reader after the other.
#[derive(Clone, Debug)]
pub struct Rendered {
    letter: Letter,
    text: Filling,
    html: Filling,
}

/// What a letter is made of: what stands around it, its subject and its text.
#[derive(Clone, Debug)]
struct Parts {
    frame: Frame,
    subject: String,
    body: String,
}

/// The newest versions that were looked at or sent, by what they are made of.
type Made = VecDeque<([u8; 32], Arc<Rendered>)>;

static MADE: LazyLock<Mutex<Made>> = LazyLock::new(Mutex::default);
const KEPT: usize = 8;

fn made() -> MutexGuard<'static, Made> {
    MADE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Renders it for everybody, once for each version, and away from the threads that answer requests: its styles go into each
/// element.
///
/// # Errors
/// A template failed.
pub async fn render(app: &App, update: &Update) -> Result<Arc<Rendered>> {
    once(Parts::of(app, update)).await
}

async fn once(parts: Parts) -> Result<Arc<Rendered>> {
    let key: [u8; 32] = Sha256::digest(format!("{parts:?}")).into();
    if let Some((_, known)) = made().iter().find(|(of, _)| *of == key) {
        return Ok(known.clone());
    }
    let rendered =
        tokio::task::spawn_blocking(move || parts.render()).await.map_err(anyhow::Error::from)??;
    let rendered = Arc::new(rendered);
    let mut made = made();
    made.push_front((key, rendered.clone()));
    made.truncate(KEPT);
    Ok(rendered)
}

impl Parts {
    fn of(app: &App, update: &Update) -> Self {
        let content = &update.content;
        let site = app.settings().site(app.clock().today());
        let clean = |text: &str| text.replace([NAME, STOP], "");
        let (reason, unsubscribe_url) = match &update.class {
            Class::Update(_) => (
                format!("You get this because you agreed to news and campaign updates from {}.", site.name),
                Some(STOP.to_string()),
            ),
            Class::Notice(about) => (clean(&about.reason), None),
        };
        let preheader = clean(&content.preheader);
        Self {
            frame: Frame { preheader, unsubscribe_url, ..Frame::service(app, &reason) },
            subject: clean(&content.subject),
            body: clean(&content.body),
        }
    }

    fn render(&self) -> Result<Rendered> {
        let words = Words { name: NAME, subject: &self.subject, body: &self.body };
        Ok(Rendered::new(Letter::new(&self.frame, &words)?))
    }
}

impl Rendered {
    fn new(letter: Letter) -> Self {
        Self { text: Filling::new(&letter.text), html: Filling::new(&letter.html), letter }
    }

    /// The letter to one reader.
    pub fn for_reader(&self, name: &str, stop: &str) -> Letter {
        let filled = |words: &str, name, stop| words.replace(NAME, name).replace(STOP, stop);
        Letter {
            text: filled(&self.letter.text, name, stop),
            html: filled(&self.letter.html, &escaped(name), &escaped(stop)),
            ..self.letter.clone()
        }
    }

    /// The same as it travels, which costs next to nothing: only what differs is written anew.
    pub fn written(&self, name: &str, stop: &str) -> Written {
        Written {
            subject: self.letter.subject.clone(),
            text: self.text.with(name, stop),
            html: self.html.with(&escaped(name), &escaped(stop)),
            reply_to: None,
        }
    }
}

/// Words as they travel, each piece with the mark at its end.
#[derive(Clone, Debug)]
struct Filling(Vec<(String, Option<char>)>);

impl Filling {
    fn new(words: &str) -> Self {
        let piece = |piece: &str| match piece.strip_suffix([NAME, STOP]) {
            Some(words) => (quoted(words) + SOFT_BREAK, piece.chars().last()),
            None => (quoted(piece), None),
        };
        Self(words.split_inclusive([NAME, STOP]).map(piece).collect())
    }

    fn with(&self, name: &str, stop: &str) -> String {
        let (name, stop) = (quoted(name) + SOFT_BREAK, quoted(stop) + SOFT_BREAK);
        let mut filled = String::with_capacity(self.0.iter().map(|(words, _)| words.len() + 256).sum());
        for (words, mark) in &self.0 {
            filled.push_str(words);
            filled.push_str(match mark {
                Some(NAME) => &name,
                Some(_) => &stop,
                None => "",
            });
        }
        // Nothing follows that a line could go on in.
        if filled.ends_with(SOFT_BREAK) {
            filled.truncate(filled.len() - SOFT_BREAK.len());
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
    use super::model::{About, Audience, Content, State};

    let news = Content {
        subject: "*We* won <b>all</b> of it".to_owned(),
        preheader: "What’s next & <when>".to_owned(),
        body: "## Meet us\n\nWe *meet* in [Bury](/events/bury), or write to <ana@example.org>.\n\n[Join us & sing](/join?a=1&b=2)\n\n- one\n- two".to_owned(),
    };
    let notice = Content {
        subject: "Voting is open: *Who* speaks for <us> & you?".to_owned(),
        preheader: String::new(),
        body: "You can vote until **Friday 4 December, noon**.\n\n[Vote](/votes/who-speaks)\n\nIf something does not work, write to [votes@party.example](mailto:votes@party.example).".to_owned(),
    };
    let about = About {
        reason: "You get this because you are on the roll of “*Who* speaks for <us> & you?”.".to_owned(),
        is_reminder: false,
        sums: None,
    };
    let stop = app.link("/unsubscribe/a_b-c_d");
    let sample = |content, class| {
        let update = Update {
            id: uuid::Uuid::nil(),
            number: 1,
            content,
            class,
            state: State::Sending,
            version: 1,
            trouble: None,
            started_at: None,
            finished_at: None,
        };
        ("newsletters/mail_update", Parts::of(app, &update).render().map(|it| it.for_reader(name, &stop)))
    };
    vec![
        sample(news, Class::Update(Audience::members_and_supporters())),
        sample(notice, Class::Notice(about)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_a_name() {
        let words = format!("Hello {NAME}, <a href=\"{STOP}\">stop</a>");
        let letter = Letter { subject: "Hi".into(), text: words.clone(), html: words, reply_to: None };
        let rendered = Rendered::new(letter);
        let letter = rendered.for_reader("<b>Ana\"", "https://p.test/u");
        assert_eq!(letter.html, "Hello &lt;b&gt;Ana&quot;, <a href=\"https://p.test/u\">stop</a>");
        assert!(letter.text.starts_with("Hello <b>Ana\","));
    }

    /// Each version is made once, however often it is looked at; any change makes another.
    #[tokio::test]
    async fn a_version_is_rendered_once() {
        let parts = |subject: &str, party: &str| Parts {
            frame: Frame {
                site_name: party.to_owned(),
                preheader: String::new(),
                reason: String::new(),
                unsubscribe_url: None,
                imprint: String::new(),
                public_url: "https://p.test".to_owned(),
            },
            subject: subject.to_owned(),
            body: "Come *all*".to_owned(),
        };
        let first = once(parts("Hi", "Party")).await.unwrap();
        let again = once(parts("Hi", "Party")).await.unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        for other in [parts("Ho", "Party"), parts("Hi", "Other")] {
            assert!(!Arc::ptr_eq(&first, &once(other).await.unwrap()));
        }
    }

    /// Whatever the name and wherever it stands, what travels is what a reader reads.
    #[test]
    fn what_travels_is_the_letter() {
        let words = format!(
            "{NAME}\n{STOP}{NAME} \n\n{}{NAME}, Siân=20 {NAME}\n.\n{}\n{STOP}",
            "a ".repeat(60),
            "ŵ".repeat(80)
        );
        let rendered =
            Rendered::new(Letter { subject: "Hi".into(), text: words.clone(), html: words, reply_to: None });
        let long = "Zoë ".repeat(40);
        for name in ["Ana", "", " ", "=41", "a\tb ", ".", "李小龙 🌹", long.as_str()] {
            let (letter, written) = (rendered.for_reader(name, "https://p.test/u?a=b&c"), {
                rendered.written(name, "https://p.test/u?a=b&c")
            });
            for (plain, travels) in [(letter.text, written.text), (letter.html, written.html)] {
                assert!(travels.is_ascii() && travels.lines().all(|line| line.len() <= 78), "{travels}");
                let read = quoted_printable::decode(&travels, quoted_printable::ParseMode::Strict).unwrap();
                assert_eq!(String::from_utf8(read).unwrap().replace("\r\n", "\n"), plain, "{name}");
            }
        }
    }
}
