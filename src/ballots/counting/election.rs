//! Who stands, for how many places, and the papers cast.

use std::collections::HashSet;
use std::fmt;

use crate::kit::typed;

use super::candidate::{Candidate, MAX_CANDIDATES};
use super::papers::{MAX_PAPERS, Mark, Papers};

/// The longest name, title, source or remark, in bytes: more than any reader of a ballot
/// file would take again.
pub const LONGEST_TEXT: usize = 4000;

/// An election before its count.
#[derive(Clone, Debug)]
pub struct Election {
    names: Vec<String>,
    withdrawn: Vec<bool>,
    seats: usize,
    /// What the election is called, if it says so.
    pub title: Option<String>,
    /// Where the papers come from, if the file says so.
    pub source: Option<String>,
    /// A remark, if the file has one.
    pub comment: Option<String>,
    pub(super) papers: Papers,
}

/// Why an election can't be held like this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ElectionError {
    NoCandidates,
    TooManyCandidates(usize),
    NoSeats,
    MoreSeatsThanCandidates { seats: usize, candidates: usize },
    EmptyName(usize),
    NameTooLong(usize),
    ControlCharacterInName(usize),
    SameName { first: usize, second: usize },
}

impl fmt::Display for ElectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCandidates => write!(f, "there are no candidates; at least one must stand"),
            Self::TooManyCandidates(found) => {
                write!(f, "{found} candidates are more than can be counted; give at most {MAX_CANDIDATES}")
            }
            Self::NoSeats => write!(f, "there are 0 places to fill; give at least 1"),
            Self::MoreSeatsThanCandidates { seats, candidates } => {
                write!(f, "{seats} places for {candidates} candidates; give at most {candidates} places")
            }
            Self::EmptyName(number) => {
                write!(f, "the name of candidate {number} is empty; write it between the quotes")
            }
            Self::NameTooLong(number) => {
                write!(f, "the name of candidate {number} is longer than {LONGEST_TEXT} bytes; shorten it")
            }
            Self::ControlCharacterInName(number) => {
                write!(f, "the name of candidate {number} has a control character in it; take it out")
            }
            Self::SameName { first, second } => write!(
                f,
                "candidates {first} and {second} have the same name; add something that tells them apart"
            ),
        }
    }
}

impl std::error::Error for ElectionError {}

/// Why a paper can't be added to an election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperError {
    UnknownCandidate(usize),
    RankedTwice(usize),
    TooManyMarks,
    TooManyPapers,
}

impl fmt::Display for PaperError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCandidate(number) => write!(f, "there is no candidate {number}"),
            Self::RankedTwice(number) => write!(f, "candidate {number} is ranked twice"),
            Self::TooManyMarks => write!(f, "the paper has more entries than candidates stand"),
            Self::TooManyPapers => write!(f, "more than {MAX_PAPERS} papers can't be counted"),
        }
    }
}

impl std::error::Error for PaperError {}

impl Election {
    /// An election without papers.
    pub fn new(names: Vec<String>, seats: usize) -> Result<Self, ElectionError> {
        check_size(names.len(), seats)?;
        let mut election = Self::unnamed(names.len(), seats);
        election.name(names)?;
        Ok(election)
    }

    /// For the reader, which meets the names after the papers.
    pub(super) fn unnamed(candidates: usize, seats: usize) -> Self {
        Self {
            names: Vec::new(),
            withdrawn: vec![false; candidates],
            seats,
            title: None,
            source: None,
            comment: None,
            papers: Papers::default(),
        }
    }

    pub(super) fn name(&mut self, names: Vec<String>) -> Result<(), ElectionError> {
        let mut seen = HashSet::new();
        for (index, name) in names.iter().enumerate() {
            if !typed::is_visible(name) {
                return Err(ElectionError::EmptyName(index + 1));
            }
            if name.len() > LONGEST_TEXT {
                return Err(ElectionError::NameTooLong(index + 1));
            }
            if name.chars().any(char::is_control) {
                return Err(ElectionError::ControlCharacterInName(index + 1));
            }
            let plain = |name: &str| name.trim().to_lowercase();
            if !seen.insert(plain(name)) {
                let first = names.iter().position(|other| plain(other) == plain(name)).unwrap_or(index);
                return Err(ElectionError::SameName { first: first + 1, second: index + 1 });
            }
        }
        self.names = names;
        Ok(())
    }

    /// Takes a candidate out. Papers keep their marks; the count passes over them.
    pub fn withdraw(&mut self, candidate: Candidate) {
        if let Some(withdrawn) = self.withdrawn.get_mut(candidate.index()) {
            *withdrawn = true;
        }
    }

