//! What givers and receivers type.

use chrono::{Months, NaiveDate};

use super::model::{Accept, Give};
use crate::{
    accounts::ConsentPurpose,
    kit::{email_address::EmailAddress, form::Form, person_name},
    membership::{forms, personal::Personal},
    parties,
    places::read_region,
};

pub fn give(form: &Form, today: NaiveDate) -> Result<Give, Form> {
    let mut check = form.check();
    let receiver_name = check.person_name("receiver_name", "Enter their name");
    let receiver_email = check.email("receiver_email");
    let message = check.optional_paragraphs("message", 1000);
    // It goes to whichever address was typed: nobody is to be led anywhere by it.
    if message.as_deref().is_some_and(person_name::holds_address) {
        check.fail("message", "Leave out web and email addresses. After a full stop, leave a space");
    }
    let send_on = check.optional_date("send");
    let last = today.checked_add_months(Months::new(12)).unwrap_or(today);
    if send_on.is_some_and(|on| on < today || on > last) {
        check.fail("send_day", "Enter today or a day within a year");
    }
    let giver_name = check.person_name("name", "Enter your full name");
    let giver_email = check.email("email");
    let is_own =
        |(one, other): (&EmailAddress, &EmailAddress)| one.as_str().eq_ignore_ascii_case(other.as_str());
    if receiver_email.as_ref().zip(giver_email.as_ref()).is_some_and(is_own) {
        check.fail("receiver_email", "This is your own address. To join yourself, use the page to join");
    }
    check.must_tick("declaration", "Tick the box if this is true; otherwise we cannot accept the payment");
    check.finish(|| {
        Some(Give {
            giver_name: giver_name?,
            giver_email: giver_email?,
            receiver_name: receiver_name?,
            receiver_email: receiver_email?,
            message: message?,
            send_on,
        })
    })
}

pub fn accept(form: &Form, today: NaiveDate, least_age: i64) -> Result<Accept, Form> {
    let mut check = form.check();
    let name = check.person_name("name", "Enter your full name");
    let born_on = forms::born(&mut check, today, least_age);
    let personal = Personal::read(&mut check, born_on);
    let region = read_region(&mut check);
    let other_parties = parties::read(&mut check);
    check.must_tick("declaration", "Tick the box if you share our aims and values");
    let consents = check.choices::<ConsentPurpose>("consent", "Choose from the boxes on the page");
    check.finish(|| {
        born_on?;
        Some(Accept {
            name: name?,
            region,
            personal: personal?,
            other_parties: other_parties?,
            consents: consents?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gift_goes_to_somebody_else_within_a_year() {
        let today = NaiveDate::from_ymd_opt(2026, 11, 21).unwrap();
        let parse = |changes: &[(&str, &str)]| {
            let mut form = Form::filled([
                ("name", "Ana Silva".to_owned()),
                ("email", "ana@example.org".to_owned()),
                ("receiver_name", "Robin Day".to_owned()),
                ("receiver_email", "robin@example.org".to_owned()),
                ("declaration", "yes".to_owned()),
            ]);
            for (name, value) in changes {
                form = form.set(name, *value);
            }
            give(&form, today)
        };
        assert_eq!(parse(&[]).unwrap().send_on, None);
        let on = |day, month, year| parse(&[("send_day", day), ("send_month", month), ("send_year", year)]);
        assert_eq!(on("25", "12", "2026").unwrap().send_on, NaiveDate::from_ymd_opt(2026, 12, 25));
        assert!(on("21", "11", "2026").is_ok() && on("21", "11", "2027").is_ok());
        for (day, month, year) in
            [("20", "11", "2026"), ("22", "11", "2027"), ("31", "2", "2027"), ("25", "", "2026")]
        {
            assert_eq!(
                on(day, month, year).unwrap_err().errors()[0].field,
                "send_day",
                "{day} {month} {year}"
            );
        }
        for (field, value) in [
            ("receiver_name", ""),
            ("receiver_email", "nobody"),
            ("receiver_email", "ANA@example.org"),
            ("name", ""),
            ("email", ""),
        ] {
            assert_eq!(parse(&[(field, value)]).unwrap_err().errors()[0].field, field, "{value}");
        }
    }
}
