//! The rows of a return as things stand. Pure.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    item::{Item, Sort},
    sums::{Lot, Thresholds, reportable},
};
use crate::donations::model::{Case, Kind, Outcome, Period, Refusal, Stage, Warnings};

/// A donation with its source.
#[derive(Clone, Debug)]
pub struct Sourced {
    pub case: Case,
    pub source: String,
}

impl Sourced {
    /// What it counts for, once it is accepted.
    pub fn lot(&self) -> Option<Lot> {
        let decision = self.case.decision.as_ref()?;
        let accepted = matches!(decision.outcome, Outcome::Accepted(_));
        accepted.then(|| Lot {
            line: self.case.line,
            source: self.source.clone(),
            amount: self.case.books.left,
            on: decision.on,
        })
    }
}

/// Accepted donations that stand in returns that were filed.
#[derive(Clone, Debug, Default)]
pub struct Reported {
    /// In the newest version of this return.
    pub here: BTreeSet<Uuid>,
    /// In that of another one.
    pub elsewhere: BTreeSet<Uuid>,
}

/// The rows of a return as things stand. What was filed in it before stays, with a row for what has gone back since; what was
/// filed in another is not reported twice.
pub fn compile(
    period: Period,
    cases: &[Sourced],
    refusals: &[Refusal],
    filed: &Reported,
    law: impl Fn(NaiveDate) -> Thresholds,
) -> Vec<Item> {
    let is_filed = |line: &Uuid| filed.here.contains(line) || filed.elsewhere.contains(line);
    // Money that goes back later does not undo a report: what was filed counts whole.
    let lot = |it: &Sourced| {
        let lot = it.lot()?;
        Some(if is_filed(&lot.line) { Lot { amount: it.case.amount, ..lot } } else { lot })
    };
    let lots: Vec<_> = cases.iter().filter_map(lot).collect();
    let reported = reportable(&lots, &law);
    let mut items = Vec::new();
    for Sourced { case, .. } in cases {
        let decision = case.decision.as_ref().map(|decision| &decision.outcome);
        let refused_on = match case.stage(case.received_on, Warnings::default()) {
            Stage::WentBack(on) => Some(on),
            _ => None,
        };
        let sort = match (period.kind, decision) {
            (Kind::Quarterly, Some(Outcome::Accepted(_))) => {
                let now = reported.get(&case.line).is_some_and(|on| period.holds(*on));
                let is_new = now && !filed.elsewhere.contains(&case.line);
                (is_new || filed.here.contains(&case.line)).then_some(Sort::Accepted)
            }
            (Kind::Quarterly, Some(Outcome::Refused { .. })) => {
                refused_on.filter(|on| period.holds(*on)).map(|_| Sort::Refused)
            }
            (Kind::Weekly, _)
                if period.holds(case.received_on) && case.amount > law(case.received_on).first =>
            {
                match decision {
                    Some(Outcome::Accepted(_)) => Some(Sort::Accepted),
                    None => Some(Sort::Received),
                    Some(Outcome::Refused { .. }) => Some(Sort::Refused),
                }
            }
            _ => None,
        };
        let Some(sort) = sort else { continue };
        items.push(Item::of(case, sort));
        if sort == Sort::Accepted {
            items.extend(Item::reversal(case));
        }
    }
    for refusal in refusals {
        let (value, law) = (refusal.it.value, law(refusal.it.received_on));
        let is_reported = match period.kind {
            Kind::Quarterly => {
                value > law.donation && refusal.returned.as_ref().is_some_and(|it| period.holds(it.on))
            }
            Kind::Weekly => value > law.first && period.holds(refusal.it.received_on),
        };
        if is_reported {
            items.push(Item::refusal(refusal));
        }
    }
    items.sort_by(|a, b| (&a.received_on, a.line, a.sort).cmp(&(&b.received_on, b.line, b.sort)));
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::donations::model::{
        Books, ByHand, Nature, NewRefusal, Why,
        case::Decision,
        returns::{accepted, law, on, rows},
    };
    use crate::kit::money::Money;

    #[test]
    fn p10_what_was_filed_is_neither_reported_again_nor_forgotten() {
        let (second, third) = (Period::quarter_of(on("2026-05-01")), Period::quarter_of(on("2026-08-01")));
        for (what, later, reported) in [
            ("a further sum", 6_200, vec![(Sort::Accepted, 6_200)]),
            ("a further sum that would not be a first one", 2_231, vec![(Sort::Accepted, 2_231)]),
            ("exactly the further sum", 2_230, vec![]),
        ] {
            let mut cases = vec![accepted(1, 6_000, "2026-05-10"), accepted(2, 5_181, "2026-06-10")];
            let filed = compile(second, &cases, &[], &Reported::default(), law);
            assert_eq!(filed.len(), 2);
            let lines: BTreeSet<_> = filed.iter().map(|item| item.line).collect();
            // The first one goes back in July, and another is accepted in August.
            let back = Books { left: Money::ZERO, back_on: Some(on("2026-07-15")), ..cases[0].case.books };
            cases[0].case.books = back;
            cases.push(accepted(3, later, "2026-08-10"));
            let elsewhere = Reported { elsewhere: lines.clone(), ..Reported::default() };
            assert_eq!(rows(&compile(third, &cases, &[], &elsewhere, law)), reported, "{what}");
            let here = Reported { here: lines, ..Reported::default() };
            assert_eq!(
                rows(&compile(second, &cases, &[], &here, law)),
                [(Sort::Accepted, 6_000), (Sort::Reversal, -6_000), (Sort::Accepted, 5_181)],
                "{what}"
            );
        }
        // Two donors are parted after filing: what was filed of them together is not filed again with what one gives later.
        let mut cases = vec![accepted(1, 6_000, "2026-05-10"), accepted(2, 5_181, "2026-06-10")];
        let lines: BTreeSet<_> = cases.iter().map(|it| it.case.line).collect();
        cases[1].source = "b".to_owned();
        cases.push(accepted(3, 5_181, "2026-08-10"));
        let elsewhere = Reported { elsewhere: lines, ..Reported::default() };
        assert_eq!(rows(&compile(third, &cases, &[], &elsewhere, law)), [(Sort::Accepted, 5_181)]);
    }

    #[test]
    fn m11_refused_ones_are_reported_whatever_their_size_once_they_are_back() {
        let period = Period::quarter_of(on("2026-05-01"));
        let mut refused = accepted(1, 501, "2026-03-20");
        let outcome = Outcome::Refused { why: Why::NotOnRegister, by_hand: None };
        refused.case.decision = Some(Decision { on: on("2026-03-30"), by: None, late: None, outcome });
        let compiled = |case: &Sourced, period| {
            compile(period, std::slice::from_ref(case), &[], &Reported::default(), law)
        };
        assert!(compiled(&refused, period).is_empty(), "on its way");
        refused.case.books =
            Books { left: Money::ZERO, back_on: Some(on("2026-04-01")), ..refused.case.books };
        assert_eq!(rows(&compiled(&refused, period)), [(Sort::Refused, 501)]);
        assert!(compiled(&refused, period.before()).is_empty());
        assert_eq!(compiled(&refused, period)[0].action, "refunded the way it was paid");
    }

    #[test]
    fn m11_what_never_was_in_the_books_is_reported_above_the_laws_sum_once_it_is_back() {
        let refused = |pence, received: &str, returned: Option<&str>| Refusal {
            it: NewRefusal {
                id: Uuid::from_u128(9),
                nature: Nature::Crypto,
                words: "0.02 bitcoin".into(),
                value: Money::from_pence(pence),
                received_on: on(received),
                name: None,
                address: None,
            },
            decide_by: on(received) + chrono::Days::new(30),
            returned: returned.map(|day| ByHand {
                on: on(day),
                how: "To the wallet it came from".into(),
                to: "Not known".into(),
            }),
        };
        let quarter = |day: &str| Period::quarter_of(on(day));
        let week = Period::weeks(on("2026-06-01"), on("2026-06-07"))[0];
        for (what, refusal, period, rows) in [
            ("£500.00", refused(50_000, "2026-05-01", Some("2026-05-02")), quarter("2026-05-01"), 0),
            ("£500.01", refused(50_001, "2026-05-01", Some("2026-05-02")), quarter("2026-05-01"), 1),
            ("not back", refused(50_001, "2026-05-01", None), quarter("2026-05-01"), 0),
            ("the last day", refused(50_001, "2026-12-30", Some("2026-12-31")), quarter("2026-12-31"), 1),
            ("a new year", refused(50_001, "2026-12-30", Some("2027-01-01")), quarter("2026-12-31"), 0),
            ("its quarter", refused(50_001, "2026-12-30", Some("2027-01-01")), quarter("2027-01-01"), 1),
            ("29 February", refused(50_001, "2028-02-29", Some("2028-02-29")), quarter("2028-02-29"), 1),
            ("a week, £11,180.00", refused(1_118_000, "2026-06-07", None), week, 0),
            ("a week, £11,180.01", refused(1_118_001, "2026-06-07", None), week, 1),
            ("the next week", refused(1_118_001, "2026-06-08", None), week, 0),
        ] {
            let items = compile(period, &[], &[refusal], &Reported::default(), law);
            assert_eq!(items.len(), rows, "{what}");
            for item in items {
                assert_eq!((item.sort, item.made_by.as_str()), (Sort::Refused, "0.02 bitcoin"), "{what}");
                assert_eq!(item.why, "Cryptoassets, like Bitcoin");
            }
        }
    }

    #[test]
    fn p8_in_a_week_each_large_sum_is_reported_by_itself() {
        let weeks = Period::weeks(on("2026-06-01"), on("2026-06-17"));
        // Each large sum by itself, as soon as it is received, and nothing that only adds up.
        let mut large = accepted(1, 11_181, "2026-06-08");
        large.case.decision = None;
        let cases = [large, accepted(2, 11_180, "2026-06-08"), accepted(3, 20_000, "2026-06-15")];
        let week = |number: usize| rows(&compile(weeks[number], &cases, &[], &Reported::default(), law));
        assert_eq!(
            (week(0), week(1), week(2)),
            (vec![], vec![(Sort::Received, 11_181)], vec![(Sort::Accepted, 20_000)])
        );
    }
}
