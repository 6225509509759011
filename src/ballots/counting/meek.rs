//! Meek: the Reference Meek Rule of the Proportional Representation Foundation
//! (prfound.org/resources/reference/reference-meek-rule). Step letters below are its own.
//!
//! Every candidate keeps a share of each paper, the keep factor, and passes the rest on.
//! Keep factors of the elected fall until each holds just the quota. Nine decimals.
//!
//! What a paper gives depends only on the elected candidates it names before the first
//! hopeful one. So papers lie in a tree: below the root by first preference, below each
//! elected candidate by the next. A round of arithmetic walks the tree and not the papers;
//! papers move only when somebody is elected or excluded.

use super::candidate::Candidate;
use super::election::Election;
use super::papers::{Mark, Papers};
use super::report::{Action, Report, Rule, TieOver};
use super::sheet::Sheet;
use super::table::{Bundle, Shared, Table};
use super::ties::{Look, Wanted};
use super::{Terms, Votes};

const RULE: Rule = Rule {
    name: "meek",
    source: "Meek's method (Reference Meek Rule, Proportional Representation Foundation)",
    quota: "The quota is worked out anew in each round: the votes still held, divided by one more than the places, to nine decimals, plus 0.000000001.",
    whole_quota: false,
};

const PLACES: usize = 9;
/// A whole vote, and the keep factor of a candidate that keeps everything.
const ONE: u64 = 1_000_000_000;
/// Step A: a total surplus below 0.000001 ends an iteration.
const OMEGA: Votes = 1_000;

pub(super) fn count(election: &Election, terms: &Terms) -> Report {
    let mut sheet = Sheet::new(election, terms, RULE, PLACES, terms.seats);
    let mut tree = Tree::new(election);
    let valid = tree.valid;
    let mut action = Action::FirstPreferences;
    let mut of = Vec::new();

    // B.1: until all seats are filled, or no more are left than seats.
    while sheet.vacancies() > 0 && sheet.continuing().len() > sheet.vacancies() {
        let surplus = iterate(&mut sheet, &mut tree);
        sheet.remember();
        let elected = sheet.newly_elected().to_vec();
        sheet.close_stage(action, of);
        if elected.is_empty() {
            // B.3: exclude the lowest, where all within the total surplus of it are tied.
            let among = sheet.excludable();
            let fewest = among.iter().map(|candidate| sheet.votes_of(*candidate)).min().unwrap_or(0);
            let mut tied = among;
            tied.retain(|candidate| sheet.votes_of(*candidate) <= fewest + surplus);
            let Some(lowest) = sheet.settle(&tied, TieOver::Exclusion, Look::Nowhere, Wanted::Fewest) else {
                break;
            };
            sheet.note(format!(
                "{} has the fewest votes, {}, and from now on keeps nothing.",
                sheet.name(lowest),
                sheet.decimal(sheet.votes_of(lowest))
            ));
            sheet.exclude(lowest);
            tree.exclude(lowest);
            (action, of) = (Action::Exclusion, vec![lowest]);
        } else {
            tree.open(&elected);
            of = sheet.elected().to_vec();
            of.retain(|candidate| sheet.votes_of(*candidate) > sheet.quota);
            action = Action::SurplusDistribution;
        }
    }
    // C: the remaining hopefuls fill seats that are left.
    if sheet.vacancies() > 0 && !sheet.continuing().is_empty() {
        if sheet.stage_number() == 1 {
            tree.distribute(&mut sheet);
            sheet.quota = quota(&sheet, terms.seats);
            sheet.close_stage(Action::FirstPreferences, vec![]);
        }
        sheet.elect_all_continuing();
        sheet.close_stage(Action::Completion, vec![]);
    }
    sheet.report(valid, tree.invalid)
}

