//! What a return asks of the treasurer on a day.

use chrono::NaiveDate;

use super::{Difference, Item, Kind, Period};

/// A return in a list of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Its period is not over.
    Running,
    /// Of days before anything was received, entered or filed here, with nothing to report.
    BeforeUs,
    Filed,
    /// Things have changed since it was filed: the next version has to be.
    Changed,
    /// Enough quarters in a row had nothing to report.
    NotNeeded,
    Due,
    Overdue,
}

impl Duty {
    /// Whether somebody has to file something.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Changed | Self::Due | Self::Overdue)
    }
}

/// So many nil returns in a row free a party from further ones until there is something to report (PPERA 2000 s.62A).
const NIL_IN_A_ROW: usize = 4;

/// What is known of a return: what was filed of it last, and what it would say now.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    pub period: Period,
    pub due: NaiveDate,
    pub filed: Option<&'a [Item]>,
    pub now: &'a [Item],
    pub changes: &'a [Difference],
}

/// What each of some returns asks for today. Those of quarters come without a gap, the oldest first; `began` is the first
/// day on which something was received, entered or filed here. Also says whether enough nil returns stand in a row for the next
/// one not to be needed.
pub fn duties(returns: &[Known<'_>], began: Option<NaiveDate>, today: NaiveDate) -> (Vec<Duty>, bool) {
    let mut nil_in_a_row = 0;
    let duty = |it: &Known<'_>| {
        let is_nil = it.now.is_empty() && it.filed.is_none_or(<[Item]>::is_empty);
        let may_rest = it.period.kind == Kind::Quarterly && nil_in_a_row >= NIL_IN_A_ROW && is_nil;
        let duty = match it.filed {
            _ if today <= it.period.to => Duty::Running,
            Some(_) if it.changes.is_empty() => Duty::Filed,
            Some(_) => Duty::Changed,
            None if it.now.is_empty() && began.is_none_or(|began| it.period.to < began) => Duty::BeforeUs,
            None if may_rest => Duty::NotNeeded,
            None if today > it.due => Duty::Overdue,
            None => Duty::Due,
        };
        // A quarter that was not filed breaks the row, unless it need not be; one with something to report begins anew.
        nil_in_a_row = match duty {
            Duty::Filed if is_nil => nil_in_a_row + 1,
            Duty::NotNeeded | Duty::Running => nil_in_a_row,
            _ => 0,
        };
        duty
    };
    let duties = returns.iter().map(duty).collect();
    (duties, nil_in_a_row >= NIL_IN_A_ROW)
}

#[cfg(test)]
mod tests {
    use chrono::Days;

    use super::*;
    use crate::donations::model::returns::Sort;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn item() -> Item {
        Item {
            sort: Sort::Accepted,
            line: uuid::Uuid::nil(),
            name: "Rosa".into(),
            address: String::new(),
            pence: 1_200_000,
            made_by: String::new(),
            received_on: "2026-01-05".into(),
            accepted_on: "2026-01-06".into(),
            register_on: String::new(),
            elector_number: String::new(),
            why: String::new(),
            returned_on: String::new(),
            action: String::new(),
            returned_to: String::new(),
        }
    }

    /// Quarters from January 2025 on, today being 26 November 2026: `n` filed as nil, `f` filed with something, `-` not
    /// filed and nothing to report, `x` not filed and something to report, `c` filed as nil and not nil now.
    fn of(quarters: &str) -> Vec<Duty> {
        let item = [item()];
        let added = [Difference::Added(item[0].clone())];
        let mut period = Period::quarter_of(day("2025-01-01"));
        let mut returns = Vec::new();
        for letter in quarters.chars() {
            let (filed, now): (Option<&[Item]>, &[Item]) = match letter {
                'n' => (Some(&[]), &[]),
                'f' => (Some(&item), &item),
                '-' => (None, &[]),
                'x' => (None, &item),
                _ => (Some(&[]), &item),
            };
            let changes = if letter == 'c' { &added[..] } else { &[] };
            returns.push(Known { period, due: period.to + Days::new(30), filed, now, changes });
            period = Period::quarter_of(period.to + Days::new(1));
        }
        duties(&returns, Some(day("2025-01-01")), day("2026-11-26")).0
    }

    #[test]
    fn p7_four_nil_returns_in_a_row_excuse_the_next_until_there_is_something_to_report() {
        use Duty::{Changed as C, Filed as F, NotNeeded as N, Overdue as O, Running as R};
        for (quarters, expected) in [
            ("nnnn---", vec![F, F, F, F, N, N, N]),
            ("nnn----", vec![F, F, F, O, O, O, O]),
            // The exemption ends with the next donation to report, and needs four again.
            ("nnnn-x-", vec![F, F, F, F, N, O, O]),
            ("nnnnfn-", vec![F, F, F, F, F, F, O]),
            // A quarter that was left out breaks the row.
            ("nn-nn--", vec![F, F, O, F, F, O, O]),
            // Filed although it need not be: still excused.
            ("nnnnn--", vec![F, F, F, F, F, N, N]),
            // Nil when it was filed, and not nil now.
            ("nnnc---", vec![F, F, F, C, O, O, O]),
            ("fnnnn-x-", vec![F, F, F, F, F, N, O, R]),
        ] {
            assert_eq!(of(quarters), expected, "{quarters}");
        }
    }

    #[test]
    fn a_return_is_due_for_thirty_days_and_none_for_days_before_us() {
        let quarter = Period::quarter_of(day("2026-09-30"));
        let known = Known { period: quarter, due: day("2026-10-30"), filed: None, now: &[], changes: &[] };
        let on = |today: &str, began: Option<&str>| duties(&[known], began.map(day), day(today)).0[0];
        assert_eq!(on("2026-09-30", Some("2026-09-30")), Duty::Running);
        assert_eq!(on("2026-10-01", Some("2026-09-30")), Duty::Due);
        assert_eq!(on("2026-10-30", Some("2026-01-01")), Duty::Due);
        assert_eq!(on("2026-10-31", Some("2026-01-01")), Duty::Overdue);
        assert_eq!(on("2026-10-31", Some("2026-10-01")), Duty::BeforeUs);
        assert_eq!(on("2026-10-31", None), Duty::BeforeUs);
        // An old receipt that is entered late asks for the return of its own quarter.
        let late = Known { now: &[item()], ..known };
        assert_eq!(duties(&[late], Some(day("2026-10-01")), day("2026-10-31")).0, [Duty::Overdue]);
    }
}
