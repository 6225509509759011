//! What can be wrong with a ballot file. Each message names the remedy.

use std::fmt;
use std::io;

use super::super::candidate::MAX_CANDIDATES;
use super::super::election::{ElectionError, LONGEST_TEXT};
use super::super::papers::MAX_PAPERS;

/// Why a ballot file can't be read.
#[derive(Debug)]
pub enum ReadError {
    /// The file says something that can't be counted.
    Bad { line: u64, fault: Fault },
    /// The file couldn't be read at all.
    Io(io::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad { line, fault } => write!(f, "line {line}: {fault}"),
            Self::Io(error) => write!(f, "can't be read: {error}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// A fault in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    Empty,
    NotText,
    NotUtf8,
    Unexpected(char),
    Options,
    Brackets,
    Slash,
    Foreign,
    NumberTooBig,
    NotWhole,
    Header,
    Election(ElectionError),
    WithdrawnUnknown { number: u64, candidates: usize },
    WithdrawnTwice(u64),
    WithdrawnLine,
    PapersNotEnded,
    NameBeforeEnd,
    EndNotAlone,
    WeightMissing,
    NotClosed,
    AfterClose,
    UnknownCandidate { number: u64, candidates: usize },
    RankedTwice(u64),
    NegativeInBallot,
    LooseEquals,
    TooManySkipped,
    TooManyPapers,
    NameNotClosed,
    NameTooLong,
    NameNotQuoted,
    QuoteInName,
    TitleMissing { candidates: usize },
    NameMissing { found: usize, candidates: usize },
    NameTooMany { candidates: usize },
    ControlCharacter,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(
                f,
                "the file is empty; its first line must give the number of candidates and of places, such as `5 2`"
            ),
            Self::NotText => write!(f, "this isn't a text file; save the ballots as plain text in UTF-8"),
            Self::NotUtf8 => write!(f, "a text isn't UTF-8; save the file as plain text in UTF-8"),
            Self::Unexpected(found) => write!(
                f,
                "{found:?} can't stand here; outside quotes only numbers, `=`, `-` and comments after `#` may"
            ),
            Self::Options => write!(
                f,
                "options in square brackets aren't read; take the line out, write candidates as numbers, withdrawn ones as `-2` on a line of their own, and give lots with --lots"
            ),
            Self::Brackets => write!(
                f,
                "round brackets aren't read; take the name of a ballot out, and write candidates who share a rank as `2=3`"
            ),
            Self::Slash => {
                write!(f, "'/' can't stand here; begin a comment with `#`, which ends with the line")
            }
            Self::Foreign => write!(
                f,
                "a sign that isn't plain text stands outside quotes; take it out, or save the ballots as plain text in UTF-8"
            ),
            Self::NumberTooBig => write!(f, "a number is too big to be counted; check it"),
            Self::NotWhole => {
                write!(f, "a number isn't whole; write digits only, with a space between numbers")
            }
            Self::Header => write!(
                f,
                "the first line must give the number of candidates and of places and nothing else, such as `5 2`"
            ),
            Self::Election(error) => error.fmt(f),
            Self::WithdrawnUnknown { number, candidates } => write!(
                f,
                "candidate {number} can't be withdrawn, there are only {candidates}; use a number from 1 to {candidates}"
            ),
            Self::WithdrawnTwice(number) => {
                write!(f, "candidate {number} is withdrawn twice; take one of the two out")
            }
            Self::WithdrawnLine => write!(
                f,
                "a line of withdrawn candidates holds only negative numbers, such as `-2 -5`; put ballots on lines of their own"
            ),
            Self::PapersNotEnded => {
                write!(
                    f,
                    "the file ends among the ballots; add a line `0` after the last ballot and then the names"
                )
            }
            Self::NameBeforeEnd => {
                write!(f, "a name stands among the ballots; put a line `0` after the last ballot")
            }
            Self::EndNotAlone => write!(
                f,
                "a ballot can't have the weight 0; write how many papers it stands for, or `0` alone to end the ballots"
            ),
            Self::WeightMissing => {
                write!(f, "a ballot must begin with the number of papers it stands for, such as `1 3 2 0`")
            }
            Self::NotClosed => write!(f, "the ballot isn't closed; end it with ` 0` on the same line"),
            Self::AfterClose => {
                write!(f, "something follows the 0 that closes the line; put it on a line of its own")
            }
            Self::UnknownCandidate { number, candidates } => write!(
                f,
                "there is no candidate {number}; use a number from 1 to {candidates}, or correct the first line"
            ),
            Self::RankedTwice(number) => {
                write!(f, "candidate {number} is ranked twice in one ballot; take one of the two out")
            }
            Self::NegativeInBallot => {
                write!(
                    f,
                    "a negative number stands in a ballot; withdrawn candidates need a line of their own"
                )
            }
            Self::LooseEquals => write!(f, "`=` must stand between two candidates, such as `2=3`"),
            Self::TooManySkipped => {
                write!(f, "the ballot leaves out more numbers than candidates stand; take some `-` out")
            }
            Self::TooManyPapers => write!(
                f,
                "more than {MAX_PAPERS} papers can't be counted; check the number that begins the ballot"
            ),
            Self::NameNotClosed => write!(f, "a quote isn't closed on its line; end the name with `\"`"),
            Self::NameTooLong => write!(f, "a name or title is longer than {LONGEST_TEXT} bytes; shorten it"),
            Self::NameNotQuoted => {
                write!(
                    f,
                    "after the ballots only names may stand; put each in quotes, such as `\"Ana Jones\"`"
                )
            }
            Self::QuoteInName => write!(
                f,
                "something follows the quote that ends a name; write a quote inside a name as `\\\"`, and put a space between names"
            ),
            Self::TitleMissing { candidates } => write!(
                f,
                "the file ends after {candidates} texts: either a candidate's name is missing, or the title of the election, which must follow the {candidates} names"
            ),
            Self::NameMissing { found, candidates } => write!(
                f,
                "the file ends after {found} of {candidates} names; add one quoted name for each candidate"
            ),
            Self::NameTooMany { candidates } => write!(
                f,
                "there are too many names; after those of the {candidates} candidates only a title, a source and a comment may follow"
            ),
            Self::ControlCharacter => {
                write!(f, "a name or title has a control character in it; take it out")
            }
        }
    }
}

impl std::error::Error for Fault {}

/// The most candidates fit a number that ballots use; see [`MAX_CANDIDATES`].
const _: () = assert!(MAX_CANDIDATES < 0x7fff);