/// B.2: distributes and adjusts until somebody is elected or the surplus is as good as
/// gone. Gives the total surplus.
fn iterate(sheet: &mut Sheet, tree: &mut Tree) -> Votes {
    let seats = sheet.elected().len() + sheet.vacancies();
    let mut before = None;
    let mut rounds = 1;
    loop {
        // B.2.a and b.
        tree.distribute(sheet);
        sheet.quota = quota(sheet, seats);
        // B.2.c: every hopeful candidate with the quota is elected. (At most as many as there are
        // seats can have it, because the quota is more than the votes divided by seats plus one.)
        let reached = |candidate: &Candidate| sheet.votes_of(*candidate) >= sheet.quota;
        let elected: Vec<Candidate> = sheet.continuing().into_iter().filter(reached).collect();
        // B.2.d: the sum of all surpluses, which may be less than nought one by one but not in all.
        let (over, under) =
            sheet.elected().iter().chain(&elected).fold((0, 0), |(over, under), candidate| {
                let votes = sheet.votes_of(*candidate);
                (over + votes.saturating_sub(sheet.quota), under + sheet.quota.saturating_sub(votes))
            });
        let surplus: Votes = Votes::saturating_sub(over, under);
        // B.2.e.
        let finished = surplus < OMEGA || before.is_some_and(|before| surplus >= before);
        if !elected.is_empty() || finished {
            sheet.note(format!(
                "Round {rounds}: the quota is {}, and {} of surplus {} to move.",
                sheet.decimal(sheet.quota),
                sheet.decimal(surplus),
                if elected.is_empty() { "is too little" } else { "is left" }
            ));
            for candidate in sheet.most_first(elected) {
                sheet.elect(candidate);
            }
            return surplus;
        }
        before = Some(surplus);
        // B.2.f.
        tree.update_keep_factors(sheet);
        rounds += 1;
    }
}

/// B.2.b: the votes of all candidates divided by one more than the seats, cut off at nine
/// decimals, plus 0.000000001.
fn quota(sheet: &Sheet, seats: usize) -> Votes {
    sheet.votes.iter().sum::<Votes>() / (seats as Votes + 1) + 1
}

/// Papers that name the same candidates in the same order so far.
#[derive(Debug, Default)]
struct Node {
    candidate: usize,
    parent: usize,
    children: Vec<usize>,
    /// How many papers lie here or below, exhausted ones too.
    count: u64,
    /// The papers themselves while the candidate is hopeful.
    bundle: Bundle,
}

const ROOT: usize = 0;

/// All papers of the count, and the keep factors.
struct Tree<'a> {
    papers: &'a Papers,
    table: Table<'a>,
    nodes: Vec<Node>,
    /// The nodes at which papers lie, by candidate.
    leaves: Vec<Vec<usize>>,
    keep: Vec<u64>,
    /// Whether papers pass through the candidate: it has been elected.
    passes_on: Vec<bool>,
    /// Papers that rank several equal, each worked out on its own.
    shared: Vec<u32>,
    valid: u64,
    invalid: u64,
}

impl<'a> Tree<'a> {
    /// Step A: hopeful candidates keep everything, withdrawn ones nothing.
    fn new(election: &'a Election) -> Self {
        let (table, first) = Table::lay_out_with(election, Shared::SetAside);
        let candidates = election.candidates();
        let mut tree = Self {
            papers: &election.papers,
            table,
            nodes: vec![Node::default()],
            leaves: vec![Vec::new(); candidates],
            keep: vec![0; candidates],
            passes_on: vec![false; candidates],
            shared: first.shared,
            valid: first.valid,
            invalid: first.invalid,
        };
        for candidate in election.standing() {
            tree.keep[candidate.index()] = ONE;
        }
        for (candidate, bundle) in first.to.into_iter().enumerate() {
            if bundle.count > 0 {
                tree.lay(ROOT, candidate, bundle);
            }
        }
        tree
    }

    /// Lays a bundle below `parent`. Gives it back with its node if papers pass through the
    /// candidate, so that it has to be sorted further.
    fn lay(&mut self, parent: usize, candidate: usize, bundle: Bundle) -> Option<(usize, Bundle)> {
        let children = &self.nodes[parent].children;
        let known = children.iter().copied().find(|child| self.nodes[*child].candidate == candidate);
        let node = known.unwrap_or_else(|| {
            let node = self.nodes.len();
            self.nodes.push(Node { candidate, parent, ..Node::default() });
            self.nodes[parent].children.push(node);
            self.leaves[candidate].push(node);
            node
        });
        self.nodes[node].count += bundle.count;
        if self.passes_on[candidate] {
            Some((node, bundle))
        } else {
            self.nodes[node].bundle.append(bundle);
            None
        }
    }

