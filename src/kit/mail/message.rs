//! A mail as it is handed on, and what became of it.

use chrono::{DateTime, Utc};
use thiserror::Error;
use uuid::Uuid;

use crate::kit::email_address::EmailAddress;

/// The words of a mail, in both forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Who an answer goes to, where that is not the sender.
    pub reply_to: Option<EmailAddress>,
}

impl Letter {
    /// As it travels.
    pub fn written(&self) -> Written {
        Written {
            subject: self.subject.clone(),
            text: quoted(&self.text),
            html: quoted(&self.html),
            reply_to: self.reply_to.clone(),
        }
    }

    #[must_use]
    pub fn with_reply_to(self, address: EmailAddress) -> Self {
        Self { reply_to: Some(address), ..self }
    }
}

/// A letter as it travels: both forms are [`quoted`].
#[derive(Clone, Debug)]
pub struct Written {
    pub subject: String,
    pub text: String,
    pub html: String,
    pub reply_to: Option<EmailAddress>,
}

/// Words in quoted-printable (RFC 2045 6.7): lines that every server lets through. Pieces that were written by
/// themselves are joined by [`SOFT_BREAK`].
pub fn quoted(words: &str) -> String {
    quoted_printable::encode_to_str(words.replace("\r\n", "\n").replace('\n', "\r\n"))
}

/// Ends a line on the wire that goes on in the words.
pub const SOFT_BREAK: &str = "=\r\n";

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
    pub letter: Written,
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

/// Why a mail was not sent. Each kind asks for something else.
#[derive(Debug, Error)]
pub enum SendError {
    /// The server will never take this mail.
    #[error("refused: {0}")]
    Refused(String),
    /// The server did not take this mail now; others it may.
    #[error("not now: {0}")]
    Later(String),
    /// The server is not there or takes nothing from us: no mail will go until that is mended.
    #[error("no mail server: {0}")]
    Away(String),
    /// The mail was handed over but the answer was lost: it may have arrived.
    #[error("unclear: {0}")]
    Unclear(String),
}
