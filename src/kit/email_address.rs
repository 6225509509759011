//! An email address that could be delivered to, in one spelling.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{codes::stored_as_text, typed};

/// Parsed and trimmed; the domain is lower-cased and, where it has letters beyond ASCII, in the spelling that mail is
/// sent with (`tŷ.cymru` is `xn--t-foa.cymru`). Two addresses that differ only in case are the same person
/// to us, which the database enforces by comparing without case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

#[derive(Debug, Error, PartialEq, Eq)]
pub enum NotAnAddress {
    #[error("Enter your email address")]
    Empty,
    #[error("Enter an email address like name@example.org")]
    Malformed,
    #[error("We cannot send to addresses with such letters before the @. Enter another address")]
    ForeignName,
}

impl EmailAddress {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same at a well-known provider, if what stands after the @ is one slip away from that.
    pub fn meant(&self) -> Option<String> {
        let (local, domain) = self.0.rsplit_once('@')?;
        if PROVIDERS.contains(&domain) || OTHERS.contains(&domain) {
            return None;
        }
        let meant = PROVIDERS.iter().find(|provider| is_one_slip(domain, provider))?;
        Some(format!("{local}@{meant}"))
    }
}

/// Where most people in Britain have their mail.
const PROVIDERS: [&str; 17] = [
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "hotmail.co.uk",
    "outlook.com",
    "live.co.uk",
    "yahoo.com",
    "yahoo.co.uk",
    "icloud.com",
    "btinternet.com",
    "virginmedia.com",
    "talktalk.net",
    "ntlworld.com",
    "blueyonder.co.uk",
    "tiscali.co.uk",
    "protonmail.com",
    "proton.me",
];
/// That look like a slip and are none.
const OTHERS: [&str; 4] = ["mail.com", "email.com", "ymail.com", "cloud.com"];

/// Whether one letter too many, too few, wrong, or swapped with its neighbour makes one of the other.
fn is_one_slip(typed: &str, meant: &str) -> bool {
    let (short, long) = if typed.len() <= meant.len() { (typed, meant) } else { (meant, typed) };
    let (short, long) = (short.as_bytes(), long.as_bytes());
    let same = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[same..], &long[same..]);
    match long.len() - short.len() {
        0 => match (short, long) {
            ([a, b, rest @ ..], [c, d, others @ ..]) if (a, b) == (d, c) => rest == others,
            ([_, rest @ ..], [_, others @ ..]) => rest == others,
            _ => false,
        },
        1 => short == &long[1..],
        _ => false,
    }
}

impl FromStr for EmailAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = typed::plain(text);
        // As it is copied from a sentence, a link or a list of addresses.
        let is_link = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:"));
        let text = if is_link { &text[7..] } else { &text };
        let text = text.trim_matches(['<', '>', ',', ';']).trim_end_matches('.');
        if text.is_empty() {
            return Err(NotAnAddress::Empty);
        }
        let Some((local, domain)) = text.rsplit_once('@') else { return Err(NotAnAddress::Malformed) };
        if !local.is_ascii() {
            return Err(NotAnAddress::ForeignName);
        }
        let domain = idna::domain_to_ascii(domain).map_err(|_| NotAnAddress::Malformed)?;
        let text = format!("{local}@{domain}");
        let options = email_address::Options::default()
            .without_display_text()
            .without_domain_literal()
            .with_required_tld();
        // 254 octets is the longest path that SMTP carries (RFC 5321 4.5.3.1.3). Quoted local parts are legal and
        // in practice always a mistake; the header writer would have to escape them.
        // No host's name has other signs, and no top-level domain is a number (RFC 3696 2).
        let is_host = domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.')
            && domain
                .rsplit('.')
                .next()
                .is_some_and(|top| top.bytes().any(|byte| byte.is_ascii_alphabetic()));
        let well_formed = is_host
            && text.len() <= 254
            && text.is_ascii()
            && !text.contains(['"', ' ', '\\', '/'])
            && email_address::EmailAddress::parse_with_options(&text, options).is_ok();
        if well_formed { Ok(Self(text)) } else { Err(NotAnAddress::Malformed) }
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(email: EmailAddress) -> Self {
        email.0
    }
}

stored_as_text!(EmailAddress, EmailAddress::as_str);

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_real_addresses_and_no_others() {
        for good in ["ana@demo.test", "o'neill@example.org", "a.b+c@sub.example.co.uk"] {
            assert_eq!(good.parse::<EmailAddress>().map(|a| a.to_string()), Ok(good.to_owned()));
        }
        assert_eq!(" Ana@DEMO.test ".parse::<EmailAddress>().unwrap().as_str(), "Ana@demo.test");
        for bad in [
            "",
            " ",
            "ana",
            "ana@",
            "@demo.test",
            "ana@demo",
            "a b@demo.test",
            "ana@demo.test\r\nBcc: x@y.zz",
            "ana@exa\u{202E}mple.org",
            "ana@exa mple.org",
            "ana@[127.0.0.1]",
            "a@1.2.3.4",
            "a@example.123",
            "a@exa_mple.org",
            "a@exa!mple.org",
        ] {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad:?}");
        }
        assert!(format!("{}@example.org", "a".repeat(300)).parse::<EmailAddress>().is_err());
        assert_eq!("tŷ@example.org".parse::<EmailAddress>(), Err(NotAnAddress::ForeignName));
    }

    #[test]
    fn one_address_has_one_spelling() {
        let dai = "dai@xn--t-foa.cymru";
        for (typed, kept) in [
            ("dai@tŷ.cymru", dai),
            ("dai@TŶ.cymru", dai),
            ("dai@ty\u{302}.cymru", dai),
            ("dai@xn--t-foa.cymru", dai),
            ("\u{200B}ana@demo.test\u{200B}", "ana@demo.test"),
            ("\u{FEFF}ana@de\u{AD}mo.test", "ana@demo.test"),
            ("<ana@demo.test>,", "ana@demo.test"),
            ("mailto:ana@demo.test", "ana@demo.test"),
            ("MAILTO:ana@demo.test", "ana@demo.test"),
            ("ana@demo.test.", "ana@demo.test"),
            ("ana＠demo．test", "ana@demo.test"),
            ("ａｎａ@demo.test", "ana@demo.test"),
            ("oﬃce@demo.test", "office@demo.test"),
            ("\u{2068}ana@demo.test\u{2069}", "ana@demo.test"),
            ("ana@demo\u{200B}.test\u{A0}", "ana@demo.test"),
        ] {
            assert_eq!(
                typed.parse::<EmailAddress>().map(|a| a.to_string()),
                Ok(kept.to_owned()),
                "{typed:?}"
            );
        }
    }

    #[test]
    fn slips_in_well_known_domains_are_seen() {
        for (typed, meant) in [
            ("gmial.com", Some("gmail.com")),
            ("gmail.con", Some("gmail.com")),
            ("gmail.co", Some("gmail.com")),
            ("gmaill.com", Some("gmail.com")),
            ("hotmial.co.uk", Some("hotmail.co.uk")),
            ("outlok.com", Some("outlook.com")),
            ("yaho.co.uk", Some("yahoo.co.uk")),
            ("gmail.com", None),
            ("mail.com", None),
            ("ymail.com", None),
            ("email.com", None),
            ("example.org", None),
            ("gmail.co.uk", None),
            ("demo.test", None),
        ] {
            let asked = format!("ana@{typed}").parse::<EmailAddress>().unwrap().meant();
            assert_eq!(asked, meant.map(|meant| format!("ana@{meant}")), "{typed}");
        }
    }
}
