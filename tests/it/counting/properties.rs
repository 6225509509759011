//! What is true of every count.

use std::collections::HashMap;

use breakthrough::ballots::counting::{
    Action, Candidate, DecidedBy, Election, Lots, MAX_PAPERS, Method, Report, Status, Terms, count,
};
use proptest::prelude::*;

use super::draw::{Draw, Entry, add, draws, elections};
use super::{METHODS, counted, read, units, written};

fn without_lots(report: &Report) -> bool {
    report.ties.iter().all(|tie| tie.decided_by != DecidedBy::Lot)
}

fn votes(report: &Report) -> Vec<HashMap<String, (u128, Status)>> {
    let stage_votes = |stage: &breakthrough::ballots::counting::Stage| {
        let lines = stage.tally.iter();
        lines.map(|line| (report.name(line.candidate).to_owned(), (line.votes, line.status))).collect()
    };
    report.stages.iter().map(stage_votes).collect()
}

/// As many papers as can be counted at all, with overflow checks on.
#[test]
fn the_largest_election_overflows_nothing() {
    let third = MAX_PAPERS / 3;
    let file = format!(
        "4 2\n{third} 1 2 3 0\n{third} 1 3 0\n{third} 2 1 4 0\n1 1=2 0\n0\n\"A\"\n\"B\"\n\"C\"\n\"D\"\n\"T\"\n"
    );
    let election = read(&file);
    assert_eq!(election.papers_cast(), MAX_PAPERS);
    for method in METHODS {
        let report = counted(&election, method);
        assert_eq!(report.elected_names()[0], "A", "{method:?}");
        for stage in &report.stages {
            let held: u128 = stage.tally.iter().map(|line| line.votes).sum();
            assert_eq!(held + stage.non_transferable, u128::from(report.valid_votes) * units(method));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// No vote is lost or made, no decision is taken back, and all places are filled.
    #[test]
    fn votes_are_conserved_and_decisions_stand(draw in elections()) {
        let election = draw.election();
        for method in METHODS {
            let report = counted(&election, method);
            let seats = if method == Method::Irv { 1 } else { draw.seats };
            prop_assert_eq!(report.elected.len(), seats.min(draw.standing()));
            prop_assert!(report.elected.iter().all(|candidate| !election.is_withdrawn(*candidate)));
            prop_assert_eq!(report.valid_votes + report.invalid_votes, election.papers_cast());
            let all = u128::from(report.valid_votes) * units(method);
            let mut gone: Vec<Candidate> = Vec::new();
            let mut in_office: Vec<Candidate> = Vec::new();
            let mut lost = 0;
            for stage in &report.stages {
                let held: u128 = stage.tally.iter().map(|line| line.votes).sum();
                prop_assert_eq!(held + stage.non_transferable, all);
                prop_assert!(method == Method::Meek || stage.non_transferable >= lost);
                lost = stage.non_transferable;
                in_office.extend(&stage.elected);
                for line in &stage.tally {
                    prop_assert_eq!(line.status == Status::Elected, in_office.contains(&line.candidate));
                    if gone.contains(&line.candidate) {
                        prop_assert_eq!((line.status, line.votes), (Status::Excluded, 0));
                    }
                }
                let excluded = stage.tally.iter().filter(|line| line.status == Status::Excluded);
                let settled = stage.action != Action::Completion;
                gone.extend(excluded.filter(|_| settled).map(|line| line.candidate));
            }
            prop_assert_eq!(&in_office, &report.elected);
        }
    }

    /// Whoever is excluded lacked the quota; whoever is elected had it, or couldn't be
    /// overtaken any more (ERS97), or filled the last places.
    #[test]
    fn the_quota_decides(draw in elections()) {
        let election = draw.election();
        for method in METHODS {
            let report = counted(&election, method);
            for pair in report.stages.windows(2) {
                for (before, line) in pair[0].tally.iter().zip(&pair[1].tally) {
                    if before.status == Status::Continuing && line.status == Status::Excluded {
                        prop_assert!(before.votes < pair[0].quota);
                    }
                }
            }
            let last = report.stages.iter().rposition(|stage| !stage.elected.is_empty());
            for (index, stage) in report.stages.iter().enumerate() {
                for line in stage.tally.iter().filter(|line| stage.elected.contains(&line.candidate)) {
                    prop_assert!(line.votes >= stage.quota || Some(index) == last || method == Method::Ers97);
                }
            }
        }
    }

    /// Scottish STV moves the votes of one candidate a stage; a surplus leaves the quota
    /// behind for good, and nobody else loses anything.
    #[test]
    fn scottish_stages_have_one_donor(draw in elections()) {
        let report = counted(&draw.election(), Method::ScottishStv);
        let mut settled: Vec<Candidate> = Vec::new();
        for pair in report.stages.windows(2) {
            prop_assert_eq!(pair[1].of.len(), 1);
            let donor = pair[1].of[0];
            for (before, line) in pair[0].tally.iter().zip(&pair[1].tally) {
                if line.candidate == donor {
                    let left = if pair[1].action == Action::Surplus { pair[1].quota } else { 0 };
                    prop_assert_eq!(line.votes, left);
                    prop_assert!(pair[1].action == Action::Exclusion || before.votes > pair[0].quota);
                } else {
                    prop_assert!(line.votes >= before.votes);
                    prop_assert!(before.status == Status::Continuing || line.votes == before.votes);
                }
            }
            if pair[1].action == Action::Surplus {
                settled.push(donor);
            }
            for line in pair[1].tally.iter().filter(|line| settled.contains(&line.candidate)) {
                prop_assert_eq!(line.votes, report.quota);
            }
        }
    }

    /// The order of papers, and whether equal papers stand on one line, change no byte.
    #[test]
    fn the_order_of_papers_says_nothing(draw in elections(), by in 1..5_u64) {
        let mut shuffled = draw.clone();
        shuffled.papers = Vec::new();
        for (weight, entries) in draw.papers.iter().rev() {
            let part = (*weight).min(by);
            shuffled.papers.insert(0, (part, entries.clone()));
            if *weight > part {
                shuffled.papers.push((weight - part, entries.clone()));
            }
        }
        let (one, other) = (draw.election(), shuffled.election());
        prop_assert_eq!(written(&one), written(&other));
        for method in METHODS {
            let (one, other) = (counted(&one, method), counted(&other, method));
            prop_assert_eq!(one.to_json().unwrap(), other.to_json().unwrap());
            prop_assert_eq!(one.to_text(), other.to_text());
            prop_assert_eq!(one.to_csv(), other.to_csv());
        }
    }

    /// The numbers of the candidates matter to lots at the most, and to lots that follow
    /// from a seed and the names not at all.
    #[test]
    fn the_numbers_of_candidates_say_nothing(draw in elections(), turn in 1..7_usize) {
        let candidates = draw.names.len();
        let to: Vec<usize> = (0..candidates).map(|index| (candidates - 1 - index + turn) % candidates).collect();
        let mut names = draw.names.clone();
        for (index, name) in draw.names.iter().enumerate() {
            names[to[index]].clone_from(name);
        }
        let renumbered = Draw {
            names,
            seats: draw.seats,
            withdrawn: draw.withdrawn.iter().map(|candidate| to[*candidate]).collect(),
            papers: draw.papers.iter().map(|(weight, entries)| {
                (*weight, entries.iter().map(|entry| entry.renumbered(&to)).collect())
            }).collect(),
        };
        let (one, other) = (draw.election(), renumbered.election());
        for method in METHODS {
            let mut reports = vec![(counted(&one, method), counted(&other, method))];
            reports.retain(|(one, _)| without_lots(one));
            let seeded = |election: &Election| {
                let mut terms = Terms::of(election);
                terms.lots = Lots::from_seed("27 31 40 44 48 59", election.names());
                count(election, method, &terms)
            };
            let (one, other) = (seeded(&one), seeded(&other));
            prop_assert_eq!(one.elected_names(), other.elected_names());
            reports.push((one, other));
            for (one, other) in reports {
                prop_assert_eq!(votes(&one), votes(&other));
                prop_assert_eq!(one.quota, other.quota);
            }
        }
    }

    /// Twice as many of each paper: the alternative vote elects the same, with twice the votes.
    #[test]
    fn doubled_papers_double_the_alternative_vote(draw in elections()) {
        let mut doubled = draw.clone();
        doubled.papers.iter_mut().for_each(|(weight, _)| *weight *= 2);
        let one = counted(&draw.election(), Method::Irv);
        let two = counted(&doubled.election(), Method::Irv);
        prop_assert_eq!(&one.elected, &two.elected);
        prop_assert_eq!(one.stages.len(), two.stages.len());
        for (one, two) in one.stages.iter().zip(&two.stages) {
            for (one, two) in one.tally.iter().zip(&two.tally) {
                prop_assert_eq!((one.votes * 2, one.status), (two.votes, two.status));
            }
        }
    }

    /// For one place, Scottish STV and the alternative vote agree when no tie occurs.
    #[test]
    fn one_place_is_the_alternative_vote(draw in draws(1..=7, 1..=1000)) {
        let mut election = draw;
        election.seats = 1;
        let election = election.election();
        let stv = counted(&election, Method::ScottishStv);
        let irv = counted(&election, Method::Irv);
        if stv.ties.is_empty() && irv.ties.is_empty() && stv.valid_votes > 0 {
            prop_assert_eq!(stv.elected, irv.elected);
        }
    }

    /// First preferences of a quota elect.
    #[test]
    fn a_quota_of_first_preferences_elects(draw in elections()) {
        let election = draw.election();
        for method in METHODS {
            let report = counted(&election, method);
            let Some(first) = report.stages.first() else { continue };
            for line in &first.tally {
                // By ERS97 one more than there are places may hold the quota exactly, and then nobody
                // is elected at once (5.6.2).
                let enough = if method == Method::Ers97 { first.quota + 1 } else { first.quota };
                if line.votes >= enough {
                    prop_assert!(report.elected.contains(&line.candidate));
                }
            }
        }
    }

    /// A group that puts the same candidates first elects one for each quota it has.
    #[test]
    fn solid_groups_get_their_share(
        draw in draws(4..=7, 1..=30),
        size in 1..4_usize,
        orders in prop::collection::vec(any::<u64>(), 1..6),
        quotas in 1..3_usize,
    ) {
        let mut draw = draw;
        draw.withdrawn.clear();
        let quotas = quotas.min(size).min(draw.seats);
        // The group is large enough: quotas times the rest, and a margin for what is cut off.
        let rest: u64 = draw.papers.iter().map(|(weight, _)| weight).sum();
        let places = u64::try_from(draw.seats + 1 - quotas).unwrap();
        let needed = u64::try_from(quotas).unwrap() * rest / places + 40;
        let each = needed / u64::try_from(orders.len()).unwrap() + 1;
        for order in orders {
            let turn = usize::try_from(order % 97).unwrap() % size;
            let mut entries: Vec<Entry> = (0..size).map(|index| Entry::Next((index + turn) % size)).collect();
            if order % 2 == 0 {
                entries.push(Entry::Next(size));
            }
            draw.papers.push((each, entries));
        }
        let election = draw.election();
        for method in [Method::ScottishStv, Method::Ers97, Method::Meek] {
            let report = counted(&election, method);
            let ours = report.elected.iter().filter(|candidate| candidate.index() < size).count();
            prop_assert!(ours >= quotas, "{:?}: {} of {}", method, ours, quotas);
        }
    }

    /// Papers that rank nobody who stands are counted as invalid and change nothing else.
    #[test]
    fn papers_for_nobody_change_nothing(draw in elections(), weight in 1..50_u64) {
        let election = draw.election();
        let mut more = election.clone();
        let nobody: Vec<Entry> = draw.withdrawn.iter().map(|candidate| Entry::Next(*candidate)).collect();
        add(&mut more, weight, &nobody);
        add(&mut more, weight, &[]);
        for method in METHODS {
            let mut one = counted(&election, method);
            let two = counted(&more, method);
            one.invalid_votes += 2 * weight;
            prop_assert_eq!(one, two);
        }
    }

    /// What is written counts the same when it is read back, whatever the names are.
    #[test]
    fn written_files_count_the_same(draw in elections()) {
        let election = draw.election();
        let file = written(&election);
        let again = read(&file);
        prop_assert_eq!(written(&again), file);
        for method in METHODS {
            prop_assert_eq!(
                counted(&election, method).to_json().unwrap(),
                counted(&again, method).to_json().unwrap()
            );
        }
    }
}
