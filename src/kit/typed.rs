//! Characters as people type and paste them: what cannot be seen is taken away or refused, and what looks alike is
//! spelt alike.

use std::borrow::Cow;

use chrono::NaiveTime;
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark, is_nfc};

/// Control characters, ends of lines that are no `\n`, and the ones that turn the direction of text around: they cannot
/// be seen, and are used to make one name look like another. Ordinary right-to-left letters need none of them.
pub fn is_hidden(c: char) -> bool {
    let turns = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFFE}' | '\u{FFFF}')
}

/// White space, and what shows as nothing or as a gap: Unicode's `Default_Ignorable_Code_Point`, marks for annotations,
/// the empty Braille pattern and the empty note, without the overrides of direction, which are refused ([`is_hidden`]).
/// What only embeds a direction comes along when a number or address is copied out of a list.
fn is_blank(c: char) -> bool {
    let is_ignorable = matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202C}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{16FE4}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D159}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}');
    c.is_whitespace() || is_ignorable
}

/// The second halves of an emoji or a letter: a colour, a flag, a variant.
fn follows(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0020}'..='\u{E007F}' | '\u{E0100}'..='\u{E01EF}')
}

/// Without the blanks at both ends that come with copying.
pub fn trim(text: &str) -> &str {
    text.trim_start_matches(is_blank).trim_end_matches(|c| is_blank(c) && !follows(c))
}

/// In one spelling (NFC), without the characters inside that show nothing and join nothing: they say where a line may
/// break, or are marks for programs. Joiners stay: Persian names and emoji are written with them.
pub fn clean(text: &str) -> Cow<'_, str> {
    let is_break = |c| {
        matches!(c, '\u{AD}' | '\u{180E}' | '\u{200B}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1D159}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E001F}')
    };
    let text = trim(text);
    if is_nfc(text) && !text.contains(is_break) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_break(*c)).nfc().collect())
}

/// Plain letters and figures, for what is read by a rule and not kept as it was written: postcodes, sums, dates, codes,
/// addresses. Wide and ornamental forms (`ＢＬ９`, `＠`, `ﬁ`) become the usual ones (NFKC).
pub fn plain(text: &str) -> String {
    clean(text).nfkc().collect()
}

/// A time of day as people write it: `9`, `9am`, `9.30`, `09:30`, `5 pm`, `17:00`, `noon`.
pub fn time(text: &str) -> Option<NaiveTime> {
    let text: String = plain(text).to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    match text.as_str() {
        "noon" | "midday" => return NaiveTime::from_hms_opt(12, 0, 0),
        "midnight" => return Some(NaiveTime::MIN),
        _ => {}
    }
    let half = |ends: [&str; 2]| ends.iter().find_map(|end| text.strip_suffix(end));
    let (digits, half) = match (half(["am", "a.m."]), half(["pm", "p.m."])) {
        (Some(digits), _) => (digits, Some(0)),
        (_, Some(digits)) => (digits, Some(12)),
        _ => (text.as_str(), None),
    };
    let (hour, minute) = digits.split_once([':', '.']).unwrap_or((digits, "00"));
    let number = |text: &str, most| {
        let fits = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| text.parse::<u32>().ok()).flatten()
    };
    let (hour, minute) = (number(hour, 2)?, number(minute, 2).filter(|_| minute.len() == 2)?);
    let hour = match half {
        None => hour,
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
    };
    NaiveTime::from_hms_opt(hour, minute, 0)
}

/// What is searched for: without what cannot be seen or stored, words apart by one space, and not longer than `most`.
/// Without the brackets and quotes that it was copied with, as mail programs write `<ana@example.org>`.
pub fn searched(text: &str, most: usize) -> String {
    let text: String = clean(text).chars().map(|c| if is_hidden(c) { ' ' } else { c }).take(most).collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let bare = text.trim_matches(|c: char| "<>()[]\"'“”‘’,;".contains(c)).trim();
    if bare.is_empty() { text } else { bare.to_owned() }
}

/// Whether any of it can be seen. Accents need a letter to stand on.
pub fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !is_blank(c) && !is_hidden(c) && !is_combining_mark(c))
}

/// A month by its number, or by its English or Welsh name or the beginning of one, like `3`, `March`, `Sept.`, `Maw`.
pub fn month(typed: &str) -> Option<u32> {
    const NAMES: [[&str; 12]; 2] = [
        [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ],
        [
            "ionawr",
            "chwefror",
            "mawrth",
            "ebrill",
            "mai",
            "mehefin",
            "gorffennaf",
            "awst",
            "medi",
            "hydref",
            "tachwedd",
            "rhagfyr",
        ],
    ];
    let typed = plain(typed).trim_end_matches(['.', ',']).to_lowercase();
    if typed.starts_with(|c: char| c.is_ascii_digit()) {
        return figures(&typed);
    }
    let is_meant = |name: &str| typed.len() >= 3 && name.starts_with(&typed);
    let at = NAMES.iter().find_map(|names| names.iter().position(|name| is_meant(name)))?;
    u32::try_from(at + 1).ok()
}

/// A day of a month, like `5`, `05`, `5th`, `5.`.
pub fn day(typed: &str) -> Option<u32> {
    let typed = plain(typed).to_lowercase();
    let typed = typed.trim_end_matches(['.', ',']);
    let number = ["st", "nd", "rd", "th"].iter().find_map(|ending| typed.strip_suffix(ending));
    figures(number.unwrap_or(typed))
}

