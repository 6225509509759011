//! What a mail says.

use anyhow::Context;
use askama::Template;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use css_inline::CSSInliner;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::plain;
use crate::kit::{app::App, email_address::EmailAddress, error::Result, markdown};

/// The words of a mail, in both forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Who an answer goes to, where that is not the sender.
    pub reply_to: Option<EmailAddress>,
}

/// What stands around the words of every mail.
#[derive(Template)]
#[template(path = "layouts/mail.txt")]
struct Text<'a> {
    frame: &'a Frame,
    body: &'a str,
}

#[derive(Template)]
#[template(path = "layouts/mail.html")]
struct Html<'a> {
    frame: &'a Frame,
    subject: &'a str,
    body: &'a str,
}

impl Letter {
    /// Renders both parts from one template in Markdown, `templates/<room>/mail_<what>.md`. Its first line, `# …`, is the
    /// subject; what follows begins with the greeting. A link alone in a paragraph becomes a button, a code (`` ` ``)
    /// alone is set large, and values are escaped ([`markdown::Values`]).
    pub fn new(frame: &Frame, words: &impl Template) -> Result<Self> {
        let words = words.render()?;
        let first =
            words.trim_start().strip_prefix("# ").context("a mail begins with `# ` and its subject")?;
        let (subject, body) = first.split_once('\n').unwrap_or((first, ""));
        let subject = markdown::plain(subject);
        let text = Text { frame, body: &plain::to_text(body, &frame.public_url) }.render()?;
        let html =
            Html { frame, subject: &subject, body: &markdown::to_mail(body, &frame.public_url) }.render()?;
        // Mail readers want styles in the elements.
        let html = CSSInliner::options()
            // What the dark look needs cannot stand in an element.
            .keep_at_rules(true)
            .load_remote_stylesheets(false)
            .build()
            .inline(&html)
            .map_err(anyhow::Error::from)?;
        Ok(Self { subject, text, html, reply_to: None })
    }

    #[must_use]
    pub fn with_reply_to(self, address: EmailAddress) -> Self {
        Self { reply_to: Some(address), ..self }
    }
}

/// The content policy under which the HTML of a mail may be shown in a browser: nothing in it runs, pictures may come
/// from `pictures`, and of styles exactly those apply that it was rendered with, each known by its hash
/// (`unsafe-hashes` is what lets a hash stand for a style attribute).
pub fn policy(html: &str, pictures: &str) -> String {
    let blocks = html.split("<style>").skip(1).filter_map(|rest| rest.split_once("</style>"));
    let attributes = html.split(" style=\"").skip(1).filter_map(|rest| rest.split_once('"'));
    // A browser reads a mail's line ends as its own, and hashes what it read.
    let styles = blocks.map(|(css, _)| css.replace("\r\n", "\n"));
    let styles = styles.chain(attributes.map(|(css, _)| css.replace("&quot;", "\"").replace("&amp;", "&")));
    let mut hashes: Vec<_> =
        styles.map(|css| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(css)))).collect();
    hashes.sort_unstable();
    hashes.dedup();
    let hashes = hashes.join(" ");
    format!(
        "default-src 'none'; style-src 'unsafe-hashes' {hashes}; img-src {pictures}; sandbox allow-top-navigation-by-user-activation"
    )
}

/// One mail to one person.
#[derive(Clone, Debug)]
pub struct Message {
    /// Becomes the Message-ID: the same on every try, so that a mailbox drops a second copy.
    pub id: Uuid,
    pub to: EmailAddress,
    /// The reader's name beside the address; empty where it is not known.
    pub name: String,
    /// When it was written, for the Date header.
    pub at: DateTime<Utc>,
    pub letter: Letter,
    /// Set on everything that is not a service mail.
    pub bulk: Option<Bulk>,
}

/// What mailboxes want to know of a mail that goes to many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bulk {
    /// An https address that takes a one-click unsubscribe (RFC 8058).
    pub unsubscribe: String,
    /// The list's name for machines, without the domain, by which a mailbox can file (RFC 2919).
    pub list: String,
}

/// What stands around the words of every mail.
#[derive(Clone, Debug)]
pub struct Frame {
    pub site_name: String,
    /// The line that mailboxes show beside the subject; empty: they take the first words.
    pub preheader: String,
    /// Why the reader gets this; empty where it is plain.
    pub reason: String,
    pub unsubscribe_url: Option<String>,
    pub imprint: String,
    pub public_url: String,
}

impl Frame {
    /// A service mail: no way to stop it is offered, and `reason` says why it came.
    pub fn service(app: &App, reason: &str) -> Self {
        let site = app.settings().site(app.clock().today());
        Self {
            site_name: site.name,
            preheader: String::new(),
            reason: reason.to_owned(),
            unsubscribe_url: None,
            imprint: site.imprint,
            public_url: app.config().public_url.clone(),
        }
    }
}
