//! Searching the questions: which words of a search tell something, and where they are in a text.

use similar::TextDiff;

use super::words::Question;
use crate::kit::markdown::shorten;

/// Words that stand in every question.
const COMMON: [&str; 40] = [
    "the", "and", "are", "you", "your", "for", "how", "what", "who", "why", "when", "where", "which", "does",
    "did", "can", "will", "with", "from", "this", "that", "there", "have", "has", "was", "is", "it", "we",
    "our", "us", "do", "be", "to", "of", "in", "on", "my", "me", "any", "about",
];

/// The telling words of a search, in small letters, at most ten.
pub(super) fn terms(search: &str) -> Vec<String> {
    let words = search.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    let mut terms: Vec<String> =
        words.filter(|word| word.chars().count() > 2 && !COMMON.contains(&word.as_str())).collect();
    terms.dedup();
    terms.truncate(10);
    terms
}

/// A stretch of text, and whether it is one of the words looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub text: String,
    pub marked: bool,
}

/// Cuts a text at the words that were looked for, or nearly.
pub(super) fn mark(text: &str, terms: &[String]) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for piece in pieces(text) {
        let marked = fits(piece, terms);
        match stretches.last_mut() {
            Some(last) if last.marked == marked && !marked => last.text.push_str(piece),
            _ => stretches.push(Stretch { text: piece.to_owned(), marked }),
        }
    }
    stretches
}

/// Whether one of the words that were looked for, or nearly one, is in a question or its answer.
pub(super) fn has_any(question: &Question, terms: &[String]) -> bool {
    [&question.question, &question.answer]
        .into_iter()
        .any(|text| pieces(text).iter().any(|piece| fits(piece, terms)))
}

/// The part of a text around the first word that was looked for, about `length` characters.
pub(super) fn excerpt(text: &str, terms: &[String], length: usize) -> Vec<Stretch> {
    let mut at = 0;
    for piece in pieces(text) {
        if fits(piece, terms) {
            break;
        }
        at += piece.len();
    }
    // From the start of the sentence in which it stands, or the beginning if it is nowhere.
    let start =
        if at >= text.len() { 0 } else { text[..at].rfind(['.', '?', '!', ':']).map_or(0, |dot| dot + 1) };
    mark(&shorten(text[start..].trim_start(), length), terms)
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

fn fits(word: &str, terms: &[String]) -> bool {
    let word = word.to_lowercase();
    terms.iter().any(|term| {
        let common = word.chars().zip(term.chars()).take_while(|(a, b)| a == b).count();
        let (long, short) =
            (word.chars().count().max(term.chars().count()), word.chars().count().min(term.chars().count()));
        // Another ending of the same word, or the same word with a slip in it.
        (common == short && short >= 3 && long - short <= 4)
            || (common >= 4 && long - common <= 3)
            || (short >= 4 && TextDiff::from_chars(&word, term).ratio() >= 0.8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, search: &str) -> Vec<String> {
        mark(text, &terms(search)).into_iter().filter(|s| s.marked).map(|s| s.text).collect()
    }

    #[test]
    fn marks_words_their_endings_and_slips() {
        assert_eq!(marked("Alex Mays is our leader.", "leeder"), ["leader"]);
        assert_eq!(marked("Who funds you? Funding comes from members.", "fund"), ["funds", "Funding"]);
        assert_eq!(marked("a member remembers members", "membership"), ["member", "members"]);
        assert_eq!(marked("Élan & <b>", "élan"), ["Élan"]);
        assert!(marked("anything", "").is_empty());
    }

    #[test]
    fn leaves_common_words_out() {
        assert_eq!(terms("Who is the leader?"), ["leader"]);
        assert!(terms("?? a -- of").is_empty());
    }

    #[test]
    fn quotes_the_sentence_with_the_word() {
        let found = excerpt("One thing. Another thing with a leader in it. More.", &terms("leader"), 40);
        assert!(found[0].text.starts_with("Another thing"));
        assert_eq!(excerpt("One thing.", &terms("banana"), 40)[0].text, "One thing.");
        assert!(excerpt("", &terms("x"), 40).is_empty());
    }
}
