//! ERS97: Electoral Reform Society, How to conduct an election by the single transferable
//! vote, third edition, 1997, section 5 (numbers below) and the glossary in section 6.
//!
//! Only the batch that brought a surplus moves on, at two decimals; small surpluses wait;
//! several low candidates may be excluded together. The unit is 0.01 of a vote.

use std::collections::BTreeMap;

use super::candidate::Candidate;
use super::election::Election;
use super::report::{Action, DecidedBy, Report, Rule, TieOver};
use super::sheet::Sheet;
use super::table::{Bundle, Table};
use super::ties::{Look, Wanted};
use super::{Terms, Votes};

const RULE: Rule = Rule {
    name: "ers97",
    source: "ERS97 (Electoral Reform Society, How to conduct an election by the single transferable vote, third edition, 1997)",
    quota: "The quota is the valid papers divided by one more than the places, to two decimals, rounded up.",
    whole_quota: false,
};

const PLACES: usize = 2;
const ONE_VOTE: Votes = 100;

/// A batch: all papers of one value in one transfer (6.1).
#[derive(Debug, Default)]
struct Batch {
    value: Votes,
    bundle: Bundle,
}

/// The batches that lie with each candidate, in the order received.
type Batches = Vec<Vec<Batch>>;

pub(super) fn count(election: &Election, terms: &Terms) -> Report {
    let mut sheet = Sheet::new(election, terms, RULE, PLACES, terms.seats);

    // 5.1.2 to 5.1.5: sort by first preference, count, set invalid papers aside.
    let (mut table, first) = Table::lay_out(election);
    let mut batches: Batches = Vec::with_capacity(first.to.len());
    for (candidate, bundle) in first.to.into_iter().enumerate() {
        sheet.votes[candidate] = ONE_VOTE * Votes::from(bundle.count);
        batches.push(vec![Batch { value: ONE_VOTE, bundle }]);
    }
    let total_valid_vote = ONE_VOTE * Votes::from(first.valid);
    // 5.1.6 and 5.1.7.
    sheet.quota = quota(total_valid_vote, terms.seats);
    sheet.remember();
    deem_elected(&mut sheet, total_valid_vote);
    sheet.close_stage(Action::FirstPreferences, vec![]);

    // 5.5.2: no further transfers once all places are filled.
    while sheet.vacancies() > 0 && !sheet.continuing().is_empty() {
        if sheet.continuing().len() <= sheet.vacancies() {
            sheet.elect_all_continuing();
            sheet.close_stage(Action::Completion, vec![]);
            break;
        }
        let with_surplus = with_surplus(&sheet);
        let surpluses: Votes =
            with_surplus.iter().map(|candidate| sheet.votes_of(*candidate) - sheet.quota).sum();
        let lowest = how_many_to_exclude(&sheet, surpluses);
        if surpluses > 0 && lowest == 0 {
            // 5.2.3: the largest; of equals, who had more at the earliest unequal point.
            let Some(donor) = sheet.pick(&with_surplus, TieOver::Surplus, Look::FromTheFirst, Wanted::Most)
            else {
                break;
            };
            transfer_surplus(&mut sheet, &mut table, &mut batches, donor);
            // 5.3.13.
            sheet.remember();
            deem_elected(&mut sheet, total_valid_vote);
            sheet.close_stage(Action::Surplus, vec![donor]);
            continue;
        }
        if surpluses > 0 {
            sheet.note(format!(
                "Surpluses of {} in all are too small to change who is excluded next; they wait.",
                sheet.decimal(surpluses)
            ));
        }
        let excluded = choose_lowest(&mut sheet, lowest);
        let staying = sheet.continuing().len() - excluded.len();
        if staying == sheet.vacancies() {
            // 5.5.1: the exclusion isn't carried out, those who would stay are elected.
            complete_instead(&mut sheet, &excluded);
            sheet.close_stage(Action::Completion, vec![]);
        } else {
            exclude(&mut sheet, &mut table, &mut batches, &excluded, total_valid_vote);
            sheet.close_stage(Action::Exclusion, excluded);
        }
    }
    sheet.report(first.valid, first.invalid)
}

/// 5.1.6: to two decimals; if the division isn't exact, ignore the rest and add 0.01.
fn quota(votes: Votes, seats: usize) -> Votes {
    votes.div_ceil(seats as Votes + 1)
}

/// 6.20, worked out as in 5.6.1: the valid vote without the non-transferable vote and
/// without the quotas (or the votes, if fewer) of those deemed elected.
fn total_active_vote(sheet: &Sheet, total_valid_vote: Votes) -> Votes {
    let kept: Votes =
        sheet.elected().iter().map(|candidate| sheet.votes_of(*candidate).min(sheet.quota)).sum();
    total_valid_vote - sheet.non_transferable - kept
}

