//! One line of a file, read into what it says of a member.

use chrono::NaiveDate;

use super::Field;
use crate::{
    kit::{
        email_address::EmailAddress,
        form::{Check, Form},
        money::Money,
        person_name,
        phone::Phone,
        stripe::Interval,
        typed,
    },
    membership::{Personal, Rate},
    places::{Address, Postcode, Region, region_of},
};

/// What a line says of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub email: EmailAddress,
    /// Empty if the line has none.
    pub name: String,
    pub personal: Personal,
    pub postcode: Option<Postcode>,
    /// `None` where the postcode leaves it open.
    pub region: Option<Region>,
    pub joined_on: Option<NaiveDate>,
    pub paid_until: Option<NaiveDate>,
    pub is_ended: bool,
    pub rate: Option<Rate>,
    pub amount: Option<Money>,
    pub every: Interval,
    /// At Stripe.
    pub customer: Option<String>,
}

/// What a line says about emails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    Nothing,
    /// They agreed, it says, and neither when nor how: that is no consent.
    Unproved,
    Agreed {
        on: NaiveDate,
        how: String,
    },
    Stopped,
}

/// A line as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// Also of a line that is rejected: whoever stopped emails has stopped them.
    pub email: Option<EmailAddress>,
    pub says: Says,
    /// Or why the line cannot be taken, a sentence for each fault.
    pub entry: Result<Entry, String>,
}

/// What holds of the whole file.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub today: NaiveDate,
    pub least_age: i64,
}

/// The cells of one field, trimmed; the first that is not empty. A cell that would run as a formula in a
/// spreadsheet has an apostrophe in front.
fn cell<'a>(columns: &[Option<Field>], cells: &'a [String], field: Field) -> &'a str {
    let of_field = columns.iter().zip(cells).filter(|(column, _)| **column == Some(field));
    let mut filled = of_field.map(|(_, cell)| typed::trim(cell)).filter(|cell| !cell.is_empty());
    let cell = filled.next().unwrap_or_default();
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => cell,
    }
}

/// Reads a line.
pub fn read(columns: &[Option<Field>], cells: &[String], rules: Rules) -> Read {
    let cell = |field| cell(columns, cells, field);
    // Any of several columns that says so stops emails.
    let stops = columns.iter().zip(cells).filter(|(column, _)| **column == Some(Field::Stopped));
    let stopped = stops.map(|(_, cell)| typed::trim(cell)).find(|cell| !is_no(cell)).unwrap_or_default();
    let says = says(cell(Field::Agreed), cell(Field::AgreedOn), cell(Field::AgreedHow), stopped);
    let named = Field::ALL.into_iter().map(|field| (field.code().to_owned(), cell(field).to_owned()));
    let form = Form::from_values(named.collect());
    let email = cell(Field::Email).parse().ok();
    let mut check = form.check();
    let entry = entry(&mut check, &form, rules);
    let entry = check.finish(|| entry).map_err(|form| {
        let said = |fault: &crate::kit::form::FieldError| match fault.field.parse::<Field>() {
            Ok(field) => format!("{}: {}", field.name(), fault.message),
            Err(_) => fault.message.clone(),
        };
        form.errors().iter().map(said).collect::<Vec<_>>().join(". ")
    });
    Read { email, says, entry }
}

