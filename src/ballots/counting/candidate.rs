//! A candidate, as papers and reports speak of them.

/// The most candidates one election may have. A report has a line a candidate and stage,
/// so this bounds what a small hostile file can make the program print.
pub const MAX_CANDIDATES: usize = 1000;

/// A candidate, by its place in the list of candidates (counted from nought here, from
/// one wherever people read it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Candidate(pub(super) u16);

impl Candidate {
    /// The candidate at `index` of the list, counted from nought.
    pub fn at(index: usize) -> Option<Self> {
        (index < MAX_CANDIDATES).then(|| u16::try_from(index).ok().map(Self))?
    }

    /// The place in the list, counted from nought.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The number that ballot files and people use, counted from one.
    pub fn number(self) -> usize {
        self.index() + 1
    }
}