    /// Sorts bundles into the nodes below theirs.
    fn sort(&mut self, mut waiting: Vec<(usize, Bundle)>) {
        let may_receive: Vec<bool> = self.keep.iter().map(|keep| *keep > 0).collect();
        while let Some((parent, bundle)) = waiting.pop() {
            for (candidate, bundle) in self.table.sort(bundle, &may_receive).bundles() {
                waiting.extend(self.lay(parent, candidate, bundle));
            }
        }
    }

    /// Papers of these candidates will pass on what the candidates don't keep.
    fn open(&mut self, elected: &[Candidate]) {
        for candidate in elected {
            self.passes_on[candidate.index()] = true;
        }
        let mut waiting = Vec::new();
        for candidate in elected {
            for node in &self.leaves[candidate.index()] {
                waiting.push((*node, std::mem::take(&mut self.nodes[*node].bundle)));
            }
        }
        self.sort(waiting);
    }

    /// B.3: the candidate keeps nothing, and its papers lie with the next one.
    fn exclude(&mut self, candidate: Candidate) {
        self.keep[candidate.index()] = 0;
        let mut waiting = Vec::new();
        for node in std::mem::take(&mut self.leaves[candidate.index()]) {
            let parent = self.nodes[node].parent;
            self.nodes[parent].children.retain(|child| *child != node);
            waiting.push((parent, std::mem::take(&mut self.nodes[node].bundle)));
        }
        self.sort(waiting);
    }

    /// B.2.a: each candidate in turn is given the weight that is left times its keep factor,
    /// rounded up at nine decimals.
    fn distribute(&self, sheet: &mut Sheet) {
        sheet.votes.fill(0);
        let mut waiting = vec![(ROOT, ONE)];
        while let Some((node, weight)) = waiting.pop() {
            for child in &self.nodes[node].children {
                let child_node = &self.nodes[*child];
                // Both are at most 10^9, so the product fits 64 bits.
                let given = (weight * self.keep[child_node.candidate]).div_ceil(ONE);
                sheet.votes[child_node.candidate] += Votes::from(given) * Votes::from(child_node.count);
                if given < weight && !child_node.children.is_empty() {
                    waiting.push((*child, weight - given));
                }
            }
        }
        for paper in &self.shared {
            self.distribute_shared(*paper as usize, sheet);
        }
        // A paper gives exactly what it has; the rest of it is exhausted.
        let held: Votes = sheet.votes.iter().sum();
        sheet.non_transferable = Votes::from(self.valid) * Votes::from(ONE) - held;
    }

    /// The rule knows no equal preferences. Here those who share a rank get equal parts of
    /// the weight, cut off at nine decimals, and what they don't keep goes on together.
    fn distribute_shared(&self, paper: usize, sheet: &mut Sheet) {
        let count = Votes::from(self.papers.weight(paper));
        let marks: Vec<Mark> = self.papers.marks(paper).take(self.table.readable(paper)).collect();
        let mut weight = ONE;
        for rank in marks.chunk_by(|_, next| matches!(next, Mark::Equal(_))) {
            let ranked = rank.iter().filter_map(|mark| mark.candidate()).map(Candidate::index);
            let sharing: Vec<usize> = ranked.filter(|candidate| self.keep[*candidate] > 0).collect();
            if sharing.is_empty() {
                continue;
            }
            let part = weight / sharing.len() as u64;
            weight = 0;
            for candidate in sharing {
                let given = (part * self.keep[candidate]).div_ceil(ONE);
                sheet.votes[candidate] += Votes::from(given) * count;
                weight += part - given;
            }
        }
    }

    /// B.2.f: keep factor times quota, rounded up, divided by the votes, rounded up. Nobody
    /// keeps more than everything.
    fn update_keep_factors(&mut self, sheet: &Sheet) {
        for candidate in sheet.elected() {
            let keep = Votes::from(self.keep[candidate.index()]);
            let votes = sheet.votes_of(*candidate).max(1);
            let wanted = (keep * sheet.quota).div_ceil(Votes::from(ONE));
            let next = (wanted * Votes::from(ONE)).div_ceil(votes).min(Votes::from(ONE));
            self.keep[candidate.index()] = u64::try_from(next).unwrap_or(ONE);
        }
    }
}
