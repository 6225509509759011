//! What a mail says.

use askama::Template;
use css_inline::CSSInliner;
use uuid::Uuid;

use crate::kit::{email_address::EmailAddress, error::Result};

/// The words of a mail, in both forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
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
        Ok(Self { subject: subject.into(), text: text.render()?, html })
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
