//! One conversation with a mail server (RFC 5321), and where that server is.
//!
//! The library's own pool waits some 40 ms for each mail: it writes a mail and its final dot in two pieces, and the
//! second waits until the first is acknowledged. Here the stream is opened with TCP_NODELAY, and each step is taken
//! by itself, so that it is known how far a mail had come when something broke.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use anyhow::{Context as _, bail};
use lettre::{
    address::Envelope,
    transport::smtp::{
        Error as SmtpError,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters},
        commands::{Data, Mail, Quit, Rcpt, Rset},
        extension::ClientId,
    },
};
use reqwest::Url;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::message::SendError;

/// For reaching the server, its greeting, encryption and signing in together.
const TO_OPEN: Duration = Duration::from_mins(1);
/// For the answer to one command.
const TO_ANSWER: Duration = Duration::from_mins(2);
/// For the answer to a whole mail: ten minutes, after which the mail may still arrive (RFC 5321 4.5.3.2.6).
const TO_ACCEPT: Duration = Duration::from_mins(10);

/// Where mail goes: `SMTP_URL`, read.
///
/// `smtp://` takes encryption when the server offers it (but for a server on this machine), `?tls=required` insists,
/// `?tls=none` does without, `smtps://` is encrypted from the first byte. `?ca=/path.pem` trusts one more authority.
pub struct Server {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    /// A password may go unencrypted only where no wire is.
    is_here: bool,
    starttls: TlsParameters,
    connector: TlsConnector,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    None,
    Offered,
    Required,
    Wrapped,
}

impl Server {
    /// # Errors
    /// The address cannot be read; says what to write instead.
    pub fn read(address: &str) -> anyhow::Result<Self> {
        let url = Url::parse(address).context("SMTP_URL must look like smtp://user:password@host:587")?;
        let host = url.host_str().context("SMTP_URL names no host")?.trim_matches(['[', ']']).to_owned();
        let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let (mut tls, mut authority) = (None, None);
        for (key, value) in url.query_pairs() {
            match &*key {
                "tls" => tls = Some(value.into_owned()),
                "ca" => authority = Some(value.into_owned()),
                other => bail!("SMTP_URL: `{other}` is not known; there are `tls` and `ca`"),
            }
        }
        let security = match (url.scheme(), tls.as_deref()) {
            ("smtps", None) => Security::Wrapped,
            ("smtp", None) if is_here => Security::None,
            ("smtp", None | Some("opportunistic")) => Security::Offered,
            ("smtp", Some("required")) => Security::Required,
            ("smtp", Some("none")) => Security::None,
            _ => bail!("SMTP_URL: tls is `required`, `opportunistic` or `none`, and goes with smtp:// only"),
        };
        let usual = match security {
            Security::Wrapped => 465,
            Security::Required => 587,
            Security::None | Security::Offered => 25,
        };
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(decoded(url.username())?, decoded(password)?)),
            None => None,
        };
        let authority = authority
            .map(|path| std::fs::read(&path).with_context(|| format!("SMTP_URL: {path} cannot be read")))
            .transpose()?;
        Ok(Self {
            port: url.port().unwrap_or(usual),
            starttls: starttls(&host, authority.as_deref())?,
            connector: connector(authority.as_deref())?,
            host,
            security,
            credentials,
            is_here,
        })
    }

    /// Opens a conversation, up to where mail can be handed over.
    ///
    /// # Errors
    /// [`SendError::Away`], whatever the reason: it concerns every mail.
    pub async fn connect(&self) -> Result<Connection, SendError> {
        match timeout(TO_OPEN, self.open()).await {
            Ok(Ok(smtp)) => Ok(Connection { smtp, broken: false }),
            Ok(Err(error)) => Err(SendError::Away(format!("{error:#}"))),
            Err(_) => Err(SendError::Away(format!("{} did not answer in time", self.host))),
        }
    }

    async fn open(&self) -> anyhow::Result<AsyncSmtpConnection> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .with_context(|| format!("{}:{} cannot be reached", self.host, self.port))?;
        tcp.set_nodelay(true)?;
        let stream: Box<dyn AsyncTokioStream> = if self.security == Security::Wrapped {
            let name = ServerName::try_from(self.host.clone())?;
            Box::new(Encrypted(self.connector.connect(name, tcp).await.context("encryption")?))
        } else {
            Box::new(tcp)
        };
        let hello = ClientId::default();
        let mut smtp =
            AsyncSmtpConnection::connect_with_transport(stream, &hello).await.context("greeting")?;
        let mut encrypted = self.security == Security::Wrapped;
        match self.security {
            Security::Offered | Security::Required if smtp.can_starttls() => {
                smtp.starttls(self.starttls.clone(), &hello).await.context("encryption")?;
                encrypted = true;
            }
            Security::Required => bail!("{} offers no encryption, and SMTP_URL asks for it", self.host),
            _ => {}
        }
        if let Some(credentials) = &self.credentials {
            if !encrypted && !self.is_here {
                bail!("{} offers no encryption; the password was not sent", self.host);
            }
            smtp.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await.context("signing in")?;
        }
        Ok(smtp)
    }
}

/// `%40` in a name or password of an address is `@`.
fn decoded(text: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).context("SMTP_URL: the name or password is not UTF-8")
}

