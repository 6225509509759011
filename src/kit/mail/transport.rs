//! The way out.

use std::path::Path;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::{Mailbox, Message as Mime, MultiPart, header},
};
use secrecy::ExposeSecret;
use thiserror::Error;

use super::Message;
use crate::kit::config::{MailConfig, MailTransport};

#[derive(Clone)]
pub struct Mailer {
    from: Mailbox,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(std::path::PathBuf),
}

#[derive(Debug, Error)]
pub enum SendError {
    /// The server will never take this mail.
    #[error("refused: {0}")]
    Refused(String),
    /// Nothing was sent; try later.
    #[error("not now: {0}")]
    Later(String),
    /// The mail was handed over but the answer was lost: it may have arrived.
    #[error("unclear: {0}")]
    Unclear(String),
}

impl Mailer {
    /// # Errors
    /// The sender or the server's address cannot be read, or the folder cannot be made.
    pub fn new(config: &MailConfig) -> anyhow::Result<Self> {
        let way = match &config.transport {
            MailTransport::Smtp { url } => {
                Way::Smtp(AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret())?.build())
            }
            MailTransport::Folder(folder) => {
                std::fs::create_dir_all(folder)?;
                Way::Folder(folder.clone())
            }
        };
        Ok(Self { from: config.from.parse()?, way })
    }

    /// # Errors
    /// See [`SendError`]: each kind asks for something else.
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        let mime = self.mime(message).map_err(|error| SendError::Refused(error.to_string()))?;
        match &self.way {
            Way::Smtp(smtp) => smtp.send(mime).await.map(drop).map_err(|error| {
                if error.is_permanent() {
                    SendError::Refused(error.to_string())
                } else {
                    SendError::Later(error.to_string())
                }
            }),
            Way::Folder(folder) => {
                write(folder, message, &mime).await.map_err(|error| SendError::Later(error.to_string()))
            }
        }
    }

    fn mime(&self, message: &Message) -> anyhow::Result<Mime> {
        let domain = self.from.email.domain();
        let letter = &message.letter;
        let mut builder = Mime::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, message.to.as_str().parse()?))
            .subject(&letter.subject)
            .message_id(Some(format!("<{}@{domain}>", message.id)));
        if let Some(address) = &letter.reply_to {
            builder = builder.reply_to(Mailbox::new(None, address.as_str().parse()?));
        }
        if let Some(address) = &message.unsubscribe {
            builder = builder
                .raw_header(header::HeaderValue::new(
                    header::HeaderName::new_from_ascii_str("List-Unsubscribe"),
                    format!("<{address}>"),
                ))
                .raw_header(header::HeaderValue::new(
                    header::HeaderName::new_from_ascii_str("List-Unsubscribe-Post"),
                    "List-Unsubscribe=One-Click".to_owned(),
                ));
        }
        Ok(builder.multipart(MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone()))?)
    }
}

async fn write(folder: &Path, message: &Message, mime: &Mime) -> std::io::Result<()> {
    // Written beside and renamed, so that a reader never sees half a mail.
    let draft = folder.join(format!("{}.tmp", message.id));
    tokio::fs::write(&draft, mime.formatted()).await?;
    tokio::fs::rename(&draft, folder.join(format!("{}.eml", message.id))).await
}
