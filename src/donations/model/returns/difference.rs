//! What has changed since a return was filed. Pure.

use super::item::Item;

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
    use crate::{
        donations::model::{
            Books, Period,
            returns::{Reported, Sort, accepted, compile, law, on, rows},
        },
        kit::money::Money,
    };

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
}
