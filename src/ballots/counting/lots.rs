//! The order in which lots fall, for ties that no earlier stage settles.
//!
//! Lots are drawn in public before the count and given to the program, or they follow
//! from a seed that nobody could choose (the day's published lottery numbers, say) by a
//! stated hash. Of the tied candidates, the one whose lot comes first is the one chosen
//! for whatever is being decided: to be excluded, to have the surplus moved first, or to
//! be elected.

use std::fmt;

use sha2::{Digest, Sha256};

use super::candidate::Candidate;

/// Where an order of lots comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LotSource {
    /// Nobody drew lots: the order of the candidates in the file.
    FileOrder,
    /// Drawn in public and given, candidate by candidate.
    Given,
    /// Derived from this seed.
    Seed(String),
}

/// An order of all candidates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lots {
    /// For each candidate, the place of its lot.
    places: Vec<usize>,
    source: LotSource,
}

/// Why an order of lots can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LotsError {
    Unknown(usize),
    Twice(usize),
    Missing(usize),
}

impl fmt::Display for LotsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(number) => write!(f, "the lots name candidate {number}, who isn't in the file"),
            Self::Twice(number) => write!(f, "the lots name candidate {number} twice"),
            Self::Missing(number) => {
                write!(f, "the lots don't name candidate {number}; give every candidate once")
            }
        }
    }
}

impl std::error::Error for LotsError {}

impl Lots {
    /// The order of the file, for counts for which nobody drew lots.
    pub fn file_order(candidates: usize) -> Self {
        Self { places: (0..candidates).collect(), source: LotSource::FileOrder }
    }

    /// An order given as candidate numbers (from one), first lot first. `standing` says
    /// who must be named; others may be left out.
    pub fn given(
        order: &[usize],
        candidates: usize,
        standing: impl Iterator<Item = Candidate>,
    ) -> Result<Self, LotsError> {
        let mut places = vec![usize::MAX; candidates];
        for (place, number) in order.iter().enumerate() {
            let slot = number
                .checked_sub(1)
                .and_then(|index| places.get_mut(index))
                .ok_or(LotsError::Unknown(*number))?;
            if *slot != usize::MAX {
                return Err(LotsError::Twice(*number));
            }
            *slot = place;
        }
        for candidate in standing {
            if places[candidate.index()] == usize::MAX {
                return Err(LotsError::Missing(candidate.number()));
            }
        }
        Ok(Self { places, source: LotSource::Given })
    }

    /// The order that follows from a published seed: candidates by the SHA-256 of the
    /// seed, a line feed and the name, lowest digest first. Anyone can check it with
    /// `printf '%s\n%s' SEED NAME | sha256sum`.
    pub fn from_seed(seed: &str, names: &[String]) -> Self {
        let mut drawn: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(index, name)| (Sha256::digest(format!("{seed}\n{name}").as_bytes()), index))
            .collect();
        drawn.sort_unstable();
        let mut places = vec![0; names.len()];
        for (place, (_, index)) in drawn.into_iter().enumerate() {
            places[index] = place;
        }
        Self { places, source: LotSource::Seed(seed.to_owned()) }
    }

    pub const fn source(&self) -> &LotSource {
        &self.source
    }

    /// Where the candidate's lot lies in the order.
    pub(super) fn place(&self, candidate: Candidate) -> usize {
        self.places.get(candidate.index()).copied().unwrap_or(usize::MAX)
    }

    /// Candidates in the order of their lots.
    pub fn order(&self) -> Vec<Candidate> {
        let mut order: Vec<Candidate> = (0..self.places.len()).filter_map(Candidate::at).collect();
        order.retain(|candidate| self.place(*candidate) != usize::MAX);
        order.sort_by_key(|candidate| self.place(*candidate));
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(candidates: usize) -> impl Iterator<Item = Candidate> {
        (0..candidates).filter_map(Candidate::at)
    }

    fn numbers(lots: &Lots) -> Vec<usize> {
        lots.order().into_iter().map(Candidate::number).collect()
    }

    #[test]
    fn given_lots_name_everyone_once() {
        let lots = Lots::given(&[3, 1, 2], 3, all(3)).unwrap();
        assert_eq!(numbers(&lots), [3, 1, 2]);
        assert_eq!(Lots::given(&[3, 1, 3], 3, all(3)), Err(LotsError::Twice(3)));
        assert_eq!(Lots::given(&[3, 1], 3, all(3)), Err(LotsError::Missing(2)));
        assert_eq!(Lots::given(&[0, 1], 3, all(3)), Err(LotsError::Unknown(0)));
        assert_eq!(Lots::given(&[4], 3, all(3)), Err(LotsError::Unknown(4)));
        let without_withdrawn = Lots::given(&[3, 1], 3, all(3).filter(|c| c.number() != 2));
        assert_eq!(numbers(&without_withdrawn.unwrap()), [3, 1]);
    }

    #[test]
    fn a_seed_gives_the_order_of_the_digests() {
        // printf 'seed\nAna' | sha256sum, and so on: Ben 9186.., Ana 9d80.., Cai e65f..
        let names = ["Ana", "Ben", "Cai"].map(str::to_owned);
        let lots = Lots::from_seed("seed", &names);
        assert_eq!(lots.source(), &LotSource::Seed("seed".to_owned()));
        assert_eq!(numbers(&lots), [2, 1, 3]);
        assert_eq!(numbers(&Lots::file_order(3)), [1, 2, 3]);
    }
}
