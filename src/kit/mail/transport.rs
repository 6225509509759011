//! The way out: an SMTP server, or in development a folder.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::{
    compose::Composer,
    message::{Message, SendError},
    smtp::{Connection, Envelope, Server},
};
use crate::kit::{
    config::{MailConfig, MailTransport},
    email_address::EmailAddress,
};

/// Cheap to clone: a handle.
#[derive(Clone)]
pub struct Mailer {
    composer: Arc<Composer>,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Smtp { server: Arc<Server>, idle: Idle },
    Folder(PathBuf),
}

impl Mailer {
    /// # Errors
    /// The sender, the server's address or the signing key cannot be read, or the folder cannot be made.
    pub fn new(config: &MailConfig) -> anyhow::Result<Self> {
        let way = match &config.transport {
            MailTransport::Smtp { url } => {
                let server = Arc::new(Server::read(url.expose_secret())?);
                Way::Smtp { server, idle: Idle::default() }
            }
            MailTransport::Folder(folder) => {
                std::fs::create_dir_all(folder)?;
                Way::Folder(folder.clone())
            }
        };
        Ok(Self { composer: Arc::new(Composer::new(config)?), way })
    }

    /// Sends one mail, over a connection that a mail before it left open if there is one.
    ///
    /// # Errors
    /// See [`SendError`].
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        let Way::Smtp { server, idle } = &self.way else {
            return self.line(None).send(message).await;
        };
        if let Some(connection) = idle.take() {
            let mut line = self.line(Some(connection));
            match line.send(message).await {
                // The server had closed it meanwhile, before it heard of this mail.
                Err(SendError::Away(_)) if !line.is_open() => {}
                result => {
                    idle.keep(line);
                    return result;
                }
            }
        }
        let mut line = self.line(Some(server.connect().await?));
        let result = line.send(message).await;
        idle.keep(line);
        result
    }

    /// Opens a line for many mails, one after the other.
    ///
    /// # Errors
    /// [`SendError::Away`].
    pub async fn connect(&self) -> Result<MailConnection, SendError> {
        match &self.way {
            Way::Smtp { server, .. } => Ok(self.line(Some(server.connect().await?))),
            Way::Folder(_) => Ok(self.line(None)),
        }
    }

    fn line(&self, connection: Option<Connection>) -> MailConnection {
        MailConnection { mailer: self.clone(), connection }
    }

    /// The message's envelope and bytes. Signing is a millisecond of pure computing, which the threads that answer
    /// others are spared.
    async fn compose(&self, message: &Message) -> anyhow::Result<(Envelope, Vec<u8>)> {
        let composed = |composer: &Composer, message: &Message| {
            Ok((composer.envelope(&message.to)?, composer.mime(message)?.formatted()))
        };
        if !self.composer.signs() {
            return composed(&self.composer, message);
        }
        let (composer, message) = (self.composer.clone(), message.clone());
        tokio::task::spawn_blocking(move || composed(&composer, &message)).await?
    }
}

/// An open way out.
pub struct MailConnection {
    mailer: Mailer,
    /// None where mails go into the folder.
    connection: Option<Connection>,
}

impl MailConnection {
    /// # Errors
    /// See [`SendError`]; afterwards [`MailConnection::is_open`] says whether the next mail can follow.
    pub async fn send(&mut self, message: &Message) -> Result<(), SendError> {
        self.send_before(message, None).await
    }

    /// The same where it is known who the next mail goes to: it must then follow, which saves waiting.
    ///
    /// # Errors
    /// As [`MailConnection::send`].
    pub async fn send_before(
        &mut self,
        message: &Message,
        next: Option<&EmailAddress>,
    ) -> Result<(), SendError> {
        let composed = self.mailer.compose(message).await;
        let (envelope, bytes) = composed.map_err(|error| SendError::Refused(error.to_string()))?;
        match (&mut self.connection, &self.mailer.way) {
            (Some(connection), _) => {
                let next = next.and_then(|next| self.mailer.composer.envelope(next).ok());
                connection.send(&envelope, &bytes, next.as_ref()).await
            }
            (None, Way::Folder(folder)) => {
                write(folder, message, &bytes).await.map_err(|error| SendError::Later(error.to_string()))
            }
            (None, Way::Smtp { .. }) => Err(SendError::Away("the line is closed".into())),
        }
    }

    pub fn is_open(&self) -> bool {
        match &self.connection {
            Some(connection) => !connection.is_broken(),
            None => matches!(self.mailer.way, Way::Folder(_)),
        }
    }

    pub async fn close(self) {
        if let Some(connection) = self.connection {
            connection.close().await;
        }
    }
}

/// Connections that single mails leave open for the next.
#[derive(Clone, Default)]
struct Idle(Arc<Mutex<Vec<(Connection, Instant)>>>);

impl Idle {
    const MOST: usize = 4;
    /// Servers close silent connections after some minutes; a mail should not be the one to find out.
    const FOR: Duration = Duration::from_secs(20);

    fn take(&self) -> Option<Connection> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(_, since)| since.elapsed() < Self::FOR);
        kept.pop().map(|(connection, _)| connection)
    }

    fn keep(&self, line: MailConnection) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = line.connection.filter(|connection| !connection.is_broken())
            && kept.len() < Self::MOST
        {
            kept.push((connection, Instant::now()));
        }
    }
}

async fn write(folder: &Path, message: &Message, bytes: &[u8]) -> std::io::Result<()> {
    // Written beside and renamed, so that a reader never sees half a mail.
    let draft = folder.join(format!("{}.tmp", message.id));
    tokio::fs::write(&draft, bytes).await?;
    tokio::fs::rename(&draft, folder.join(format!("{}.eml", message.id))).await
}
