//! Days on which banks work: Monday to Friday without the bank holidays of England and Wales, which Bacs goes by.
//!
//! The table was worked out by the usual rules (Banking and Financial Dealings Act 1971, Schedule 1, with the days that
//! take a weekend's place), and compared in November 2026 with the days that are published for these years. Governments add
//! days and move some: compare it with <https://www.gov.uk/bank-holidays>. After [`KNOWN_UNTIL`] only weekends are known: a count that ends
//! there takes [`MARGIN`] days more, as many bank holidays as can fall within three weeks, so that nobody is told too late.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// The last year whose bank holidays are in the table.
pub const KNOWN_UNTIL: i32 = 2028;

/// From Christmas to New Year there are three.
const MARGIN: u32 = 3;

/// Month and day, by year. A holiday that falls on a weekend stands here with the weekday that takes its place.
const BANK_HOLIDAYS: [(i32, [(u32, u32); 8]); 4] = [
    (2025, [(1, 1), (4, 18), (4, 21), (5, 5), (5, 26), (8, 25), (12, 25), (12, 26)]),
    (2026, [(1, 1), (4, 3), (4, 6), (5, 4), (5, 25), (8, 31), (12, 25), (12, 28)]),
    (2027, [(1, 1), (3, 26), (3, 29), (5, 3), (5, 31), (8, 30), (12, 27), (12, 28)]),
    (2028, [(1, 3), (4, 14), (4, 17), (5, 1), (5, 29), (8, 28), (12, 25), (12, 26)]),
];

/// Whether banks work on a day, as far as the table knows.
pub fn is_working(day: NaiveDate) -> bool {
    let is_holiday = BANK_HOLIDAYS
        .iter()
        .any(|(year, days)| *year == day.year() && days.contains(&(day.month(), day.day())));
    !is_holiday && !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// The day itself, or the next on which banks work.
pub fn on_or_after(day: NaiveDate) -> NaiveDate {
    day.iter_days().find(|it| is_working(*it)).unwrap_or(day)
}

/// The day that comes so many working days after another, and later where the table has ended.
pub fn after(day: NaiveDate, count: u32) -> NaiveDate {
    let counted = |count: u32| {
        let working = day.iter_days().skip(1).filter(|it| is_working(*it));
        working.take(usize::try_from(count).unwrap_or(usize::MAX)).last().unwrap_or(day)
    };
    let found = counted(count);
    if found.year() > KNOWN_UNTIL { counted(count + MARGIN) } else { found }
}

/// The last day from which on so many working days are left before another, and earlier where the table has ended.
pub fn before(day: NaiveDate, count: u32) -> NaiveDate {
    let count = if day.year() > KNOWN_UNTIL { count + MARGIN } else { count };
    let days = (1..).map_while(|back| day.checked_sub_days(Days::new(back)));
    let working = days.filter(|it| is_working(*it));
    working.take(usize::try_from(count).unwrap_or(usize::MAX)).last().unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_bank_holiday_is_a_weekday_of_its_year() {
        for (year, days) in BANK_HOLIDAYS {
            assert!(days.is_sorted(), "{year}");
            for (month, of_month) in days {
                let date = NaiveDate::from_ymd_opt(year, month, of_month).unwrap();
                assert!(!matches!(date.weekday(), Weekday::Sat | Weekday::Sun), "{date}");
                assert!(!is_working(date), "{date}");
            }
            // Good Friday and Easter Monday are three days apart, and the May, spring and summer ones are Mondays.
            let date = |at: usize| NaiveDate::from_ymd_opt(year, days[at].0, days[at].1).unwrap();
            assert_eq!((date(1).weekday(), date(2) - date(1)), (Weekday::Fri, chrono::Duration::days(3)));
            for at in [3, 4, 5] {
                assert_eq!(date(at).weekday(), Weekday::Mon);
            }
        }
        let last = BANK_HOLIDAYS.last().unwrap().0;
        assert_eq!(last, KNOWN_UNTIL);
        assert_eq!(
            BANK_HOLIDAYS.map(|(year, _)| year),
            std::array::from_fn(|at| 2025 + i32::try_from(at).unwrap())
        );
    }

    #[test]
    fn the_days_are_those_that_are_published_and_no_others() {
        let published = [
            "2025-01-01",
            "2025-04-18",
            "2025-04-21",
            "2025-05-05",
            "2025-05-26",
            "2025-08-25",
            "2025-12-25",
            "2025-12-26",
            "2026-01-01",
            "2026-04-03",
            "2026-04-06",
            "2026-05-04",
            "2026-05-25",
            "2026-08-31",
            "2026-12-25",
            "2026-12-28",
            "2027-01-01",
            "2027-03-26",
            "2027-03-29",
            "2027-05-03",
            "2027-05-31",
            "2027-08-30",
            "2027-12-27",
            "2027-12-28",
            "2028-01-03",
            "2028-04-14",
            "2028-04-17",
            "2028-05-01",
            "2028-05-29",
            "2028-08-28",
            "2028-12-25",
            "2028-12-26",
        ];
        let weekdays = day("2025-01-01").iter_days().take_while(|it| it.year() <= KNOWN_UNTIL);
        let found: Vec<_> = weekdays
            .filter(|it| !matches!(it.weekday(), Weekday::Sat | Weekday::Sun) && !is_working(*it))
            .collect();
        assert_eq!(found, published.map(day));
    }

    #[test]
    fn working_days_pass_over_weekends_and_bank_holidays() {
        for (from, count, found) in [
            // Saturday to the Wednesday after it.
            ("2026-11-21", 3, "2026-11-25"),
            ("2026-11-23", 3, "2026-11-26"),
            // Christmas Day 2026 is a Friday, and the 28th stands for Boxing Day.
            ("2026-12-23", 1, "2026-12-24"),
            ("2026-12-24", 1, "2026-12-29"),
            ("2026-12-23", 10, "2027-01-11"),
            // Easter 2027.
            ("2027-03-25", 1, "2027-03-30"),
            ("2026-11-23", 0, "2026-11-23"),
        ] {
            assert_eq!(after(day(from), count), day(found), "{from} and {count}");
        }
        assert_eq!(on_or_after(day("2026-12-25")), day("2026-12-29"));
        assert_eq!(on_or_after(day("2026-12-24")), day("2026-12-24"));
        for (until, count, found) in [
            ("2026-12-29", 3, "2026-12-22"),
            ("2026-12-29", 1, "2026-12-24"),
            ("2027-01-04", 10, "2026-12-16"),
            ("2026-11-27", 3, "2026-11-24"),
        ] {
            assert_eq!(before(day(until), count), day(found), "{until} and {count}");
            assert!(after(day(found), count) <= day(until), "{found} and {count}");
        }
    }

    #[test]
    fn after_the_last_year_of_the_table_more_days_are_taken() {
        // The 1st of January 2029 is a Monday and a bank holiday, which the table does not know.
        assert_eq!(after(day("2028-12-21"), 3), day("2028-12-28"));
        assert_eq!(after(day("2028-12-27"), 3), day("2029-01-04"), "three more than the weekdays say");
        assert_eq!(before(day("2029-01-08"), 3), day("2028-12-29"));
    }
}
