//! What an officer types into the search box, taken apart for the indexes.

use crate::kit::typed;

/// A query as the database wants it.
///
/// A trigram index answers for parts of three letters or more anywhere in a word, a word index for beginnings of
/// words. So a word is either *long*, or is cut into *short* beginnings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    typed: String,
    /// Lower case, the longest first.
    long: Vec<String>,
    /// Beginnings of words, of one or two letters or figures. What they are without accents may hold a quote or a
    /// bracket (`ŉ` is `'n`): they go to the database as they are and are quoted there.
    pub(super) short: Vec<String>,
    /// Patterns of what has a character in it that the indexes know nothing of, as `a_b` has: held against the text as it
    /// stands, with a space before it.
    exact: Vec<String>,
    number: Option<i64>,
}

/// More than anyone remembers of a person.
const MOST_WORDS: usize = 8;
const LONGEST: usize = 200;

impl Words {
    pub fn parse(typed: &str) -> Self {
        let typed = typed::searched(typed, LONGEST);
        let mut words = Self { number: number(&typed), ..Self::default() };
        for word in typed.split(' ').take(MOST_WORDS) {
            let word = word.to_lowercase();
            let runs = word.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty());
            if runs.clone().any(|run| run.chars().count() >= 3) {
                let word = word.trim_matches(|c: char| !c.is_alphanumeric());
                words.long.push(word.to_owned());
            } else {
                words.short.extend(runs.map(str::to_owned));
                let inner = word.trim_matches(|c: char| !c.is_alphanumeric());
                if inner.contains(['_', '%']) {
                    words.exact.push(like(inner));
                }
            }
        }
        if words.is_empty() && !typed.is_empty() {
            // Every address has an `@` and a dot in it: these alone tell something only where a word begins with them.
            let is_of_addresses = typed.chars().all(|c| "@.".contains(c));
            words.exact.push(if is_of_addresses { beginning(&typed) } else { like(&typed.to_lowercase()) });
        }
        words.long.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        words.typed = typed;
        words
    }

    /// As it stands in the box.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    pub fn is_empty(&self) -> bool {
        self.long.is_empty() && self.short.is_empty() && self.exact.is_empty()
    }

    /// `1204`, `#1204` or `no. 1204`: a membership number.
    pub fn number(&self) -> Option<i64> {
        self.number
    }

    pub fn has_long(&self) -> bool {
        !self.long.is_empty()
    }

    /// `like` patterns of the two longest words, which the index looks up. One word stands for both.
    pub fn patterns(&self) -> [String; 2] {
        let pattern =
            |index: usize| self.long.get(index).or(self.long.first()).map_or_else(String::new, |w| like(w));
        [pattern(0), pattern(1)]
    }

    /// Patterns for every long word: what the index has found must hold them all.
    pub fn all_patterns(&self) -> Vec<String> {
        self.long.iter().map(|word| like(word)).collect()
    }

    /// Patterns for what must stand there letter by letter.
    pub fn exact_patterns(&self) -> Vec<String> {
        self.exact.clone()
    }

    /// Patterns for short words, to be held against the text with a space before it.
    pub fn beginnings(&self) -> Vec<String> {
        self.short.iter().map(|word| beginning(word)).collect()
    }

    /// The three longest words and, for each, what it would be with two neighbours swapped: `simth` is the commonest
    /// kind of slip, and the one that similarity by trigrams finds worst.
    pub fn slips(&self) -> [Option<(String, String)>; 3] {
        let slip = |index: usize| self.long.get(index).map(|word| (word.clone(), swapped(word)));
        [slip(0), slip(1), slip(2)]
    }

    /// The longest word, by which likeness is measured.
    pub fn longest(&self) -> &str {
        self.long.first().map_or("", String::as_str)
    }
}

fn number(typed: &str) -> Option<i64> {
    let digits = typed.to_lowercase();
    let digits = digits.trim_start_matches("no.").trim_start_matches('#').trim();
    let all_digits = !digits.is_empty() && digits.len() <= 12 && digits.bytes().all(|b| b.is_ascii_digit());
    all_digits.then(|| digits.parse().ok()).flatten()
}

