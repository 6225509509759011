//! The papers of an election, equal ones kept once with the number of them.
//!
//! A million papers are a million short lists of numbers. They lie one after another in a
//! single vector, so that reading a file costs a few bytes a preference, and a file in
//! which few different papers occur costs little memory however long it is.

use std::hash::{DefaultHasher, Hasher};

use super::candidate::Candidate;

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
    /// Finds an equal paper, by open addressing; as many slots as a power of two.
    slots: Vec<Slot>,
    total: u64,
}

/// A place in the index of papers.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// The paper's number plus one, so that nought is an empty slot.
    paper: u32,
    /// What its marks hash to, which spares most comparisons of marks.
    hash: u32,
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

    /// From `from` on and before `until`, which must lie in the ranking and before any number
    /// left out, the first position of a candidate of whom `wanted` says yes, and its index.
    pub fn find(&self, paper: usize, from: u16, until: u16, wanted: &[bool]) -> Option<(u16, usize)> {
        let marks = self.packed(paper).get(usize::from(from)..usize::from(until))?;
        let candidates = marks.iter().map(|mark| usize::from(mark & !SHARED));
        (from..until).zip(candidates).find(|(_, candidate)| wanted[*candidate])
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
        let hash = hash(&self.marks[begin..]);
        let mut at = self.home(hash);
        loop {
            let slot = self.slots[at];
            let Some(known) = slot.paper.checked_sub(1) else {
                let paper = u32::try_from(self.different() + 1).map_err(|_| TooManyPapers)?;
                self.slots[at] = Slot { paper, hash };
                self.ends.push(self.marks.len() as u64);
                self.weights.push(weight);
                break;
            };
            let known = known as usize;
            if slot.hash == hash && self.packed(known) == &self.marks[begin..] {
                self.marks.truncate(begin);
                self.weights[known] += weight;
                break;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.total = total;
        Ok(())
    }

    fn home(&self, hash: u32) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        for slot in std::mem::replace(&mut self.slots, vec![Slot::default(); size]) {
            if slot.paper > 0 {
                let mut at = self.home(slot.hash);
                while self.slots[at].paper > 0 {
                    at = (at + 1) & (size - 1);
                }
                self.slots[at] = slot;
            }
        }
    }

    /// Paper numbers in the order of their marks, which says nothing about when each was
    /// cast or where it stood in a file.
    pub fn in_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.different()).collect();
        order.sort_unstable_by(|a, b| self.packed(*a).cmp(self.packed(*b)));
        order
    }
}

/// The same for the same marks on every machine; nothing but speed depends on it.
fn hash(packed: &[u16]) -> u32 {
    let mut hasher = DefaultHasher::new();
    for marks in packed.chunks(4) {
        hasher.write_u64(marks.iter().fold(1, |word, mark| (word << 16) | u64::from(*mark)));
    }
    let [_, _, _, _, low @ ..] = hasher.finish().to_be_bytes();
    u32::from_be_bytes(low)
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
