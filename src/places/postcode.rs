//! A British postcode, in one spelling.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::kit::{codes::stored_as_text, typed};

/// Upper case with one space before the last three characters, like `BL9 0ND`, or `BFPO 57`.
///
/// It has a shape that Royal Mail uses; whether it is in use no shape can tell.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Postcode(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPostcode {
    #[error("Enter your postcode")]
    Empty,
    #[error("Enter the whole postcode, like BL9 0ND")]
    OnlyTheFirstHalf,
    #[error("Enter a UK postcode, like BL9 0ND")]
    Malformed,
}

impl Postcode {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the space, the district: all of it that may be shown in lists.
    pub fn outward(&self) -> &str {
        self.0.split(' ').next().unwrap_or_default()
    }

    /// The letters that the postcode begins with, the area.
    pub fn area(&self) -> &str {
        let outward = self.outward();
        outward.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default()
    }
}

impl FromStr for Postcode {
    type Err = NotAPostcode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = typed::plain(text);
        // As it stands at the end of a sentence or in quotes.
        let text = text.trim_matches(|c: char| !c.is_alphanumeric() && !typed::is_hidden(c));
        // As it stands on an envelope.
        let upper = text.to_ascii_uppercase();
        let countries = [", UNITED KINGDOM", ", UK", ", GB", ", ENGLAND", ", SCOTLAND", ", WALES"];
        let country = countries.iter().find(|country| upper.ends_with(*country));
        let text = country.and_then(|country| text.get(..text.len() - country.len())).unwrap_or(text);
        // The longest real one has seven characters; nothing long is worth copying.
        let typed: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '–'))
            .take(9)
            .collect::<String>()
            .to_ascii_uppercase();
        if typed.is_empty() {
            return Err(NotAPostcode::Empty);
        }
        if !typed.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(NotAPostcode::Malformed);
        }
        if let Some(number) = typed.strip_prefix("BFPO") {
            let fits = (1..=4).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
            return if fits { Ok(Self(format!("BFPO {number}"))) } else { Err(NotAPostcode::Malformed) };
        }
        let Some((outward, inward)) = typed.len().checked_sub(3).and_then(|at| typed.split_at_checked(at))
        else {
            return Err(NotAPostcode::Malformed);
        };
        let inward = with_its_digit(inward);
        if is_inward(inward.as_bytes()) && (is_outward(outward.as_bytes()) || outward == "GIR") {
            Ok(Self(format!("{outward} {inward}")))
        } else if is_outward(typed.as_bytes()) {
            Err(NotAPostcode::OnlyTheFirstHalf)
        } else {
            Err(NotAPostcode::Malformed)
        }
    }
}

/// The second half begins with a digit, so a letter O or I there can only be a slip. In the first half
/// it could be either, and is left alone.
fn with_its_digit(inward: &str) -> String {
    match inward.as_bytes().first() {
        Some(b'O') => inward.replacen('O', "0", 1),
        Some(b'I') => inward.replacen('I', "1", 1),
        _ => inward.to_owned(),
    }
}

fn is_inward(bytes: &[u8]) -> bool {
    let unit = |byte: &u8| byte.is_ascii_uppercase() && !b"CIKMOV".contains(byte);
    matches!(bytes, [digit, first, second] if digit.is_ascii_digit() && unit(first) && unit(second))
}

/// The six shapes of the first half, with the letters that Royal Mail leaves out in each place.
fn is_outward(bytes: &[u8]) -> bool {
    let digit = u8::is_ascii_digit;
    let first = |byte: &u8| byte.is_ascii_uppercase() && !b"QVX".contains(byte);
    let second = |byte: &u8| byte.is_ascii_uppercase() && !b"IJZ".contains(byte);
    let third = |byte: &u8| b"ABCDEFGHJKPSTUW".contains(byte);
    let fourth = |byte: &u8| b"ABEHMNPRVWXY".contains(byte);
    match bytes {
        [a, b] => first(a) && digit(b),
        [a, b, c] if digit(b) => first(a) && (digit(c) || third(c)),
        [a, b, c] => first(a) && second(b) && digit(c),
        [a, b, c, d] => first(a) && second(b) && digit(c) && (digit(d) || fourth(d)),
        _ => false,
    }
}

stored_as_text!(Postcode, Postcode::as_str);

