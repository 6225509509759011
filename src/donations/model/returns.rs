//! Which donations are reported to the Electoral Commission, and in which return. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Case, Kind, Outcome, Period, Refusal, Stage, Warnings};
use crate::kit::{codes::codes, money::Money};

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

/// What a row of a return is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    Accepted,
    /// Of a weekly return, where nothing was decided yet.
    Received,
    Refused,
    /// Money of a reported donation that went back later.
    Reversal,
}
codes!(Sort { Accepted = "accepted", Received = "received", Refused = "refused", Reversal = "reversal" });

impl Sort {
    pub fn words(self) -> &'static str {
        match self {
            Self::Accepted => "Accepted",
            Self::Received => "Received",
            Self::Refused => "Refused and returned",
            Self::Reversal => "Reversed",
        }
    }
}

/// One row of a return, as it is kept and filed. Days are written like `2026-11-21`, empty where there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub sort: Sort,
    pub line: Uuid,
    pub name: String,
    pub address: String,
    pub pence: i64,
    pub made_by: String,
    pub received_on: String,
    pub accepted_on: String,
    pub register_on: String,
    pub elector_number: String,
    pub why: String,
    pub returned_on: String,
    pub action: String,
    pub returned_to: String,
}

impl Item {
    pub const HEADS: [&str; 14] = [
        "row",
        "reference",
        "name",
        "address",
        "amount_gbp",
        "how_made",
        "received",
        "accepted",
        "register_dated",
        "elector_number",
        "why_refused",
        "returned",
        "action",
        "returned_to",
    ];

    pub fn amount(&self) -> Money {
        Money::from_pence(self.pence)
    }

    /// The cells under [`Item::HEADS`].
    pub fn texts(&self) -> [String; 14] {
        [
            self.sort.words().to_owned(),
            self.line.to_string(),
            self.name.clone(),
            self.address.clone(),
            self.amount().decimal(),
            self.made_by.clone(),
            self.received_on.clone(),
            self.accepted_on.clone(),
            self.register_on.clone(),
            self.elector_number.clone(),
            self.why.clone(),
            self.returned_on.clone(),
            self.action.clone(),
            self.returned_to.clone(),
        ]
    }

    fn of(case: &Case, sort: Sort) -> Self {
        let mut item = Self {
            sort,
            line: case.line,
            name: case.donor.name.clone(),
            address: case.donor.address.as_ref().map(ToString::to_string).unwrap_or_default(),
            pence: case.amount.pence(),
            made_by: if case.books.by_stripe { "card or Direct Debit" } else { "cash, cheque or transfer" }
                .to_owned(),
            received_on: case.received_on.to_string(),
            accepted_on: String::new(),
            register_on: String::new(),
            elector_number: String::new(),
            why: String::new(),
            returned_on: String::new(),
            action: String::new(),
            returned_to: String::new(),
        };
        let Some(decision) = &case.decision else { return item };
        match &decision.outcome {
            Outcome::Accepted(register) => {
                item.accepted_on = decision.on.to_string();
                if let Some(register) = register {
                    item.name.clone_from(&register.name);
                    item.address = register.address.to_string();
                    item.register_on = register.dated.to_string();
                    item.elector_number.clone_from(&register.number);
                }
            }
            Outcome::Refused { why, by_hand } => {
                why.words().clone_into(&mut item.why);
                match by_hand {
                    Some(by_hand) => {
                        item.returned_on = by_hand.on.to_string();
                        item.action.clone_from(&by_hand.how);
                        item.returned_to.clone_from(&by_hand.to);
                    }
                    None => {
                        item.returned_on = case.books.back_on.map(|on| on.to_string()).unwrap_or_default();
                        "refunded the way it was paid".clone_into(&mut item.action);
                        item.returned_to.clone_from(&case.donor.name);
                    }
                }
            }
        }
        item
    }

    /// What never was in the books.
    fn refusal(Refusal { it, returned, .. }: &Refusal) -> Self {
        Self {
            sort: Sort::Refused,
            line: it.id,
            name: it.name.clone().unwrap_or_default(),
            address: it.address.as_ref().map(ToString::to_string).unwrap_or_default(),
            pence: it.value.pence(),
            made_by: it.words.clone(),
            received_on: it.received_on.to_string(),
            accepted_on: String::new(),
            register_on: String::new(),
            elector_number: String::new(),
            why: it.nature.words().to_owned(),
            returned_on: returned.as_ref().map(|it| it.on.to_string()).unwrap_or_default(),
            action: returned.as_ref().map(|it| it.how.clone()).unwrap_or_default(),
            returned_to: returned.as_ref().map(|it| it.to.clone()).unwrap_or_default(),
        }
    }