fn starttls(host: &str, authority: Option<&[u8]>) -> anyhow::Result<TlsParameters> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = authority {
        builder = builder.add_root_certificate(Certificate::from_pem(pem)?);
    }
    Ok(builder.build_rustls()?)
}

fn connector(authority: Option<&[u8]>) -> anyhow::Result<TlsConnector> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in authority.into_iter().flat_map(CertificateDer::pem_slice_iter) {
        roots.add(certificate.map_err(|error| anyhow::anyhow!("SMTP_URL: ca: {error:?}"))?)?;
    }
    let config =
        rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// A conversation that takes mail after mail.
pub struct Connection {
    smtp: AsyncSmtpConnection,
    broken: bool,
}

/// What a refusal at a step is about.
#[derive(Clone, Copy)]
enum About {
    /// The server's view of us, the same for every mail.
    Us,
    /// This mail or its reader.
    Mail,
}

impl Connection {
    /// No further mail can be sent over it.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Hands one mail over. Dropping the future midway breaks the conversation.
    ///
    /// # Errors
    /// See [`SendError`]. Up to the final dot nothing is unclear.
    pub async fn send(&mut self, envelope: &Envelope, mail: &[u8]) -> Result<(), SendError> {
        let was_broken = std::mem::replace(&mut self.broken, true);
        if was_broken {
            return Err(SendError::Away("the connection is broken".into()));
        }
        let result = self.hand_over(envelope, mail).await;
        match &result {
            Ok(()) => self.broken = false,
            // A fresh start within the same conversation; a server that is closing it does not answer.
            Err(Stopped { error: _, usable: true }) => {
                self.broken = !matches!(timeout(TO_ANSWER, self.smtp.command(Rset)).await, Ok(Ok(_)));
            }
            Err(_) => {}
        }
        result.map_err(|stopped| stopped.error)
    }

    async fn hand_over(&mut self, envelope: &Envelope, mail: &[u8]) -> Result<(), Stopped> {
        self.say(Mail::new(envelope.from().cloned(), Vec::new()), About::Us).await?;
        for to in envelope.to() {
            self.say(Rcpt::new(to.clone(), Vec::new()), About::Mail).await?;
        }
        self.say(Data, About::Mail).await?;
        // The iterator is asked for more when the mail has been written, just before the dot that makes it count.
        let mut counts = false;
        let once = std::iter::once(mail).chain(std::iter::from_fn(|| {
            counts = true;
            None
        }));
        let answer = timeout(TO_ACCEPT, self.smtp.message_iter(once)).await;
        let lost = |why: String| {
            let error = if counts { SendError::Unclear(why) } else { SendError::Away(why) };
            Stopped { error, usable: false }
        };
        match answer {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.status().is_some() => Err(refusal(&error, About::Mail)),
            Ok(Err(error)) => Err(lost(error.to_string())),
            Err(_) => Err(lost("no answer to the mail".into())),
        }
    }

    async fn say(&mut self, command: impl fmt::Display, about: About) -> Result<(), Stopped> {
        match timeout(TO_ANSWER, self.smtp.command(command)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.status().is_some() => Err(refusal(&error, about)),
            Ok(Err(error)) => Err(Stopped { error: SendError::Away(error.to_string()), usable: false }),
            Err(_) => Err(Stopped { error: SendError::Away("no answer".into()), usable: false }),
        }
    }

    /// Says goodbye, as is polite; the server closes.
    pub async fn close(mut self) {
        if !self.broken {
            let _ = timeout(Duration::from_secs(2), self.smtp.command(Quit)).await;
        }
    }
}

/// Why a mail was not taken, and whether the conversation can go on.
struct Stopped {
    error: SendError,
    usable: bool,
}

fn refusal(error: &SmtpError, about: About) -> Stopped {
    // 421: the server closes the line, whatever was asked.
    let closing = error.status().is_some_and(|code| u16::from(code) == 421);
    let words = error.to_string();
    let kind = match about {
        About::Us => SendError::Away(words),
        About::Mail if error.is_permanent() => SendError::Refused(words),
        About::Mail => SendError::Later(words),
    };
    Stopped { error: kind, usable: !closing }
}

/// A stream that is encrypted from its first byte, in the library's words.
#[derive(Debug)]
struct Encrypted(TlsStream<TcpStream>);

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers_are_read() {
        for (address, port, security, name) in [
            ("smtp://localhost:2525", 2525, Security::None, ""),
            ("smtp://[::1]", 25, Security::None, ""),
            ("smtp://mail.example.org", 25, Security::Offered, ""),
            ("smtp://u%40x.org:p%3Aw+d@mail.example.org?tls=required", 587, Security::Required, "u@x.org"),
            ("smtps://u:p@mail.example.org", 465, Security::Wrapped, "u"),
            ("smtp://mail.example.org:26?tls=none", 26, Security::None, ""),
        ] {
            let server = Server::read(address).unwrap();
            assert_eq!((server.port, server.security), (port, security), "{address}");
            let expected = if name == "u@x.org" {
                Some(Credentials::new(name.into(), "p:w+d".into()))
            } else {
                (!name.is_empty()).then(|| Credentials::new(name.into(), "p".into()))
            };
            assert_eq!(server.credentials, expected, "{address}");
        }
        for wrong in
            ["", "smtp://", "http://x", "smtp://x?tls=maybe", "smtps://x?tls=none", "smtp://x?pool=3"]
        {
            assert!(Server::read(wrong).is_err(), "{wrong}");
        }
    }
}
