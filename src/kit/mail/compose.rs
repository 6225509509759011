//! A message as it travels: headers, both parts, signature.

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use lettre::{
    Message as Mime,
    message::{
        Body, Mailbox,
        dkim::{
            DkimCanonicalization, DkimCanonicalizationType, DkimConfig, DkimSigningAlgorithm, DkimSigningKey,
        },
        header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue, MIME_VERSION_1_0},
    },
};

use super::{
    message::{Message, Written},
    smtp::Envelope,
};
use crate::kit::{config, email_address::EmailAddress};

/// Writes messages from one sender.
pub struct Composer {
    from: Mailbox,
    dkim: Option<DkimConfig>,
}

/// What the signature covers. A name that a mail does not carry is covered as absent, so that nobody on the way can
/// add it; RFC 8058 wants both List-Unsubscribe headers in.
const SIGNED: [&str; 14] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Auto-Submitted",
    "Precedence",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];

impl Composer {
    /// # Errors
    /// The sender cannot be read, or the key file cannot.
    pub fn new(config: &config::MailConfig) -> anyhow::Result<Self> {
        let dkim = config.dkim.as_ref().map(signer).transpose()?;
        Ok(Self { from: config.from.parse()?, dkim })
    }

    pub fn signs(&self) -> bool {
        self.dkim.is_some()
    }

    /// # Errors
    /// The address is one that no mail server can be told.
    pub fn envelope(&self, to: &EmailAddress) -> anyhow::Result<Envelope> {
        Ok(Envelope::new(self.from.email.clone(), to.as_str().parse()?))
    }

    /// # Errors
    /// The address is one that no header can hold.
    pub fn mime(&self, message: &Message) -> anyhow::Result<Mime> {
        let domain = self.from.email.domain();
        let name = (!message.name.is_empty()).then(|| on_one_line(&message.name));
        let mut builder = Mime::builder()
            .from(self.from.clone())
            .to(Mailbox::new(name, message.to.as_str().parse()?))
            .subject(on_one_line(&message.letter.subject))
            .date(message.at.into())
            .message_id(Some(format!("<{}@{domain}>", message.id)))
            // No robot should answer (RFC 3834).
            .raw_header(header("Auto-Submitted", "auto-generated"));
        if let Some(address) = &message.letter.reply_to {
            builder = builder.reply_to(Mailbox::new(None, address.as_str().parse()?));
        }
        if let Some(bulk) = &message.bulk {
            builder = builder
                .raw_header(header("Precedence", "bulk"))
                .raw_header(header("List-Id", &format!("<{}.{domain}>", bulk.list)))
                .header(Address(bulk.unsubscribe.clone()))
                .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"));
        }
        // The boundary comes from the id: the same message is the same bytes on every try. Signing looks at the
        // message's own headers only, so the type, which says where a part begins, goes there.
        let boundary = format!("={}", message.id.simple());
        let kind = ContentType::parse(&format!("multipart/alternative; boundary=\"{boundary}\""))?;
        let Written { text, html, .. } = &message.letter;
        let mut parts = String::with_capacity(text.len() + html.len() + 512);
        for (kind, part) in [("plain", text), ("html", html)] {
            let head = [
                "--",
                &boundary,
                "\r\nContent-Type: text/",
                kind,
                "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n",
            ];
            parts.extend(head);
            parts.extend([part, "\r\n"]);
        }
        parts.extend(["--", &boundary, "--\r\n"]);
        let body = Body::dangerous_pre_encoded(parts.into_bytes(), ContentTransferEncoding::SevenBit);
        let mut mime = builder.header(MIME_VERSION_1_0).header(kind).body(body)?;
        if let Some(dkim) = &self.dkim {
            mime.sign(dkim);
        }
        Ok(mime)
    }
}

/// What could begin another header becomes a space.
fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// The address in angle brackets, never folded: some mailboxes read only the first line.
#[derive(Clone)]
struct Address(String);

impl Header for Address {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.trim().trim_matches(['<', '>']).to_owned()))
    }

    fn display(&self) -> HeaderValue {
        // What is written unencoded must not be able to begin another header.
        let clean: String = self.0.chars().filter(|c| c.is_ascii_graphic() && !"<>".contains(*c)).collect();
        let value = format!("<{clean}>");
        HeaderValue::dangerous_new_pre_encoded(Self::name(), value.clone(), value)
    }
}

