//! Single choice: mark one candidate, the most votes are elected.
//!
//! A paper is valid if it marks exactly one candidate who stands; a paper that marks two
//! leaves in doubt who is meant. Equal candidates for the last place: the lot decides.

use super::approval::elect_most;
use super::election::Election;
use super::papers::Mark;
use super::report::{Report, Rule};
use super::sheet::Sheet;
use super::table::standing;
use super::{Terms, Votes};

const RULE: Rule = Rule {
    name: "single-choice",
    source: "single choice (one mark a paper; the most votes are elected)",
    quota: "There is no quota.",
    whole_quota: true,
};

pub(super) fn count(election: &Election, terms: &Terms) -> Report {
    let mut sheet = Sheet::new(election, terms, RULE, 0, terms.seats);
    let standing = standing(election);
    let (mut valid, mut invalid) = (0, 0);
    for paper in 0..election.papers.different() {
        let weight = election.papers.weight(paper);
        let marked = election.papers.marks(paper).filter_map(Mark::candidate);
        let mut chosen = marked.map(super::Candidate::index).filter(|candidate| standing[*candidate]);
        match (chosen.next(), chosen.next()) {
            (Some(candidate), None) => {
                valid += weight;
                sheet.votes[candidate] += Votes::from(weight);
            }
            _ => invalid += weight,
        }
    }
    elect_most(&mut sheet);
    sheet.report(valid, invalid)
}

#[cfg(test)]
mod tests {
    use super::super::{Candidate, Election, Mark, Terms, count_single_choice};

    #[test]
    fn papers_with_two_marks_are_invalid() {
        let names = ["Ana", "Ben", "Cai"].map(str::to_owned).to_vec();
        let mut election = Election::new(names, 1).unwrap();
        let mark = |number: usize| Mark::Next(Candidate::at(number - 1).unwrap());
        election.add(5, &[mark(1)]).unwrap();
        election.add(6, &[mark(2)]).unwrap();
        election.add(9, &[mark(1), mark(2)]).unwrap();
        election.add(2, &[mark(3), mark(1)]).unwrap();
        election.add(1, &[]).unwrap();
        let terms = Terms::of(&election);
        let report = count_single_choice(&election, &terms);
        assert_eq!(report.elected_names(), ["Ben"]);
        assert_eq!((report.valid_votes, report.invalid_votes), (11, 12));
        // Once Cai has withdrawn, the papers that marked Cai and Ana are Ana's.
        election.withdraw(Candidate::at(2).unwrap());
        assert_eq!(count_single_choice(&election, &terms).elected_names(), ["Ana"]);
    }
}