/// Figures and nothing else: no sign, which `parse` would take.
fn figures(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (typed, read) in [
            ("9", "09:00"),
            ("9am", "09:00"),
            (" 9 AM ", "09:00"),
            ("9.30", "09:30"),
            ("09:30", "09:30"),
            ("5 p.m.", "17:00"),
            ("5:05pm", "17:05"),
            ("12am", "00:00"),
            ("12pm", "12:00"),
            ("noon", "12:00"),
            ("midnight", "00:00"),
            ("23:59", "23:59"),
            ("１７：００", "17:00"),
        ] {
            assert_eq!(
                time(typed).map(|it| it.format("%H:%M").to_string()).as_deref(),
                Some(read),
                "{typed}"
            );
        }
        for typed in
            ["", "25", "24:00", "9:5", "9:60", "0am", "13pm", "five", "9:00:00", "-1", "+9", "9am pm"]
        {
            assert_eq!(time(typed), None, "{typed}");
        }
    }

    #[test]
    fn what_shows_as_nothing_is_nothing() {
        for blank in [
            "",
            " \u{a0}\u{3000}",
            "\u{200B}",
            "\u{3164}",
            "\u{115F}\u{1160}",
            "\u{FFA0}",
            "\u{2800}\u{2800}",
            "\u{200D}\u{200C}",
            "\u{AD}",
            "\u{FEFF}",
            "\u{E0001}",
            "\u{301}\u{301}",
            "\u{34F} \u{FE0F}",
            "\u{1D159}",
            "\u{FFF9}\u{FFFB}",
            "\u{2068}\u{2069}",
            "\u{202A}\u{202C}",
            "\u{2062}\u{206F}",
        ] {
            assert!(!is_visible(&clean(blank)), "{blank:?}");
        }
        for name in ["Bo", "李", "🌹", "می\u{200C}نا", "👩\u{200D}👧", "नि", "ก", "?"] {
            assert!(is_visible(&clean(name)) && clean(name) == name, "{name:?}");
        }
    }

    #[test]
    fn ends_are_trimmed_and_nothing_is_broken() {
        for (typed, kept) in [
            ("\u{200B}Ana\u{200B} ", "Ana"),
            ("\u{FEFF}Ana Silva\u{3164}", "Ana Silva"),
            ("An\u{AD}a\u{200B} Sil\u{2060}va", "Ana Silva"),
            ("Zoe\u{308}", "Zoë"),
            ("I ❤\u{FE0F}", "I ❤\u{FE0F}"),
            (
                "Cymru 🏴\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
                "Cymru 🏴\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
            ),
            ("\u{200F}عدي\u{200F}", "عدي"),
            ("\u{202A}Ana\u{202C}", "Ana"),
            ("\u{2068}Ana\u{2069}\u{A0}", "Ana"),
            // Letters for programs, hidden behind those for people.
            ("Ana\u{E0001}\u{2063}\u{FFF9} Silva", "Ana Silva"),
            // Is refused afterwards, and not made to look harmless.
            ("\u{202E}Ana", "\u{202E}Ana"),
        ] {
            assert_eq!(clean(typed), kept, "{typed:?}");
        }
    }

    #[test]
    fn months_have_names() {
        for (typed, number) in [
            ("3", 3),
            ("03", 3),
            ("March", 3),
            ("mar", 3),
            ("MAWRTH", 3),
            ("Sept.", 9),
            ("Medi", 9),
            ("Ion", 1),
            ("chwef", 2),
            ("Mai", 5),
            ("May", 5),
            ("Rhagfyr", 12),
            ("13", 13),
            ("3.", 3),
            ("March,", 3),
            ("３", 3),
            ("\u{200B}mar\u{200B}", 3),
        ] {
            assert_eq!(month(typed), Some(number), "{typed}");
        }
        for typed in ["", "M", "Ma", "Marsh", "third", "3rd", "-3", "+3", "٣"] {
            assert_eq!(month(typed), None, "{typed}");
        }
        for (typed, number) in
            [("5", 5), ("05", 5), ("5th", 5), ("1ST", 1), ("22nd.", 22), ("５", 5), ("3.", 3)]
        {
            assert_eq!(day(typed), Some(number), "{typed}");
        }
        for typed in ["", "th", "+5", "-5", "5x", "fifth", "5 th", "99999999999"] {
            assert_eq!(day(typed), None, "{typed}");
        }
    }

    #[test]
    fn what_is_searched_for_is_words() {
        for (typed, kept) in [
            ("\u{200B}obrien\u{200B}", "obrien"),
            ("Sia\u{302}n \t Môn", "Siân Môn"),
            ("a\0b\u{202E}c\u{2028}d", "a b c d"),
            ("\u{3164}", ""),
            ("می\u{200C}نا", "می\u{200C}نا"),
            ("<ana@demo.test>", "ana@demo.test"),
            ("“Ana Silva”,", "Ana Silva"),
            ("(O'Neill)", "O'Neill"),
            ("()", "()"),
        ] {
            assert_eq!(searched(typed, 100), kept, "{typed:?}");
        }
        assert_eq!(searched(&"a ".repeat(500), 7), "a a a a");
    }
}