fn signer(config: &config::DkimConfig) -> anyhow::Result<DkimConfig> {
    let file = config.key_file.display();
    let pem = std::fs::read_to_string(&config.key_file)
        .with_context(|| format!("DKIM_KEY_FILE: {file} cannot be read"))?;
    let pem = pkcs1(&pem).with_context(|| format!("DKIM_KEY_FILE: {file}"))?;
    let key = DkimSigningKey::new(&pem, DkimSigningAlgorithm::Rsa)
        .with_context(|| format!("DKIM_KEY_FILE: {file} holds no RSA key"))?;
    let relaxed = DkimCanonicalizationType::Relaxed;
    Ok(DkimConfig::new(
        config.selector.clone(),
        config.domain.clone(),
        key,
        SIGNED.map(HeaderName::new_from_ascii_str).to_vec(),
        DkimCanonicalization { header: relaxed, body: relaxed },
    ))
}

/// The key in the older of the two wrappings (PKCS #1), the only one that the signer reads. OpenSSL 3 writes the
/// newer (PKCS #8), which is the older one behind a fixed head (RFC 5208, RFC 8017 A.1).
fn pkcs1(pem: &str) -> anyhow::Result<String> {
    const RSA: [u8; 15] =
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    const OCTETS: u8 = 0x04;
    if pem.contains("BEGIN RSA PRIVATE KEY") {
        return Ok(pem.to_owned());
    }
    let Some((_, rest)) = pem.split_once("-----BEGIN PRIVATE KEY-----") else {
        bail!("not an unencrypted private key; make one with `openssl genrsa 2048`")
    };
    let body: String = rest.lines().take_while(|line| !line.starts_with("-----")).map(str::trim).collect();
    let der = STANDARD.decode(body)?;
    let at = der.windows(RSA.len()).position(|window| window == RSA).context("not an RSA key")?;
    let Some([OCTETS, length, rest @ ..]) = der.get(at + RSA.len()..) else { bail!("not an RSA key") };
    // Beyond 127 the first octet counts those of the length itself.
    let key = if *length < 0x80 { rest } else { rest.get(usize::from(length & 0x7f)..).unwrap_or_default() };
    let encoded = STANDARD.encode(key);
    let lines: Vec<_> = encoded.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    Ok(format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", lines.join("\n")))
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::kit::mail::{Bulk, Letter};

    fn message(name: &str, subject: &str) -> Message {
        Message {
            id: Uuid::from_u128(7),
            to: "ana@demo.test".parse().unwrap(),
            name: name.into(),
            at: DateTime::from_timestamp(1_795_262_400, 0).unwrap(),
            letter: Letter {
                subject: subject.into(),
                text: "Hallo\n.\n".into(),
                html: "<p>Hallo</p>".into(),
                reply_to: None,
            }
            .written(),
            bulk: None,
        }
    }

    /// The message as it travels, unsigned.
    pub(crate) fn written(message: &Message) -> String {
        let composer = Composer { from: "Party <hello@party.test>".parse().unwrap(), dkim: None };
        String::from_utf8(composer.mime(message).unwrap().formatted()).unwrap()
    }

    #[test]
    fn the_same_message_is_the_same_bytes() {
        let message = message("Ana", "Hello");
        assert_eq!(written(&message), written(&message));
        assert!(written(&message).contains("Date: Sat, 21 Nov 2026 12:00:00 +0000\r\n"));
        assert!(!written(&message).contains("List-"));
    }

    #[test]
    fn no_name_or_subject_begins_a_header() {
        let mut message = message("Ana\r\nBcc: x@y.zz", "Hello\r\nBcc: x@y.zz");
        message.bulk = Some(Bulk {
            unsubscribe: "https://party.test/u/1\r\nBcc: x@y.zz".into(),
            list: "letters".into(),
        });
        let written = written(&message);
        let head = written.split("\r\n\r\n").next().unwrap();
        assert!(!head.lines().any(|line| line.to_ascii_lowercase().starts_with("bcc")), "{head}");
    }

    #[test]
    fn names_and_subjects_of_every_script_are_read_back() {
        let long = "é".repeat(120);
        for text in ["Siân O’Neill, \"Jr\"", "محمد العربي", "李小龙", "Zoë 🌹", long.as_str()]
        {
            let written = written(&message(text, text));
            assert!(written.is_ascii());
            let mail = mail_parser::MessageParser::default().parse(written.as_bytes()).unwrap();
            assert_eq!(mail.subject(), Some(text));
            assert_eq!(mail.to().unwrap().first().unwrap().name(), Some(text));
        }
    }
}
