//! What a mail says.

use askama::Template;
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
            .keep_style_tags(true)
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
    /// Becomes the Message-ID: the same on every try.
    pub id: Uuid,
    pub to: EmailAddress,
    pub letter: Letter,
    /// An https address that takes a one-click unsubscribe (RFC 8058); set on everything that is not a service mail.
    pub unsubscribe: Option<String>,
}

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
