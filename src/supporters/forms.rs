use super::model::{Interest, SignUp};
use crate::{
    accounts::{ConsentPurpose, Details, Person},
    kit::form::{Check, Form},
    places::{NotAPostcode, Postcode, Region, read_region},
};

/// `min_age` is the rule of the day.
pub fn sign_up(form: &Form, min_age: i64) -> Result<SignUp, Form> {
    let mut check = form.check();
    let email = check.email("email");
    let name = check.person_name("name", "Enter your name");
    let postcode = home(&mut check);
    let region = read_region(&mut check);
    let interests = check.choices::<Interest>("interest", "Choose from the list what you want to help with");
    check.must_tick("old_enough", &format!("Confirm that you are {min_age} or older"));
    check.must_tick(
        ConsentPurpose::EmailUpdates.code(),
        "Tick the box so that we may email you. It is what signing up is for",
    );
    let organiser_contact = check.ticked(ConsentPurpose::OrganiserContact.code());
    check.finish(|| {
        Some(SignUp {
            email: email?,
            name: name?,
            postcode,
            region,
            interests: interests?,
            organiser_contact,
        })
    })
}

/// The postcode; `None` for who lives in another country, and after a fault.
fn home(check: &mut Check<'_>) -> Option<Postcode> {
    let typed = check.optional_text("postcode", 100)?;
    if !check.ticked("abroad") {
        return match typed.parse() {
            Ok(postcode) => Some(postcode),
            Err(NotAPostcode::Malformed | NotAPostcode::Empty) => {
                check.fail(
                    "postcode",
                    "Enter a UK postcode, like BL9 0ND, or tick “I live in another country”",
                );
                None
            }
            Err(other) => {
                check.fail("postcode", other.to_string());
                None
            }
        };
    }
    if typed.parse::<Postcode>().is_ok() {
        check.fail("abroad", format!("{typed} is a UK postcode. Clear it, or the tick"));
    }
    None
}

/// What an officer types about somebody who is no member.
pub fn details(form: &Form) -> Result<Details, Form> {
    let mut check = form.check();
    let name = check.person_name("name", "Enter the full name");
    let email = check.email("email");
    let postcode = check.optional::<Postcode>("postcode");
    // What an officer says counts, whatever the postcode says.
    let region = check.said::<Region>("region").or_else(|| read_region(&mut check));
    let postcode = postcode.map(|postcode| postcode.to_string());
    check.finish(|| Some(Details { name: name?, email: email?, postcode, region }))
}

/// The form filled with what is known.
pub fn filled(person: &Person) -> Form {
    Form::filled([
        ("name", person.name.clone()),
        ("email", person.email.to_string()),
        ("postcode", person.postcode.clone().unwrap_or_default()),
        ("region", person.region.map(Region::slug).unwrap_or_default().to_owned()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::open_regions;

    fn filled(postcode: &str, more: &[(&str, &str)]) -> Form {
        let mut form = Form::filled([
            ("email", "sue@example.org".to_owned()),
            ("name", "Sue".to_owned()),
            ("postcode", postcode.to_owned()),
            ("interest", "events".to_owned()),
            ("old_enough", "yes".to_owned()),
            ("email_updates", "yes".to_owned()),
        ]);
        for (name, value) in more {
            form = form.with(name, *value);
        }
        form
    }

    #[test]
    fn the_region_is_asked_only_where_it_is_open() {
        assert_eq!(sign_up(&filled("M1 1AE", &[]), 13).unwrap().region, Some(Region::NorthWest));
        assert_eq!(sign_up(&filled("JE2 3AB", &[]), 13).unwrap().region, None);
        let asked = sign_up(&filled("CH4 7AA", &[]), 13).unwrap_err();
        assert_eq!(open_regions(&asked).len(), 2);
        assert!(asked.error("region").is_some());
        let told = sign_up(&filled("CH4 7AA", &[("region", "wales")]), 13).unwrap();
        assert_eq!(told.region, Some(Region::Wales));
        assert!(sign_up(&filled("CH4 7AA", &[("region", "london")]), 13).is_err());
        // An answer from before the postcode was changed does not count.
        let moved = sign_up(&filled("M1 1AE", &[("region", "wales")]), 13).unwrap();
        assert_eq!(moved.region, Some(Region::NorthWest));
    }

    #[test]
    fn age_and_consent_are_needed_and_the_rest_is_not() {
        let empty = sign_up(&Form::default(), 13).unwrap_err();
        let fields: Vec<_> = empty.errors().iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["email", "name", "postcode", "old_enough", "email_updates"]);
        assert_eq!(empty.error("old_enough"), Some("Confirm that you are 13 or older"));
        let odd = sign_up(&filled("M1 1AE", &[("interest", "arson")]), 13).unwrap_err();
        assert!(odd.error("interest").is_some());
    }

    #[test]
    fn people_in_other_countries_have_no_postcode_here() {
        let from = |postcode: &str, abroad: &[(&str, &str)]| sign_up(&filled(postcode, abroad), 13);
        for typed in ["", "75001", "10115 Berlin", "D02 X285"] {
            let new = from(typed, &[("abroad", "yes")]).unwrap();
            assert_eq!((new.postcode, new.region), (None, None), "{typed}");
            let asked = from(typed, &[]).unwrap_err();
            assert!(asked.error("postcode").unwrap().contains("“I live in another country”"), "{typed}");
        }
        for typed in ["BL9 0ND", "je23ab"] {
            assert!(from(typed, &[("abroad", "yes")]).unwrap_err().error("abroad").is_some(), "{typed}");
        }
    }

    fn of_officer(postcode: &str, region: &str) -> Form {
        Form::filled([
            ("name", "Sam Whitlock".to_owned()),
            ("email", "sam@demo.test".to_owned()),
            ("postcode", postcode.to_owned()),
            ("region", region.to_owned()),
        ])
    }

    #[test]
    fn the_region_follows_from_the_postcode_unless_it_is_said() {
        assert_eq!(details(&of_officer("bl90nd", "")).unwrap().region, Some(Region::NorthWest));
        assert_eq!(details(&of_officer("BL9 0ND", "wales")).unwrap().region, Some(Region::Wales));
        assert_eq!(details(&of_officer("", "")).unwrap().region, None);
        // Chester's district reaches into Wales.
        assert!(details(&of_officer("CH4 0AA", "")).unwrap_err().error("region").is_some());
    }
}
