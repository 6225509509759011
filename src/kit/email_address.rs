//! An email address that could be delivered to, in one spelling.

use std::{fmt, str::FromStr};

use thiserror::Error;

use super::codes::stored_as_text;

/// Parsed and trimmed; the domain is lower-cased. Two addresses that differ only in case are the same person
/// to us, which the database enforces by comparing without case.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

#[derive(Debug, Error, PartialEq, Eq)]
pub enum NotAnAddress {
    #[error("Enter your email address")]
    Empty,
    #[error("Enter an email address like name@example.org")]
    Malformed,
}

impl EmailAddress {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NotAnAddress::Empty);
        }
        let options = email_address::Options::default()
            .without_display_text()
            .without_domain_literal()
            .with_required_tld();
        // 254 octets is the longest path that SMTP carries (RFC 5321 4.5.3.1.3). Quoted local parts are legal and
        // in practice always a mistake; the header writer would have to escape them.
        let well_formed = text.len() <= 254
            && text.is_ascii()
            && !text.contains(['"', ' ', '\\', '/'])
            && email_address::EmailAddress::parse_with_options(text, options).is_ok();
        let Some((local, domain)) = text.rsplit_once('@').filter(|_| well_formed) else {
            return Err(NotAnAddress::Malformed);
        };
        Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
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
        ] {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad:?}");
        }
        assert!(format!("{}@example.org", "a".repeat(300)).parse::<EmailAddress>().is_err());
    }
}
