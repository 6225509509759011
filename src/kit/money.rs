//! Pounds and pence as whole pence, with checked arithmetic and no floating point.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::typed;

/// An amount in pence. Negative amounts are corrections in the ledger.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Money {
    pence: i64,
}

#[derive(Debug, Error, PartialEq, Eq)]
pub enum NotMoney {
    #[error("Enter an amount")]
    Empty,
    #[error("Enter an amount in pounds, like 5 or 7.50")]
    Malformed,
    /// `10,50`: ten pounds fifty to one reader, a thousand and fifty to another.
    #[error("Write pence after a point, like 10.50, and thousands like 1,000")]
    Comma,
}

impl Money {
    pub const ZERO: Self = Self { pence: 0 };

    pub const fn from_pence(pence: i64) -> Self {
        Self { pence }
    }

    pub const fn pence(self) -> i64 {
        self.pence
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.pence.checked_add(other.pence).map(Self::from_pence)
    }

    pub fn checked_mul(self, times: i64) -> Option<Self> {
        self.pence.checked_mul(times).map(Self::from_pence)
    }

    /// Reads what a person types: `5`, `£5`, `7.50`, `1,000`, `1 000`. Never negative; at most a million pounds.
    ///
    /// # Errors
    /// Nothing was typed, or it can't be read in one way only. The error says what to type.
    pub fn parse(text: &str) -> Result<Self, NotMoney> {
        let text = typed::plain(text);
        let text = text.strip_prefix('£').unwrap_or(&text).trim();
        if text.is_empty() {
            return Err(NotMoney::Empty);
        }
        let (pounds, pence) = text.split_once('.').unwrap_or((text, "0"));
        let pounds = ungrouped(pounds)?;
        let pence = match pence.len() {
            1 => format!("{pence}0"),
            2 => pence.to_owned(),
            _ => return Err(NotMoney::Malformed),
        };
        let digits =
            |part: &str| part.bytes().all(|b| b.is_ascii_digit()) && !part.is_empty() && part.len() <= 7;
        if !digits(&pounds) || !digits(&pence) {
            return Err(NotMoney::Malformed);
        }
        let pounds: i64 = pounds.parse().map_err(|_| NotMoney::Malformed)?;
        let pence: i64 = pence.parse().map_err(|_| NotMoney::Malformed)?;
        if pounds > 1_000_000 {
            return Err(NotMoney::Malformed);
        }
        Ok(Self { pence: pounds * 100 + pence })
    }

    /// `12.50`, for a form field or a CSV cell.
    pub fn decimal(self) -> String {
        let sign = if self.pence < 0 { "-" } else { "" };
        let pence = self.pence.unsigned_abs();
        format!("{sign}{}.{:02}", pence / 100, pence % 100)
    }
}

/// Takes out what groups thousands, which has to stand before every third digit from the right, and be the same
/// throughout.
fn ungrouped(pounds: &str) -> Result<String, NotMoney> {
    let Some(separator) = pounds.chars().find(|letter| [',', ' '].contains(letter)) else {
        return Ok(pounds.to_owned());
    };
    if !pounds.chars().all(|letter| letter.is_ascii_digit() || [',', ' '].contains(&letter)) {
        return Err(NotMoney::Malformed);
    }
    let mut groups = pounds.split(separator);
    let first = groups.next().unwrap_or_default();
    if (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3) {
        Ok(pounds.replace(separator, ""))
    } else {
        Err(NotMoney::Comma)
    }
}

/// `£5`, `£7.50`, `£1,250`, `-£3`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.pence < 0 { "-" } else { "" };
        let pence = self.pence.unsigned_abs();
        write!(f, "{sign}£{}", grouped(pence / 100))?;
        if pence.is_multiple_of(100) { Ok(()) } else { write!(f, ".{:02}", pence % 100) }
    }
}

/// `12,345`: a count as people read it.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_type() {
        for (text, pence) in [
            ("5", 500),
            ("£5", 500),
            ("£ 5", 500),
            (" 7.50 ", 750),
            ("7.5", 750),
            ("1,000", 100_000),
            ("0", 0),
        ] {
            assert_eq!(Money::parse(text), Ok(Money::from_pence(pence)), "{text}");
        }
        for (text, pence) in [("1 000.50", 100_050), ("12,345", 1_234_500), ("1,000,000", 100_000_000)] {
            assert_eq!(Money::parse(text), Ok(Money::from_pence(pence)), "{text}");
        }
        for text in
            ["10,50", "6,5", "1,0000", "1,00,000", ",500", "1000,000", "10 50", "5,", "10,50.00", "£6,50"]
        {
            assert_eq!(Money::parse(text), Err(NotMoney::Comma), "{text}");
        }
        for text in [
            "-5",
            "5.005",
            "five",
            "5.",
            ".5",
            "99999999",
            "1e3",
            "5.-1",
            "٥",
            "££5",
            "5 £",
            "five pounds",
            "10·50",
            "5.1,0",
        ] {
            assert_eq!(Money::parse(text), Err(NotMoney::Malformed), "{text}");
        }
        assert_eq!(Money::parse("  "), Err(NotMoney::Empty));
    }

    #[test]
    fn writes_what_people_read() {
        for (pence, text) in
            [(500, "£5"), (750, "£7.50"), (125_000, "£1,250"), (-300, "-£3"), (5, "£0.05"), (0, "£0")]
        {
            assert_eq!(Money::from_pence(pence).to_string(), text);
        }
        assert_eq!(Money::from_pence(-1205).decimal(), "-12.05");
    }
}
