//! Paying less for a time.

use crate::{
    kit::{
        form::{Check, Form},
        money::{Money, NotMoney},
        stripe::Interval,
    },
    membership::model::{Less, LessTerms},
};

/// What a member declares who pays `usual` at present.
pub fn hardship(form: &Form, terms: &LessTerms, usual: Money, every: Interval) -> Result<Less, Form> {
    let mut check = form.check();
    let amount = match check.optional_text("less", 20) {
        Some(text) if text.is_empty() => {
            check.fail("less", "Enter how much you can pay");
            None
        }
        text => text.and_then(|text| amount(&mut check, &text, terms, Some(usual), Some(every))),
    };
    let months = months(&mut check, terms);
    check.finish(|| Some(Less { amount: amount?, months: months? }))
}

/// The same at joining: `None` where it is left out, and after a fault. `usual` and `every` are missing where they were typed wrong.
pub fn at_joining(
    check: &mut Check<'_>,
    terms: &LessTerms,
    usual: Option<Money>,
    every: Option<Interval>,
) -> Option<Less> {
    let text = check.optional_text("less", 20)?;
    if text.is_empty() {
        let months = check.optional_text("less_months", 20)?;
        if !months.is_empty() {
            check.fail("less", "Enter how much you can pay, or leave out for how long");
        }
        return None;
    }
    let amount = amount(check, &text, terms, usual, every);
    let months = months(check, terms);
    Some(Less { amount: amount?, months: months? })
}

fn months(check: &mut Check<'_>, terms: &LessTerms) -> Option<u32> {
    let months = check.choice::<u32>("less_months", "Choose for how long")?;
    if (1..=terms.most_months).contains(&months) {
        return Some(months);
    }
    check.fail("less_months", format!("Choose {} months or less", terms.most_months));
    None
}

fn amount(
    check: &mut Check<'_>,
    text: &str,
    terms: &LessTerms,
    usual: Option<Money>,
    every: Option<Interval>,
) -> Option<Money> {
    let amount = match Money::parse(text) {
        Ok(amount) => amount,
        Err(NotMoney::Empty) => return None,
        Err(error) => {
            check.fail("less", error.to_string());
            return None;
        }
    };
    let (usual, every) = usual.zip(every)?;
    let least = terms.least(every);
    let fault = if amount < least {
        format!("Enter {least} or more. If that is too much, write to us")
    } else if amount >= usual {
        format!("Enter less than {usual}, or leave what you pay as it is")
    } else {
        return Some(amount);
    };
    check.fail("less", fault);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERMS: LessTerms =
        LessTerms { least: [Money::from_pence(50), Money::from_pence(500)], most_months: 12 };

    fn parse(less: &str, months: &str) -> Result<Less, Form> {
        let form = Form::filled([("less", less.to_owned()), ("less_months", months.to_owned())]);
        hardship(&form, &TERMS, Money::from_pence(500), Interval::Month)
    }

    #[test]
    fn between_the_least_and_the_usual_rate_and_no_longer_than_allowed() {
        for (less, months, pence) in [("0.50", "1", 50), ("£4.99", "12", 499), ("2", "7", 200)] {
            assert_eq!(parse(less, months).unwrap().amount.pence(), pence, "{less}");
        }
        for (less, months, field) in [
            ("", "3", "less"),
            ("0.49", "3", "less"),
            ("0", "3", "less"),
            ("-1", "3", "less"),
            ("5", "3", "less"),
            ("500", "3", "less"),
            ("a bit", "3", "less"),
            ("1", "", "less_months"),
            ("1", "0", "less_months"),
            ("1", "13", "less_months"),
            ("1", "-1", "less_months"),
            ("1", "for ever", "less_months"),
        ] {
            assert_eq!(parse(less, months).unwrap_err().errors()[0].field, field, "{less:?} {months:?}");
        }
    }

    #[test]
    fn at_joining_nothing_need_be_said() {
        let read = |less: &str, months: &str| {
            let form = Form::filled([("less", less.to_owned()), ("less_months", months.to_owned())]);
            let mut check = form.check();
            let less = at_joining(&mut check, &TERMS, Some(Money::from_pence(500)), Some(Interval::Month));
            check.finish(|| Some(less))
        };
        assert_eq!(read("", "").unwrap(), None);
        assert_eq!(read("1", "6").unwrap(), Some(Less { amount: Money::from_pence(100), months: 6 }));
        for (less, months, field) in [
            ("", "6", "less"),
            ("", "1", "less"),
            ("", "for ever", "less"),
            ("1", "", "less_months"),
            ("9", "6", "less"),
            ("1", "60", "less_months"),
        ] {
            assert_eq!(read(less, months).unwrap_err().errors()[0].field, field, "{less} {months}");
        }
    }
}
