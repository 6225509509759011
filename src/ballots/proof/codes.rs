//! What a voter keeps: the mark of their own choosing, the tracking code by which they find their paper afterwards, and
//! the key with which they can replace it.
//!
//! Nothing here shows a secret when it is printed for debugging.

use std::{fmt, str::FromStr};

use secrecy::{ExposeSecret, SecretBox};
use subtle::ConstantTimeEq as _;

use super::{
    base32,
    commitment::Commitment,
    hash::{Sha, as_text},
};

/// Six digits of the voter's own choosing. They stand beside the choices once papers are published: should two voters
/// have been given the same code, at most one of them finds their own digits there.
#[derive(Clone, PartialEq, Eq)]
pub struct VoterMark(String);

/// A text that isn't six digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("type six digits of your own choosing, like 402917")]
pub struct NotAMark;

impl FromStr for VoterMark {
    type Err = NotAMark;

    fn from_str(text: &str) -> Result<Self, NotAMark> {
        let digits: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        let is_mark = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_digit());
        if is_mark { Ok(Self(digits)) } else { Err(NotAMark) }
    }
}

impl VoterMark {
    /// All marks are of one size.
    pub(super) fn longest() -> Self {
        Self("000000".to_owned())
    }
}

impl fmt::Display for VoterMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for VoterMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VoterMark(secret)")
    }
}

as_text!(VoterMark);

/// By which a voter finds their paper: ten letters, shown as `XXXXX-XXXXX`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackingCode(String);

const CODE_LETTERS: usize = 10;

impl TrackingCode {
    /// The first 50 bits of a hash of the commitment. Of 200,000 papers two have the same code once in about 60,000
    /// ballots, so whoever hands codes out must look whether it is taken.
    pub fn of(commitment: &Commitment) -> Self {
        Self(base32::encode(&Sha::of(&[b"pb1t", &commitment.0.0]).0, CODE_LETTERS))
    }
}

impl fmt::Display for TrackingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base32::grouped(&self.0, 5))
    }
}

impl fmt::Debug for TrackingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrackingCode(secret)")
    }
}

/// A text that isn't a tracking code or a change key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "type the {letters} letters and digits of the {what} as they were shown; hyphens and spaces don't matter"
)]
pub struct NotACode {
    what: &'static str,
    letters: usize,
}

impl FromStr for TrackingCode {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        base32::tidy(text)
            .filter(|letters| letters.len() == CODE_LETTERS)
            .map(Self)
            .ok_or(NotACode { what: "tracking code", letters: CODE_LETTERS })
    }
}

/// With which a voter replaces their paper while the ballot is open. The site keeps its hash alone.
pub struct ChangeKey(SecretBox<[u8; 16]>);

const KEY_LETTERS: usize = 26;

impl ChangeKey {
    /// From 128 random bits.
    pub fn new(random: [u8; 16]) -> Self {
        Self(SecretBox::new(Box::new(random)))
    }

    /// What the site keeps.
    pub fn hash(&self) -> Sha {
        Sha::of(&[b"pb1k", self.0.expose_secret()])
    }

    /// The key as the voter sees it, in groups of four.
    pub fn text(&self) -> String {
        base32::grouped(&base32::encode(self.0.expose_secret(), KEY_LETTERS), 4)
    }
}

impl PartialEq for ChangeKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret().ct_eq(other.0.expose_secret()).into()
    }
}

impl fmt::Debug for ChangeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChangeKey(secret)")
    }
}

impl FromStr for ChangeKey {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        base32::decode(text).map(Self::new).ok_or(NotACode { what: "change key", letters: KEY_LETTERS })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_keys_are_read_however_they_are_typed() {
        let commitment = Commitment::of(b"paper");
        let code = TrackingCode::of(&commitment);
        let shown = code.to_string();
        assert_eq!(shown.len(), 11);
        // printf 'pb1paper' | sha256sum; the same of "pb1t" and those bytes, in base 32
        assert_eq!(
            (commitment.to_string()[..8].to_owned(), shown.clone()),
            ("1036fb18".to_owned(), "09Y6E-1B8BS".to_owned())
        );
        for typed in
            [shown.to_lowercase(), shown.replace('-', " "), shown.replace('0', "o").replace('1', "I")]
        {
            assert_eq!(typed.parse(), Ok(code.clone()));
        }
        for wrong in ["", "ABCDE-FGHJ", "ABCDE-FGHJU", "ABCDE-FGHJKM"] {
            assert!(wrong.parse::<TrackingCode>().is_err());
        }
        let bits = std::array::from_fn(|at| u8::try_from(at).unwrap() * 7);
        let key = ChangeKey::new(bits);
        assert_eq!(key.text().len(), 26 + 6);
        let again: ChangeKey = key.text().to_lowercase().replace('-', "").parse().unwrap();
        assert!(again == key);
        assert_eq!(again.hash(), Sha::of(&[b"pb1k", &bits]));
        assert_eq!(format!("{key:?}{code:?}"), "ChangeKey(secret)TrackingCode(secret)");
        assert!(key.text().replace('-', "")[1..].parse::<ChangeKey>().is_err());
        for (typed, mark) in [
            ("402917", Some("402917")),
            (" 40 29 17 ", Some("402917")),
            ("40291", None),
            ("٤٠٢٩١٧", None),
            ("40291a", None),
        ] {
            assert_eq!(typed.parse::<VoterMark>().ok().map(|mark| mark.to_string()).as_deref(), mark);
        }
    }
}
