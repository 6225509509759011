//! Searching the questions: which words of a search tell something, and where they are in a text.

use deunicode::deunicode;
use similar::TextDiff;

use super::words::Question;
use crate::kit::markdown::shorten;

/// Words that stand in every question.
const COMMON: [&str; 42] = [
    "the",
    "and",
    "are",
    "you",
    "your",
    "for",
    "how",
    "what",
    "who",
    "why",
    "when",
    "where",
    "which",
    "does",
    "did",
    "can",
    "will",
    "with",
    "from",
    "this",
    "that",
    "there",
    "have",
    "has",
    "was",
    "is",
    "it",
    "we",
    "our",
    "us",
    "do",
    "be",
    "to",
    "of",
    "in",
    "on",
    "my",
    "me",
    "any",
    "about",
    "party",
    "breakthrough",
];

/// Beginnings of words that people use for each other. The first of each line stands in our questions.
const ALIKE: [&[&str]; 16] = [
    &["cost", "price", "pricing", "fee", "charge", "much", "expensive"],
    &["cancel", "cancell", "leav", "terminat"],
    &["stop", "unsubscrib", "opt"],
    &["email", "mail", "newsletter"],
    &["donat", "donor", "give", "gift", "contribut"],
    &["data", "gdpr", "privacy"],
    &["afford", "unwaged", "unemploy", "student", "pension", "benefit", "retire", "cheap", "poor"],
    &["volunteer", "help"],
    &["lead", "boss", "chair", "president"],
    &["sign", "login", "log"],
    &["age", "teen"],
    &["moved", "move", "moving"],
    &["paid", "receipt", "invoice", "history"],
    &["fail", "declin", "bounc", "overdue", "missed"],
    &["refund", "reimburs"],
    &["ally", "allies", "alliance", "coalition"],
];

/// Words that people search for, and what our questions say instead. Beside the word itself they would find what has
/// nothing to do with it: `dues` is a form of `due`.
const INSTEAD: [(&str, &str); 22] = [
    ("ban", "expelled"),
    ("banned", "expelled"),
    ("complain", "complaint"),
    ("dead", "died"),
    ("death", "died"),
    ("directdebit", "debit"),
    ("directdebits", "debit"),
    ("dues", "cost"),
    ("expulsion", "expelled"),
    ("faq", "question"),
    ("kids", "age"),
    ("merch", "shop"),
    ("old", "age"),
    ("overseas", "abroad"),
    ("present", "gift"),
    ("quit", "leave"),
    ("resign", "leave"),
    ("resignation", "leave"),
    ("scottish", "scotland"),
    ("subs", "cost"),
    ("welsh", "wales"),
    ("young", "age"),
];

/// What somebody searches for, made of its telling words in small letters: at most ten.
pub(super) struct Search {
    terms: Vec<String>,
}

impl Search {
    pub(super) fn new(typed: &str) -> Self {
        let words = typed.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
        let telling = words.filter(|word| word.chars().count() > 2 && !COMMON.contains(&word.as_str()));
        let said = |word: String| {
            let instead = INSTEAD.iter().find(|(typed, _)| *typed == word);
            instead.map_or(word, |(_, ours)| (*ours).to_owned())
        };
        let mut terms: Vec<String> = telling.map(said).collect();
        terms.dedup();
        terms.truncate(10);
        Self { terms }
    }

    /// Whether a word of a text is one of the terms, or nearly, or means the same.
    fn fits(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        // What stands in every question tells nothing, however much it looks like a word that was typed.
        if COMMON.contains(&word.as_str()) {
            return false;
        }
        self.terms.iter().any(|term| {
            is_nearly(&word, term) || alike(term).iter().skip(1).any(|begin| is_from(&word, begin))
        })
    }

    pub(super) fn terms(&self) -> &[String] {
        &self.terms
    }

    /// For `to_tsquery`: one of the words or of those that mean the same. The last word may be half typed.
    pub(super) fn any_of(&self) -> String {
        self.queries().join(" | ")
    }

    /// The same: all of them.
    pub(super) fn all_of(&self) -> String {
        self.queries().join(" & ")
    }

    /// Only the words that were typed.
    pub(super) fn typed(&self) -> String {
        self.terms.iter().map(|term| query(term)).collect::<Vec<_>>().join(" | ")
    }

    fn queries(&self) -> Vec<String> {
        let last = self.terms.len().saturating_sub(1);
        let group = |(at, term): (usize, &String)| {
            let begun = if at == last { format!(" | {}:*", query(term)) } else { String::new() };
            let alike: Vec<_> = alike(term).iter().map(|word| query(word)).collect();
            format!("({}{begun})", alike.join(" | "))
        };
        self.terms.iter().enumerate().map(group).collect()
    }
}

/// A word as the index has it, without accents; nothing in it means anything to `to_tsquery`.
fn query(word: &str) -> String {
    deunicode(word).chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The word and those that mean the same.
fn alike(term: &str) -> Vec<String> {
    let is = |begin: &&str| is_from(term, begin);
    let others = ALIKE.iter().filter(|words| words.iter().any(is)).flat_map(|words| words.iter());
    let others = others.filter(|begin| !is(begin)).map(|begin| (*begin).to_owned());
    std::iter::once(term.to_owned()).chain(others).collect()
}

/// Not a longer word that begins alike: `feeling` is no fee.
fn is_from(word: &str, begin: &str) -> bool {
    word.strip_prefix(begin).is_some_and(|end| ENDINGS.contains(&end))
}

const ENDINGS: [&str; 14] =
    ["", "s", "e", "es", "er", "ers", "ing", "ed", "d", "ion", "ions", "ation", "ment", "ations"];

/// A stretch of text, and whether it is one of the words looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub text: String,
    pub marked: bool,
}

