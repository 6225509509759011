//! The papers of an election, equal ones kept once with the number of them.
//!
//! A million papers are a million short lists of numbers. They lie one after another in a
//! single vector, so that reading a file costs a few bytes a preference, and a file in
//! which few different papers occur costs little memory however long it is.

use std::hash::{DefaultHasher, Hasher};

use super::election::Candidate;

/// The most papers one election may have. Counts in units of a thousand-millionth then
/// stay below 10^24, and products of two such numbers with a keep factor below 10^33.
pub const MAX_PAPERS: u64 = 1_000_000_000_000_000;

const SHARED: u16 = 0x8000;
const SKIPPED: u16 = 0x7fff;

/// One entry of a ranking, in the order in which the voter numbered them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The next preference.
    Next(Candidate),
    /// A candidate that shares its rank with the entry before.
    Equal(Candidate),
    /// A number that the voter left out.
    Skipped,
}

impl Mark {
    const fn pack(self) -> u16 {
        match self {
            Self::Next(candidate) => candidate.0,
            Self::Equal(candidate) => candidate.0 | SHARED,
            Self::Skipped => SKIPPED,
        }
    }

    const fn unpack(packed: u16) -> Self {
        if packed == SKIPPED {
            Self::Skipped
        } else if packed & SHARED == 0 {
            Self::Next(Candidate(packed))
        } else {
            Self::Equal(Candidate(packed & !SHARED))
        }
    }

    pub(super) const fn candidate(self) -> Option<Candidate> {
        match self {
            Self::Next(candidate) | Self::Equal(candidate) => Some(candidate),
            Self::Skipped => None,
        }
    }
}

/// Why papers can't be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooManyPapers;

/// All different papers and how often each was cast.
#[derive(Clone, Debug, Default)]
pub(super) struct Papers {
    marks: Vec<u16>,
    /// Where each paper's marks end; they begin where those of the paper before end.
    ends: Vec<u64>,
    weights: Vec<u64>,
    /// Finds an equal paper: open addressing, a slot holds a paper's index plus one.
    slots: Vec<u32>,
    total: u64,
}

impl Papers {
    /// The number of papers, counting each as often as it was cast.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The number of different papers.
    pub const fn different(&self) -> usize {
        self.weights.len()
    }

    pub fn weight(&self, paper: usize) -> u64 {
        self.weights[paper]
    }

    pub fn marks(&self, paper: usize) -> impl DoubleEndedIterator<Item = Mark> + ExactSizeIterator {
        self.packed(paper).iter().copied().map(Mark::unpack)
    }

    /// The candidate at `position`, which must not be a skipped number.
    pub fn candidate_at(&self, paper: usize, position: usize) -> usize {
        usize::from(self.packed(paper)[position] & !SHARED)
    }

    fn packed(&self, paper: usize) -> &[u16] {
        let begin = if paper == 0 { 0 } else { self.ends[paper - 1] };
        &self.marks[index(begin)..index(self.ends[paper])]
    }

    /// Adds `weight` papers with the same marks.
    pub fn add(&mut self, weight: u64, marks: &[Mark]) -> Result<(), TooManyPapers> {
        let total = self.total.checked_add(weight).ok_or(TooManyPapers)?;
        if total > MAX_PAPERS {
            return Err(TooManyPapers);
        }
        if (self.different() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        // The marks go to the end of the vector and are taken off again if the paper is known.
        let begin = self.marks.len();
        self.marks.extend(marks.iter().map(|mark| mark.pack()));
        let mut slot = self.home(&self.marks[begin..]);
        loop {
            let Some(known) = self.slots[slot].checked_sub(1) else {
                let next = u32::try_from(self.different() + 1).map_err(|_| TooManyPapers)?;
                self.slots[slot] = next;
                self.ends.push(self.marks.len() as u64);
                self.weights.push(weight);
                break;
            };
            let known = known as usize;
            if self.packed(known) == &self.marks[begin..] {
                self.marks.truncate(begin);
                self.weights[known] += weight;
                break;
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        self.total = total;
        Ok(())
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        self.slots.clear();
        self.slots.resize(size, 0);
        for paper in 0..self.different() {
            let mut slot = self.home(self.packed(paper));
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            // At most `different` papers, which `add` keeps within 32 bits.
            self.slots[slot] = u32::try_from(paper + 1).unwrap_or(u32::MAX);
        }
    }

    fn home(&self, packed: &[u16]) -> usize {
        let mut hasher = DefaultHasher::new();
        for pair in packed.chunks(4) {
            let word = pair.iter().fold(1_u64, |word, mark| (word << 16) | u64::from(*mark));
            hasher.write_u64(word);
        }
        index(hasher.finish() & (self.slots.len() as u64 - 1))
    }

    /// Paper numbers in the order of their marks, which says nothing about when each was
    /// cast or where it stood in a file.
    pub fn in_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.different()).collect();
        order.sort_unstable_by(|a, b| self.packed(*a).cmp(self.packed(*b)));
        order
    }
}

/// A position in memory is a position in a vector, so it fits.
fn index(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(candidates: &[u16]) -> Vec<Mark> {
        candidates.iter().map(|c| Mark::Next(Candidate(*c))).collect()
    }

    #[test]
    fn equal_papers_are_kept_once() {
        let mut papers = Papers::default();
        for round in 0..3 {
            for a in 0..40 {
                for b in 0..40 {
                    papers.add(2 + round, &marks(&[a, b])).unwrap();
                }
            }
        }
        assert_eq!(papers.different(), 1600);
        assert_eq!(papers.total(), 1600 * 9);
        assert!((0..1600).all(|paper| papers.weight(paper) == 9));
    }

    #[test]
    fn a_shared_rank_is_another_paper() {
        let mut papers = Papers::default();
        papers.add(1, &marks(&[0, 1])).unwrap();
        let shared = [Mark::Next(Candidate(0)), Mark::Equal(Candidate(1))];
        papers.add(1, &shared).unwrap();
        papers.add(1, &[Mark::Skipped]).unwrap();
        papers.add(1, &[]).unwrap();
        assert_eq!(papers.different(), 4);
        assert_eq!(papers.marks(1).collect::<Vec<_>>(), shared);
        assert_eq!(papers.marks(2).collect::<Vec<_>>(), [Mark::Skipped]);
        assert_eq!(papers.marks(3).len(), 0);
    }

    #[test]
    fn the_total_is_limited() {
        let mut papers = Papers::default();
        papers.add(MAX_PAPERS, &marks(&[0])).unwrap();
        assert_eq!(papers.add(1, &marks(&[0])), Err(TooManyPapers));
        assert_eq!(papers.add(u64::MAX, &marks(&[1])), Err(TooManyPapers));
        assert_eq!(papers.total(), MAX_PAPERS);
    }
}
