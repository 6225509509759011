//! "Re-open nominations" as a candidate.

use breakthrough::ballots::counting::{Candidate, Lots, Method, Terms, count};
use proptest::prelude::*;

use super::draw::elections;
use super::{METHODS, read};

fn terms(seats: usize, candidates: usize, reopen: usize) -> Terms {
    Terms { seats, lots: Lots::file_order(candidates), reopen: Candidate::at(reopen - 1) }
}

/// Few put it first, but most prefer it to each candidate in the end.
const LIVE: &str = "3 1\n5 1 3 0\n4 2 3 0\n2 3 0\n0\n\"Ana\"\n\"Ben\"\n\"Re-open nominations\"\n\"T\"\n";

#[test]
fn it_stays_to_the_last_contest_and_its_place_stays_empty() {
    let election = read(LIVE);
    for method in METHODS {
        let without = count(&election, method, &Terms::of(&election));
        assert_eq!(without.elected_names(), ["Ana"], "{method:?}");
        assert_eq!(without.reopened_places(), 0);
        let with = count(&election, method, &terms(1, 3, 3));
        assert_eq!(with.elected_names(), ["Re-open nominations"], "{method:?}");
        assert_eq!(with.reopened_places(), 1);
        let sheet = with.to_text();
        assert!(
            sheet
                .contains("1. Re-open nominations: this place stays empty and nominations for it open again")
        );
        assert!(
            with.to_json()
                .unwrap()
                .ends_with("\"reopen_nominations\":\"Re-open nominations\",\"reopened_places\":1}")
        );
    }
}

#[test]
fn it_can_lose_the_last_contest() {
    let election = read(&LIVE.replace("4 2 3 0", "4 2 1 0"));
    for method in METHODS {
        let report = count(&election, method, &terms(1, 3, 3));
        assert_eq!(report.elected_names(), ["Ana"], "{method:?}");
        assert_eq!(report.reopened_places(), 0);
    }
}

#[test]
fn other_places_are_filled_beside_it() {
    let file =
        "5 2\n9 1 0\n8 5 0\n2 2 1 0\n2 3 5 0\n1 4 0\n0\n\"Ana\"\n\"Ben\"\n\"Cai\"\n\"Dee\"\n\"RON\"\n\"T\"\n";
    let election = read(file);
    for method in [Method::ScottishStv, Method::Ers97, Method::Meek] {
        let report = count(&election, method, &terms(2, 5, 5));
        let mut elected = report.elected_names();
        elected.sort_unstable();
        assert_eq!(elected, ["Ana", "RON"], "{method:?}");
        assert_eq!(report.reopened_places(), 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// It is never excluded while more than one candidate too many continues.
    #[test]
    fn it_is_excluded_last(draw in elections(), which in 0..7_usize) {
        let election = draw.election();
        let ron = which % draw.names.len();
        for method in METHODS {
            let seats = if method == Method::Irv { 1 } else { draw.seats };
            let report = count(&election, method, &terms(seats, draw.names.len(), ron + 1));
            let filled = seats.min(draw.standing());
            prop_assert_eq!(report.elected.len(), filled);
            let standing = draw.standing();
            let excluded: Vec<usize> = report
                .stages
                .iter()
                .filter(|stage| stage.action == breakthrough::ballots::counting::Action::Exclusion)
                .flat_map(|stage| stage.of.iter().map(|candidate| candidate.index()))
                .collect();
            if let Some(place) = excluded.iter().position(|index| *index == ron) {
                prop_assert_eq!(place, excluded.len() - 1);
                prop_assert_eq!(excluded.len(), standing - seats);
            }
        }
    }
}
