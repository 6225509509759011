//! What an officer types when they decide on a donation.

use chrono::{Months, NaiveDate};

use crate::{
    donations::model::{ByHand, Case, Refuse, Register, Why},
    kit::{
        dates,
        form::{Check, Form},
    },
    membership::Unaccepted,
    payments::returning::{self, Sent},
    places::Address,
};

/// The form with what is known of the donor already.
pub fn known(case: &Case) -> Form {
    let form = Form::filled([("name", case.donor.name.clone())]).with_date("register", case.received_on);
    case.donor.address.iter().fold(form, |form, address| address.fill(form))
}

/// Why it is decided after the last day, where that is so.
fn late(check: &mut Check<'_>, name: &str, case: &Case, today: NaiveDate) -> Option<String> {
    if !case.is_late(today) {
        return None;
    }
    check.paragraphs(name, "Say why it is being decided after the last day", 1_000)
}

/// What was found on the register, and why it is late if it is.
pub fn acceptance(form: &Form, case: &Case, today: NaiveDate) -> Result<(Register, Option<String>), Form> {
    let mut check = form.check();
    let dated = check.date("register", "Enter the date of the register you looked at");
    // The register that counts is the one in force on the day of receipt.
    if dated.is_some_and(|dated| dated > case.received_on) {
        let day = dates::day(case.received_on);
        let words = format!("Use a register that was in force on {day}: enter {day} or an earlier date");
        check.fail("register_day", words);
    }
    // One is published each year (Representation of the People Act 1983 s.13).
    let oldest = case.received_on.checked_sub_months(Months::new(13));
    if dated.zip(oldest).is_some_and(|(dated, oldest)| dated < oldest) {
        check.fail(
            "register_day",
            "Use a register from the year before the donation: a new one is published every year",
        );
    }
    let name = check.text("name", "Enter the donor’s full name as on the register", 200);
    let address = Address::read(&mut check, " as on the register");
    let number = check.text("elector_number", "Enter the elector number", 40);
    let late = late(&mut check, "late", case, today);
    check.finish(|| Some((Register { dated: dated?, name: name?, address: address?, number: number? }, late)))
}

/// Why it is sent back, and what becomes of the membership that it paid for, if it did.
pub fn refusal(form: &Form, case: &Case, is_dues: bool, today: NaiveDate) -> Result<Refuse, Form> {
    let mut check = form.check();
    let why = check.choice("why", "Choose why it is being returned").filter(|why| Why::CHOICES.contains(why));
    let membership = if is_dues {
        let words = "Choose what happens to the membership";
        check.choice::<Unaccepted>("membership", words).map(Some)
    } else {
        Some(None)
    };
    let late = late(&mut check, "late_return", case, today);
    check.finish(|| Some(Refuse { why: why?, membership: membership?, late }))
}

/// How a payment that was received on a day was sent back outside of Stripe, and to whom.
pub fn returned(form: &Form, received_on: NaiveDate, today: NaiveDate) -> Result<(Sent, String), Form> {
    let mut check = form.check();
    let sent = returning::read(&mut check, received_on, today);
    let to = check.text("to", "Enter who it was sent to", 200);
    check.finish(|| Some((sent?, to?)))
}

