//! Which donations of a source have to be reported, and when that became so. Pure.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use uuid::Uuid;

use crate::kit::money::Money;

/// Above which sums of one source in one calendar year a party reports (PPERA 2000 s.62).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// No more than this is no donation (PPERA 2000 s.52(2)(b)).
    pub donation: Money,
    /// More than this, at once or added up, is reported.
    pub first: Money,
    /// Once a source was reported in a year, more than this, at once or added up, is reported again.
    pub further: Money,
}

/// What counts towards the sums of a source: one donation, on the day on which it was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lot {
    pub line: Uuid,
    pub source: String,
    /// What is left of it after refunds and disputes.
    pub amount: Money,
    pub on: NaiveDate,
}

/// The donations that have to be reported, each with the day on which that became so.
pub fn reportable(lots: &[Lot], law: impl Fn(NaiveDate) -> Thresholds) -> BTreeMap<Uuid, NaiveDate> {
    let mut by_year: BTreeMap<(&str, i32), Vec<&Lot>> = BTreeMap::new();
    for lot in lots.iter().filter(|lot| lot.amount > Money::ZERO) {
        by_year.entry((&lot.source, lot.on.year())).or_default().push(lot);
    }
    let mut reported = BTreeMap::new();
    for mut lots in by_year.into_values() {
        lots.sort_by_key(|lot| (lot.on, lot.line));
        let (mut waiting, mut pence, mut again) = (Vec::new(), 0, false);
        for lot in lots {
            waiting.push(lot.line);
            pence += lot.amount.pence();
            let law = law(lot.on);
            let limit = if again { law.further } else { law.first };
            if Money::from_pence(pence) > limit {
                reported.extend(waiting.drain(..).map(|line| (line, lot.on)));
                (pence, again) = (0, true);
            }
        }
    }
    reported
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::donations::model::returns::{law, on};

    /// Donations in pounds on days, with the initial of their source; which are reported, and when.
    fn reported(gifts: &[(&str, &str, &str)]) -> Vec<(usize, String)> {
        let lots: Vec<_> = gifts
            .iter()
            .enumerate()
            .map(|(number, (source, day, pounds))| Lot {
                line: Uuid::from_u128(number as u128),
                source: (*source).to_owned(),
                amount: Money::parse(pounds).unwrap(),
                on: on(day),
            })
            .collect();
        let reported = reportable(&lots, law);
        reported
            .iter()
            .map(|(line, day)| (usize::try_from(line.as_u128()).unwrap(), day.to_string()))
            .collect()
    }

    #[test]
    fn p10_golden_cases() {
        type Gifts = &'static [(&'static str, &'static str, &'static str)];
        type Reported = &'static [(usize, &'static str)];
        let cases: &[(&str, Gifts, Reported)] = &[
            ("P2: exactly the sum is not more", &[("a", "2026-03-01", "11180.00")], &[]),
            ("P2: a penny more is", &[("a", "2026-03-01", "11180.01")], &[(0, "2026-03-01")]),
            ("P2: added up to the sum", &[("a", "2026-03-01", "6000.0"), ("a", "2026-05-01", "5180.0")], &[]),
            (
                "P2: added up to more, in the quarter of the last one",
                &[("a", "2026-03-01", "6000.0"), ("a", "2026-05-01", "5181.0")],
                &[(0, "2026-05-01"), (1, "2026-05-01")],
            ),
            (
                "P5: two sources are not added up",
                &[("a", "2026-03-01", "6000.0"), ("b", "2026-05-01", "5181.0")],
                &[],
            ),
            (
                "P2: after a report, exactly the further sum",
                &[("a", "2026-03-01", "12000.0"), ("a", "2026-05-01", "2230.0")],
                &[(0, "2026-03-01")],
            ),
            (
                "P2: after a report, a pound more",
                &[("a", "2026-03-01", "12000.0"), ("a", "2026-05-01", "2231.0")],
                &[(0, "2026-03-01"), (1, "2026-05-01")],
            ),
            (
                "P2: after a report, further lots add up, and start anew after each report",
                &[
                    ("a", "2026-01-02", "12000.0"),
                    ("a", "2026-02-01", "1200.0"),
                    ("a", "2026-04-01", "1030.01"),
                    ("a", "2026-05-01", "2230.0"),
                    ("a", "2026-12-31", "501.0"),
                ],
                &[
                    (0, "2026-01-02"),
                    (1, "2026-04-01"),
                    (2, "2026-04-01"),
                    (3, "2026-12-31"),
                    (4, "2026-12-31"),
                ],
            ),
            (
                "P4: 31 December and 1 January are two years",
                &[("a", "2026-12-31", "6000.0"), ("a", "2027-01-01", "6000.0")],
                &[],
            ),
            (
                "P4: 1 January and 31 December are one",
                &[("a", "2026-01-01", "6000.0"), ("a", "2026-12-31", "6000.0")],
                &[(0, "2026-12-31"), (1, "2026-12-31")],
            ),
            (
                "P4: a report of last year is none of this",
                &[("a", "2026-12-31", "12000.0"), ("a", "2027-01-01", "2231.0")],
                &[(0, "2026-12-31")],
            ),
            ("29 February", &[("a", "2028-02-29", "11180.01")], &[(0, "2028-02-29")]),
            (
                "P1: the sums of 2023",
                &[("a", "2023-12-31", "7500.01"), ("b", "2024-01-01", "7500.01")],
                &[(0, "2023-12-31")],
            ),
            ("P1: exactly the sum of 2023", &[("a", "2023-12-31", "7500.0")], &[]),
        ];
        for (what, gifts, expected) in cases {
            let expected: Vec<_> =
                expected.iter().map(|(number, day)| (*number, (*day).to_owned())).collect();
            assert_eq!(reported(gifts), expected, "{what}");
        }
    }
}
