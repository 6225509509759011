//! The days that a return is about. Pure.

use chrono::{Datelike, Days, NaiveDate};

use crate::kit::{codes::codes, dates};

/// How often a return is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Quarterly,
    /// In an election period, of large sums that were received, accepted or not.
    Weekly,
}
codes!(Kind { Quarterly = "quarterly", Weekly = "weekly" });

/// The days that a return is about, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    pub kind: Kind,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Period {
    /// The quarter that a day is in.
    pub fn quarter_of(day: NaiveDate) -> Self {
        let month = day.month0() / 3 * 3 + 1;
        let from = NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day);
        let to = dates::months_later(from, 3).pred_opt().unwrap_or(day);
        Self { kind: Kind::Quarterly, from, to }
    }

    pub fn before(self) -> Self {
        Self::quarter_of(self.from.pred_opt().unwrap_or(self.from))
    }

    /// The weeks of an election period; the last one may be shorter.
    pub fn weeks(from: NaiveDate, to: NaiveDate) -> Vec<Self> {
        let starts = (0..).map_while(|week: u64| from.checked_add_days(Days::new(7 * week)));
        starts
            .take_while(|start| *start <= to)
            .map(|start| Self { kind: Kind::Weekly, from: start, to: to.min(start + Days::new(6)) })
            .collect()
    }

    pub fn holds(self, day: NaiveDate) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

/// `July to September 2026`, `Week from 5 June 2026 to 11 June 2026`
impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            Kind::Quarterly => write!(f, "{} to {}", self.from.format("%B"), self.to.format("%B %Y")),
            Kind::Weekly => write!(f, "Week from {} to {}", dates::day(self.from), dates::day(self.to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn p6_quarters_and_p8_weeks() {
        for (day, from, to, words) in [
            ("2026-01-01", "2026-01-01", "2026-03-31", "January to March 2026"),
            ("2028-02-29", "2028-01-01", "2028-03-31", "January to March 2028"),
            ("2026-06-30", "2026-04-01", "2026-06-30", "April to June 2026"),
            ("2026-12-31", "2026-10-01", "2026-12-31", "October to December 2026"),
        ] {
            let period = Period::quarter_of(on(day));
            assert_eq!((period.from, period.to, period.to_string()), (on(from), on(to), words.to_owned()));
        }
        assert_eq!(Period::quarter_of(on("2026-02-01")).before(), Period::quarter_of(on("2025-11-05")));
        let weeks = Period::weeks(on("2026-06-01"), on("2026-06-17"));
        let days: Vec<_> = weeks.iter().map(|week| (week.from.day(), week.to.day())).collect();
        assert_eq!(days, [(1, 7), (8, 14), (15, 17)]);
    }
}
