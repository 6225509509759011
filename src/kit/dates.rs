//! Dates and times as people in Britain read them. Stored times are UTC; what is shown is London time.
//! They take values or references, since templates hand over references.

use std::borrow::Borrow;

use chrono::{DateTime, Datelike, LocalResult, Months, NaiveDate, NaiveTime, Timelike, Utc};
use chrono_tz::Europe::London;

/// Accounts are kept for six years (Limitation Act 1980 s.5): nothing that is older than these is entered by hand.
pub const ENTERED_YEARS: u32 = 7;

/// The oldest day of what is entered by hand.
pub fn oldest_entered(today: NaiveDate) -> NaiveDate {
    today.checked_sub_months(Months::new(12 * ENTERED_YEARS)).unwrap_or(today)
}

pub fn london_date(at: impl Borrow<DateTime<Utc>>) -> NaiveDate {
    at.borrow().with_timezone(&London).date_naive()
}

/// The instant at which a day begins in London. Midnight there is never skipped by the clocks changing.
pub fn start_of_day(day: NaiveDate) -> DateTime<Utc> {
    day.and_hms_opt(0, 0, 0)
        .and_then(|midnight| midnight.and_local_timezone(London).earliest())
        .map_or_else(|| DateTime::from_timestamp_nanos(0), |at| at.with_timezone(&Utc))
}

/// The instant at which London's clocks show a time.
///
/// # Errors
/// A sentence, in the nights in which the clocks change: some times are skipped, others come twice.
pub fn in_london(day: NaiveDate, time: NaiveTime) -> Result<DateTime<Utc>, &'static str> {
    match day.and_time(time).and_local_timezone(London) {
        LocalResult::Single(at) => Ok(at.with_timezone(&Utc)),
        LocalResult::Ambiguous(..) => Err(
            "The clocks go back that night, so this time comes twice. Choose one before 1am or from 2am on",
        ),
        LocalResult::None => Err(
            "The clocks go forward that night, so there is no such time. Choose one before 1am or from 2am on",
        ),
    }
}

/// `09:30`, on London's clocks, as a form has it.
pub fn time_of_day(at: impl Borrow<DateTime<Utc>>) -> String {
    at.borrow().with_timezone(&London).format("%H:%M").to_string()
}

/// `5 December 2026`
pub fn day(date: impl Borrow<NaiveDate>) -> String {
    date.borrow().format("%-d %B %Y").to_string()
}

/// `5 Dec 2026`, where many stand in a column.
pub fn short_day(date: impl Borrow<NaiveDate>) -> String {
    date.borrow().format("%-d %b %Y").to_string()
}

/// `5 December`, with its year where that is not today's.
pub fn near_day(date: impl Borrow<NaiveDate>, today: NaiveDate) -> String {
    let date = date.borrow();
    if date.year() == today.year() { date.format("%-d %B").to_string() } else { day(date) }
}

/// `Saturday 5 December 2026`
pub fn weekday(date: impl Borrow<NaiveDate>) -> String {
    date.borrow().format("%A %-d %B %Y").to_string()
}

/// `5 December 2026, 7pm` or `5 December 2026, 7:30pm`
pub fn moment(at: impl Borrow<DateTime<Utc>>) -> String {
    let local = at.borrow().with_timezone(&London);
    let hour = match local.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let half = if local.hour() < 12 { "am" } else { "pm" };
    let minutes = if local.minute() == 0 { String::new() } else { format!(":{:02}", local.minute()) };
    format!("{}, {hour}{minutes}{half}", day(local.date_naive()))
}

/// `2026-12-05T19:00:00Z`, for `<time datetime>` and feeds.
pub fn machine(at: impl Borrow<DateTime<Utc>>) -> String {
    at.borrow().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Whole years between two dates, as ages are counted. Someone born on 29 February turns older on 1 March.
pub fn age_on(born: NaiveDate, today: NaiveDate) -> i32 {
    let years = today.year() - born.year();
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    if had_birthday { years } else { years - 1 }
}

/// The same day `months` later, or the last day of that month.
pub fn months_later(date: NaiveDate, months: u32) -> NaiveDate {
    date.checked_add_months(chrono::Months::new(months)).unwrap_or(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    #[test]
    fn a_time_that_is_skipped_or_comes_twice_is_none_to_choose() {
        let at = |day, time: &str| in_london(day, time.parse().unwrap()).map(machine);
        assert_eq!(at(date(2026, 12, 1), "09:30:00"), Ok("2026-12-01T09:30:00Z".into()));
        assert_eq!(at(date(2026, 7, 1), "09:30:00"), Ok("2026-07-01T08:30:00Z".into()));
        for (day, before, within, after) in [
            (date(2027, 3, 28), "2027-03-28T00:59:00Z", "01:30:00", "2027-03-28T01:00:00Z"),
            (date(2026, 10, 25), "2026-10-24T23:59:00Z", "01:30:00", "2026-10-25T02:00:00Z"),
        ] {
            assert_eq!(at(day, "00:59:00"), Ok(before.into()));
            assert!(at(day, within).is_err());
            assert_eq!(at(day, "02:00:00"), Ok(after.into()));
        }
        assert_eq!(time_of_day(in_london(date(2026, 7, 1), "17:05:00".parse().unwrap()).unwrap()), "17:05");
    }

    #[test]
    fn ages_turn_on_the_birthday() {
        assert_eq!(age_on(date(2012, 11, 22), date(2026, 11, 21)), 13);
        assert_eq!(age_on(date(2012, 11, 22), date(2026, 11, 22)), 14);
        assert_eq!(age_on(date(2012, 2, 29), date(2026, 2, 28)), 13);
        assert_eq!(age_on(date(2012, 2, 29), date(2026, 3, 1)), 14);
    }

    #[test]
    fn shows_london_time() {
        let summer = DateTime::parse_from_rfc3339("2026-07-01T18:30:00Z").unwrap().with_timezone(&Utc);
        assert_eq!(moment(summer), "1 July 2026, 7:30pm");
        let midnight = DateTime::parse_from_rfc3339("2026-12-05T00:00:00Z").unwrap().with_timezone(&Utc);
        assert_eq!(moment(midnight), "5 December 2026, 12am");
        assert_eq!(start_of_day(date(2026, 7, 1)).to_rfc3339(), "2026-06-30T23:00:00+00:00");
    }
}
