//! A postal address: one with a British postcode, or any other.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{NotAPostcode, Postcode, Region, region_of};
use crate::kit::form::{Check, Form};

/// A code in a form's field as people say it, where it is one of this room's.
pub fn say(field: &str, value: &str) -> String {
    match field {
        "region" => value.parse().map_or_else(|_| value.to_owned(), |region| Region::name(region).to_owned()),
        "lives" if value == "abroad" => "In another country".to_owned(),
        "lives" => "In the UK".to_owned(),
        _ => value.to_owned(),
    }
}

/// Where post reaches somebody. Kept as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "lives", rename_all = "snake_case")]
pub enum Address {
    /// In the United Kingdom, or where its postcodes reach: the Channel Islands, the Isle of Man, Gibraltar, the forces.
    Uk { line1: String, line2: String, town: String, postcode: Postcode },
    /// As it is written there, line by line.
    Abroad { lines: Vec<String>, country: String },
}

/// The answer that opens the fields for an address abroad, in the field `lives`.
const ABROAD: &str = "abroad";

const UK_FIELDS: [&str; 4] = ["address_line1", "address_line2", "town", "postcode"];
const ABROAD_FIELDS: [&str; 2] = ["address_abroad", "country"];

/// The most lines of an address abroad, its country left out.
const MOST_LINES: usize = 6;

impl Address {
    /// What was typed into the fields of `templates/places/address.html`. `why` ends the message for a first line that
    /// is missing, if it has to say more.
    pub fn read(check: &mut Check<'_>, why: &str) -> Option<Self> {
        let lives = check.optional_text("lives", 100)?;
        let is_abroad = lives == ABROAD;
        if !is_abroad && !matches!(lives.as_str(), "" | "uk") {
            check.fail("lives", "Choose whether the address is in the UK or in another country");
            return None;
        }
        let (uk, abroad) = (has_any(check, &UK_FIELDS), has_any(check, &ABROAD_FIELDS));
        if uk && abroad {
            check.fail(
                "lives",
                "There is an address in the UK and one in another country. Clear the one that is not yours",
            );
            return None;
        }
        if is_abroad && uk {
            check.fail("lives", "You typed an address in the UK. Choose “In the UK”, or clear it");
            return None;
        }
        if !is_abroad && abroad {
            check.fail(
                "lives",
                "You typed an address in another country. Choose “In another country”, or clear it",
            );
            return None;
        }
        if is_abroad {
            return Self::read_abroad(check, why);
        }
        let line1 = check.text("address_line1", &format!("Enter the first line of your address{why}"), 100);
        let line1 = line1.filter(|line| judge(check, "address_line1", line, 2));
        let line2 = check.optional_text("address_line2", 100);
        let line2 = line2.filter(|line| line.is_empty() || judge(check, "address_line2", line, 1));
        let town = check.text("town", "Enter your town or city", 100);
        let town = town.filter(|town| judge(check, "town", town, 2));
        let postcode = check.optional_text("postcode", 100).and_then(|typed| match typed.parse() {
            Ok(postcode) => Some(postcode),
            Err(NotAPostcode::Malformed) => {
                check.fail("postcode", "Enter a UK postcode, like BL9 0ND, or choose “In another country”");
                None
            }
            Err(other) => {
                check.fail("postcode", other.to_string());
                None
            }
        });
        Some(Self::Uk { line1: line1?, line2: line2?, town: town?, postcode: postcode? })
    }

    fn read_abroad(check: &mut Check<'_>, why: &str) -> Option<Self> {
        let missing = format!("Enter your address, line by line{why}");
        let typed = check.paragraphs("address_abroad", &missing, 400);
        let lines: Vec<_> = typed
            .iter()
            .flat_map(|typed| typed.lines())
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect();
        if lines.len() > MOST_LINES {
            check.fail("address_abroad", format!("Use at most {MOST_LINES} lines"));
        }
        let typed = typed.filter(|typed| judge(check, "address_abroad", typed, 5));
        let country = check.text("country", "Enter the country", 60)?;
        if country.chars().filter(|c| c.is_alphabetic()).count() < 2 || is_web(&country) {
            check.fail("country", "Enter the country in letters, like France");
        } else if is_uk(&country) {
            check.fail("country", "For an address in the UK choose “In the UK”");
        }
        typed.map(|_| Self::Abroad { lines, country })
    }

    /// Whether anything of an address was typed, right or wrong.
    pub fn is_begun(check: &Check<'_>) -> bool {
        let is_offered =
            ["", "uk", ABROAD].iter().any(|it| check.chosen("lives", it)) || !check.is_filled("lives");
        !is_offered || has_any(check, &UK_FIELDS) || has_any(check, &ABROAD_FIELDS)
    }