/// 5.1.7, 5.3.13 and 5.4.9: in descending order of votes, whoever has (a) the quota or (b)
/// the total active vote divided by one more than the places left.
fn deem_elected(sheet: &mut Sheet, total_valid_vote: Votes) {
    while sheet.vacancies() > 0 {
        let continuing = sheet.most_first(sheet.continuing());
        let Some(votes) = continuing.first().map(|candidate| sheet.votes_of(*candidate)) else {
            return;
        };
        let active = total_active_vote(sheet, total_valid_vote);
        let by_active_vote = votes * (sheet.vacancies() as Votes + 1) >= active;
        if votes < sheet.quota && !by_active_vote {
            return;
        }
        let mut equal: Vec<Candidate> =
            continuing.into_iter().take_while(|candidate| sheet.votes_of(*candidate) == votes).collect();
        if votes < sheet.quota {
            sheet.note(format!(
                "The total active vote is {}; with {} left to fill, {} with {} can't be overtaken.",
                sheet.decimal(active),
                if sheet.vacancies() == 1 {
                    "1 place".to_owned()
                } else {
                    format!("{} places", sheet.vacancies())
                },
                sheet.listed(&equal),
                sheet.decimal(votes)
            ));
        }
        if equal.len() > sheet.vacancies() {
            equal = most_at_earliest_points(sheet, equal);
            if equal.is_empty() {
                return;
            }
        }
        for candidate in equal {
            sheet.elect(candidate);
        }
    }
}

/// 5.6.2: more equal candidates than places. Those who were ahead at the earliest unequal
/// point are elected; of those equal at all points, none.
fn most_at_earliest_points(sheet: &mut Sheet, mut equal: Vec<Candidate>) -> Vec<Candidate> {
    let mut places = sheet.vacancies();
    let mut ahead = Vec::new();
    while places > 0 {
        let first = sheet.narrow_to_most(&equal);
        if first.len() > places {
            sheet.note(format!(
                "{} were equal at every point and there aren't places for all of them, so none of them is elected yet.",
                sheet.listed(&first)
            ));
            break;
        }
        places -= first.len();
        for candidate in &first {
            sheet.write_tie(TieOver::Election, &equal, DecidedBy::PriorStage, *candidate);
        }
        equal.retain(|candidate| !first.contains(candidate));
        ahead.extend(first);
    }
    ahead
}

/// 6.18: those deemed elected with more votes than the quota.
fn with_surplus(sheet: &Sheet) -> Vec<Candidate> {
    let mut with_surplus = sheet.elected().to_vec();
    with_surplus.retain(|candidate| sheet.votes_of(*candidate) > sheet.quota);
    with_surplus
}

/// 5.2.5: as many of the lowest as possible, so that (a) enough candidates remain and (b)
/// their votes with the deferred surpluses don't exceed the vote of the next one above.
/// Nought if even the lowest can't be excluded, and then 5.2.2 doesn't defer the surpluses.
fn how_many_to_exclude(sheet: &Sheet, surpluses: Votes) -> usize {
    let mut votes: Vec<Votes> =
        sheet.excludable().into_iter().map(|candidate| sheet.votes_of(candidate)).collect();
    votes.sort_unstable();
    let mut together = surpluses;
    let mut most = 0;
    for (below, (votes, above)) in votes.iter().zip(votes.iter().skip(1)).enumerate() {
        together += votes;
        if below < sheet.most_excludable() && together <= *above {
            most = below + 1;
        }
    }
    most
}

/// The `number` lowest. Where only some of several equal candidates belong to them, those
/// who had fewest at the earliest unequal point do (5.2.5), else the lot decides.
fn choose_lowest(sheet: &mut Sheet, number: usize) -> Vec<Candidate> {
    let mut among = sheet.excludable();
    let mut chosen = Vec::new();
    while chosen.len() < number {
        let fewest = among.iter().map(|candidate| sheet.votes_of(*candidate)).min();
        let mut equal = among.clone();
        equal.retain(|candidate| Some(sheet.votes_of(*candidate)) == fewest);
        if chosen.len() + equal.len() > number {
            let Some(one) = sheet.settle(&equal, TieOver::Exclusion, Look::FromTheFirst, Wanted::Fewest)
            else {
                break;
            };
            equal = vec![one];
        }
        among.retain(|candidate| !equal.contains(candidate));
        chosen.extend(equal);
    }
    chosen
}

