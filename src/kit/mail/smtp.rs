//! One conversation with a mail server (RFC 5321), and where that server is.
//!
//! The stream is opened with TCP_NODELAY, since a mail else waits some 40 ms for an acknowledgement. Where the server
//! takes commands ahead (PIPELINING, RFC 2920), sender, reader and DATA go together, and with the mail before: one
//! round trip a mail instead of four. It is known how far a mail had come when something broke.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, bail, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use lettre::{Address, transport::smtp::extension::ClientId};
use reqwest::Url;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::message::SendError;

/// For reaching the server, its greeting, encryption and signing in together.
const TO_OPEN: Duration = Duration::from_mins(1);
/// For the answer to one command.
const TO_ANSWER: Duration = Duration::from_mins(2);
/// For the answer to a whole mail: ten minutes, after which the mail may still arrive (RFC 5321 4.5.3.2.6).
const TO_ACCEPT: Duration = Duration::from_mins(10);
/// Bytes of one answer. RFC 5321 4.5.3.1.5 allows 512 a line.
const MOST_ANSWER: u64 = 16 * 1024;

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
    connector: TlsConnector,
}

struct Credentials {
    name: String,
    password: String,
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
            Some(password) => {
                Some(Credentials { name: decoded(url.username())?, password: decoded(password)? })
            }
            None => None,
        };
        let authority = authority
            .map(|path| std::fs::read(&path).with_context(|| format!("SMTP_URL: {path} cannot be read")))
            .transpose()?;
        Ok(Self {
            port: url.port().unwrap_or(usual),
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
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(SendError::Away(format!("{error:#}"))),
            Err(_) => Err(SendError::Away(format!("{} did not answer in time", self.host))),
        }
    }

    async fn open(&self) -> anyhow::Result<Connection> {
        let tcp = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .with_context(|| format!("{}:{} cannot be reached", self.host, self.port))?;
        tcp.set_nodelay(true)?;
        let mut encrypted = self.security == Security::Wrapped;
        let mut talk = if encrypted { self.encrypt(Box::new(tcp)).await? } else { Talk::over(Box::new(tcp)) };
        talk.answer().await.context("greeting")?.expect(2).context("greeting")?;
        let mut offers = talk.hello().await?;
        match self.security {
            Security::Offered | Security::Required if offers.has("STARTTLS") => {
                talk.ask("STARTTLS\r\n").await?.expect(2).context("encryption")?;
                // What came unencrypted beforehand could be anybody's.
                ensure!(talk.stream.buffer().is_empty(), "{} speaks before it is asked", self.host);
                talk = self.encrypt(talk.stream.into_inner()).await?;
                encrypted = true;
                offers = talk.hello().await?;
            }
            Security::Required => bail!("{} offers no encryption, and SMTP_URL asks for it", self.host),
            _ => {}
        }
        if let Some(credentials) = &self.credentials {
            if !encrypted && !self.is_here {
                bail!("{} offers no encryption; the password was not sent", self.host);
            }
            talk.sign_in(credentials, &offers).await.context("signing in")?;
        }
        Ok(Connection { talk, pipelines: offers.has("PIPELINING"), begun: None, broken: false })
    }

    async fn encrypt(&self, plain: Box<dyn Wire>) -> anyhow::Result<Talk> {
        let name = ServerName::try_from(self.host.clone())?;
        Ok(Talk::over(Box::new(self.connector.connect(name, plain).await.context("encryption")?)))
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

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Commands and answers.
struct Talk {
    stream: BufReader<Box<dyn Wire>>,
}

/// What a server said: a code and words, all lines as one.
struct Answer {
    code: u16,
    words: String,
}

impl Answer {
    /// Whether it is of this hundred.
    fn is(&self, hundred: u16) -> bool {
        self.code / 100 == hundred
    }

    fn expect(self, hundred: u16) -> anyhow::Result<Self> {
        ensure!(self.is(hundred), "{}", self.words);
        Ok(self)
    }
}

/// What a server says that it can do.
struct Offers(Vec<String>);

impl Offers {
    fn has(&self, keyword: &str) -> bool {
        self.0.iter().any(|line| line == keyword)
    }

    fn has_way_in(&self, mechanism: &str) -> bool {
        let ways = self.0.iter().filter_map(|line| line.strip_prefix("AUTH "));
        ways.flat_map(str::split_whitespace).any(|way| way == mechanism)
    }
}

impl Talk {
    fn over(wire: Box<dyn Wire>) -> Self {
        Self { stream: BufReader::new(wire) }
    }

    /// Counts what has left in `written`, also when it breaks midway.
    async fn write(&mut self, bytes: &[u8], written: &mut usize) -> io::Result<()> {
        while *written < bytes.len() {
            match self.stream.write(&bytes[*written..]).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                some => *written += some,
            }
        }
        self.stream.flush().await
    }

    async fn answer(&mut self) -> io::Result<Answer> {
        let mut limited = (&mut self.stream).take(MOST_ANSWER);
        let (mut line, mut words) = (Vec::new(), String::new());
        loop {
            line.clear();
            limited.read_until(b'\n', &mut line).await?;
            if line.last() != Some(&b'\n') {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the line"));
            }
            let line = String::from_utf8_lossy(&line);
            let code = line.get(..3).filter(|code| code.bytes().all(|digit| digit.is_ascii_digit()));
            let Some(code) = code.and_then(|code| code.parse().ok()) else {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no mail server"));
            };
            let text = line.get(4..).unwrap_or_default().trim_end();
            if words.is_empty() {
                words = format!("{code} ");
            } else {
                words.push('\n');
            }
            words.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c }));
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Answer { code, words });
            }
        }
    }

    async fn ask(&mut self, command: &str) -> io::Result<Answer> {
        self.write(command.as_bytes(), &mut 0).await?;
        self.answer().await
    }

    async fn hello(&mut self) -> anyhow::Result<Offers> {
        let answer = self.ask(&format!("EHLO {}\r\n", ClientId::default())).await.context("greeting")?;
        let answer = answer.expect(2).context("greeting")?;
        Ok(Offers(answer.words.lines().skip(1).map(|line| line.trim().to_ascii_uppercase()).collect()))
    }

    async fn sign_in(&mut self, credentials: &Credentials, offers: &Offers) -> anyhow::Result<()> {
        let Credentials { name, password } = credentials;
        let coded = |words: &str| STANDARD.encode(words);
        if offers.has_way_in("PLAIN") {
            let both = coded(&format!("\0{name}\0{password}"));
            self.ask(&format!("AUTH PLAIN {both}\r\n")).await?.expect(2)?;
        } else if offers.has_way_in("LOGIN") {
            self.ask("AUTH LOGIN\r\n").await?.expect(3)?;
            self.ask(&format!("{}\r\n", coded(name))).await?.expect(3)?;
            self.ask(&format!("{}\r\n", coded(password))).await?.expect(2)?;
        } else {
            bail!("the server takes no password in a way that we know (PLAIN, LOGIN)");
        }
        Ok(())
    }
}

