//! What the treasurer types.

use chrono::NaiveDate;
use uuid::Uuid;

use super::model::{Account, As, Class, NewEntry, Receipt, Settled};
use crate::{
    kit::{
        dates,
        form::{Check, Form},
        money::Money,
    },
    payments::Method,
};

/// A sum in pence, of at least a penny.
pub(super) fn amount(check: &mut Check<'_>) -> Option<Money> {
    let typed = check.text("amount", "Enter an amount", 20)?;
    let fault = match Money::parse(&typed) {
        Ok(amount) if amount > Money::ZERO => return Some(amount),
        Ok(_) => "Enter more than £0".to_owned(),
        Err(error) => error.to_string(),
    };
    check.fail("amount", fault);
    None
}

/// Today or an earlier day.
pub(super) fn day(check: &mut Check<'_>, today: NaiveDate) -> Option<NaiveDate> {
    let day = check.date("on", "Enter the day, month and year")?;
    if day > today {
        check.fail("on_day", "Enter today or an earlier date");
        return None;
    }
    if day < dates::oldest_entered(today) {
        check.fail("on_day", format!("Enter a date in the last {} years", dates::ENTERED_YEARS));
        return None;
    }
    Some(day)
}

/// Money moved from one account to another.
pub(super) fn entry(form: &Form, today: NaiveDate) -> Result<NewEntry, Form> {
    let mut check = form.check();
    let key = check.choice("key", "Open this page again");
    let from = check.choice::<Account>("from", "Choose where the money comes from");
    let to = check.choice::<Account>("to", "Choose where the money goes");
    if from.is_some() && from == to {
        check.fail("to", "Choose a different account from the one it comes from");
    }
    let amount = amount(&mut check);
    let on = day(&mut check, today);
    let words = check.text("words", "Enter a description", 200);
    let document = check.text("document", "Enter the document, or why there is none", 100);
    check.finish(|| {
        Some(NewEntry {
            key: key?,
            from: from?,
            to: to?,
            amount: amount?,
            on: on?,
            words: words?,
            document: document?,
        })
    })
}

/// What was paid for something, from the bank or in cash.
pub(super) fn spending(form: &Form, today: NaiveDate) -> Result<NewEntry, Form> {
    let spent = entry(form, today)?;
    let mut check = form.check();
    if spent.to.class() != Class::Spending {
        check.fail("to", "Choose what it was for");
    }
    if !matches!(spent.from, Account::Bank | Account::Hand) {
        check.fail("from", "Choose how it was paid");
    }
    check.finish(|| Some(spent))
}

/// The way of paying that is offered to say no to it.
pub(super) const CRYPTO: &str = "crypto";

/// `is_banned` says whether the law forbids cryptoassets on a day; the party's rules always do.
pub(super) fn receipt(
    form: &Form,
    today: NaiveDate,
    is_banned: impl Fn(NaiveDate) -> bool,
) -> Result<Receipt, Form> {
    let mut check = form.check();
    let key = check.choice("key", "Open this page again");
    let what = check.choice("what", "Choose what it is for");
    let is_crypto = form.value("method") == CRYPTO;
    let method = if is_crypto { None } else { check.choice::<Method>("method", "Choose how it was paid") };
    if method.is_some_and(Method::is_stripe) {
        check.fail("method", "Choose how it was paid");
    }
    let amount = amount(&mut check);
    let on = day(&mut check, today);
    if is_crypto {
        let whose = if is_banned(on.unwrap_or(today)) { "The law does" } else { "The party’s rules do" };
        let words = format!(
            "{whose} not let us take cryptoassets. Do not sell them: send them back to whoever they came from"
        );
        check.fail("method", words);
    }
    let reference = check.text("reference", "Enter the reference, or why there is none", 100);
    check.finish(|| {
        Some(Receipt {
            key: key?,
            what: what?,
            method: method?,
            amount: amount?,
            on: on?,
            reference: reference?,
        })
    })
}

