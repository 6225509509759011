//! What officers type about sources, signs of split gifts, and returns.

use chrono::{Months, NaiveDate};
use uuid::Uuid;

use crate::kit::{dates, form::Form};

/// Two records, and why they are one person.
pub fn merge(form: &Form) -> Result<(String, String, String), Form> {
    let mut check = form.check();
    let source = check.text("source", "Choose a record", 300);
    let into = check.text("into", "Choose the other record of the same person", 300);
    if source.is_some() && source == into {
        check.fail("into", "Choose two different records");
    }
    let reason = check.text("reason", "Say how you know that they are one person", 300);
    check.finish(|| Some((source?, into?, reason?)))
}

/// The payments that were flagged, and why they are not a split gift.
pub fn dismissal(form: &Form) -> Result<(Vec<Uuid>, String), Form> {
    let mut check = form.check();
    let lines: Vec<_> = form.value("lines").split(' ').filter_map(|id| id.parse().ok()).take(200).collect();
    let reason = check.text("reason", "Say what you found", 500);
    check.finish(|| Some((lines, reason?)))
}

/// Which election period was entered by mistake, and why it goes.
pub fn removal(form: &Form) -> Result<String, Form> {
    let mut check = form.check();
    let reason = check.text("reason", "Say why it is removed", 300);
    check.finish(|| reason)
}

/// How long before an election its period may be entered.
const ELECTION_AHEAD: Months = Months::new(24);

/// A name, the first and the last day.
pub fn election(form: &Form, today: NaiveDate) -> Result<(String, NaiveDate, NaiveDate), Form> {
    let mut check = form.check();
    let name = check.text("name", "Enter the name of the election", 100);
    let from = check.date("from", "Enter the first day");
    let to = check.date("to", "Enter the last day");
    if let (Some(from), Some(to)) = (from, to)
        && !(0..=180).contains(&(to - from).num_days())
    {
        check.fail("to_day", "Enter a last day after the first one, at most half a year later");
    }
    let latest = today.checked_add_months(ELECTION_AHEAD).unwrap_or(today);
    if from.is_some_and(|from| from < dates::oldest_entered(today) || from > latest) {
        let words = format!("Enter a date in the last {} years, or the next two", dates::ENTERED_YEARS);
        check.fail("from_day", words);
    }
    check.finish(|| Some((name?, from?, to?)))
}

pub fn approval(form: &Form) -> Result<(), Form> {
    let mut check = form.check();
    let sure = check.must_tick("approved", "Tick the box if you have checked it");
    check.finish(|| sure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p8_an_election_period_is_of_these_years_and_not_too_long() {
        let on = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (from, to, fault) in [
            ("2026-11-01", "2026-11-26", None),
            ("2026-11-01", "2026-11-01", None),
            ("2026-11-01", "2026-10-31", Some("to_day")),
            ("2026-11-01", "2027-05-01", Some("to_day")),
            ("2019-11-21", "2019-12-12", None),
            ("2019-11-20", "2019-12-12", Some("from_day")),
            ("1926-11-01", "1926-11-26", Some("from_day")),
            ("2028-11-21", "2028-12-01", None),
            ("2028-11-22", "2028-12-01", Some("from_day")),
        ] {
            let form = Form::filled([("name", "General election".to_owned())]);
            let form = form.with_date("from", on(from)).with_date("to", on(to));
            let faults = election(&form, on("2026-11-21")).err().map(|form| form.errors()[0].field.clone());
            assert_eq!(faults.as_deref(), fault, "{from} {to}");
        }
    }
}