/// Cuts a text at the words that were looked for, or nearly.
pub(super) fn mark(text: &str, search: &Search) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for piece in pieces(text) {
        let marked = search.fits(piece);
        match stretches.last_mut() {
            Some(last) if last.marked == marked && !marked => last.text.push_str(piece),
            _ => stretches.push(Stretch { text: piece.to_owned(), marked }),
        }
    }
    stretches
}

/// Whether one of the words that were looked for, or nearly one, is in a question or its answer.
pub(super) fn has_any(question: &Question, search: &Search) -> bool {
    [&question.question, &question.answer, &question.found_by]
        .into_iter()
        .any(|text| pieces(text).iter().any(|piece| search.fits(piece)))
}

/// The part of a text around the first word that was looked for, about `length` characters.
pub(super) fn excerpt(text: &str, search: &Search, length: usize) -> Vec<Stretch> {
    let mut at = 0;
    for piece in pieces(text) {
        if search.fits(piece) {
            break;
        }
        at += piece.len();
    }
    // From the start of the sentence in which it stands, or the beginning if it is nowhere.
    let start =
        if at >= text.len() { 0 } else { text[..at].rfind(['.', '?', '!', ':']).map_or(0, |dot| dot + 1) };
    mark(&shorten(text[start..].trim_start(), length), search)
}

/// Words and what stands between them, in turn.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut in_word = None;
    for (at, letter) in text.char_indices() {
        let word = letter.is_alphanumeric();
        if in_word.is_some_and(|before| before != word) {
            pieces.push(&text[start..at]);
            start = at;
        }
        in_word = Some(word);
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

/// Another ending of the same word, or the same word with a typing error in it.
fn is_nearly(word: &str, term: &str) -> bool {
    let common = word.chars().zip(term.chars()).take_while(|(a, b)| a == b).count();
    let (word_length, term_length) = (word.chars().count(), term.chars().count());
    let (long, short) = (word_length.max(term_length), word_length.min(term_length));
    let is_begun = common == short && short >= 3;
    let ending = if word_length > term_length { word } else { term };
    let ending: String = ending.chars().skip(common).collect();
    // Of three letters many words begin: `can` is no `cancel`.
    (is_begun && (ENDINGS.contains(&ending.as_str()) || (short >= 4 && long - short <= 4)))
        || (common >= 4 && long - common <= 3)
        || (short >= 4 && TextDiff::from_chars(word, term).ratio() >= 0.8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, search: &str) -> Vec<String> {
        mark(text, &Search::new(search)).into_iter().filter(|s| s.marked).map(|s| s.text).collect()
    }

    #[test]
    fn marks_words_their_endings_and_slips() {
        assert_eq!(marked("Alex Mays is our leader.", "leeder"), ["leader"]);
        assert_eq!(marked("Who funds you? Funding comes from members.", "fund"), ["funds", "Funding"]);
        assert_eq!(marked("a member remembers members", "membership"), ["member", "members"]);
        assert_eq!(marked("Élan & <b>", "élan"), ["Élan"]);
        assert!(marked("anything", "").is_empty());
        for (text, typed) in [
            ("You can see it", "cancel"),
            ("At the end", "cancel"),
            ("your youth", "young"),
            ("what you are", "whatever"),
            ("for the art", "article"),
        ] {
            assert!(marked(text, typed).is_empty(), "{typed}: {:?}", marked(text, typed));
        }
        assert_eq!(marked("If prices change, the cost is due.", "how much"), ["prices", "cost"]);
    }

    #[test]
    fn leaves_common_words_out() {
        assert_eq!(Search::new("Who is the leader?").terms(), ["leader"]);
        assert!(Search::new("?? a -- of").terms().is_empty());
    }

    #[test]
    fn asks_for_what_is_meant() {
        let search = Search::new("Membership fees?");
        assert!(search.any_of().starts_with("(membership) | (fees | cost | price"), "{}", search.any_of());
        assert!(search.any_of().ends_with(" | fees:*)"));
        assert_eq!(search.typed(), "membership | fees");
        assert_eq!(Search::new("feeling & !'").any_of(), "(feeling | feeling:*)");
        for (typed, meant) in [
            ("cancelling", "leav"),
            ("leaving", "cancel"),
            ("donations", "give"),
            ("unsubscribe", "stop"),
            ("login", "sign"),
        ] {
            assert!(Search::new(typed).any_of().contains(&format!("| {meant}")), "{typed}");
        }
        assert_eq!(Search::new("").any_of(), "");
        assert_eq!(Search::new("Siân's ½½½").typed(), "sian | 121212");
    }

    #[test]
    fn quotes_the_sentence_with_the_word() {
        let found =
            excerpt("One thing. Another thing with a leader in it. More.", &Search::new("leader"), 40);
        assert!(found[0].text.starts_with("Another thing"));
        assert_eq!(excerpt("One thing.", &Search::new("banana"), 40)[0].text, "One thing.");
        assert!(excerpt("", &Search::new("x"), 40).is_empty());
    }
}