/// What never was in the books, received on a day and sent back.
pub fn by_hand(form: &Form, received_on: NaiveDate, today: NaiveDate) -> Result<ByHand, Form> {
    let mut check = form.check();
    let on = check.date("returned", "Enter the date it was sent back");
    if on.is_some_and(|on| on < received_on || on > today) {
        let from = dates::day(received_on);
        check.fail("returned_day", format!("Enter a date from {from} to today"));
    }
    let how = check.text("how", "Enter how it was sent, like bank transfer", 100);
    let to = check.text("to", "Enter who it was sent to", 200);
    check.finish(|| Some(ByHand { on: on?, how: how?, to: to? }))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        donations::{
            GIFTS,
            model::{Books, Donor, decide_by},
        },
        kit::money::Money,
    };

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn case() -> Case {
        Case {
            line: Uuid::nil(),
            kind: GIFTS.into(),
            amount: Money::from_pence(60_000),
            received_on: on("2026-11-01"),
            decide_by: decide_by(on("2026-11-01"), 30),
            donor: Donor { name: "Ana Silva".into(), email: None, address: None, person: None },
            decision: None,
            books: Books::default(),
        }
    }

    fn whole() -> Form {
        known(&case())
            .with("lives", "abroad")
            .with("address_abroad", "12 rue de Rivoli\n75004 Paris")
            .with("country", "France")
            .with("elector_number", "AB1-123/2")
    }

    fn fields(form: &Form) -> Vec<&str> {
        form.errors().iter().map(|error| error.field.as_str()).collect()
    }

    #[test]
    fn m9_an_acceptance_needs_name_address_register_and_number() {
        let (register, late) = acceptance(&whole(), &case(), on("2026-12-01")).unwrap();
        assert_eq!(register.address.to_string(), "12 rue de Rivoli, 75004 Paris, France");
        assert_eq!((register.dated, register.number.as_str(), late), (on("2026-11-01"), "AB1-123/2", None));
        for (field, fault) in [
            ("name", "name"),
            ("elector_number", "elector_number"),
            ("country", "country"),
            ("register_month", "register_day"),
        ] {
            let form = acceptance(&whole().set(field, ""), &case(), on("2026-11-20")).unwrap_err();
            assert_eq!(fields(&form), [fault]);
        }
    }

    #[test]
    fn m6_the_register_is_one_of_the_day_of_receipt() {
        let dated = |day: &str| acceptance(&whole().set("register_day", day), &case(), on("2026-11-20"));
        let of_year = |year: &str| acceptance(&whole().set("register_year", year), &case(), on("2026-11-20"));
        assert!(of_year("2025").is_ok());
        for year in ["2024", "1990", "2023", "2001", "2020"] {
            assert_eq!(fields(&of_year(year).unwrap_err()), ["register_day"], "{year}");
        }
        assert!(dated("1").is_ok());
        assert_eq!(fields(&dated("2").unwrap_err()), ["register_day"]);
    }

    #[test]
    fn m7_after_the_last_day_a_reason_is_asked_for() {
        for (today, asked) in [("2026-12-01", false), ("2026-12-02", true)] {
            let refused = Form::filled([("why", "unidentified".to_owned())]);
            assert_eq!(acceptance(&whole(), &case(), on(today)).is_err(), asked, "{today}");
            assert_eq!(refusal(&refused, &case(), false, on(today)).is_err(), asked, "{today}");
        }
        let (_, late) = acceptance(&whole().with("late", "We were ill"), &case(), on("2026-12-02")).unwrap();
        assert_eq!(late.as_deref(), Some("We were ill"));
    }

    #[test]
    fn only_reasons_that_officers_may_give_are_taken() {
        for (why, taken) in [
            ("not_on_register", true),
            ("party_rules", true),
            ("went_back", false),
            ("above_cap", false),
            ("", false),
        ] {
            let form = Form::filled([("why", why.to_owned())]);
            assert_eq!(refusal(&form, &case(), false, on("2026-11-20")).is_ok(), taken, "{why}");
        }
    }

    #[test]
    fn m2_of_dues_it_is_decided_what_happens_to_the_membership() {
        for (typed, is_dues, decided) in [
            ("end", true, Some(Some(Unaccepted::End))),
            ("unpaid", true, Some(Some(Unaccepted::Unpaid))),
            ("", true, None),
            ("keep", true, None),
            ("end", false, Some(None)),
            ("", false, Some(None)),
        ] {
            let form = Form::filled([("why", "unidentified".to_owned()), ("membership", typed.to_owned())]);
            let read = refusal(&form, &case(), is_dues, on("2026-11-20"));
            assert_eq!(read.ok().map(|it| it.membership), decided, "{typed} {is_dues}");
        }
    }

    #[test]
    fn m8_a_return_by_hand_has_a_day_a_way_and_somebody() {
        let form = Form::filled([("how", "Cheque".to_owned()), ("to", "Ana Silva".to_owned())]);
        let sent = |day: &str| {
            by_hand(&form.clone().with_date("returned", on(day)), case().received_on, on("2026-11-20"))
        };
        assert!(sent("2026-11-01").is_ok() && sent("2026-11-20").is_ok());
        assert!(sent("2026-10-31").is_err() && sent("2026-11-21").is_err());
    }
}
