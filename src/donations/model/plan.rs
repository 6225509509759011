//! What somebody will pay in a calendar year, and what still fits under the limit. Pure.

use chrono::{Datelike, Months, NaiveDate};

use crate::kit::{money::Money, stripe::Interval};

/// A payment that is to come, once or again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub amount: Money,
    /// `None` for once.
    pub every: Option<Interval>,
    /// The day of the next payment.
    pub next: NaiveDate,
}

impl Plan {
    /// How many payments of it fall into a calendar year.
    fn count_in(&self, year: i32) -> i64 {
        match self.every {
            _ if self.next.year() > year => 0,
            Some(Interval::Month) if self.next.year() == year => 13 - i64::from(self.next.month()),
            Some(Interval::Month) => 12,
            Some(Interval::Year) => 1,
            None => i64::from(self.next.year() == year),
        }
    }

    /// In pence, of payments that are each below a million pounds.
    fn sum_in(&self, year: i32) -> i64 {
        self.amount.pence().saturating_mul(self.count_in(year))
    }
}

/// A regular payment that goes on, or of which something is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Regular {
    pub amount: Money,
    pub every: Interval,
    pub started_on: NaiveDate,
    pub period_end: Option<NaiveDate>,
    /// When it was last paid; `None` before the first time.
    pub paid_on: Option<NaiveDate>,
    /// Whether collecting it has failed.
    pub is_failing: bool,
}

impl Regular {
    /// The day of the next payment that has not fallen due.
    pub fn next_on(&self) -> NaiveDate {
        let end = self.period_end.filter(|_| self.paid_on.is_some() || self.is_failing);
        end.unwrap_or(self.started_on)
    }

    /// What has fallen due and not been paid: it is overdue, or a Direct Debit is on its way. Stripe moves the period on
    /// without waiting for the money, and takes it whenever it comes.
    pub fn open(&self, today: NaiveDate) -> Vec<Plan> {
        const MOST: usize = 12;
        let months = if self.every == Interval::Year { 12 } else { 1 };
        let due =
            (1..).map_while(|back: u32| self.period_end?.checked_sub_months(Months::new(months * back)));
        let count = match self.paid_on {
            Some(paid_on) => due.take(MOST).take_while(|due| *due > paid_on).count(),
            None => 0,
        };
        let one = Plan { amount: self.amount, every: None, next: today };
        vec![one; count.max(usize::from(self.is_failing))]
    }
}

/// What is known of one calendar year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Year {
    /// `2026`
    pub number: i32,
    pub cap: Money,
    /// Less what went back.
    pub paid: Money,
}

/// The most that each payment of a plan may be, so that no year passes its cap: `others` are what the payer has planned
/// already. Never negative.
pub fn most_of(new: &Plan, others: &[Plan], years: &[Year]) -> Money {
    let left = |it: &Year| {
        let planned = others.iter().fold(0_i64, |sum, plan| sum.saturating_add(plan.sum_in(it.number)));
        (it.cap.pence() - it.paid.pence()).saturating_sub(planned).max(0)
    };
    let counted = years.iter().filter(|it| new.count_in(it.number) > 0);
    counted.map(|it| Money::from_pence(left(it) / new.count_in(it.number))).min().unwrap_or(Money::ZERO)
}

