//! A telephone number, of the United Kingdom or with the code of its country.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::typed;

/// Digits with a `+` before the code of a country, if it was given: `01614960000`, `+33142685300`. Whether it rings no
/// shape can tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPhone {
    #[error("Enter a phone number in digits, like 0161 496 0000, or +33 1 42 68 53 00 from another country")]
    Malformed,
    #[error("Begin the number with 0, as in 0161 496 0000, or with + and the code of its country")]
    NoBeginning,
    #[error("Check the number: it has too few digits")]
    TooShort,
    #[error("Check the number: it has too many digits")]
    TooLong,
}

impl FromStr for Phone {
    type Err = NotAPhone;

    /// Numbers of the UK have a 0 and nine or ten digits more; with the code of a country there are fifteen digits at
    /// most (ITU-T E.164), and none that is shorter than seven is anybody's.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = typed::plain(text);
        let is_link = text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("tel:"));
        let text = if is_link { text[4..].to_owned() } else { text };
        // "+44 (0)161 ..." is written by many: the 0 is dialled in the country only.
        let text = if text.starts_with('+') { text.replacen("(0)", "", 1) } else { text };
        let mut digits: String =
            text.chars().filter(|letter| !letter.is_whitespace() && !"-–.()/".contains(*letter)).collect();
        if let Some(abroad) = digits.strip_prefix("00") {
            digits = format!("+{abroad}");
        }
        // One number in one spelling: a number of the UK is kept as it is dialled there.
        if let Some(national) = digits.strip_prefix("+44") {
            digits = format!("0{}", national.trim_start_matches('0'));
        }
        let number = digits.strip_prefix('+');
        let only = number.unwrap_or(&digits);
        if only.is_empty() || !only.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAPhone::Malformed);
        }
        let lengths = match number {
            Some(number) if number.starts_with('0') => return Err(NotAPhone::NoBeginning),
            Some(_) => 7..=15,
            None if digits.starts_with('0') => 10..=11,
            None => return Err(NotAPhone::NoBeginning),
        };
        if only.len() < *lengths.start() {
            Err(NotAPhone::TooShort)
        } else if only.len() > *lengths.end() {
            Err(NotAPhone::TooLong)
        } else {
            Ok(Self(digits))
        }
    }
}

/// As it is read aloud: `0161 496 0000`, `020 7946 0000`, `07700 900123`.
impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = &self.0;
        let cuts: &[usize] = match number.as_bytes() {
            [b'+', ..] => &[],
            [b'0', b'2', ..] => &[3, 7],
            [b'0', b'3' | b'8', ..] | [b'0', b'1', b'1', ..] | [b'0', b'1', _, b'1', ..] => &[4, 7],
            _ => &[5],
        };
        let mut from = 0;
        for cut in cuts {
            write!(f, "{} ", &number[from..*cut])?;
            from = *cut;
        }
        f.write_str(&number[from..])
    }
}

impl TryFrom<String> for Phone {
    type Error = NotAPhone;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_a_plus_are_kept_and_shown_as_people_read_them() {
        for (typed, kept, shown) in [
            ("0161 496 0000", "01614960000", "0161 496 0000"),
            (" (020) 7946-0000 ", "02079460000", "020 7946 0000"),
            ("07700 900123", "07700900123", "07700 900123"),
            ("0113.496.0000", "01134960000", "0113 496 0000"),
            ("0808 157 0192", "08081570192", "0808 157 0192"),
            ("0169772345", "0169772345", "01697 72345"),
            ("+44 (0)161 496 0000", "01614960000", "0161 496 0000"),
            ("+44 161 496 0000", "01614960000", "0161 496 0000"),
            ("0044 0161 496 0000", "01614960000", "0161 496 0000"),
            ("tel:+44-7700-900123", "07700900123", "07700 900123"),
            ("TEL:0161 496 0000", "01614960000", "0161 496 0000"),
            ("0033 1 42 68 53 00", "+33142685300", "+33142685300"),
            ("+1 (202) 555-0143", "+12025550143", "+12025550143"),
            ("+290\u{a0}22\u{2009}222", "+29022222", "+29022222"),
        ] {
            let phone: Phone = typed.parse().unwrap();
            assert_eq!((phone.0.as_str(), phone.to_string().as_str()), (kept, shown), "{typed}");
            assert_eq!(shown.parse(), Ok(phone.clone()));
            assert_eq!(
                serde_json::from_value::<Phone>(serde_json::to_value(&phone).unwrap()).unwrap(),
                phone
            );
        }
    }

    #[test]
    fn what_is_no_number_says_what_to_do() {
        use NotAPhone::{Malformed, NoBeginning, TooLong, TooShort};
        for (typed, why) in [
            ("", Malformed),
            ("+", Malformed),
            ("call me", Malformed),
            ("07700 900123 ext 4", Malformed),
            ("٠٧٧٠٠٩٠٠١٢٣", Malformed),
            ("++33142685300", Malformed),
            ("=0770090012", Malformed),
            ("7700900123", NoBeginning),
            ("+0770090012", NoBeginning),
            ("0161 496", TooShort),
            ("+33 142", TooShort),
            ("0161 496 00000", TooLong),
            ("+123456789012345 6", TooLong),
        ] {
            assert_eq!(typed.parse::<Phone>(), Err(why), "{typed}");
        }
    }
}
