//! Random elections.

use std::ops::RangeInclusive;

use breakthrough::ballots::counting::{Candidate, Election, Mark};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;

/// An election before it is put together, so that a test can put it together differently.
#[derive(Clone, Debug)]
pub struct Draw {
    pub names: Vec<String>,
    pub seats: usize,
    pub withdrawn: Vec<usize>,
    /// How many papers, and the candidates in order; a negative step says how a mark differs.
    pub papers: Vec<(u64, Vec<Entry>)>,
}

/// An entry of a ranking, with a candidate's index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Next(usize),
    Equal(usize),
    Skipped,
}

impl Entry {
    pub fn renumbered(self, to: &[usize]) -> Self {
        match self {
            Self::Next(candidate) => Self::Next(to[candidate]),
            Self::Equal(candidate) => Self::Equal(to[candidate]),
            Self::Skipped => Self::Skipped,
        }
    }

    fn mark(self) -> Mark {
        let at = |index| Candidate::at(index).unwrap();
        match self {
            Self::Next(candidate) => Mark::Next(at(candidate)),
            Self::Equal(candidate) => Mark::Equal(at(candidate)),
            Self::Skipped => Mark::Skipped,
        }
    }
}

impl Draw {
    pub fn election(&self) -> Election {
        let mut election = Election::new(self.names.clone(), self.seats).unwrap();
        election.title = Some("A draw".to_owned());
        for candidate in &self.withdrawn {
            election.withdraw(Candidate::at(*candidate).unwrap());
        }
        for (weight, entries) in &self.papers {
            add(&mut election, *weight, entries);
        }
        election
    }

    pub fn standing(&self) -> usize {
        self.names.len() - self.withdrawn.len()
    }
}

pub fn add(election: &mut Election, weight: u64, entries: &[Entry]) {
    let marks: Vec<Mark> = entries.iter().map(|entry| entry.mark()).collect();
    election.add(weight, &marks).unwrap();
}

/// Elections with up to seven candidates, names of any characters, withdrawn candidates,
/// shared and skipped numbers, and few enough papers that ties are common.
pub fn elections() -> impl Strategy<Value = Draw> {
    draws(1..=7, 1..=30)
}

pub fn draws(candidates: RangeInclusive<usize>, weights: RangeInclusive<u64>) -> impl Strategy<Value = Draw> {
    candidates.prop_flat_map(move |candidates| {
        let all: Vec<usize> = (0..candidates).collect();
        let names = vec("[^\\p{Cc}]{0,8}", candidates);
        let withdrawn = prop_oneof![
            3 => Just(Vec::new()),
            1 => subsequence(all.clone(), 0..=candidates.min(2)),
        ];
        let papers = vec((weights.clone(), ranking(all)), 0..24);
        (names, 1..=candidates, withdrawn, papers).prop_map(|(names, seats, withdrawn, papers)| Draw {
            names: names.iter().enumerate().map(|(index, name)| format!("{name}{index}")).collect(),
            seats,
            withdrawn,
            papers,
        })
    })
}

fn ranking(all: Vec<usize>) -> impl Strategy<Value = Vec<Entry>> {
    let most = all.len();
    let order = subsequence(all, 0..=most).prop_shuffle();
    (order, vec(0..24_u8, most)).prop_map(|(order, chance)| {
        let mut entries = Vec::new();
        for (candidate, chance) in order.into_iter().zip(chance) {
            match chance {
                0 if !entries.is_empty() => entries.push(Entry::Equal(candidate)),
                1 => entries.extend([Entry::Skipped, Entry::Next(candidate)]),
                _ => entries.push(Entry::Next(candidate)),
            }
        }
        // `=` after a number left out would share nothing.
        for index in 1..entries.len() {
            if let (Entry::Skipped, Entry::Equal(candidate)) = (entries[index - 1], entries[index]) {
                entries[index] = Entry::Next(candidate);
            }
        }
        entries
    })
}
