//! Paying less for a time, because a member says that they must.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::NewRate;
use crate::kit::{dates, money::Money, stripe::Interval};

/// What somebody declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Less {
    /// Of each payment.
    pub amount: Money,
    pub months: u32,
}

impl Less {
    /// The last day, if the first of the smaller payments is made on a day.
    pub fn until(self, first: NaiveDate) -> NaiveDate {
        let full = dates::months_later(first, self.months);
        full.pred_opt().unwrap_or(full)
    }
}

/// What the party allows on a day.
#[derive(Clone, Copy, Debug)]
pub struct LessTerms {
    /// The least that is taken, a month and a year.
    pub least: [Money; 2],
    pub most_months: u32,
}

impl LessTerms {
    pub fn least(&self, every: Interval) -> Money {
        match every {
            Interval::Month => self.least[0],
            Interval::Year => self.least[1],
        }
    }

    /// Months and words, to choose from: as many as there are payments in the longest time, and some shorter times.
    /// Whoever pays once a year pays less at least once.
    pub fn months(&self, every: Option<Interval>) -> Vec<(String, String)> {
        let shorter = if every == Some(Interval::Year) { &[][..] } else { &[1, 3, 6][..] };
        let months = shorter.iter().copied().filter(|it| *it < self.most_months).chain([self.most_months]);
        let words = |months| match (months, every) {
            (1, _) => "1 month".to_owned(),
            (12, Some(Interval::Year)) => "1 year".to_owned(),
            (months, _) => format!("{months} months"),
        };
        months.map(|months| (months.to_string(), words(months))).collect()
    }
}

/// What was declared and has not been forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Hardship {
    pub id: Uuid,
    pub person: Uuid,
    pub every: Interval,
    pub amount: Money,
    /// The last day.
    pub until: NaiveDate,
    pub turn: i32,
    /// What Stripe was last told.
    pub told: Option<Money>,
    /// They go back, and Stripe may not know yet.
    pub is_over: bool,
}

impl Hardship {
    /// `£0.50 a month`
    pub fn price(&self) -> String {
        format!("{} a {}", self.amount, self.every)
    }

    /// In words, for the member.
    pub fn in_words(&self) -> String {
        if self.is_over {
            return "You are going back to your usual rate. We are telling our payment provider".to_owned();
        }
        format!("{} until {}. Nobody else sees this", self.price(), dates::day(self.until))
    }

    /// Whether Stripe has been told of all this.
    pub fn is_told(&self) -> bool {
        self.told == Some(self.amount) && !self.is_over
    }
}

impl NewRate {
    /// What is really collected.
    #[must_use]
    pub fn lessened(self, hardship: Option<&Hardship>) -> Self {
        let holds = |it: &&Hardship| !it.is_over && it.every == self.every && it.amount < self.amount;
        hardship.filter(holds).map_or(self, |it| Self { amount: it.amount, ..self })
    }
}

/// Tells Stripe that somebody pays less from the next payment on, or goes back.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApplyHardship {
    pub hardship: Uuid,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::membership::model::Rate;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn it_ends_on_the_day_before_the_first_whole_payment() {
        for (first, months, until) in [
            ("2026-12-21", 1, "2027-01-20"),
            ("2026-12-21", 12, "2027-12-20"),
            ("2026-12-01", 3, "2027-02-28"),
            ("2027-01-31", 1, "2027-02-27"),
            ("2024-02-29", 12, "2025-02-27"),
        ] {
            let less = Less { amount: Money::from_pence(50), months };
            assert_eq!(less.until(day(first)), day(until), "{first} {months}");
        }
    }

    #[test]
    fn only_what_is_less_and_holds_is_collected_instead() {
        let rate = |every, pence| NewRate { rate: Rate::Standard, every, amount: Money::from_pence(pence) };
        let hardship = |pence, is_over| Hardship {
            id: Uuid::nil(),
            person: Uuid::nil(),
            every: Interval::Month,
            amount: Money::from_pence(pence),
            until: day("2027-01-20"),
            turn: 1,
            told: None,
            is_over,
        };
        let pays = |rate: NewRate, hardship| rate.lessened(Some(&hardship)).amount.pence();
        assert_eq!(pays(rate(Interval::Month, 500), hardship(50, false)), 50);
        assert_eq!(pays(rate(Interval::Month, 500), hardship(50, true)), 500);
        assert_eq!(pays(rate(Interval::Month, 40), hardship(50, false)), 40);
        assert_eq!(pays(rate(Interval::Year, 5000), hardship(50, false)), 5000);
        assert_eq!(rate(Interval::Month, 500).lessened(None).amount.pence(), 500);
    }

    #[test]
    fn times_to_choose_from_end_with_the_longest() {
        let months = |most_months, every| {
            let terms = LessTerms { least: [Money::from_pence(50); 2], most_months };
            terms.months(every).into_iter().map(|(_, words)| words).collect::<Vec<_>>()
        };
        assert_eq!(months(12, None), ["1 month", "3 months", "6 months", "12 months"]);
        assert_eq!(months(12, Some(Interval::Year)), ["1 year"]);
        assert_eq!(months(6, Some(Interval::Month)), ["1 month", "3 months", "6 months"]);
        assert_eq!(months(2, Some(Interval::Month)), ["1 month", "2 months"]);
        assert_eq!(months(1, None), ["1 month"]);
        assert_eq!(months(24, Some(Interval::Year)), ["24 months"]);
    }
}
