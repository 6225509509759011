//! Scottish STV: the Scottish Local Government Elections Order 2011 (SSI 2011/399),
//! Schedule 1, rules 46 to 53, whose text is that of rules 45 to 52 of the Order of 2007:
//! <https://www.legislation.gov.uk/ssi/2011/399/schedule/1/made>.
//!
//! Weighted inclusive Gregory: every paper of an elected candidate moves on, at a share of
//! the value it came with. Values have five decimals; the unit here is 0.00001 of a vote.

use std::collections::BTreeMap;

use super::candidate::Candidate;
use super::election::Election;
use super::report::{Action, Report, Rule, TieOver};
use super::sheet::Sheet;
use super::table::{Bundle, Table};
use super::ties::{Look, Wanted};
use super::{Terms, Votes};

const RULE: Rule = Rule {
    name: "scottish-stv",
    source: "Scottish STV (Scottish Local Government Elections Order 2011, schedule 1, rules 46 to 53)",
    quota: "The quota is the valid papers divided by one more than the places, without decimals, plus one.",
    whole_quota: true,
};

const PLACES: usize = 5;
const ONE_VOTE: Votes = 100_000;

/// The papers that lie with a candidate, by the value they came with.
type Parcels = BTreeMap<Votes, Bundle>;

pub(super) fn count(election: &Election, terms: &Terms) -> Report {
    let mut sheet = Sheet::new(election, terms, RULE, PLACES, terms.seats);

    // Rule 46(1) and (2): sort by first preference, credit one vote a paper.
    let (mut table, first) = Table::lay_out(election);
    let mut parcels: Vec<Parcels> = Vec::with_capacity(first.to.len());
    for (candidate, bundle) in first.to.into_iter().enumerate() {
        sheet.votes[candidate] = ONE_VOTE * Votes::from(bundle.count);
        parcels.push(BTreeMap::from([(ONE_VOTE, bundle)]));
    }

    // Rule 47: the result of the division without decimals, increased by one.
    let valid = Votes::from(first.valid);
    sheet.quota = (valid / (terms.seats as Votes + 1) + 1) * ONE_VOTE;

    let mut surpluses = end_of_stage(&mut sheet, Action::FirstPreferences, vec![], Vec::new());
    while sheet.vacancies() > 0 && !sheet.continuing().is_empty() {
        // Rule 49(1): surpluses before exclusions. Rule 50(1) and (2): the highest first, and of
        // equal ones that of the candidate with more votes at the most recent unequal stage.
        if let Some(donor) = sheet.pick(&surpluses, TieOver::Surplus, Look::FromTheLast, Wanted::Most) {
            surpluses.retain(|waiting| *waiting != donor);
            transfer_surplus(&mut sheet, &mut table, &mut parcels, donor);
            surpluses = end_of_stage(&mut sheet, Action::Surplus, vec![donor], surpluses);
        } else {
            // Rule 51(1): exclude the one with the fewest votes. Rule 52: ties.
            let among = sheet.excludable();
            let Some(lowest) = sheet.pick(&among, TieOver::Exclusion, Look::FromTheLast, Wanted::Fewest)
            else {
                break;
            };
            exclude(&mut sheet, &mut table, &mut parcels, lowest);
            surpluses = end_of_stage(&mut sheet, Action::Exclusion, vec![lowest], surpluses);
        }
    }
    sheet.report(first.valid, first.invalid)
}

/// Ends a stage: who has the quota is elected, and who remains fills the last places.
/// Gives the candidates whose surplus waits to be moved.
fn end_of_stage(
    sheet: &mut Sheet,
    action: Action,
    of: Vec<Candidate>,
    mut surpluses: Vec<Candidate>,
) -> Vec<Candidate> {
    // Rule 48(1): with the quota or more, elected.
    let reached = |candidate: &Candidate| sheet.votes_of(*candidate) >= sheet.quota;
    let elected = sheet.continuing().into_iter().filter(reached).collect();
    for candidate in sheet.most_first(elected) {
        sheet.elect(candidate);
        // Rule 49(1): only votes above the quota are a surplus.
        if sheet.votes_of(candidate) > sheet.quota {
            surpluses.push(candidate);
        }
    }
    // Rule 53(1): as many continuing as vacancies, all are elected. Rule 53(2), as amended by
    // SSI 2021/437: no further transfer is required. Official reports carry the exclusion that
    // leads here out in full, and so does this count.
    if sheet.continuing().len() <= sheet.vacancies() {
        sheet.elect_all_continuing();
    }
    sheet.remember();
    sheet.close_stage(action, of);
    surpluses
}

/// Rule 49: all papers of the donor go on, each to the next available preference.
fn transfer_surplus(sheet: &mut Sheet, table: &mut Table, parcels: &mut [Parcels], donor: Candidate) {
    let total = sheet.votes_of(donor);
    let surplus = total - sheet.quota;
    sheet.note(format!(
        "{} has {} votes, which is {} above the quota. Each paper moves at its value times {} divided by {}, to five decimals; what is cut off is non-transferable.",
        sheet.name(donor),
        sheet.decimal(total),
        sheet.decimal(surplus),
        sheet.decimal(surplus),
        sheet.decimal(total),
    ));
    let mut moved = 0;
    let may_receive = sheet.may_receive();
    for (value, bundle) in std::mem::take(&mut parcels[donor.index()]) {
        // Rule 49(3): A / B to five decimals, any remainder ignored, where A is the surplus
        // times the value of the paper when received, and B the candidate's total.
        let transfer_value = value * surplus / total;
        let papers = bundle.count;
        let sorted = table.sort(bundle, &may_receive);
        sheet.note(format!(
            "Papers of value {}: {papers}, each going on at {}; naming nobody further: {}.",
            sheet.decimal(value),
            sheet.decimal(transfer_value),
            sorted.non_transferable,
        ));
        for (receiver, bundle) in sorted.bundles() {
            let credit = transfer_value * Votes::from(bundle.count);
            sheet.votes[receiver] += credit;
            moved += credit;
            parcels[receiver].entry(transfer_value).or_default().append(bundle);
        }
    }
    sheet.votes[donor.index()] = sheet.quota;
    sheet.non_transferable += surplus - moved;
}

/// Rule 51(2) to (4): all papers of the excluded candidate go on, at the value they came with.
fn exclude(sheet: &mut Sheet, table: &mut Table, parcels: &mut [Parcels], lowest: Candidate) {
    sheet.note(format!(
        "{} has the fewest votes, {}. The papers go on at the value they came with.",
        sheet.name(lowest),
        sheet.decimal(sheet.votes_of(lowest)),
    ));
    sheet.exclude(lowest);
    sheet.votes[lowest.index()] = 0;
    let may_receive = sheet.may_receive();
    for (value, bundle) in std::mem::take(&mut parcels[lowest.index()]) {
        let sorted = table.sort(bundle, &may_receive);
        sheet.non_transferable += value * Votes::from(sorted.non_transferable);
        for (receiver, bundle) in sorted.bundles() {
            sheet.votes[receiver] += value * Votes::from(bundle.count);
            parcels[receiver].entry(value).or_default().append(bundle);
        }
    }
}
