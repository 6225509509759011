//! Ties: how a rule settles which of several candidates with equal votes is meant.

use super::Votes;
use super::candidate::Candidate;
use super::lots::Lots;
use super::report::DecidedBy;

/// Where a rule looks for a difference between tied candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// At the first stage, then onwards (ERS97 5.2.3, 5.2.5, 5.6.2; rule 49 of the
    /// alternative vote).
    FromTheFirst,
    /// At the stage just before, then further back (Scottish rules 50(2), 52(2)).
    FromTheLast,
    /// Nowhere, straight to the lot (Meek).
    Nowhere,
}

/// Which of the tied is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Most,
    Fewest,
}

/// Of the tied, those that stand out at the points looked at: a single one if any point
/// tells them apart, otherwise all that were equal throughout. `points` are the tallies
/// so far, oldest first.
pub(super) fn narrow(
    tied: &[Candidate],
    points: &[Vec<Votes>],
    look: Look,
    wanted: Wanted,
) -> Vec<Candidate> {
    let mut left = tied.to_vec();
    let mut look_at = |point: &Vec<Votes>| {
        if left.len() > 1 {
            let votes = left.iter().map(|candidate| point[candidate.index()]);
            let extreme = match wanted {
                Wanted::Most => votes.max(),
                Wanted::Fewest => votes.min(),
            };
            left.retain(|candidate| Some(point[candidate.index()]) == extreme);
        }
    };
    match look {
        Look::FromTheFirst => points.iter().for_each(&mut look_at),
        Look::FromTheLast => points.iter().rev().for_each(&mut look_at),
        Look::Nowhere => {}
    }
    left
}

/// Settles a tie: by earlier stages, and failing that by lot.
pub(super) fn settle(
    tied: &[Candidate],
    points: &[Vec<Votes>],
    look: Look,
    wanted: Wanted,
    lots: &Lots,
) -> Option<(Candidate, DecidedBy)> {
    match narrow(tied, points, look, wanted)[..] {
        [one] => Some((one, DecidedBy::PriorStage)),
        ref equal => equal
            .iter()
            .copied()
            .min_by_key(|candidate| lots.place(*candidate))
            .map(|drawn| (drawn, DecidedBy::Lot)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTS: [[Votes; 4]; 3] = [[5, 3, 3, 1], [6, 2, 4, 1], [7, 7, 7, 1]];

    fn settled(numbers: &[usize], look: Look, wanted: Wanted) -> (usize, DecidedBy) {
        let tied: Vec<_> = numbers.iter().filter_map(|n| Candidate::at(n - 1)).collect();
        let points = POINTS.map(Vec::from);
        let lots = Lots::given(&[3, 2, 1, 4], 4, (0..4).filter_map(Candidate::at)).unwrap();
        let (chosen, by) = settle(&tied, &points, look, wanted, &lots).unwrap();
        (chosen.number(), by)
    }

    #[test]
    fn earlier_stages_settle_ties_in_the_order_of_the_rule() {
        use DecidedBy::{Lot, PriorStage};
        let all = &[1, 2, 3][..];
        assert_eq!(settled(all, Look::FromTheLast, Wanted::Fewest), (2, PriorStage));
        assert_eq!(settled(all, Look::FromTheLast, Wanted::Most), (1, PriorStage));
        // At the first stage 2 and 3 are lowest together; the second stage tells them apart.
        assert_eq!(settled(all, Look::FromTheFirst, Wanted::Fewest), (2, PriorStage));
        assert_eq!(settled(&[2, 3], Look::FromTheFirst, Wanted::Most), (3, PriorStage));
        assert_eq!(settled(all, Look::Nowhere, Wanted::Fewest), (3, Lot));
    }

    #[test]
    fn candidates_equal_throughout_go_to_the_lot() {
        let tied: Vec<_> = [1, 2].iter().filter_map(|n| Candidate::at(*n)).collect();
        let points = vec![vec![9, 4, 4, 1]; 2];
        let lots = Lots::given(&[1, 3, 2, 4], 4, (0..4).filter_map(Candidate::at)).unwrap();
        let settled = settle(&tied, &points, Look::FromTheLast, Wanted::Most, &lots);
        assert_eq!(settled, Some((tied[1], DecidedBy::Lot)));
        assert_eq!(narrow(&tied, &points, Look::FromTheFirst, Wanted::Most), tied);
    }
}
