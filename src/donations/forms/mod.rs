//! What donors type; what officers type about donations in files of their own.

pub mod cases;
pub mod refusals;
pub mod returns;

use deunicode::deunicode;

use super::model::{Bounds, Give, USUAL, WrongGift};
use crate::{
    kit::{
        form::{Check, Form},
        money::{Money, NotMoney},
        stripe::Interval,
        typed,
    },
    places::Address,
};

pub(super) fn give(form: &Form, bounds: &Bounds) -> Result<Give, Form> {
    let mut check = form.check();
    let every = match check.optional_text("every", 20).as_deref() {
        None | Some("" | "once") => None,
        Some(_) => check.choice::<Interval>("every", "Choose how often you want to give"),
    };
    let amount = amount(&mut check, bounds, every);
    let name = check.person_name("name", "Enter your full name").filter(|name| {
        let hidden = hides(name);
        if hidden {
            check
                .fail("name", "Enter your own name. The law does not allow us to accept anonymous donations");
        }
        !hidden
    });
    let email = check.email("email");
    let why = match amount {
        Some(amount) if bounds.needs_check(amount) => {
            format!(": the law requires it above {}", bounds.check_above)
        }
        Some(amount) if bounds.needs_address(amount) => {
            format!(": we ask for it from {} on", bounds.address_from)
        }
        _ => ", or clear the fields of the address".to_owned(),
    };
    let asks_address = amount.is_some_and(|amount| bounds.needs_address(amount)) || Address::is_begun(&check);
    let address = if asks_address { Address::read(&mut check, &why) } else { None };
    check.must_tick("declaration", "Tick the box if this is true; otherwise we cannot accept the donation");
    check.finish(|| Some(Give { name: name?, email: email?, amount: amount?, every, address }))
}

/// Whether a name says that the giver wants to stay unknown (PPERA 2000 s.54(1)(b)).
fn hides(name: &str) -> bool {
    const HIDING: [&str; 37] = [
        "adonor",
        "afriend",
        "asdf",
        "anon",
        "anonymous",
        "awellwisher",
        "confidential",
        "donor",
        "firstnamelastname",
        "friend",
        "fullname",
        "hidden",
        "me",
        "na",
        "mrsx",
        "mrx",
        "msx",
        "name",
        "namewithheld",
        "noname",
        "nobody",
        "none",
        "noone",
        "notgiven",
        "private",
        "qwerty",
        "secret",
        "somebody",
        "someone",
        "test",
        "testtest",
        "undisclosed",
        "unknown",
        "unnamed",
        "wellwisher",
        "withheld",
        "xxx",
    ];
    // Letters of other alphabets that look like ours are read as ours.
    let latin = deunicode(&typed::plain(name)).to_lowercase();
    let letters: String = latin.chars().filter(char::is_ascii_alphanumeric).collect();
    let first = letters.chars().next();
    let is_one_letter = letters.chars().all(|c| Some(c) == first) && letters.is_ascii();
    is_one_letter
        || HIDING.contains(&letters.as_str())
        || ANONYMOUS.iter().any(|begin| letters.starts_with(begin))
}

const ANONYMOUS: [&str; 4] = ["anonym", "anonim", "annonym", "anomym"];

