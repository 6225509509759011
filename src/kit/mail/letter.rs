//! What a mail says.

use askama::Template;
use chrono::{DateTime, Utc};
use css_inline::CSSInliner;
use uuid::Uuid;

use crate::kit::{app::App, email_address::EmailAddress, error::Result};

/// The words of a mail, in both forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Whom an answer goes to, where that is not the sender.
    pub reply_to: Option<EmailAddress>,
}

impl Letter {
    /// Renders the pair of templates; the styles of the HTML move into its elements, as mail readers want them.
    pub fn new(subject: impl Into<String>, text: &impl Template, html: &impl Template) -> Result<Self> {
        let html = CSSInliner::options()
            // What the dark look needs cannot stand in an element.
            .keep_at_rules(true)
            .load_remote_stylesheets(false)
            .build()
            .inline(&html.render()?)
            .map_err(anyhow::Error::from)?;
        Ok(Self { subject: subject.into(), text: text.render()?, html, reply_to: None })
    }

    #[must_use]
    pub fn with_reply_to(self, address: EmailAddress) -> Self {
        Self { reply_to: Some(address), ..self }
    }
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
    /// The list's name for machines, without the domain: `updates` (RFC 2919).
    pub list: &'static str,
}

/// The list that everything sent to many belongs to; a mailbox can file by it.
pub const LIST: &str = "updates";

/// What stands around the words of every mail: `letter` in the templates that extend `layouts/mail`.
#[derive(Clone, Debug)]
pub struct Frame {
    pub site_name: String,
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
            reason: reason.to_owned(),
            unsubscribe_url: None,
            imprint: site.imprint,
            public_url: app.config().public_url.clone(),
        }
    }
}
