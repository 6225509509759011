//! Approval: mark every candidate you approve of, the most approved are elected.
//!
//! The order of the marks on a paper says nothing here. A paper that marks nobody who
//! stands is invalid. Equal candidates for the last place: the lot decides.

use super::election::Election;
use super::papers::Mark;
use super::report::{Action, Report, Rule, TieOver};
use super::sheet::Sheet;
use super::table::standing;
use super::ties::{Look, Wanted};
use super::{Terms, Votes};

const RULE: Rule = Rule {
    name: "approval",
    source: "approval (every candidate marked on a paper gets one vote; the most votes are elected)",
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
        let approved: Vec<usize> = marked.map(super::Candidate::index).filter(|c| standing[*c]).collect();
        if approved.is_empty() {
            invalid += weight;
        } else {
            valid += weight;
        }
        for candidate in approved {
            sheet.votes[candidate] += Votes::from(weight);
        }
    }
    elect_most(&mut sheet);
    sheet.report(valid, invalid)
}

/// Elects whoever has most votes, one place after the other.
pub(super) fn elect_most(sheet: &mut Sheet) {
    sheet.remember();
    while sheet.vacancies() > 0 {
        let continuing = sheet.continuing();
        let most = continuing.iter().map(|candidate| sheet.votes_of(*candidate)).max();
        let mut equal = continuing;
        equal.retain(|candidate| Some(sheet.votes_of(*candidate)) == most);
        if equal.len() <= sheet.vacancies() {
            if equal.is_empty() {
                break;
            }
            for candidate in sheet.most_first(equal) {
                sheet.elect(candidate);
            }
        } else if let Some(one) = sheet.settle(&equal, TieOver::Election, Look::Nowhere, Wanted::Most) {
            sheet.elect(one);
        }
    }
    sheet.close_stage(Action::FirstPreferences, vec![]);
}

#[cfg(test)]
mod tests {
    use super::super::DecidedBy;
    use super::super::{Candidate, Election, Lots, Mark, Terms, count_approval};

    fn paper(numbers: &[usize]) -> Vec<Mark> {
        numbers.iter().filter_map(|n| Candidate::at(n - 1)).map(Mark::Next).collect()
    }

    #[test]
    fn the_most_approved_are_elected() {
        let names = ["Ana", "Ben", "Cai", "Dee"].map(str::to_owned).to_vec();
        let mut election = Election::new(names, 2).unwrap();
        election.add(5, &paper(&[1, 2])).unwrap();
        election.add(4, &paper(&[3, 2])).unwrap();
        election.add(3, &paper(&[4])).unwrap();
        election.add(1, &paper(&[3])).unwrap();
        election.add(7, &paper(&[])).unwrap();
        let mut terms = Terms::of(&election);
        let report = count_approval(&election, &terms);
        // Ben has 9; Ana and Cai have 5 each, and Ana's lot is first.
        assert_eq!(report.elected_names(), ["Ben", "Ana"]);
        assert_eq!((report.valid_votes, report.invalid_votes), (13, 7));
        assert_eq!(report.ties.len(), 1);
        assert_eq!(report.ties[0].decided_by, DecidedBy::Lot);
        let votes: Vec<_> = report.stages[0].tally.iter().map(|line| line.votes).collect();
        assert_eq!(votes, [5, 9, 5, 3]);
        terms.lots = Lots::given(&[4, 3, 2, 1], 4, election.standing()).unwrap();
        assert_eq!(count_approval(&election, &terms).elected_names(), ["Ben", "Cai"]);
        terms.seats = 3;
        let report = count_approval(&election, &terms);
        assert_eq!(report.elected_names(), ["Ben", "Cai", "Ana"]);
        assert!(report.ties.is_empty());
        election.withdraw(Candidate::at(3).unwrap());
        let report = count_approval(&election, &terms);
        assert_eq!((report.valid_votes, report.invalid_votes), (10, 10));
    }
}