    /// The form with the address in its fields.
    #[must_use]
    pub fn fill(&self, form: Form) -> Form {
        match self {
            Self::Uk { line1, line2, town, postcode } => form
                .with("address_line1", line1)
                .with("address_line2", line2)
                .with("town", town)
                .with("postcode", postcode.as_str()),
            Self::Abroad { lines, country } => {
                form.with("lives", ABROAD).with("address_abroad", lines.join("\n")).with("country", country)
            }
        }
    }

    /// Whether the name of a country means another than the United Kingdom.
    pub fn is_abroad(country: &str) -> bool {
        !country.is_empty() && !is_uk(country)
    }

    /// Whether nobody there votes in the United Kingdom but as an overseas elector: the Channel Islands, the Isle of Man and
    /// Gibraltar have postcodes and are no part of it.
    pub fn is_overseas(&self) -> bool {
        match self {
            Self::Uk { postcode, .. } => matches!(postcode.area(), "JE" | "GY" | "IM" | "GX"),
            Self::Abroad { .. } => true,
        }
    }

    pub fn postcode(&self) -> Option<&Postcode> {
        match self {
            Self::Uk { postcode, .. } => Some(postcode),
            Self::Abroad { .. } => None,
        }
    }

    /// As it stands on an envelope, the country last.
    pub fn lines(&self) -> Vec<&str> {
        let lines = match self {
            Self::Uk { line1, line2, town, postcode } => vec![line1.as_str(), line2, town, postcode.as_str()],
            Self::Abroad { lines, country } => {
                lines.iter().map(String::as_str).chain([country.as_str()]).collect()
            }
        };
        lines.into_iter().filter(|line| !line.is_empty()).collect()
    }
}

/// In one line: `7 Bolton Street, Bury, BL9 0ND`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join(", "))
    }
}

/// Whether a country's name means the United Kingdom.
fn is_uk(country: &str) -> bool {
    let plain: String =
        country.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    [
        "uk",
        "gb",
        "unitedkingdom",
        "theunitedkingdom",
        "greatbritain",
        "britain",
        "england",
        "scotland",
        "wales",
        "northernireland",
    ]
    .contains(&plain.as_str())
}

fn has_any(check: &Check<'_>, fields: &[&str]) -> bool {
    fields.iter().any(|field| check.is_filled(field))
}

/// A full stop without a space behind it, as in `Mill St.Bury`, is none.
fn is_web(line: &str) -> bool {
    let line = line.to_lowercase();
    ["://", "www.", "@"].iter().any(|sign| line.contains(sign))
}

/// Whether a letter could be delivered by a line: at least so many letters or figures, and no web address.
fn judge(check: &mut Check<'_>, field: &str, line: &str, least: usize) -> bool {
    let is_line = line.chars().filter(|c| c.is_alphanumeric()).count() >= least && !is_web(line);
    if !is_line {
        check.fail(field, "Enter this as it stands on an envelope, in letters and figures");
    }
    is_line
}

/// The region that goes with the field `postcode`: what it says, or the answer in the field `region` where it leaves it
/// open; a fault stands there. None abroad.
pub fn read_region(check: &mut Check<'_>) -> Option<Region> {
    let postcode = check.said::<Postcode>("postcode").filter(|_| !check.chosen("lives", ABROAD))?;
    let said = check.said("region");
    region_of(&postcode, said).unwrap_or_else(|open| {
        check.fail("region", open.to_string());
        None
    })
}

