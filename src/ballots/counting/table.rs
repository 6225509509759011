//! The counting table: papers sorted into bundles by their next preference.
//!
//! Every rule but Meek works like this by hand too: a bundle of papers lies with a
//! candidate, and when it moves on, each paper goes to the next candidate named on it
//! that may still receive papers. Where a ranking stops to be readable is found once.

use super::election::Election;
use super::papers::{Mark, Papers};

/// Papers that lie together.
#[derive(Clone, Debug, Default)]
pub(super) struct Bundle {
    /// Numbers of different papers.
    papers: Vec<u32>,
    /// How many papers that is, each counted as often as it was cast.
    pub count: u64,
}

impl Bundle {
    pub fn append(&mut self, mut other: Self) {
        self.papers.append(&mut other.papers);
        self.count += other.count;
    }
}

/// What sorting a bundle gives.
#[derive(Debug)]
pub(super) struct Sorted {
    /// For each candidate, the papers that name it next.
    pub to: Vec<Bundle>,
    /// How many papers name nobody who may receive them.
    pub non_transferable: u64,
}

impl Sorted {
    /// The bundles that hold a paper, with their candidate's index.
    pub fn bundles(self) -> impl Iterator<Item = (usize, Bundle)> {
        self.to.into_iter().enumerate().filter(|(_, bundle)| bundle.count > 0)
    }
}

/// The papers of one count, and how far each has been read.
#[derive(Debug)]
pub(super) struct Table<'a> {
    papers: &'a Papers,
    /// For each paper, the position of the preference that it lies with.
    at: Vec<u16>,
    /// For each paper, the position from which it can't be read any more.
    until: Vec<u16>,
}

/// The first sorting of all papers.
#[derive(Debug)]
pub(super) struct FirstPreferences {
    pub to: Vec<Bundle>,
    pub valid: u64,
    pub invalid: u64,
    /// Papers that rank several equal, where the rule wants them set aside. They are valid.
    pub shared: Vec<u32>,
}

/// What a rule does with a rank that several candidates share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shared {
    /// The ranking can't be read from there on.
    EndsRanking,
    /// The paper is counted apart from the others (Meek).
    SetAside,
}

impl<'a> Table<'a> {
    /// Sorts all papers by first preference. A paper is invalid if it names nobody who
    /// stands, or leaves out the first number, or shares it between two who stand
    /// (Scottish rule 45(1), ERS97 6.9; Representation of the People Act 1983 Sch. 1 rule 47).
    pub fn lay_out(election: &'a Election) -> (Self, FirstPreferences) {
        Self::lay_out_with(election, Shared::EndsRanking)
    }

    /// The same for a rule with its own way with shared ranks.
    pub fn lay_out_with(election: &'a Election, shared: Shared) -> (Self, FirstPreferences) {
        let papers = &election.papers;
        let standing: Vec<bool> = standing(election);
        let mut table =
            Self { papers, at: vec![0; papers.different()], until: Vec::with_capacity(papers.different()) };
        let mut first = FirstPreferences {
            to: vec![Bundle::default(); standing.len()],
            valid: 0,
            invalid: 0,
            shared: Vec::new(),
        };
        for (paper, number) in (0..papers.different()).zip(0_u32..) {
            let (until, is_shared) = readable(papers.marks(paper), &standing, shared);
            table.until.push(until);
            let weight = papers.weight(paper);
            if is_shared {
                first.shared.push(number);
                first.valid += weight;
            } else if let Some((position, candidate)) = table.next(paper, 0, &standing) {
                table.at[paper] = position;
                first.to[candidate].papers.push(number);
                first.to[candidate].count += weight;
                first.valid += weight;
            } else {
                first.invalid += weight;
            }
        }
        (table, first)
    }

    /// Sorts a bundle by the next preference for a candidate that may receive papers.
    pub fn sort(&mut self, bundle: Bundle, may_receive: &[bool]) -> Sorted {
        let mut sorted = Sorted { to: vec![Bundle::default(); may_receive.len()], non_transferable: 0 };
        for number in bundle.papers {
            let paper = number as usize;
            let weight = self.papers.weight(paper);
            if let Some((position, candidate)) = self.next(paper, self.at[paper] + 1, may_receive) {
                self.at[paper] = position;
                sorted.to[candidate].papers.push(number);
                sorted.to[candidate].count += weight;
            } else {
                sorted.non_transferable += weight;
            }
        }
        sorted
    }

    /// How many entries of a paper count.
    pub fn readable(&self, paper: usize) -> usize {
        usize::from(self.until[paper])
    }