fn entry(check: &mut Check<'_>, form: &Form, rules: Rules) -> Option<Entry> {
    let value = |field: Field| form.value(field.code());
    let email = check.parse::<EmailAddress>(Field::Email.code());
    let name = name(check);
    let born_on = day(check, form, Field::BornOn);
    if let Some(born_on) = born_on {
        if born_on > rules.today {
            check.fail(Field::BornOn.code(), "This date is in the future");
        } else if i64::from(crate::kit::dates::age_on(born_on, rules.today)) < rules.least_age {
            check.fail(Field::BornOn.code(), format!("Members are at least {}", rules.least_age));
        }
    }
    let phone = check.optional::<Phone>(Field::Phone.code());
    let (address, postcode) = place(check, form);
    let region = postcode.as_ref().and_then(|it| region_of(it, None).ok().flatten());
    let joined_on = day(check, form, Field::JoinedOn);
    if joined_on.is_some_and(|joined| joined > rules.today) {
        check.fail(Field::JoinedOn.code(), "This date is in the future");
    }
    let paid_until = day(check, form, Field::PaidUntil);
    let is_ended = is_ended(value(Field::Status)).unwrap_or_else(|fault| {
        check.fail(Field::Status.code(), fault);
        false
    });
    let rate = rate(value(Field::Rate)).unwrap_or_else(|fault| {
        check.fail(Field::Rate.code(), fault);
        None
    });
    let every = every(value(Field::Every)).unwrap_or_else(|fault| {
        check.fail(Field::Every.code(), fault);
        Interval::Month
    });
    let amount = amount(value(Field::Amount)).unwrap_or_else(|fault| {
        check.fail(Field::Amount.code(), fault);
        None
    });
    let customer = value(Field::Customer);
    let is_customer = customer.starts_with("cus_")
        && customer.len() <= 100
        && customer.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_');
    if !customer.is_empty() && !is_customer {
        check.fail(Field::Customer.code(), "A Stripe customer ID begins with cus_");
    }
    Some(Entry {
        email: email?,
        name,
        personal: Personal { born_on, address, phone },
        postcode,
        region,
        joined_on,
        paid_until,
        is_ended,
        rate,
        amount,
        every,
        customer: is_customer.then(|| customer.to_owned()),
    })
}

fn name(check: &mut Check<'_>) -> String {
    let parts = [Field::Name, Field::FirstName, Field::LastName]
        .map(|field| check.optional_text(field.code(), 100).unwrap_or_default());
    let [whole, first, last] = parts;
    let name = if whole.is_empty() { format!("{first} {last}").trim().to_owned() } else { whole };
    if name.chars().count() > person_name::LONGEST {
        check.fail(Field::Name.code(), "Make this shorter: at most 100 characters");
    } else if !name.is_empty()
        && let Err(why) = person_name::judge(&name)
    {
        check.fail(Field::Name.code(), why);
    }
    name
}

/// An address as far as it is given. A British one needs its postcode, any other its country.
fn place(check: &mut Check<'_>, form: &Form) -> (Option<Address>, Option<Postcode>) {
    let lines = [Field::Line1, Field::Line2, Field::Town]
        .map(|field| check.optional_text(field.code(), 100).unwrap_or_default());
    let country = check.optional_text(Field::Country.code(), 60).unwrap_or_default();
    let typed = form.value(Field::Postcode.code()).to_owned();
    let has_lines = lines.iter().any(|line| !line.is_empty());
    if Address::is_abroad(&country) {
        let lines: Vec<_> = lines.into_iter().chain([typed]).filter(|line| !line.is_empty()).collect();
        return ((!lines.is_empty()).then_some(Address::Abroad { lines, country }), None);
    }
    if typed.is_empty() {
        if has_lines {
            check.fail(
                Field::Postcode.code(),
                "Enter the postcode with the address, or the country if it is not in the UK",
            );
        }
        return (None, None);
    }
    match typed.parse::<Postcode>() {
        Ok(postcode) => {
            let [line1, line2, town] = lines;
            let address = Address::Uk { line1, line2, town, postcode: postcode.clone() };
            (has_lines.then_some(address), Some(postcode))
        }
        Err(fault) => {
            check.fail(Field::Postcode.code(), fault.to_string());
            (None, None)
        }
    }
}

fn day(check: &mut Check<'_>, form: &Form, field: Field) -> Option<NaiveDate> {
    match read_day(form.value(field.code())) {
        Ok(day) => day,
        Err(fault) => {
            check.fail(field.code(), fault);
            None
        }
    }
}

/// Years in which a date of a member makes sense.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2100;