/// Who a mail is from and for, to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    from: Address,
    to: Address,
}

impl Envelope {
    pub fn new(from: Address, to: Address) -> Self {
        Self { from, to }
    }

    /// The commands, the hundred of the answer that lets us go on, and what another answer is about.
    fn steps(&self) -> [(String, u16, About); 3] {
        [
            (format!("MAIL FROM:<{}>\r\n", self.from), 2, About::Us),
            (format!("RCPT TO:<{}>\r\n", self.to), 2, About::Mail),
            ("DATA\r\n".to_owned(), 3, About::Mail),
        ]
    }

    fn commands(&self) -> String {
        self.steps().map(|(command, ..)| command).concat()
    }
}

/// A conversation that takes mail after mail.
pub struct Connection {
    talk: Talk,
    /// The server takes commands ahead.
    pipelines: bool,
    /// Went out with the mail before; its answers are still to be read.
    begun: Option<Envelope>,
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

    /// Hands one mail over. Where the server allows, `next` is announced with it, and must then be the envelope of the
    /// mail that follows. Dropping the future midway breaks the conversation.
    ///
    /// # Errors
    /// See [`SendError`]. Up to the final dot nothing is unclear.
    pub async fn send(
        &mut self,
        envelope: &Envelope,
        mail: &[u8],
        next: Option<&Envelope>,
    ) -> Result<(), SendError> {
        if std::mem::replace(&mut self.broken, true) {
            return Err(SendError::Away("the connection is broken".into()));
        }
        let result = match self.begin(envelope).await {
            Ok(()) => self.hand_over(mail, next).await,
            Err(stopped) => Err(stopped),
        };
        self.broken = matches!(&result, Err(Stopped { usable: false, .. }));
        result.map_err(|stopped| stopped.error)
    }

