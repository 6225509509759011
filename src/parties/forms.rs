//! The question about other parties, and what officers type about them.

use chrono::NaiveDate;
use uuid::Uuid;

use super::model::{Declared, NewParty, NewRuling, Ruling};
use crate::kit::form::{Check, Form};

/// The answer to `templates/parties/question.html`.
pub fn read(check: &mut Check<'_>) -> Option<Declared> {
    let which = check.optional_text("other_party_name", 200);
    let (yes, no) = (check.chosen("other_party", "yes"), check.chosen("other_party", "no"));
    let which = which?;
    match (yes, no, which.is_empty()) {
        (false, true, true) => Some(Declared::default()),
        (false, true, false) => {
            check
                .fail("other_party_name", "You answered no and named a party. Choose yes, or clear the name");
            None
        }
        (true, false, false) => Some(Declared::new(which)),
        (true, false, true) => {
            check.fail("other_party_name", "Enter the name of the other party");
            None
        }
        _ => {
            check.fail("other_party", "Say whether you are a member of another political party");
            None
        }
    }
}

/// The form with an answer that was given; the same fields, empty, if none was.
pub fn fill(form: Form, declared: Option<&Declared>) -> Form {
    let (answer, which) = match declared {
        None => ("", ""),
        Some(declared) if declared.is_none() => ("no", ""),
        Some(declared) => ("yes", declared.as_str()),
    };
    form.with("other_party", answer).with("other_party_name", which)
}

/// The names of a party.
pub(super) fn party(check: &mut Check<'_>) -> Option<NewParty> {
    let name = check.text("name", "Enter the name of the party or organisation", 100);
    let other_names = check.optional_text("other_names", 300);
    let other_names = other_names?;
    let other_names =
        other_names.split([',', ';']).map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    Some(NewParty { name: name?, other_names: other_names.collect() })
}

pub(super) fn new_party(form: &Form, today: NaiveDate) -> Result<(NewParty, NewRuling), Form> {
    let mut check = form.check();
    let party = party(&mut check);
    let ruling = ruling(&mut check, today);
    check.finish(|| Some((party?, ruling?)))
}

pub(super) fn new_ruling(form: &Form, today: NaiveDate) -> Result<NewRuling, Form> {
    let mut check = form.check();
    let ruling = ruling(&mut check, today);
    check.finish(|| ruling)
}

fn ruling(check: &mut Check<'_>, today: NaiveDate) -> Option<NewRuling> {
    let key = check.said::<Uuid>("key");
    if key.is_none() {
        check.fail("", "The form is not whole. Open the page again");
    }
    let ruling = check.choice::<Ruling>("ruling", "Choose what holds for its members");
    let starts_on = check.date("from", "Enter the day from which it holds");
    // Whoever joined before a day joined under what held then.
    if starts_on.is_some_and(|day| day < today) {
        check.fail("from_day", "Enter today or a later day: what held before stays as it was");
    }
    let reason = check.text("reason", "Enter the reason, as people who cannot join will read it", 300);
    let rule = check.text("rule", "Enter the rule: its version, and the clause", 200);
    Some(NewRuling { key: key?, ruling: ruling?, starts_on: starts_on?, reason: reason?, rule: rule? })
}

/// Why somebody is admitted, and under which rule.
pub(super) fn acceptance(form: &Form) -> Result<(String, String), Form> {
    let mut check = form.check();
    let reason = check.text("reason", "Enter why they can be a member of both", 300);
    let rule = check.text("rule", "Enter the rule: its version, and the clause", 200);
    check.finish(|| Some((reason?, rule?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(values: &[(&str, &str)]) -> Result<Declared, String> {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let form = Form::from_values(values);
        let mut check = form.check();
        let read = read(&mut check);
        check.finish(|| read).map_err(|form| form.errors()[0].field.clone())
    }

    #[test]
    fn the_question_has_two_answers_and_each_has_to_be_whole() {
        assert_eq!(answer(&[("other_party", "no")]), Ok(Declared::default()));
        let both = [("other_party", "yes"), ("other_party_name", " Left Unity ")];
        assert_eq!(answer(&both), Ok(Declared::new("Left Unity")));
        for (values, field) in [
            (vec![], "other_party"),
            (vec![("other_party", "")], "other_party"),
            (vec![("other_party", "maybe")], "other_party"),
            (vec![("other_party", "yes"), ("other_party", "no")], "other_party"),
            (vec![("other_party_name", "Left Unity")], "other_party"),
            (vec![("other_party", "yes")], "other_party_name"),
            (vec![("other_party", "yes"), ("other_party_name", "  ")], "other_party_name"),
            (vec![("other_party", "no"), ("other_party_name", "Left Unity")], "other_party_name"),
        ] {
            assert_eq!(answer(&values), Err(field.to_owned()), "{values:?}");
        }
        assert!(answer(&[("other_party", "yes"), ("other_party_name", &"x".repeat(201))]).is_err());
    }

    #[test]
    fn what_is_filled_in_reads_the_same() {
        for declared in [Declared::default(), Declared::new("Left Unity, NIP")] {
            let form = fill(Form::default(), Some(&declared));
            assert_eq!(read(&mut form.check()), Some(declared));
        }
        assert_eq!(read(&mut fill(Form::default(), None).check()), None);
    }

    #[test]
    fn a_ruling_begins_today_or_later() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let on = |day: &str| {
            let form = Form::filled([
                ("key", Uuid::nil().to_string()),
                ("ruling", "barred".to_owned()),
                ("from_day", day.to_owned()),
                ("from_month", "11".to_owned()),
                ("from_year", "2026".to_owned()),
                ("reason", "It stands against us".to_owned()),
                ("rule", "Rules of 2025, clause 3.2".to_owned()),
            ]);
            new_ruling(&form, today).is_ok()
        };
        assert!(on("21") && on("22") && !on("20"));
    }
}