/// A day in one of the spellings that systems and people use: `2001-03-27`, with a time after it or not; `27/3/2001`,
/// the day first; `27 March 2001`; `March 27, 2001`. Nothing is `None`.
///
/// # Errors
/// In words: it is not a date, or it could be several.
pub fn read_day(text: &str) -> Result<Option<NaiveDate>, String> {
    let text = typed::plain(text);
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || "Enter a date like 27/3/2001 (day first) or 2001-03-27".to_owned();
    // A time of day is set off by a T or a space, and has a colon.
    let date = match text.split_once(['T', ' ']) {
        Some((date, rest)) if rest.contains(':') && date.len() >= 8 => date,
        _ => match text.rsplit_once(' ') {
            Some((date, time)) if time.contains(':') => date,
            _ => text,
        },
    };
    let parts: Vec<_> = date.split(['-', '/', '.', ' ', ',']).filter(|part| !part.is_empty()).collect();
    let [first, second, third] = parts[..] else { return Err(wrong()) };
    let (day, month, year) = if first.len() == 4 && first.bytes().all(|it| it.is_ascii_digit()) {
        (third, second, first)
    } else if first.starts_with(|it: char| it.is_alphabetic()) {
        (second, first, third)
    } else {
        (first, second, third)
    };
    if year.len() == 2 {
        return Err("Enter the year in four figures".to_owned());
    }
    let year = year.parse().ok().filter(|year| YEARS.contains(year)).ok_or_else(wrong)?;
    let (day, month) = (typed::day(day).ok_or_else(wrong)?, typed::month(month).ok_or_else(wrong)?);
    if month > 12 && day <= 12 {
        return Err(format!("There is no month {month}: dates are read day first, like 27/3/2001"));
    }
    NaiveDate::from_ymd_opt(year, month, day).map(Some).ok_or_else(wrong)
}

fn word(text: &str) -> String {
    let letters = text.chars().filter(|it| it.is_alphanumeric() || *it == ' ' || *it == '-');
    letters.collect::<String>().trim().to_lowercase().replace('-', " ")
}

fn is_ended(text: &str) -> Result<bool, String> {
    match word(text).as_str() {
        "" | "active" | "current" | "new" | "grace" | "grace period" | "member" | "paid" => Ok(false),
        "ended" | "expired" | "lapsed" | "cancelled" | "canceled" | "former" | "inactive" | "resigned" => {
            Ok(true)
        }
        "deceased" | "died" => Err("They have died: leave them out".to_owned()),
        "suspended" | "expelled" | "barred" => {
            Err("An officer has to decide about this: leave them out, and add what was decided by hand"
                .to_owned())
        }
        _ => Err("Enter current or ended".to_owned()),
    }
}

fn rate(text: &str) -> Result<Option<Rate>, String> {
    match word(text).as_str() {
        "" => Ok(None),
        "low wage" | "low_wage" | "low wage or unwaged" | "unwaged" | "concession" | "concessionary" => {
            Ok(Some(Rate::LowWage))
        }
        "standard" => Ok(Some(Rate::Standard)),
        "solidarity" => Ok(Some(Rate::Solidarity)),
        _ => Err("Enter low-wage, standard or solidarity".to_owned()),
    }
}

fn every(text: &str) -> Result<Interval, String> {
    match word(text).as_str() {
        "" | "month" | "monthly" | "a month" => Ok(Interval::Month),
        "year" | "yearly" | "annual" | "annually" | "a year" => Ok(Interval::Year),
        _ => Err("Enter month or year".to_owned()),
    }
}

/// The smallest sum that the books accept as a payment.
const LEAST: Money = Money::from_pence(30);

fn amount(text: &str) -> Result<Option<Money>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let amount = Money::parse(text).map_err(|fault| fault.to_string())?;
    if amount == Money::ZERO {
        return Ok(None);
    }
    if amount < LEAST { Err(format!("A payment is at least {LEAST}")) } else { Ok(Some(amount)) }
}

fn is_no(text: &str) -> bool {
    matches!(word(text).as_str(), "" | "no" | "n" | "false" | "0")
}

