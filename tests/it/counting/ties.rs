//! Ties in whole counts: each rule looks back its own way.

use std::fs;

use breakthrough::ballots::counting::{DecidedBy, Method, Report, TieOver};

use super::{counted, path, read};

fn report(case: &str, method: Method) -> Report {
    counted(&read(&fs::read_to_string(path("cases").join(case)).unwrap()), method)
}

/// C5 was behind at the first stage, C8 at the last one before the tie: ERS97 5.2.5 asks
/// for the earliest point, so C5 goes and C8 is elected in the end.
#[test]
fn ers97_looks_at_the_earliest_point() {
    let report = report("ers97_tie_from_the_first.blt", Method::Ers97);
    let [tie] = &report.ties[..] else { panic!("{:?}", report.ties) };
    assert_eq!((tie.stage, tie.over, tie.decided_by), (5, TieOver::Exclusion, DecidedBy::PriorStage));
    let tied: Vec<&str> = tie.candidates.iter().map(|candidate| report.name(*candidate)).collect();
    assert_eq!(tied, ["C3", "C5", "C8"]);
    assert_eq!(report.name(tie.chosen), "C5");
    assert_eq!(report.elected_names(), ["C7", "C8"]);
}

/// C1 and C6 differ by less than the surplus that is left: by step B.3 they are tied.
#[test]
fn meek_counts_candidates_within_the_surplus_as_tied() {
    let report = report("meek_tie_within_the_surplus.blt", Method::Meek);
    let [tie] = &report.ties[..] else { panic!("{:?}", report.ties) };
    assert_eq!((tie.stage, tie.decided_by), (5, DecidedBy::Lot));
    let before = &report.stages[3].tally;
    let votes: Vec<u128> = before
        .iter()
        .filter(|line| tie.candidates.contains(&line.candidate))
        .map(|line| line.votes)
        .collect();
    assert_eq!(votes.len(), 2);
    assert!(votes[0] != votes[1] && votes[0].abs_diff(votes[1]) < 1000, "{votes:?}");
    assert_eq!(report.name(tie.chosen), "C1");
}

/// Who was ahead at the earliest point is elected, one place after the other (5.6.2).
#[test]
fn ers97_fills_the_last_places_by_the_earliest_point() {
    let report = report("ers97_equal_for_the_last_places.blt", Method::Ers97);
    assert_eq!(report.elected_names(), ["Ana", "Ben"]);
    let ties: Vec<(usize, TieOver, usize, &str)> = report
        .ties
        .iter()
        .map(|tie| (tie.stage, tie.over, tie.candidates.len(), report.name(tie.chosen)))
        .collect();
    assert_eq!(ties, [(2, TieOver::Election, 3, "Ana"), (2, TieOver::Election, 2, "Ben")]);
}