pub(super) fn settled(form: &Form) -> Result<Vec<Settled>, Form> {
    let mut check = form.check();
    let lines = check.choices::<Uuid>("line", "Tick lines from this list").unwrap_or_default();
    if lines.is_empty() {
        check.fail("", "Tick the lines that you want to save");
    }
    let mut settled = Vec::new();
    for line in lines {
        let Some(so) = check.choice::<As>(&format!("as-{line}"), "Choose what each ticked line is") else {
            continue;
        };
        let field = format!("member-{line}");
        let member = check.optional_text(&field, 12).filter(|text| !text.is_empty());
        let member = member.map(|text| text.trim_start_matches(['m', 'M', '#']).trim().parse::<i64>());
        match (so, member) {
            (As::Member(_), None) => check.fail(&field, "Enter whose it is, by membership number"),
            (_, Some(Err(_))) => check.fail(&field, "Enter membership numbers as figures, like 1042"),
            (so, member) => settled.push(Settled { line, so, member: member.and_then(Result::ok) }),
        }
    }
    check.finish(|| Some(settled))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(changes: &[(&str, &str)]) -> Form {
        let form = Form::filled([
            ("key", "00000000-0000-0000-0000-000000000001".to_owned()),
            ("from", "bank".to_owned()),
            ("to", "printing".to_owned()),
            ("amount", "12.50".to_owned()),
            ("words", "Leaflets".to_owned()),
            ("document", "Invoice 7".to_owned()),
            ("reference", "Receipt 12".to_owned()),
        ])
        .with_date("on", today());
        changes.iter().fold(form, |form, (name, value)| form.set(name, *value))
    }

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 21).unwrap()
    }

    #[test]
    fn what_is_entered_is_read() {
        let read = entry(&form(&[]), today()).unwrap();
        assert_eq!((read.from, read.to, read.amount.pence()), (Account::Bank, Account::Printing, 1250));
        assert_eq!((read.on, &*read.words, &*read.document), (today(), "Leaflets", "Invoice 7"));
        for (name, value, field) in [
            ("to", "bank", "to"),
            ("from", "moon", "from"),
            ("amount", "0", "amount"),
            ("amount", "-5", "amount"),
            ("on_year", "2027", "on_day"),
            ("words", " ", "words"),
            ("key", "x", "key"),
        ] {
            let refused = entry(&form(&[(name, value)]), today()).unwrap_err();
            assert!(refused.error(field).is_some(), "{name} {value}");
        }
    }

    #[test]
    fn each_entry_names_its_document_or_says_why_there_is_none() {
        let cash = |reference| form(&[("what", "dues"), ("method", "cash"), ("reference", reference)]);
        for nothing in ["", " ", "\t", "\u{A0}", "\u{200B}", "\r\n"] {
            let blank = form(&[("document", nothing)]);
            for refused in [entry(&blank, today()), spending(&blank, today())] {
                assert!(refused.unwrap_err().error("document").is_some(), "{nothing:?}");
            }
            let refused = receipt(&cash(nothing), today(), |_| true).unwrap_err();
            assert!(refused.error("reference").is_some(), "{nothing:?}");
        }
        let said = "None: from the collecting tin";
        assert_eq!(receipt(&cash(said), today(), |_| true).unwrap().reference, said);
        assert_eq!(entry(&form(&[("document", said)]), today()).unwrap().document, said);
    }

    #[test]
    fn b1_cryptoassets_are_refused_by_the_law_of_the_day_and_before_it_by_our_rules() {
        let banned: NaiveDate = "2026-03-25".parse().unwrap();
        for (on, words) in [("24", "The party’s rules do not"), ("25", "The law does not")] {
            let march = [("on_day", on), ("on_month", "3"), ("on_year", "2026")];
            let form = form(&[&[("what", "gift"), ("method", CRYPTO)], &march[..]].concat());
            let refused = receipt(&form, today(), |day| day >= banned).unwrap_err();
            assert!(refused.error("method").is_some_and(|said| said.starts_with(words)), "{on}");
            assert!(receipt(&form.set("method", "cash"), today(), |day| day >= banned).is_ok(), "{on}");
        }
    }

    #[test]
    fn spending_goes_from_the_bank_or_the_till_to_a_heading() {
        assert!(spending(&form(&[]), today()).is_ok());
        assert!(spending(&form(&[("from", "hand")]), today()).is_ok());
        for (name, value) in [("to", "dues"), ("to", "hand"), ("from", "stripe"), ("from", "staff")] {
            assert!(
                spending(&form(&[(name, value)]), today()).unwrap_err().error(name).is_some(),
                "{name} {value}"
            );
        }
    }
}
