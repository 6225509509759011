//! A board read from its beginning.

use std::collections::HashSet;

use super::{
    super::{commitment::Commitment, hash::Sha},
    BoardError, SMALLEST_BATCH, Signed, What, ascending,
};

/// A board read from its beginning. Signatures are looked at apart, by [`Signed::check`].
#[derive(Debug, Default)]
pub struct Chain {
    head: Option<Signed>,
    live: HashSet<Commitment>,
    seen: HashSet<Commitment>,
    /// How many changes the last batch had, if it was a small one.
    small: Option<usize>,
}

impl Chain {
    /// Takes the next entry, or says why it can't follow.
    pub fn take(&mut self, signed: Signed) -> Result<(), BoardError> {
        let entry = &signed.entry;
        let wanted = self.head.as_ref().map_or(1, |head| head.entry.n + 1);
        if entry.n != wanted {
            return Err(BoardError::Number { found: entry.n, wanted });
        }
        if entry.prev != self.head.as_ref().map_or(Sha([0; 32]), |head| head.hash) {
            return Err(BoardError::Chain);
        }
        if let Some(head) = &self.head {
            if matches!(head.entry.what, What::Closed { .. }) {
                return Err(BoardError::AfterClose);
            }
            if entry.ballot != head.entry.ballot {
                return Err(BoardError::AnotherBallot);
            }
            if entry.at < head.entry.at {
                return Err(BoardError::Earlier);
            }
        }
        if matches!(entry.what, What::Opened {}) != self.head.is_none() {
            return Err(BoardError::Opening);
        }
        if let (Some(changes), false) = (self.small, matches!(entry.what, What::Closed { .. })) {
            return Err(BoardError::SmallBatch(changes));
        }
        match &entry.what {
            What::Opened {} => {}
            What::Batch { added, withdrawn, papers } => self.change(added, withdrawn, *papers)?,
            What::Closed { papers, .. } => self.counts(*papers)?,
        }
        self.head = Some(signed);
        Ok(())
    }

    fn change(
        &mut self,
        added: &[Commitment],
        withdrawn: &[Commitment],
        papers: u64,
    ) -> Result<(), BoardError> {
        if !ascending(added) || !ascending(withdrawn) {
            return Err(BoardError::Order);
        }
        let changes = added.len() + withdrawn.len();
        self.small = (changes < SMALLEST_BATCH).then_some(changes);
        for commitment in withdrawn {
            if !self.live.remove(commitment) {
                return Err(BoardError::NotThere(*commitment));
            }
        }
        for commitment in added {
            if !self.seen.insert(*commitment) {
                return Err(BoardError::AddedTwice(*commitment));
            }
            self.live.insert(*commitment);
        }
        self.counts(papers)
    }

    fn counts(&self, found: u64) -> Result<(), BoardError> {
        let there = self.papers();
        if found == there { Ok(()) } else { Err(BoardError::Papers { found, there }) }
    }

    pub const fn head(&self) -> Option<&Signed> {
        self.head.as_ref()
    }

    /// How many papers there are.
    pub fn papers(&self) -> u64 {
        self.live.len() as u64
    }

    /// The papers that count, ascending.
    pub fn live(&self) -> Vec<Commitment> {
        let mut live: Vec<Commitment> = self.live.iter().copied().collect();
        live.sort_unstable();
        live
    }

    /// The close, once it has come.
    pub fn closed(&self) -> Result<&Signed, BoardError> {
        self.head
            .as_ref()
            .filter(|head| matches!(head.entry.what, What::Closed { .. }))
            .ok_or(BoardError::NotClosed)
    }
}