    /// The row that says how much of a reported donation went back.
    fn reversal(case: &Case) -> Option<Self> {
        let on = case.books.back_on.filter(|_| case.books.left < case.amount)?;
        Some(Self {
            pence: case.books.left.pence() - case.amount.pence(),
            returned_on: on.to_string(),
            action: "refunded, or taken back by the bank".to_owned(),
            ..Self::of(case, Sort::Reversal)
        })
    }
}

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

/// What is different from the last filed return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    Added(Item),
    Gone(Item),
    /// The headings of what changed, with the old and the new value.
    Changed(Item, Vec<(&'static str, String, String)>),
}

pub fn differences(filed: &[Item], now: &[Item]) -> Vec<Difference> {
    let key = |item: &Item| (item.line, item.sort);
    let find = |items: &[Item], wanted: &Item| items.iter().find(|item| key(item) == key(wanted)).cloned();
    let mut found = Vec::new();
    for item in now {
        match find(filed, item) {
            None => found.push(Difference::Added(item.clone())),
            Some(before) if before != *item => {
                let pairs = before.texts().into_iter().zip(item.texts());
                let changed = Item::HEADS.into_iter().zip(pairs).filter(|(_, (old, new))| old != new);
                let changed = changed.map(|(head, (old, new))| (head, old, new)).collect();
                found.push(Difference::Changed(item.clone(), changed));
            }
            Some(_) => {}
        }
    }
    let gone = filed.iter().filter(|item| find(now, item).is_none());
    found.extend(gone.cloned().map(Difference::Gone));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::donations::{
        GIFTS,
        model::{Books, ByHand, Decision, Donor, Nature, NewRefusal, Why},
    };

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// The thresholds of SI 2023/1235, and those before.
    fn law(day: NaiveDate) -> Thresholds {
        let (first, further) =
            if day >= on("2024-01-01") { (1_118_000, 223_000) } else { (750_000, 150_000) };
        Thresholds {
            donation: Money::from_pence(50_000),
            first: Money::from_pence(first),
            further: Money::from_pence(further),
        }
    }

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

    fn accepted(number: u128, pounds: i64, day: &str) -> Sourced {
        let amount = Money::from_pence(pounds * 100);
        Sourced {
            source: "a".to_owned(),
            case: Case {
                line: Uuid::from_u128(number),
                kind: GIFTS.into(),
                amount,
                received_on: on(day),
                decide_by: on(day) + chrono::Days::new(30),
                donor: Donor { name: "Ana".into(), email: None, address: None, person: None },
                decision: Some(Decision {
                    on: on(day),
                    by: None,
                    late: None,
                    outcome: Outcome::Accepted(None),
                }),
                books: Books { left: amount, by_stripe: true, ..Books::default() },
            },
        }
    }

    fn rows(items: &[Item]) -> Vec<(Sort, i64)> {
        items.iter().map(|item| (item.sort, item.pence / 100)).collect()
    }

    #[test]
    fn p10_a_reversal_after_filing_is_a_row_and_a_difference() {
        let period = Period::quarter_of(on("2026-05-01"));
        let mut cases = vec![accepted(1, 6_000, "2026-03-01"), accepted(2, 5_181, "2026-05-01")];
        let filed = compile(period, &cases, &[], &Reported::default(), law);
        assert_eq!(rows(&filed), [(Sort::Accepted, 6_000), (Sort::Accepted, 5_181)]);
        assert!(
            compile(period.before(), &cases, &[], &Reported::default(), law).is_empty(),
            "not in the first quarter"
        );
        cases[1].case.books =
            Books { left: Money::ZERO, back_on: Some(on("2026-08-02")), ..cases[1].case.books };
        let here = filed.iter().map(|item| item.line).collect();
        let now = compile(period, &cases, &[], &Reported { here, ..Reported::default() }, law);
        assert_eq!(rows(&now), [(Sort::Accepted, 6_000), (Sort::Accepted, 5_181), (Sort::Reversal, -5_181)]);
        let changes = differences(&filed, &now);
        assert_eq!(changes, [Difference::Added(now[2].clone())]);
        assert_eq!(now[2].returned_on, "2026-08-02");
        // Had it not been filed, nothing would be reported.
        assert!(compile(period, &cases, &[], &Reported::default(), law).is_empty());
        assert_eq!(differences(&filed, &[]).len(), 2);
        let mut corrected = filed.clone();
        corrected[0].elector_number = "BL2-417".into();
        let fields = vec![("elector_number", String::new(), "BL2-417".to_owned())];
        assert_eq!(differences(&filed, &corrected), [Difference::Changed(corrected[0].clone(), fields)]);
        assert!(differences(&filed, &filed).is_empty());
    }

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
