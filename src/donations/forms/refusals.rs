//! What an officer types of a donation that was refused before it was in the books.

use chrono::NaiveDate;

use crate::{
    donations::model::NewRefusal,
    kit::{
        dates,
        form::{Check, Form},
        money::Money,
    },
    places::Address,
};

pub fn refusal(form: &Form, today: NaiveDate) -> Result<NewRefusal, Form> {
    let mut check = form.check();
    let id = check.choice("key", "Open this page again");
    let nature = check.choice("nature", "Choose what it was");
    let words = check.text("words", "Say what it was and how it came", 300);
    let value = value(&mut check);
    let received_on = check.date("received", "Enter the date it was received");
    if received_on.is_some_and(|on| on > today) {
        check.fail("received_day", "Enter today or an earlier date");
    }
    if received_on.is_some_and(|on| on < dates::oldest_entered(today)) {
        check.fail("received_day", format!("Enter a date in the last {} years", dates::ENTERED_YEARS));
    }
    let name = check.optional_text("name", 200);
    let has_address = ["address_line1", "town", "postcode", "address_abroad", "country"]
        .iter()
        .any(|field| !form.value(field).trim().is_empty());
    let address =
        if has_address { Address::read(&mut check, ", or clear the address").map(Some) } else { Some(None) };
    check.finish(|| {
        Some(NewRefusal {
            id: id?,
            nature: nature?,
            words: words?,
            value: value?,
            received_on: received_on?,
            name: name.filter(|name| !name.is_empty()),
            address: address?,
        })
    })
}

fn value(check: &mut Check<'_>) -> Option<Money> {
    let typed = check.text("value", "Enter what it was worth", 20)?;
    match Money::parse(&typed) {
        Ok(value) if value > Money::ZERO => Some(value),
        Ok(_) => {
            check.fail("value", "Enter what it was worth, more than nothing");
            None
        }
        Err(error) => {
            check.fail("value", error.to_string());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::donations::model::Nature;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn whole() -> Form {
        Form::filled([
            ("key", "00000000-0000-0000-0000-000000000001".to_owned()),
            ("nature", "crypto".to_owned()),
            ("words", "0.02 bitcoin, to a wallet that somebody had put on a leaflet".to_owned()),
            ("value", "1,234.50".to_owned()),
        ])
        .with_date("received", on("2026-11-20"))
    }

    #[test]
    fn m11_a_refusal_says_what_it_was_its_value_and_its_day_and_the_donor_if_known() {
        let read = |form: Form| refusal(&form, on("2026-11-21"));
        let known = read(whole()).unwrap();
        assert_eq!((known.nature, known.value), (Nature::Crypto, Money::from_pence(123_450)));
        assert_eq!((known.name, known.address), (None, None));
        let known = read(whole().with("name", "Ana Silva").with("lives", "abroad").with("country", "France"));
        assert!(known.is_err(), "half an address");
        for (field, typed, fault) in [
            ("nature", "", "nature"),
            ("nature", "gold", "nature"),
            ("words", " ", "words"),
            ("value", "", "value"),
            ("value", "0", "value"),
            ("value", "-5", "value"),
            ("value", "1e3", "value"),
            ("value", "£5,00", "value"),
            ("value", "٥٠٠", "value"),
            ("value", "12.345", "value"),
            ("received_day", "22", "received_day"),
            ("received_year", "2027", "received_day"),
            ("received_year", "2018", "received_day"),
            ("received_year", "1990", "received_day"),
            ("received_year", "1926", "received_day"),
            ("received_year", "20", "received_day"),
        ] {
            let form = read(whole().set(field, typed)).unwrap_err();
            let faults: Vec<_> = form.errors().iter().map(|error| error.field.as_str()).collect();
            assert_eq!(faults, [fault], "{field} {typed}");
        }
    }
}
