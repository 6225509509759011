//! What a mail says, rendered.

use anyhow::Context;
use askama::Template;
use base64::{Engine, engine::general_purpose::STANDARD};
use css_inline::CSSInliner;
use sha2::{Digest, Sha256};

use super::{message::Letter, plain};
use crate::kit::{app::App, error::Result, markdown};

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
