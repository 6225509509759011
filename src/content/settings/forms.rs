use chrono::NaiveDate;

use crate::kit::{
    dates,
    form::{Check, Form},
    money::Money,
    settings::{Dated, Known, LONGEST_NAME, Meaning, Settings},
    typed,
};

/// A new value of a setting. The past is not rewritten: it holds from today at the earliest.
pub(super) fn setting(known: &Known, form: &Form, today: NaiveDate) -> Result<Dated, Form> {
    let mut check = form.check();
    let value = match known.meaning {
        Meaning::Line => check.text("value", "Enter a value", 300),
        Meaning::Name => check.text("value", "Enter a name", LONGEST_NAME).filter(|value| {
            let is_name = known.meaning.accepts(value);
            if !is_name {
                check.fail("value", "Enter the name in letters, without a web address");
            }
            is_name
        }),
        Meaning::Email => check.email("value").map(|email| email.to_string()),
        Meaning::Money { least, most } => {
            let typed = check.text("value", "Enter an amount in pounds", 20);
            typed.and_then(|typed| match Money::parse(&typed) {
                Ok(money) if money < least => {
                    check.fail("value", format!("Enter {least} or more"));
                    None
                }
                Ok(money) if money > most => {
                    check.fail("value", format!("Enter {most} or less"));
                    None
                }
                Ok(money) => Some(money.pence().to_string()),
                Err(fault) => {
                    check.fail("value", fault.to_string());
                    None
                }
            })
        }
        Meaning::Number { least, most } => number(&mut check, least, most),
        Meaning::Limit { most } => number(&mut check, 0, most),
        Meaning::YesOrNo => {
            let value = check.optional_text("value", 10);
            let value = value.filter(|value| matches!(value.as_str(), "yes" | "no"));
            if value.is_none() {
                check.fail("value", "Choose yes or no");
            }
            value
        }
    };
    let valid_from = check.date("from", "Enter the day from which it holds");
    if valid_from.is_some_and(|day| day < today) {
        check.fail("from_day", "Choose today or a later day: earlier values stay on record");
    }
    let source = check.text("source", "Say why, or where it comes from", 300);
    check.finish(|| Some(Dated { value: value?, valid_from: valid_from?, source: source? }))
}

/// Why a value cannot be beside those of the settings that it may not be above, or not below. `rising` are these in
/// their order.
pub(super) fn contradiction(
    rising: impl Iterator<Item = &'static [Known]>,
    settings: &Settings,
    known: &Known,
    new: &Dated,
) -> Option<String> {
    let until =
        settings.history(known).into_iter().map(|dated| dated.valid_from).find(|day| *day > new.valid_from);
    let against = |other: &Known, is_below: bool| {
        let changes = settings.history(other).into_iter().map(|dated| dated.valid_from);
        let changes = changes.filter(|day| *day > new.valid_from && until.is_none_or(|until| *day < until));
        std::iter::once(new.valid_from).chain(changes).find_map(|day| {
            let theirs = settings.text(other, day);
            let is_wrong = if is_below {
                Known::is_above(theirs, &new.value)
            } else {
                Known::is_above(&new.value, theirs)
            };
            is_wrong.then(|| {
                let (theirs, more) = (other.show(theirs), if is_below { "more" } else { "less" });
                let from = dates::day(day);
                format!("“{}” is {theirs} on {from}. Enter that or {more}, or change that first", other.label)
            })
        })
    };
    rising.filter_map(|row| Some((row, row.iter().position(|it| it.key == known.key)?))).find_map(
        |(row, at)| {
            let below = at.checked_sub(1).and_then(|before| row.get(before));
            let above = row.get(at + 1);
            below
                .and_then(|other| against(other, true))
                .or_else(|| above.and_then(|other| against(other, false)))
        },
    )
}

fn number(check: &mut Check<'_>, least: u32, most: u32) -> Option<String> {
    let typed = check.text("value", "Enter a number", 12)?;
    let fits = typed::plain(&typed).parse().ok().filter(|number: &u32| (least..=most).contains(number));
    if fits.is_none() {
        check.fail("value", format!("Enter a whole number from {least} to {most}"));
    }
    fits.map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::settings::{CONTACT_EMAIL, Setting, since};

    fn form(fields: &[(&str, &str)]) -> Form {
        Form::from_values(fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn settings_are_checked_by_what_they_mean() {
        let today: NaiveDate = "2026-11-21".parse().unwrap();
        let given = const { &[since(2021, 1, 1, "100", "the rules")] };
        let bounds = (Money::from_pence(30), Money::from_pence(1_000_000));
        let cap = &Setting::money("cap", bounds, "", "", given).known;
        let typed = |value: &str, day: &str| {
            form(&[
                ("value", value),
                ("from_day", day),
                ("from_month", "11"),
                ("from_year", "2026"),
                ("source", "vote"),
            ])
        };
        assert_eq!(setting(cap, &typed("£2,500", "21"), today).ok().unwrap().value, "250000");
        assert!(setting(cap, &typed("lots", "21"), today).is_err());
        assert!(setting(cap, &typed("5", "20"), today).is_err());
        for wrong in ["0.29", "10,000.01"] {
            assert!(setting(cap, &typed(wrong, "21"), today).is_err(), "{wrong}");
        }
        assert_eq!(setting(cap, &typed("0.30", "21"), today).ok().unwrap().value, "30");
        let age = &Setting::number("age", 1..=120, "", "", given).known;
        for (number, is_fine) in [("0", false), ("1", true), ("120", true), ("121", false), ("-1", false)] {
            assert_eq!(setting(age, &typed(number, "22"), today).is_ok(), is_fine, "{number}");
        }
        assert_eq!(setting(age, &typed("１８", "22"), today).ok().unwrap().value, "18");
        let pace = &Setting::limit("pace", 10, "", "", given).known;
        assert_eq!(setting(pace, &typed("0", "22"), today).ok().unwrap().value, "0");
        assert!(setting(&CONTACT_EMAIL.known, &typed("nobody", "22"), today).is_err());
    }
}
