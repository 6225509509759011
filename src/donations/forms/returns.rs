//! What officers type about sources, signs of split gifts, and returns.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::kit::form::Form;

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

/// A name, the first and the last day.
pub fn election(form: &Form) -> Result<(String, NaiveDate, NaiveDate), Form> {
    let mut check = form.check();
    let name = check.text("name", "Enter the name of the election", 100);
    let from = check.date("from", "Enter the first day");
    let to = check.date("to", "Enter the last day");
    if let (Some(from), Some(to)) = (from, to)
        && !(0..=180).contains(&(to - from).num_days())
    {
        check.fail("to_day", "Enter a last day after the first one, at most half a year later");
    }
    check.finish(|| Some((name?, from?, to?)))
}

pub fn approval(form: &Form) -> Result<(), Form> {
    let mut check = form.check();
    let sure = check.must_tick("approved", "Tick the box if you have checked it");
    check.finish(|| sure)
}