/// The regions to choose from, as value and name, once a sent form has shown that its postcode leaves them open.
pub fn open_regions(form: &Form) -> Vec<(&'static str, &'static str)> {
    let postcode = form.value("postcode").parse::<Postcode>();
    match postcode.map(|postcode| region_of(&postcode, None)) {
        Ok(Err(open)) if !form.errors().is_empty() && !form.checked("lives", ABROAD) => {
            open.choices.iter().map(|region| (region.slug(), region.name())).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(values: &[(&str, &str)]) -> Form {
        Form::from_values(values.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    fn read(form: &Form) -> Result<Address, Form> {
        let mut check = form.check();
        let address = Address::read(&mut check, "");
        check.finish(|| address)
    }

    fn faults(form: &Form) -> Vec<String> {
        form.errors().iter().map(|error| error.field.clone()).collect()
    }

    const UK: [(&str, &str); 4] = [
        ("address_line1", "7 Bolton Street"),
        ("address_line2", ""),
        ("town", "Bury"),
        ("postcode", "bl90nd"),
    ];
    const PARIS: [(&str, &str); 3] = [
        ("lives", "abroad"),
        ("address_abroad", " 12 rue de Rivoli \r\n\r\n75004 Paris"),
        ("country", "France"),
    ];

    #[test]
    fn an_address_is_read_shown_filled_in_again_and_kept() {
        for (typed, shown, kept) in [
            (
                form(&UK),
                "7 Bolton Street, Bury, BL9 0ND",
                r#"{"lives":"uk","line1":"7 Bolton Street","line2":"","town":"Bury","postcode":"BL9 0ND"}"#,
            ),
            (
                form(&PARIS),
                "12 rue de Rivoli, 75004 Paris, France",
                r#"{"lives":"abroad","lines":["12 rue de Rivoli","75004 Paris"],"country":"France"}"#,
            ),
        ] {
            let address = read(&typed).unwrap();
            assert_eq!(address.to_string(), shown);
            assert_eq!(read(&address.fill(Form::default())).unwrap(), address);
            assert_eq!(serde_json::to_string(&address).unwrap(), kept);
            assert_eq!(serde_json::from_str::<Address>(kept).unwrap(), address);
        }
        assert!(
            serde_json::from_str::<Address>(
                r#"{"lives":"uk","line1":"","line2":"","town":"","postcode":""}"#
            )
            .is_err()
        );
    }

    #[test]
    fn islands_gibraltar_and_the_forces_have_addresses_with_a_postcode_and_no_region() {
        for postcode in ["JE2 3AB", "GY1 1AA", "IM1 1AA", "GX11 1AA", "BFPO 57", "BF1 3AA"] {
            let mut values = UK;
            values[3].1 = postcode;
            let form = form(&values);
            let mut check = form.check();
            assert!(Address::read(&mut check, "").is_some());
            let region = read_region(&mut check);
            assert_eq!(check.finish(|| Some(region)).unwrap(), None, "{postcode}");
        }
    }

    #[test]
    fn each_fault_stands_at_its_field() {
        let empty = read(&Form::default()).unwrap_err();
        assert_eq!(faults(&empty), ["address_line1", "town", "postcode"]);
        let abroad = read(&form(&[("lives", "abroad")])).unwrap_err();
        assert_eq!(faults(&abroad), ["address_abroad", "country"]);
        let mut values = UK;
        values[3].1 = "75004";
        assert!(read(&form(&values)).unwrap_err().error("postcode").unwrap().contains("In another country"));
        for country in ["UK", "u.k.", "United Kingdom", "England", "75", ""] {
            let mut values = PARIS;
            values[2].1 = country;
            assert_eq!(faults(&read(&form(&values)).unwrap_err()), ["country"], "{country}");
        }
        let mut values = PARIS;
        values[1].1 = "1\n2\n3\n4\n5\n6\n7";
        assert_eq!(faults(&read(&form(&values)).unwrap_err()), ["address_abroad"]);
    }

    #[test]
    fn lines_are_what_can_stand_on_an_envelope() {
        for (field, typed) in [
            ("address_line1", "?"),
            ("address_line1", ".."),
            ("address_line1", "1"),
            ("address_line1", "https://evil.test"),
            ("address_line2", "-"),
            ("town", "?"),
            ("town", "www.evil.test"),
            ("town", "x"),
        ] {
            let mut values = UK.to_vec();
            values.retain(|(name, _)| *name != field);
            values.push((field, typed));
            assert_eq!(faults(&read(&form(&values)).unwrap_err()), [field], "{typed}");
        }
        for (field, typed) in
            [("address_abroad", "?"), ("address_abroad", "a\nb"), ("country", "y"), ("country", "a@b")]
        {
            let mut values = PARIS.to_vec();
            values.retain(|(name, _)| *name != field);
            values.push((field, typed));
            assert_eq!(faults(&read(&form(&values)).unwrap_err()), [field], "{typed}");
        }
        for typed in ["1a", "Flat 2, Mill St.Bury", "12–14", "Tŷ Coch"] {
            let mut values = UK;
            values[0].1 = typed;
            assert!(read(&form(&values)).is_ok(), "{typed}");
        }
    }

    #[test]
    fn an_address_that_the_choice_leaves_out_is_asked_about() {
        for (lives, typed) in [
            ("uk", [&UK[..], &PARIS[1..]].concat()),
            ("abroad", [&UK[..], &PARIS[1..]].concat()),
            ("", PARIS[1..].to_vec()),
            ("uk", vec![("country", "France")]),
            ("abroad", UK.to_vec()),
            ("abroad", [&PARIS[1..], &[("postcode", "BL9 0ND")]].concat()),
        ] {
            let sent = form(&[&[("lives", lives)], &typed[..]].concat());
            assert_eq!(faults(&read(&sent).unwrap_err()), ["lives"], "{lives} {typed:?}");
        }
    }

    #[test]
    fn the_regions_of_an_open_postcode_are_offered_once_it_was_sent() {
        let border = form(&[("postcode", "CH4 7AA")]);
        assert!(open_regions(&border).is_empty());
        let mut check = border.check();
        read_region(&mut check);
        let sent = check.finish(|| Some(())).unwrap_err();
        assert_eq!(open_regions(&sent), [("north-west", "North West"), ("wales", "Wales")]);
    }
}