fn complete_instead(sheet: &mut Sheet, proposed: &[Candidate]) {
    sheet.note(format!(
        "To exclude {} would leave as many as there are places, so no papers move and those who are left are elected.",
        sheet.listed(proposed)
    ));
    let mut staying = sheet.most_first(sheet.continuing());
    staying.retain(|candidate| !proposed.contains(candidate));
    for candidate in staying {
        sheet.elect(candidate);
    }
}

/// 5.3: the last batch received moves on (5.3.1, 5.3.2), which at the first stage is all.
fn transfer_surplus(sheet: &mut Sheet, table: &mut Table, batches: &mut Batches, donor: Candidate) {
    let surplus = sheet.votes_of(donor) - sheet.quota;
    let Batch { value, bundle } = batches[donor.index()].pop().unwrap_or_default();
    let papers = bundle.count;
    // 5.3.3: next available preferences for continuing candidates.
    let sorted = table.sort(bundle, &sheet.may_receive());
    let transferable = Votes::from(papers - sorted.non_transferable);
    // 5.3.7: the surplus divided by the transferable papers to two decimals, ignoring the rest,
    // unless their present value doesn't exceed the surplus.
    let transfer_value = if transferable * value > surplus { surplus / transferable } else { value };
    sheet.note(format!(
        "{} has {}, which is {} above the quota. Papers in the last batch received, of value {}: {papers}; of them naming somebody further: {transferable}, each moving at {}.",
        sheet.name(donor),
        sheet.decimal(sheet.votes_of(donor)),
        sheet.decimal(surplus),
        sheet.decimal(value),
        sheet.decimal(transfer_value),
    ));
    // 5.3.8 to 5.3.10: credit the papers; the difference is non-transferable.
    for (receiver, bundle) in sorted.bundles() {
        sheet.votes[receiver] += transfer_value * Votes::from(bundle.count);
        batches[receiver].push(Batch { value: transfer_value, bundle });
    }
    let difference = surplus - transfer_value * transferable;
    if difference > 0 {
        sheet.note(format!("{} of the surplus is non-transferable.", sheet.decimal(difference)));
    }
    sheet.votes[donor.index()] = sheet.quota;
    sheet.non_transferable += difference;
}

/// 5.4: the papers of all excluded together, in batches of equal value, highest first.
fn exclude(
    sheet: &mut Sheet,
    table: &mut Table,
    batches: &mut Batches,
    excluded: &[Candidate],
    total_valid_vote: Votes,
) {
    // 5.4.1.
    let mut by_value: BTreeMap<Votes, Vec<(Candidate, Bundle)>> = BTreeMap::new();
    for candidate in excluded {
        sheet.exclude(*candidate);
        for Batch { value, bundle } in std::mem::take(&mut batches[candidate.index()]) {
            if bundle.count > 0 {
                by_value.entry(value).or_default().push((*candidate, bundle));
            }
        }
    }
    if by_value.is_empty() {
        sheet.note("There are no papers to move.".to_owned());
    }
    for (value, bundles) in by_value.into_iter().rev() {
        // 5.4.2; 5.4.10: those deemed elected after an earlier batch get no more papers.
        let may_receive = sheet.may_receive();
        let mut received: BTreeMap<usize, Bundle> = BTreeMap::new();
        let mut papers = 0;
        let mut non_transferable = 0;
        for (from, bundle) in bundles {
            papers += bundle.count;
            sheet.votes[from.index()] -= value * Votes::from(bundle.count);
            let sorted = table.sort(bundle, &may_receive);
            non_transferable += sorted.non_transferable;
            for (receiver, bundle) in sorted.bundles() {
                received.entry(receiver).or_default().append(bundle);
            }
        }
        sheet.note(format!(
            "Papers of value {} that move: {papers}; of them naming nobody further: {non_transferable}.",
            sheet.decimal(value)
        ));
        // 5.4.6 and 5.4.7.
        for (receiver, bundle) in received {
            sheet.votes[receiver] += value * Votes::from(bundle.count);
            batches[receiver].push(Batch { value, bundle });
        }
        sheet.non_transferable += value * Votes::from(non_transferable);
        // 5.4.8: papers lost before anybody is deemed elected lower the quota.
        if sheet.elected().is_empty() && non_transferable > 0 {
            let seats = sheet.vacancies();
            sheet.quota = quota(total_valid_vote - sheet.non_transferable, seats);
            sheet.note(format!(
                "Nobody is elected yet, so the quota falls to {}.",
                sheet.decimal(sheet.quota)
            ));
        }
        // 5.4.9; each batch is a point that ties look back to.
        sheet.remember();
        deem_elected(sheet, total_valid_vote);
        // 5.5.2.
        if sheet.vacancies() == 0 {
            sheet.note("All places are filled, so no further papers move.".to_owned());
            break;
        }
    }
}