/// A no wins over every yes, and a yes needs its day and how it is known.
fn says(agreed: &str, on: &str, how: &str, stopped: &str) -> Says {
    let agreed = word(agreed);
    let is_yes = matches!(
        agreed.as_str(),
        "yes" | "y" | "true" | "1" | "x" | "subscribed" | "opted in" | "opt in" | "agreed"
    );
    // Every other word, like bouncing or spam complaint, is a reason not to write.
    if !is_no(stopped) || (!is_yes && !agreed.is_empty()) {
        return Says::Stopped;
    }
    let on = read_day(on).ok().flatten();
    match on {
        Some(on) if !how.is_empty() => Says::Agreed { on, how: how.chars().take(200).collect() },
        None if !is_yes => Says::Nothing,
        _ => Says::Unproved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { today: NaiveDate::from_ymd_opt(2026, 11, 26).unwrap(), least_age: 14 };

    fn line(values: &[(Field, &str)]) -> Read {
        let columns: Vec<_> = values.iter().map(|(field, _)| Some(*field)).collect();
        let cells: Vec<_> = values.iter().map(|(_, value)| (*value).to_owned()).collect();
        read(&columns, &cells, RULES)
    }

    fn with(field: Field, value: &str) -> Result<Entry, String> {
        line(&[(Field::Email, "ana@example.org"), (Field::Name, "Ana Silva"), (field, value)]).entry
    }

    #[test]
    fn days_are_read_in_several_spellings_and_never_guessed() {
        let day = NaiveDate::from_ymd_opt(2001, 3, 27);
        for text in [
            "2001-03-27",
            "2001/03/27",
            "2001-03-27 14:05:00",
            "2001-03-27T14:05:00Z",
            "2001-03-27 14:05:00 UTC",
            "27/3/2001",
            "27/03/2001 14:05",
            "27.3.2001",
            "27-03-2001",
            "27 March 2001",
            "27th Mar 2001",
            "27-Mar-2001",
            "March 27, 2001",
            "Mar 27 2001",
            " 27/3/2001 ",
        ] {
            assert_eq!(read_day(text), Ok(day), "{text}");
        }
        assert_eq!(read_day(" "), Ok(None));
        assert_eq!(read_day("3/4/2001"), Ok(NaiveDate::from_ymd_opt(2001, 4, 3)), "the day first");
        for (text, said) in [
            ("03/27/2001", "day first"),
            ("27/3/01", "four figures"),
            ("31/2/2001", "like 27/3/2001"),
            ("27/3/0001", "like 27/3/2001"),
            ("yesterday", "like 27/3/2001"),
            ("36977", "like 27/3/2001"),
            ("27/3", "like 27/3/2001"),
        ] {
            assert!(read_day(text).unwrap_err().contains(said), "{text}: {:?}", read_day(text));
        }
    }

    #[test]
    fn a_line_is_read_by_the_same_types_as_forms() {
        let read = line(&[
            (Field::Email, " Ana@Example.org "),
            (Field::FirstName, "Ana"),
            (Field::LastName, "Silva"),
            (Field::BornOn, "1/2/1990"),
            (Field::Phone, "'+44 161 496 0000"),
            (Field::Line1, "14 Mill Lane"),
            (Field::Town, "Bury"),
            (Field::Postcode, "bl90nd"),
            (Field::Country, "GB"),
            (Field::JoinedOn, "2022-05-01"),
            (Field::PaidUntil, "2027-04-30"),
            (Field::Amount, "£50"),
            (Field::Every, "Yearly"),
            (Field::Customer, "cus_9s6XKzkNRiz8i3"),
        ]);
        let entry = read.entry.unwrap();
        assert_eq!((entry.name.as_str(), entry.region), ("Ana Silva", Some(Region::NorthWest)));
        assert_eq!(entry.personal.address.unwrap().to_string(), "14 Mill Lane, Bury, BL9 0ND");
        assert_eq!(entry.personal.phone.unwrap().to_string(), "0161 496 0000");
        assert_eq!((entry.amount, entry.every), (Some(Money::from_pence(5000)), Interval::Year));
        let abroad = line(&[
            (Field::Email, "ana@example.org"),
            (Field::Line1, "12 rue de Rivoli"),
            (Field::Town, "Paris"),
            (Field::Postcode, "75004"),
            (Field::Country, "France"),
        ]);
        let address = abroad.entry.unwrap().personal.address.unwrap();
        assert_eq!(address.to_string(), "12 rue de Rivoli, Paris, 75004, France");
        // A part of an address is kept as far as it goes.
        assert_eq!(with(Field::Postcode, "BL9 0ND").unwrap().personal.address, None);
        assert_eq!(with(Field::Postcode, "BL9 0ND").unwrap().postcode.unwrap().as_str(), "BL9 0ND");
    }

    #[test]
    fn every_fault_of_a_line_is_named_with_its_column() {
        for (field, value, said) in [
            (Field::BornOn, "2027-01-01", "Date of birth: This date is in the future"),
            (Field::BornOn, "2020-01-01", "Date of birth: Members are at least 14"),
            (Field::Phone, "123", "Phone: "),
            (Field::Postcode, "90210", "Postcode: "),
            (Field::Postcode, "BL9", "Postcode: Enter the whole postcode"),
            (Field::Town, "Bury", "Postcode: Enter the postcode with"),
            (Field::JoinedOn, "soon", "Joined on: "),
            (Field::JoinedOn, "2027-01-01", "Joined on: "),
            (Field::Status, "Deceased", "Membership status: They have died"),
            (Field::Status, "perhaps", "Membership status: "),
            (Field::Rate, "gold", "Rate: "),
            (Field::Amount, "lots", "Amount: "),
            (Field::Amount, "0.29", "Amount: "),
            (Field::Every, "week", "How often they pay: "),
            (Field::Customer, "sub_1", "Stripe customer: "),
            (Field::FirstName, "\u{202e}evil", "First name: "),
        ] {
            let fault = with(field, value).unwrap_err();
            assert!(fault.contains(said), "{field} = {value:?}: {fault}");
        }
        let both = line(&[(Field::Email, "nobody"), (Field::Name, "123")]).entry.unwrap_err();
        assert!(both.contains("Email address: ") && both.contains("Full name: "), "{both}");
        assert_eq!(with(Field::Amount, "0").unwrap().amount, None);
    }

    #[test]
    fn a_no_wins_and_a_yes_needs_its_day_and_how_it_is_known() {
        let on = NaiveDate::from_ymd_opt(2024, 5, 1).unwrap();
        let agreed = Says::Agreed { on, how: "join form".into() };
        for (agreed, on, how, stopped, meant) in [
            ("", "", "", "", Says::Nothing),
            ("yes", "1/5/2024", "join form", "", agreed.clone()),
            ("", "1/5/2024", "join form", "no", agreed.clone()),
            ("TRUE", "", "join form", "", Says::Unproved),
            ("yes", "1/5/2024", "", "", Says::Unproved),
            ("yes", "once", "join form", "", Says::Unproved),
            ("", "1/5/2024", "", "", Says::Unproved),
            ("yes", "1/5/2024", "join form", "2025-01-01 10:00:00", Says::Stopped),
            ("yes", "1/5/2024", "join form", "yes", Says::Stopped),
            ("no", "1/5/2024", "join form", "", Says::Stopped),
            ("false", "", "", "", Says::Stopped),
            ("unsubscribed", "", "", "", Says::Stopped),
            ("bouncing", "", "", "", Says::Stopped),
            ("Spam Complaint", "", "", "", Says::Stopped),
        ] {
            assert_eq!(says(agreed, on, how, stopped), meant, "{agreed:?} {on:?} {how:?} {stopped:?}");
        }
        // What is wrong with the rest of a line takes nothing from it.
        let read = line(&[(Field::Email, "ana@example.org"), (Field::BornOn, "x"), (Field::Stopped, "yes")]);
        assert!(read.entry.is_err() && read.email.is_some() && read.says == Says::Stopped);
    }

    #[test]
    fn any_column_that_says_so_stops_emails() {
        let columns = [Some(Field::Email), Some(Field::Stopped), Some(Field::Stopped)];
        for (one, other, stops) in [
            ("No", "Yes", true),
            ("0", "1", true),
            ("", "Yes", true),
            ("yes", "no", true),
            ("N", "bounced", true),
            ("no", "0", false),
            ("", "", false),
        ] {
            let cells = ["ana@example.org", one, other].map(str::to_owned);
            let found = read(&columns, &cells, RULES).says;
            assert_eq!(matches!(found, Says::Stopped), stops, "{one} {other}");
        }
    }
}
