//! What can be the name of a person, by one rule wherever one is typed or read from a file. A name stands in the
//! greeting of mails and in lists: it has letters, and mail programs make no link of it.

use unicode_normalization::char::is_combining_mark;

use super::typed;

/// In characters.
pub const LONGEST: usize = 100;

/// Accents and vowel signs that one letter bears: three in Hebrew or Vietnamese spelt out, more in jest.
const MOST_MARKS: usize = 4;

/// Says why this is no name.
///
/// # Errors
/// What to do about it, in words for whoever typed it.
pub fn judge(name: &str) -> Result<(), &'static str> {
    if name.contains('@') || holds_address(name) {
        return Err("Enter the name alone, without web or email addresses. After a full stop, leave a space");
    }
    let alphabetic = name.chars().filter(|c| c.is_alphabetic() && !is_modifier(*c));
    let letters = name.chars().filter(|c| c.is_alphabetic() && !is_modifier(*c) && !is_combining_mark(*c));
    if alphabetic.count() < 2 || letters.count() < 1 {
        return Err("Enter the full name in letters");
    }
    let mut marks = 0;
    for c in name.chars() {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        if marks > MOST_MARKS {
            return Err("Enter the name with fewer marks on one letter");
        }
    }
    Ok(())
}

/// Letters to Unicode, and none to read: they change or repeat another one, or are figures.
fn is_modifier(c: char) -> bool {
    matches!(c,
        'ª' | 'º' | '\u{2B0}'..='\u{2FF}' | '\u{374}' | '\u{37A}' | '\u{559}' | '\u{640}' | '\u{6E5}'..='\u{6E6}'
        | '\u{7FA}' | '\u{E46}' | '\u{EC6}' | '\u{1D2C}'..='\u{1D6A}' | '\u{1D78}' | '\u{1D9B}'..='\u{1DBF}'
        | '\u{2071}' | '\u{207F}' | '\u{2090}'..='\u{209C}' | '\u{2160}'..='\u{2188}' | '\u{24B6}'..='\u{24E9}'
        | '\u{2C7C}'..='\u{2C7D}' | '\u{2D6F}' | '\u{2E2F}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}'
        | '\u{3031}'..='\u{303C}' | '\u{309D}'..='\u{309E}' | '\u{30FC}'..='\u{30FE}' | '\u{A69C}'..='\u{A69D}'
        | '\u{A717}'..='\u{A71F}' | '\u{A770}' | '\u{A788}' | '\u{A7F2}'..='\u{A7F4}' | '\u{A7F8}'..='\u{A7F9}'
        | '\u{AB5C}'..='\u{AB5F}' | '\u{AB69}' | '\u{FF70}' | '\u{FF9E}'..='\u{FF9F}')
}

/// Whether a mail program could make a link of a part of it: `https://…`, `www.…`, `a@b`, and a full stop between
/// letters (`evil.test`), where initials like `J.R.R.` are none.
pub fn holds_address(text: &str) -> bool {
    let text: Vec<char> = typed::plain(text).to_lowercase().replace('。', ".").chars().collect();
    let has = |part: &str| {
        let part: Vec<char> = part.chars().collect();
        text.windows(part.len()).any(|window| window == part)
    };
    let joins = |sign: char, least: usize| {
        text.windows(2).enumerate().any(|(at, pair)| {
            let word = text.iter().skip(at + 2).take_while(|c| c.is_alphanumeric() || **c == '-').count();
            let begins = text.get(at + 2).is_some_and(|c| c.is_alphabetic());
            pair[0].is_alphanumeric() && pair[1] == sign && begins && word >= least
        })
    };
    has("://") || has("www.") || joins('@', 1) || joins('.', 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_letters() {
        for name in [
            "Ana Silva",
            "Bo",
            "Siân O’Neill",
            "עדי כהן",
            "محمد",
            "李小龙",
            "佐々木",
            "नीता",
            "Zoë 🌹 Smith",
            "J.R.R. Tolkien",
            "Martin Luther King Jr.",
            "St. John",
            "D'Arcy-O’Brien",
            "<b>Bob</b> & Co",
            "مي\u{200C}نا",
            "Nguyễn Thị",
            "A. B",
            "שָׁלוֹם",
            "สมชาย",
            "X Æ A-12",
        ] {
            assert_eq!(judge(name), Ok(()), "{name}");
        }
        let heaped = format!("Zoe{}", "\u{301}".repeat(90));
        for name in [
            "..",
            "=1",
            "1",
            "🌹",
            "-",
            "?",
            "x",
            "ʼ",
            "ʻ",
            "ـ",
            "々",
            "ー",
            "ª",
            "ˈ",
            "Ⅷ",
            "ʼʼʼ",
            "Zˈ",
            "Ⓐ ①",
            &heaped,
            "\u{301}\u{301}\u{301}",
            "１２",
        ] {
            assert!(judge(name).is_err(), "{name}");
        }
    }

    #[test]
    fn no_mail_program_makes_a_link_of_a_name() {
        for name in [
            "https://evil.test/win",
            "Ana https://evil.test",
            "HTTP://X",
            "www.evil",
            "WWW.EVIL",
            "evil.test",
            "ana.silva",
            "ana@evil",
            "@ana",
            "Win at evil．test now",
            "evil。test",
            "e\u{AD}vil.test",
            "t.co",
            "bit.ly/abc",
            "Ana@Silva",
        ] {
            assert!(judge(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_text_may_have_full_stops() {
        for text in [
            "Well done... you did it. Yours, J.R.",
            "At 5.30 on the 3.12.",
            "£1.50 @ Bury",
            "e.g. tea",
            "Hi.\nBye.",
        ] {
            assert!(!holds_address(text), "{text}");
        }
        for text in
            ["Go to evil.test", "see https://a", "write to me@evil.test", "WWW.evil.test", "a(evil.test)b"]
        {
            assert!(holds_address(text), "{text}");
        }
    }
}