impl TryFrom<String> for Postcode {
    type Error = NotAPostcode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Postcode> for String {
    fn from(postcode: Postcode) -> Self {
        postcode.0
    }
}

impl fmt::Display for Postcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_become_one() {
        for (typed, kept) in [
            ("BL9 0ND", "BL9 0ND"),
            (" bl90nd ", "BL9 0ND"),
            ("b l\u{a0}9\t0 nd", "BL9 0ND"),
            ("BL9 OND", "BL9 0ND"),
            ("m1 iaa", "M1 1AA"),
            ("M11AE", "M1 1AE"),
            ("CR2 6XH", "CR2 6XH"),
            ("DN55 1PT", "DN55 1PT"),
            ("W1P 1HQ", "W1P 1HQ"),
            ("ec1a1bb", "EC1A 1BB"),
            ("B33 8TH", "B33 8TH"),
            ("gir 0aa", "GIR 0AA"),
            ("BL9 0ND.", "BL9 0ND"),
            ("BL9 0ND, UK", "BL9 0ND"),
            ("bl9 0nd, United Kingdom.", "BL9 0ND"),
            ("CF10 3NP, Wales", "CF10 3NP"),
            ("“BL9 0ND”,", "BL9 0ND"),
            ("\u{200B}BL9 0ND\u{200B}", "BL9 0ND"),
            ("(bl90nd)", "BL9 0ND"),
            ("‘BL9 0ND’!", "BL9 0ND"),
            ("BL9-0ND", "BL9 0ND"),
            ("BL9 – 0ND", "BL9 0ND"),
            ("ＢＬ９ ０ＮＤ", "BL9 0ND"),
            ("BL9\u{200B}0ND", "BL9 0ND"),
            ("\u{202A}BL9 0ND\u{202C}", "BL9 0ND"),
            ("bfpo57", "BFPO 57"),
            ("BF1 3AA", "BF1 3AA"),
            ("OL1 1AA", "OL1 1AA"),
        ] {
            assert_eq!(typed.parse::<Postcode>().map(String::from), Ok(kept.to_owned()), "{typed}");
        }
    }

    #[test]
    fn what_is_no_postcode_says_why() {
        use NotAPostcode::{Empty, Malformed, OnlyTheFirstHalf};
        for (typed, why) in [
            ("", Empty),
            (" \n\u{2003}", Empty),
            ("BL9", OnlyTheFirstHalf),
            ("ec1a", OnlyTheFirstHalf),
            ("90210", Malformed),
            ("QA1 1AA", Malformed),
            ("ZZ9 9ZZ", Malformed),
            ("AI1 1AA", Malformed),
            ("W1I 1AA", Malformed),
            ("EC1C 1AA", Malformed),
            ("BL9 0NC", Malformed),
            ("BLO 0ND", Malformed),
            ("BL9 0ND BL9 0ND", Malformed),
            ("BL9/0ND", Malformed),
            ("BFPO", Malformed),
            ("BFPO 12345", Malformed),
            ("<b>", Malformed),
            ("\u{202e}DN0 9LB", Malformed),
            ("BL9\u{0}0ND", Malformed),
        ] {
            assert_eq!(typed.parse::<Postcode>(), Err(why), "{typed}");
        }
    }

    #[test]
    fn the_parts_are_told_apart() {
        for (postcode, outward, area) in [
            ("M1 1AE", "M1", "M"),
            ("EC1A 1BB", "EC1A", "EC"),
            ("GIR 0AA", "GIR", "GIR"),
            ("BFPO 57", "BFPO", "BFPO"),
        ] {
            let postcode: Postcode = postcode.parse().unwrap();
            assert_eq!((postcode.outward(), postcode.area()), (outward, area));
        }
    }

    #[test]
    fn json_is_checked_as_well() {
        let postcode: Postcode = serde_json::from_str("\"bl90nd\"").unwrap();
        assert_eq!(serde_json::to_string(&postcode).unwrap(), "\"BL9 0ND\"");
        assert!(serde_json::from_str::<Postcode>("\"nowhere\"").is_err());
    }

    proptest! {
        #[test]
        fn nothing_typed_panics_and_what_is_kept_is_read_back(typed in "\\PC{0,20}|[A-Za-z0-9 ]{2,9}") {
            if let Ok(postcode) = typed.parse::<Postcode>() {
                prop_assert_eq!(postcode.to_string().parse::<Postcode>(), Ok(postcode.clone()));
                prop_assert_eq!(super::super::region_of(&postcode, None), super::super::region_of(&postcode, None));
            }
        }

        #[test]
        fn every_shape_survives_case_and_spaces(
            kept in "[A-PR-UWYZ]([0-9]{1,2}|[A-HK-Y][0-9]{1,2}|[0-9][ABEH]|[A-HK-Y][0-9][ABEH]) [0-9][ABD-HJLNP-UW-Z]{2}"
        ) {
            let postcode: Postcode = kept.parse().unwrap();
            prop_assert_eq!(postcode.as_str(), &kept);
            prop_assert_eq!(kept.to_lowercase().replace(' ', "").parse::<Postcode>(), Ok(postcode));
        }
    }
}