/// Whether all of these plans together stay within the caps.
pub fn fit(plans: &[Plan], years: &[Year]) -> bool {
    years.iter().all(|it| {
        let planned =
            plans.iter().fold(it.paid.pence(), |sum, plan| sum.saturating_add(plan.sum_in(it.number)));
        planned <= it.cap.pence()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(pounds: i64, every: Option<Interval>, next: &str) -> Plan {
        Plan { amount: Money::from_pence(pounds * 100), every, next: next.parse().unwrap() }
    }

    fn year(number: i32, paid: i64) -> Year {
        Year { number, cap: Money::from_pence(500_000), paid: Money::from_pence(paid * 100) }
    }

    #[test]
    fn m15_a_plan_counts_with_all_its_payments_of_a_calendar_year() {
        let (month, every_year) = (Some(Interval::Month), Some(Interval::Year));
        for (plan, counts) in [
            (plan(1, month, "2026-01-31"), [12, 12]),
            (plan(1, month, "2026-11-21"), [2, 12]),
            (plan(1, month, "2026-12-31"), [1, 12]),
            (plan(1, month, "2027-01-01"), [0, 12]),
            (plan(1, month, "2027-06-01"), [0, 7]),
            (plan(1, month, "2025-12-31"), [12, 12]),
            (plan(1, every_year, "2026-11-21"), [1, 1]),
            (plan(1, every_year, "2027-02-28"), [0, 1]),
            (plan(1, None, "2026-11-21"), [1, 0]),
        ] {
            assert_eq!([2026, 2027].map(|year| plan.count_in(year)), counts, "{plan:?}");
        }
    }

    #[test]
    fn m15_what_has_fallen_due_and_is_not_paid_still_comes() {
        let (month, year) = (Interval::Month, Interval::Year);
        for (every, period_end, paid_on, is_failing, open, next) in [
            // Paid on the day, a week late by Direct Debit, or in advance.
            (month, "2026-12-10", Some("2026-11-10"), false, 0, "2026-12-10"),
            (month, "2026-12-10", Some("2026-11-17"), false, 0, "2026-12-10"),
            // The debit of this period is on its way, then overdue, then two are.
            (month, "2026-12-10", Some("2026-10-10"), false, 1, "2026-12-10"),
            (month, "2026-12-10", Some("2026-10-17"), true, 1, "2026-12-10"),
            (month, "2026-12-10", Some("2026-09-10"), true, 2, "2026-12-10"),
            // October's came after November's fell due: one is open, because Stripe says so.
            (month, "2026-12-10", Some("2026-11-12"), true, 1, "2026-12-10"),
            (year, "2027-11-10", Some("2025-11-10"), true, 1, "2027-11-10"),
            (year, "2027-11-10", Some("2026-11-10"), false, 0, "2027-11-10"),
            // The last of January is followed by the last of February.
            (month, "2027-02-28", Some("2026-12-31"), false, 1, "2027-02-28"),
            // Before the first payment, that is what is to come.
            (month, "2026-12-10", None, false, 0, "2026-11-10"),
            (month, "2026-12-10", None, true, 1, "2026-12-10"),
        ] {
            let on = |day: &str| day.parse().unwrap();
            let regular = Regular {
                amount: Money::from_pence(500),
                every,
                started_on: on("2026-11-10"),
                period_end: Some(on(period_end)),
                paid_on: paid_on.map(on),
                is_failing,
            };
            let open = plans(open, on("2026-11-21"));
            assert_eq!((regular.open(on("2026-11-21")), regular.next_on()), (open, on(next)), "{regular:?}");
        }
    }

    fn plans(count: usize, next: NaiveDate) -> Vec<Plan> {
        vec![Plan { amount: Money::from_pence(500), every: None, next }; count]
    }

    #[test]
    fn m15_what_is_left_is_shared_by_the_payments_of_the_year() {
        let month = Some(Interval::Month);
        let most = |new: &Plan, others: &[Plan], paid| {
            most_of(new, others, &[year(2026, paid), year(2027, 0)]).pence()
        };
        // Twelve of £416.66 are the most that fit into a whole year, however little of this one is left.
        assert_eq!(most(&plan(1, month, "2026-11-21"), &[], 0), 41_666);
        assert_eq!(most(&plan(1, month, "2026-11-21"), &[], 4_900), 5_000);
        assert_eq!(most(&plan(1, None, "2026-11-21"), &[], 4_900), 10_000);
        assert_eq!(most(&plan(1, None, "2026-11-21"), &[], 5_001), 0);
        // What is planned already counts, next year as well.
        let dues = plan(100, month, "2026-12-10");
        assert_eq!(most(&plan(1, None, "2026-11-21"), &[dues], 4_000), 90_000);
        assert_eq!(most(&plan(1, Some(Interval::Year), "2026-11-21"), &[dues], 0), 380_000);
        assert_eq!(most(&plan(1, month, "2027-01-10"), &[], 5_000), 41_666);
        assert!(fit(&[dues, plan(4_900, None, "2026-11-21")], &[year(2026, 0), year(2027, 0)]));
        assert!(!fit(&[dues, plan(4_901, None, "2026-11-21")], &[year(2026, 0), year(2027, 0)]));
        assert!(!fit(&[plan(417, month, "2027-01-01")], &[year(2026, 0), year(2027, 0)]));
    }
}
