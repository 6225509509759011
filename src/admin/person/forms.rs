//! The details of somebody who is no member.

use crate::{
    accounts::Details,
    kit::{email_address::EmailAddress, form::Form},
    places::{Place, Postcode, Region, locate},
};

pub fn details(form: &Form) -> Result<Details, Form> {
    let mut check = form.check();
    let name = check.text("name", "Enter the full name", 200);
    let email = check.parse::<EmailAddress>("email");
    let postcode =
        if form.value("postcode").trim().is_empty() { None } else { check.parse::<Postcode>("postcode") };
    let chosen = if form.value("region").is_empty() {
        None
    } else {
        check.choice::<Region>("region", "Choose a region from the list")
    };
    let region = match (chosen, postcode.as_ref().map(locate)) {
        (None, Some(Place::Certain { region })) => Some(region),
        (None, Some(Place::Ambiguous { choices, .. })) => {
            let names: Vec<_> = choices.iter().map(|region| region.name()).collect();
            check.fail("region", format!("This postcode may lie in {}. Choose one", names.join(" or ")));
            None
        }
        (chosen, _) => chosen,
    };
    let postcode = postcode.map(|postcode| postcode.to_string());
    check.finish(|| Some(Details { name: name?, email: email?, postcode, region }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(postcode: &str, region: &str) -> Form {
        Form::filled([
            ("name", "Sam Whitlock".to_owned()),
            ("email", "sam@demo.test".to_owned()),
            ("postcode", postcode.to_owned()),
            ("region", region.to_owned()),
        ])
    }

    #[test]
    fn the_region_follows_from_the_postcode_unless_it_is_said() {
        assert_eq!(details(&form("bl90nd", "")).unwrap().region, Some(Region::NorthWest));
        assert_eq!(details(&form("BL9 0ND", "wales")).unwrap().region, Some(Region::Wales));
        assert_eq!(details(&form("", "")).unwrap().region, None);
        // Chester's district reaches into Wales.
        assert!(details(&form("CH4 0AA", "")).unwrap_err().error("region").is_some());
    }
}