/// One of the usual sums, or one's own.
fn amount(check: &mut Check<'_>, bounds: &Bounds, every: Option<Interval>) -> Option<Money> {
    let chosen = check.text("sum", "Choose how much you want to give", 10)?;
    let usual = chosen.parse::<i64>().ok().filter(|pence| USUAL.contains(pence)).map(Money::from_pence);
    if usual.is_none() && chosen != "own" {
        check.fail("sum", "Choose how much you want to give");
        return None;
    }
    let typed = check.optional_text("amount", 20)?;
    let typed = match Money::parse(&typed) {
        Ok(typed) => Some(typed),
        Err(NotMoney::Empty) => None,
        Err(error) => {
            check.fail("amount", error.to_string());
            return None;
        }
    };
    let amount = match (usual, typed) {
        (Some(usual), Some(typed)) if usual != typed => {
            let words = format!(
                "You chose {usual} and typed {typed}. Choose “Other amount” to give {typed}, or clear the amount"
            );
            check.fail("amount", words);
            return None;
        }
        (Some(amount), _) | (None, Some(amount)) => amount,
        (None, None) => {
            check.fail("amount", "Enter how much you want to give");
            return None;
        }
    };
    let fault = match bounds.check(amount, every) {
        Ok(()) => return Some(amount),
        Err(WrongGift::TooLittle(least)) => {
            format!("Enter {least} or more: smaller amounts are lost to card fees")
        }
        Err(WrongGift::TooMuch(cap)) if every == Some(Interval::Month) => {
            format!(
                "A year of that is more than {cap}, which is the most we accept from one person in a year"
            )
        }
        Err(WrongGift::TooMuch(cap)) => {
            format!("Enter {cap} or less. That is the most we accept from one person in a year")
        }
    };
    check.fail("amount", fault);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        least: Money::from_pence(100),
        cap: Money::from_pence(500_000),
        check_above: Money::from_pence(50_000),
        address_from: Money::from_pence(40_000),
    };

    fn parse(changes: &[(&str, &str)]) -> Result<Give, Form> {
        let mut values: Vec<(String, String)> = [
            ("sum", "own"),
            ("amount", "12.50"),
            ("name", "Ana Silva"),
            ("email", "ana@example.org"),
            ("declaration", "yes"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for (name, value) in changes {
            values.retain(|(known, _)| known != name);
            values.push(((*name).to_owned(), (*value).to_owned()));
        }
        give(&Form::from_values(values), &BOUNDS)
    }

    #[test]
    fn sums_are_usual_or_own() {
        assert_eq!(parse(&[]).unwrap().amount, Money::from_pence(1250));
        assert_eq!(parse(&[("sum", "2500"), ("amount", "")]).unwrap().amount, Money::from_pence(2500));
        for (sum, amount, fault) in [
            ("", "", "sum"),
            ("1", "", "sum"),
            ("-500", "", "sum"),
            ("own", "", "amount"),
            ("own", "0.99", "amount"),
            ("own", "5000.01", "amount"),
            ("own", "-5", "amount"),
            ("own", "five", "amount"),
            ("own", "10,50", "amount"),
            ("1000", "25", "amount"),
            ("1000", "five", "amount"),
        ] {
            let form = parse(&[("sum", sum), ("amount", amount)]).unwrap_err();
            assert_eq!(form.errors()[0].field, fault, "{sum:?} {amount:?}");
        }
    }

    #[test]
    fn a_gift_is_once_unless_a_month_or_year_is_chosen() {
        for (every, expected) in
            [("", None), ("once", None), ("month", Some(Interval::Month)), ("year", Some(Interval::Year))]
        {
            assert_eq!(parse(&[("every", every)]).unwrap().every, expected, "{every}");
        }
        let form = parse(&[("every", "month"), ("amount", "416.67")]).unwrap_err();
        assert!(form.error("amount").unwrap().contains("A year of that"));
    }

    #[test]
    fn an_address_that_is_begun_is_read() {
        for (field, typed, fault) in [
            ("postcode", "zzz", "postcode"),
            ("address_line1", "1 High St", "town"),
            ("country", "France", "lives"),
            ("lives", "moon", "lives"),
        ] {
            let form = parse(&[("amount", "25"), (field, typed)]).unwrap_err();
            assert!(form.error(fault).is_some(), "{field}");
        }
        for lives in ["", "uk", "abroad"] {
            assert_eq!(parse(&[("amount", "25"), ("lives", lives)]).unwrap().address, None, "{lives}");
        }
        let whole =
            [("amount", "25"), ("address_line1", "1 Mill Lane"), ("town", "Bury"), ("postcode", "bl90nd")];
        assert!(parse(&whole).unwrap().address.is_some());
    }

    #[test]
    fn how_often_is_said_once() {
        let mut values =
            vec![("every", "once"), ("sum", "2500"), ("name", "Ana Silva"), ("email", "ana@example.org")];
        values.extend([("declaration", "yes"), ("every", "month")]);
        let form =
            Form::from_values(values.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect());
        assert!(give(&form, &BOUNDS).unwrap_err().error("every").is_some());
        for typed in ["weekly", "Once", "0"] {
            assert!(parse(&[("every", typed)]).unwrap_err().error("every").is_some(), "{typed}");
        }
    }

    #[test]
    fn m3_from_400_pounds_on_we_ask_for_the_address_and_above_500_the_law_does() {
        assert_eq!(parse(&[("amount", "399.99")]).unwrap().address, None);
        for (amount, why) in [
            ("400", "we ask for it from £400 on"),
            ("500", "we ask for it from £400 on"),
            ("500.01", "the law requires it above £500"),
        ] {
            let form = parse(&[("amount", amount)]).unwrap_err();
            let fields: Vec<_> = form.errors().iter().map(|error| error.field.as_str()).collect();
            assert_eq!(fields, ["address_line1", "town", "postcode"]);
            assert!(form.errors()[0].message.ends_with(why), "{amount}");
        }
        let whole = [
            ("amount", "500.01"),
            ("address_line1", "1 Mill Lane"),
            ("town", "Bury"),
            ("postcode", "bl90nd"),
        ];
        assert_eq!(parse(&whole).unwrap().address.unwrap().to_string(), "1 Mill Lane, Bury, BL9 0ND");
        let abroad = [
            ("amount", "600"),
            ("lives", "abroad"),
            ("address_abroad", "12 rue de Rivoli\n75004 Paris"),
            ("country", "France"),
        ];
        let address = parse(&abroad).unwrap().address.unwrap();
        assert_eq!(address.to_string(), "12 rue de Rivoli, 75004 Paris, France");
    }

    #[test]
    fn m5_nobody_gives_without_a_name() {
        for hidden in [
            "Anonymous",
            " anon. ",
            "ANONYMOUS DONOR",
            "N/A",
            "A well-wisher",
            "Ａｎｏｎ",
            "unknown",
            "anonimous",
            "ANONYM",
            "\u{410}nonymous",
            "withheld",
            "Mr X",
            "asdf",
        ] {
            let form = parse(&[("name", hidden)]).unwrap_err();
            assert!(form.error("name").unwrap().contains("anonymous donations"), "{hidden}");
        }
        for own in ["Ana", "Na Li", "Anona Winn", "Privat Livemont", "Noname Jones"] {
            assert_eq!(parse(&[("name", own)]).unwrap().name, own);
        }
    }

    #[test]
    fn other_fields_say_what_is_wrong() {
        for (field, value) in [("name", ""), ("name", "a\u{0}"), ("email", "nobody")] {
            assert_eq!(parse(&[(field, value)]).unwrap_err().errors()[0].field, field);
        }
    }
}
