//! Characters as people type and paste them: what cannot be seen is taken away or refused, and what looks alike is
//! spelt alike.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark, is_nfc};

/// Control characters and the ones that turn the direction of text around: they cannot be seen, and are used to
/// make one name look like another. Ordinary right-to-left letters need none of them.
pub fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFFE}' | '\u{FFFF}')
}

/// White space, and what shows as nothing or as a gap: Unicode's `Default_Ignorable_Code_Point` and the empty Braille
/// pattern, without the directions that are refused ([`is_hidden`]).
fn is_blank(c: char) -> bool {
    let is_ignorable = matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2065}' | '\u{206A}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}');
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

/// In one spelling (NFC), without the characters inside that only say where a line may break. Joiners stay: Persian
/// names and emoji are written with them.
pub fn clean(text: &str) -> Cow<'_, str> {
    let is_break = |c| matches!(c, '\u{AD}' | '\u{180E}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}');
    let text = trim(text);
    if is_nfc(text) && !text.contains(is_break) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_break(*c)).nfc().collect())
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
    let typed = typed.trim_end_matches('.').to_lowercase();
    if typed.bytes().all(|byte| byte.is_ascii_digit()) {
        return typed.parse().ok();
    }
    let is_meant = |name: &str| typed.len() >= 3 && name.starts_with(&typed);
    let at = NAMES.iter().find_map(|names| names.iter().position(|name| is_meant(name)))?;
    u32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert_eq!(month(typed), Some(number), "{typed}");
        }
        for typed in ["", "M", "Ma", "Marsh", "third", "3rd", "-3", "٣"] {
            assert_eq!(month(typed), None, "{typed}");
        }
    }
}
