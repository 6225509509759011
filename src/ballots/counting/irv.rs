//! The alternative vote for one place: Parliamentary Voting System and Constituencies Act
//! 2011, section 9 (rule 45A) and schedule 10 (rules 49 and 49A), the only text of it in
//! the law of the United Kingdom. Whole papers only.

use super::candidate::Candidate;
use super::election::Election;
use super::report::{Action, Report, Rule, TieOver};
use super::sheet::Sheet;
use super::table::Table;
use super::ties::{Look, Wanted};
use super::{Terms, Votes};

const RULE: Rule = Rule {
    name: "irv",
    source: "the alternative vote (Parliamentary Voting System and Constituencies Act 2011, rules 45A, 49 and 49A)",
    quota: "The quota is more than half of the papers that still name a candidate in the contest.",
    whole_quota: true,
};

pub(super) fn count(election: &Election, terms: &Terms) -> Report {
    let mut sheet = Sheet::new(election, terms, RULE, 0, 1);

    // Rule 45A(1) and (2): allocate each vote to its first preference.
    let (mut table, mut first) = Table::lay_out(election);
    for (candidate, bundle) in first.to.iter().enumerate() {
        sheet.votes[candidate] = Votes::from(bundle.count);
    }
    end_of_stage(&mut sheet, Action::FirstPreferences, vec![]);

    // Rule 45A(3) and (5): eliminate the one with the fewest, until somebody is elected.
    while sheet.vacancies() > 0 {
        // Rule 49(2): of equals, who had fewer first preferences, then fewer at the next stage and
        // so on; rule 49(3): else the lot. With two left this is rule 49A seen from the other side.
        let among = sheet.excludable();
        let Some(lowest) = sheet.pick(&among, TieOver::Exclusion, Look::FromTheFirst, Wanted::Fewest) else {
            break;
        };
        sheet.note(format!("{} has the fewest papers, {}.", sheet.name(lowest), sheet.votes_of(lowest)));
        sheet.exclude(lowest);
        sheet.votes[lowest.index()] = 0;
        // Rule 45A(3)(a): to the remaining candidate ranked highest; (b) others play no further part.
        let bundle = std::mem::take(&mut first.to[lowest.index()]);
        let sorted = table.sort(bundle, &sheet.may_receive());
        sheet.non_transferable += Votes::from(sorted.non_transferable);
        for (receiver, bundle) in sorted.bundles() {
            sheet.votes[receiver] += Votes::from(bundle.count);
            first.to[receiver].append(bundle);
        }
        end_of_stage(&mut sheet, Action::Exclusion, vec![lowest]);
    }
    sheet.report(first.valid, first.invalid)
}

fn end_of_stage(sheet: &mut Sheet, action: Action, of: Vec<Candidate>) {
    let continuing = sheet.continuing();
    let in_play: Votes = continuing.iter().map(|candidate| sheet.votes_of(*candidate)).sum();
    sheet.quota = in_play / 2 + 1;
    // Rule 45A(2) and (4): more votes than the other remaining candidates put together.
    let majority = continuing.iter().copied().find(|candidate| 2 * sheet.votes_of(*candidate) > in_play);
    match (majority, &continuing[..]) {
        (Some(winner), _) => {
            sheet.note(format!(
                "{} papers are in the contest, and {} has {} of them: more than all others together.",
                in_play,
                sheet.name(winner),
                sheet.votes_of(winner)
            ));
            sheet.elect(winner);
        }
        // Nobody named the only one left, but nobody else is left either.
        (None, [only]) => sheet.elect(*only),
        (None, _) => {
            sheet
                .note(format!("{in_play} papers are in the contest, and nobody has more than half of them."));
        }
    }
    sheet.remember();
    sheet.close_stage(action, of);
}