    /// Up to where the server waits for the mail.
    async fn begin(&mut self, envelope: &Envelope) -> Result<(), Stopped> {
        let begun = self.begun.take();
        if begun.as_ref().is_some_and(|begun| begun != envelope) {
            return Err(Stopped::away("another mail was announced"));
        }
        if begun.is_none() && self.pipelines {
            self.say(&envelope.commands()).await?;
        }
        let mut stopped = None;
        for (command, hundred, about) in envelope.steps() {
            if !self.pipelines {
                self.say(&command).await?;
            }
            match self.hear(hundred, about).await {
                Ok(()) if stopped.is_some() && hundred == 3 => {
                    // It waits for a mail that is for nobody.
                    self.say(".\r\n").await?;
                    self.listen().await?;
                }
                Ok(()) => {}
                Err(refusal) if refusal.usable => {
                    stopped.get_or_insert(refusal);
                    if !self.pipelines {
                        break;
                    }
                }
                Err(lost) => return Err(lost),
            }
        }
        let Some(mut stopped) = stopped else { return Ok(()) };
        // A fresh start within the same conversation; a server that is closing it does not answer.
        self.say("RSET\r\n").await?;
        stopped.usable = self.listen().await.is_ok_and(|answer| answer.is(2));
        Err(stopped)
    }

    async fn hand_over(&mut self, mail: &[u8], next: Option<&Envelope>) -> Result<(), Stopped> {
        let mut bytes = dotted(mail);
        let counts = bytes.len();
        let next = next.filter(|_| self.pipelines);
        if let Some(next) = next {
            bytes.extend_from_slice(next.commands().as_bytes());
        }
        let lost = |why, counts| {
            let error = if counts { SendError::Unclear(why) } else { SendError::Away(why) };
            Stopped { error, usable: false }
        };
        let mut written = 0;
        let handed = async {
            self.talk.write(&bytes, &mut written).await?;
            self.talk.answer().await
        };
        let answer = match timeout(TO_ACCEPT, handed).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(lost(error.to_string(), written >= counts)),
            Err(_) => return Err(lost("no answer to the mail".into(), written >= counts)),
        };
        let result = match answer.code / 100 {
            2 => Ok(()),
            4 | 5 => Err(refusal(answer, About::Mail)),
            _ => Err(Stopped { error: SendError::Unclear(answer.words), usable: false }),
        };
        if !matches!(&result, Err(Stopped { usable: false, .. })) {
            self.begun = next.cloned();
        }
        result
    }

    async fn say(&mut self, commands: &str) -> Result<(), Stopped> {
        match timeout(TO_ANSWER, self.talk.write(commands.as_bytes(), &mut 0)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Stopped::away(error)),
            Err(_) => Err(Stopped::away("the server does not listen")),
        }
    }

    async fn listen(&mut self) -> Result<Answer, Stopped> {
        match timeout(TO_ANSWER, self.talk.answer()).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(Stopped::away(error)),
            Err(_) => Err(Stopped::away("no answer")),
        }
    }

    async fn hear(&mut self, hundred: u16, about: About) -> Result<(), Stopped> {
        let answer = self.listen().await?;
        match answer.code / 100 {
            code if code == hundred => Ok(()),
            4 | 5 => Err(refusal(answer, about)),
            _ => Err(Stopped::away(answer.words)),
        }
    }

    /// Says goodbye, as is polite; the server closes. A mail that was only announced never was.
    pub async fn close(mut self) {
        if !self.broken && self.begun.is_none() {
            let _ = timeout(Duration::from_secs(2), self.talk.ask("QUIT\r\n")).await;
        }
    }
}

/// Why a mail was not taken, and whether the conversation can go on.
struct Stopped {
    error: SendError,
    usable: bool,
}

impl Stopped {
    fn away(why: impl ToString) -> Self {
        Self { error: SendError::Away(why.to_string()), usable: false }
    }
}

fn refusal(answer: Answer, about: About) -> Stopped {
    // 421: the server closes the line, whatever was asked.
    let usable = answer.code != 421;
    let error = match about {
        About::Us => SendError::Away(answer.words),
        About::Mail if answer.is(5) => SendError::Refused(answer.words),
        About::Mail => SendError::Later(answer.words),
    };
    Stopped { error, usable }
}

/// A mail as it travels: a dot that begins a line is doubled, and one alone ends it (RFC 5321 4.5.2).
fn dotted(mail: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(mail.len() + 256);
    for line in mail.split_inclusive(|byte| *byte == b'\n') {
        if line.first() == Some(&b'.') {
            bytes.push(b'.');
        }
        bytes.extend_from_slice(line);
    }
    if !bytes.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b".\r\n");
    bytes
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
            let password = if name == "u@x.org" { "p:w+d" } else { "p" };
            let expected = (!name.is_empty()).then(|| (name.to_owned(), password.to_owned()));
            let found = server.credentials.map(|found| (found.name, found.password));
            assert_eq!(found, expected, "{address}");
        }
        for wrong in
            ["", "smtp://", "http://x", "smtp://x?tls=maybe", "smtps://x?tls=none", "smtp://x?pool=3"]
        {
            assert!(Server::read(wrong).is_err(), "{wrong}");
        }
    }
}