    /// Adds `weight` papers that are marked alike. An empty ranking is an invalid paper,
    /// which is counted as such.
    pub fn add(&mut self, weight: u64, marks: &[Mark]) -> Result<(), PaperError> {
        // One more entry a candidate leaves room for every number left out.
        if marks.len() > 2 * self.withdrawn.len() {
            return Err(PaperError::TooManyMarks);
        }
        let mut ranked = HashSet::new();
        for candidate in marks.iter().filter_map(|mark| mark.candidate()) {
            if candidate.index() >= self.withdrawn.len() {
                return Err(PaperError::UnknownCandidate(candidate.number()));
            }
            if !ranked.insert(candidate) {
                return Err(PaperError::RankedTwice(candidate.number()));
            }
        }
        self.papers.add(weight, marks).map_err(|_| PaperError::TooManyPapers)
    }

    /// Every candidate, withdrawn ones too.
    pub fn candidates(&self) -> usize {
        self.withdrawn.len()
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub fn seats(&self) -> usize {
        self.seats
    }

    pub fn is_withdrawn(&self, candidate: Candidate) -> bool {
        self.withdrawn.get(candidate.index()).copied().unwrap_or(true)
    }

    /// The candidates that haven't withdrawn.
    pub fn standing(&self) -> impl Iterator<Item = Candidate> {
        (0..self.withdrawn.len()).filter_map(Candidate::at).filter(|candidate| !self.is_withdrawn(*candidate))
    }

    /// The number of papers, valid or not.
    pub fn papers_cast(&self) -> u64 {
        self.papers.total()
    }
}

pub(super) fn check_size(candidates: usize, seats: usize) -> Result<(), ElectionError> {
    if candidates == 0 {
        Err(ElectionError::NoCandidates)
    } else if candidates > MAX_CANDIDATES {
        Err(ElectionError::TooManyCandidates(candidates))
    } else if seats == 0 {
        Err(ElectionError::NoSeats)
    } else if seats > candidates {
        Err(ElectionError::MoreSeatsThanCandidates { seats, candidates })
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn impossible_elections_are_refused() {
        let new = |list: &[&str], seats| Election::new(names(list), seats).err();
        assert_eq!(new(&[], 1), Some(ElectionError::NoCandidates));
        assert_eq!(new(&["Ana"], 0), Some(ElectionError::NoSeats));
        let more = ElectionError::MoreSeatsThanCandidates { seats: 2, candidates: 1 };
        assert_eq!(new(&["Ana"], 2), Some(more));
        assert_eq!(new(&["Ana", " "], 1), Some(ElectionError::EmptyName(2)));
        let longest = "A".repeat(LONGEST_TEXT);
        assert_eq!(new(&[&longest], 1), None);
        assert_eq!(new(&[&(longest + "A")], 1), Some(ElectionError::NameTooLong(1)));
        assert_eq!(new(&["A\u{7}"], 1), Some(ElectionError::ControlCharacterInName(1)));
        let same = ElectionError::SameName { first: 1, second: 3 };
        assert_eq!(new(&["Ana", "Ben", "Ana"], 1), Some(same));
        assert_eq!(new(&["Ana", "Ben"], 2), None);
        assert_eq!(check_size(MAX_CANDIDATES, 1), Ok(()));
        assert_eq!(Candidate::at(MAX_CANDIDATES - 1).map(Candidate::number), Some(MAX_CANDIDATES));
        assert_eq!(Candidate::at(MAX_CANDIDATES), None);
        let many = ElectionError::TooManyCandidates(MAX_CANDIDATES + 1);
        assert_eq!(check_size(MAX_CANDIDATES + 1, 1), Err(many));
    }

    #[test]
    fn impossible_papers_are_refused() {
        let mut election = Election::new(names(&["Ana", "Ben"]), 1).unwrap();
        let [ana, ben, other] = [0, 1, 2].map(|index| Candidate::at(index).unwrap());
        let twice = [Mark::Next(ana), Mark::Equal(ana)];
        assert_eq!(election.add(1, &twice), Err(PaperError::RankedTwice(1)));
        let unknown = [Mark::Next(other)];
        assert_eq!(election.add(1, &unknown), Err(PaperError::UnknownCandidate(3)));
        assert_eq!(election.add(1, &[Mark::Skipped; 5]), Err(PaperError::TooManyMarks));
        assert_eq!(election.add(u64::MAX, &[]), Err(PaperError::TooManyPapers));
        let words =
            [PaperError::UnknownCandidate(3), PaperError::RankedTwice(1)].map(|error| error.to_string());
        assert_eq!(words, ["there is no candidate 3", "candidate 1 is ranked twice"]);
        let longest = [Mark::Skipped, Mark::Next(ben), Mark::Skipped, Mark::Next(ana)];
        assert_eq!(election.add(3, &longest), Ok(()));
        assert_eq!(election.papers_cast(), 3);
    }
}