    fn next(&self, paper: usize, from: u16, may_receive: &[bool]) -> Option<(u16, usize)> {
        self.papers.find(paper, from, self.until[paper], may_receive)
    }
}

/// Who stands, by index.
pub(super) fn standing(election: &Election) -> Vec<bool> {
    let mut standing = vec![false; election.candidates()];
    for candidate in election.standing() {
        standing[candidate.index()] = true;
    }
    standing
}

/// How many entries of a ranking count: those before the first number that is left out or,
/// unless the rule sets such papers aside, shared by two who stand (Scottish rule 45, ERS97
/// 6.10 and 6.12). Withdrawn candidates are passed over before that test, so a rank shared
/// with them only is not shared. Says also whether the paper is to be set aside.
fn readable(marks: impl Iterator<Item = Mark>, standing: &[bool], shared: Shared) -> (u16, bool) {
    let mut rank_begins = 0;
    let mut standing_in_rank = 0;
    let mut length = 0;
    let mut set_aside = false;
    for (position, mark) in (0_u16..).zip(marks) {
        match mark {
            Mark::Skipped => return (position, set_aside),
            Mark::Next(_) => (rank_begins, standing_in_rank) = (position, 0),
            Mark::Equal(_) => {}
        }
        if mark.candidate().is_some_and(|candidate| standing[candidate.index()]) {
            standing_in_rank += 1;
        }
        if standing_in_rank > 1 {
            match shared {
                Shared::EndsRanking => return (rank_begins, false),
                Shared::SetAside => set_aside = true,
            }
        }
        length = position + 1;
    }
    (length, set_aside)
}

#[cfg(test)]
mod tests {
    use super::super::candidate::Candidate;
    use super::*;

    fn next(number: usize) -> Mark {
        Mark::Next(Candidate::at(number - 1).unwrap())
    }

    fn equal(number: usize) -> Mark {
        Mark::Equal(Candidate::at(number - 1).unwrap())
    }

    #[test]
    fn rankings_end_at_shared_and_skipped_numbers() {
        let standing = [true, true, false, true];
        let until = |marks: &[Mark]| readable(marks.iter().copied(), &standing, Shared::EndsRanking).0;
        assert_eq!(until(&[next(1), next(2)]), 2);
        assert_eq!(until(&[next(1), Mark::Skipped, next(2)]), 1);
        assert_eq!(until(&[Mark::Skipped, next(2)]), 0);
        assert_eq!(until(&[next(1), next(2), equal(4)]), 1);
        // Candidate 3 has withdrawn: a rank shared with it only isn't shared.
        assert_eq!(until(&[next(1), next(2), equal(3), next(4)]), 4);
        assert_eq!(until(&[next(3), equal(2), equal(1), next(4)]), 0);
        assert_eq!(until(&[]), 0);

        let aside = |marks: &[Mark]| readable(marks.iter().copied(), &standing, Shared::SetAside);
        assert_eq!(aside(&[next(1), next(2), equal(4), next(3)]), (4, true));
        assert_eq!(aside(&[next(1), Mark::Skipped, next(2), equal(4)]), (1, false));
        assert_eq!(aside(&[next(2), equal(3), next(1)]), (3, false));
    }

    #[test]
    fn papers_move_to_the_next_candidate_that_may_receive_them() {
        let names = ["Ana", "Ben", "Cai", "Dee"].map(str::to_owned).to_vec();
        let mut election = Election::new(names, 1).unwrap();
        election.withdraw(Candidate::at(2).unwrap());
        election.add(5, &[next(1), next(2), next(4)]).unwrap();
        election.add(2, &[next(3), next(1), next(2)]).unwrap();
        election.add(1, &[next(1)]).unwrap();
        election.add(4, &[next(3)]).unwrap();
        election.add(8, &[next(2), equal(4)]).unwrap();
        let (mut table, mut first) = Table::lay_out(&election);
        assert_eq!(first.to.iter().map(|b| b.count).collect::<Vec<_>>(), [8, 0, 0, 0]);
        assert_eq!((first.valid, first.invalid), (8, 12));
        let sorted = table.sort(std::mem::take(&mut first.to[0]), &[false, true, false, true]);
        assert_eq!(sorted.to.iter().map(|b| b.count).collect::<Vec<_>>(), [0, 7, 0, 0]);
        assert_eq!(sorted.non_transferable, 1);
        let again = sorted.bundles().next().unwrap().1;
        let sorted = table.sort(again, &[false, false, false, true]);
        assert_eq!(sorted.to[3].count, 5);
        assert_eq!(sorted.non_transferable, 2);
    }
}