/// `%` and `_` are letters to the one who types them.
fn escape(word: &str) -> String {
    word.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}

fn like(word: &str) -> String {
    format!("%{}%", escape(word))
}

fn beginning(word: &str) -> String {
    format!("% {}%", escape(word))
}

/// A regular expression of every swap; long words have too many for the index to be of use.
fn swapped(word: &str) -> String {
    let letters: Vec<char> = word.chars().filter(|c| c.is_alphanumeric()).take(12).collect();
    let swaps = (1..letters.len()).filter(|i| letters[i - 1] != letters[*i]).map(|i| {
        let mut swap = letters.clone();
        swap.swap(i - 1, i);
        swap.into_iter().collect::<String>()
    });
    let swaps: Vec<_> = swaps.collect();
    // An empty expression would fit everybody.
    if swaps.is_empty() { letters.into_iter().collect() } else { swaps.join("|") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_long_words_from_short_ones() {
        let words = Words::parse("  Jo FITZGERALD  m1\t1aa ");
        assert_eq!(words.typed(), "Jo FITZGERALD m1 1aa");
        assert_eq!(words.patterns(), ["%fitzgerald%", "%1aa%"]);
        assert_eq!(words.beginnings(), ["% jo%", "% m1%"]);
        assert_eq!(words.short, ["jo", "m1"]);
    }

    #[test]
    fn one_word_stands_for_both() {
        assert_eq!(Words::parse("O'Neill").patterns(), ["%o'neill%", "%o'neill%"]);
        assert_eq!(Words::parse("ana@demo.test").all_patterns(), ["%ana@demo.test%"]);
    }

    #[test]
    fn nothing_to_search_for_is_nothing() {
        for typed in ["", "   ", "\0\u{7}"] {
            assert!(Words::parse(typed).is_empty(), "{typed:?}");
        }
        assert_eq!(Words::parse("a.b").short, ["a", "b"]);
        assert_eq!(Words::parse(&"x ".repeat(500)).short.len(), MOST_WORDS);
    }

    #[test]
    fn what_is_no_letter_is_looked_for_as_it_stands_and_is_not_everybody() {
        for (typed, pattern) in [
            ("%", r"%\%%"),
            ("_", r"%\_%"),
            ("%%%", r"%\%\%\%%"),
            ("...", "% ...%"),
            ("@", "% @%"),
            ("a_b", r"%a\_b%"),
        ] {
            let words = Words::parse(typed);
            assert_eq!(
                (words.is_empty(), words.exact_patterns()),
                (false, vec![pattern.to_owned()]),
                "{typed}"
            );
        }
        // Beside words it is what people put between them.
        for typed in ["jo - smith", "jo, al", "d.j"] {
            assert!(Words::parse(typed).exact_patterns().is_empty(), "{typed}");
        }
    }

    #[test]
    fn wildcards_and_operators_are_letters() {
        assert_eq!(Words::parse("100%_off").patterns()[0], r"%100\%\_off%");
        assert_eq!(Words::parse("a&!b").short, ["a", "b"]);
        assert_eq!(Words::parse("(ab").short, ["ab"]);
    }

    #[test]
    fn reads_membership_numbers() {
        for typed in ["1204", "#1204", "no. 1204", "No.1204"] {
            assert_eq!(Words::parse(typed).number(), Some(1204), "{typed}");
        }
        for typed in ["", "m1", "12a", "99999999999999"] {
            assert_eq!(Words::parse(typed).number(), None, "{typed}");
        }
    }

    #[test]
    fn swaps_neighbours() {
        assert_eq!(swapped("simth"), "ismth|smith|sitmh|simht");
        assert_eq!(Words::parse("jo simth").slips()[1], None);
        assert_eq!(swapped("aab"), "aba");
        assert_eq!(swapped("aaa"), "aaa");
    }
}
