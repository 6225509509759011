//! What members say about themselves, beside the name and the email address of their account. It is kept as one JSON
//! document, in an application and in the membership that comes of it. Whatever concerns a single fact stands in this
//! file and in `templates/membership/personal.html`; README's "Add a field" goes through it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    kit::{
        csv, dates,
        form::{Check, Form},
        phone::Phone,
    },
    places::Address,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Personal {
    /// Nobody joins without these two; people who came from another system may lack them.
    pub born_on: Option<NaiveDate>,
    pub address: Option<Address>,
    pub phone: Option<Phone>,
}

/// One fact, in the words that pages, exports and the audit log have for it.
struct Fact {
    name: &'static str,
    value: fn(&Personal) -> String,
    /// Members change it themselves; officers change everything.
    is_own: bool,
    is_exported: bool,
}

const FACTS: &[Fact] = &[
    Fact {
        name: "Date of birth",
        value: |it| it.born_on.map(dates::day).unwrap_or_default(),
        is_own: false,
        is_exported: false,
    },
    Fact {
        name: "Address",
        value: |it| it.address.as_ref().map_or_else(String::new, Address::to_string),
        is_own: true,
        is_exported: true,
    },
    Fact {
        name: "Phone",
        value: |it| it.phone.as_ref().map_or_else(String::new, Phone::to_string),
        is_own: true,
        is_exported: true,
    },
];

/// A fact of one member, for a page.
pub struct Row {
    pub name: &'static str,
    pub value: String,
    pub is_own: bool,
}

impl Personal {
    /// What was typed. The date of birth is asked apart: at joining it has bounds, and members do not change it.
    pub(super) fn read(check: &mut Check<'_>, born_on: Option<NaiveDate>) -> Option<Self> {
        let address = Address::read(check, "");
        let phone = check.optional("phone");
        Some(Self { born_on, address: Some(address?), phone })
    }

    /// The form with everything in its fields.
    pub(super) fn fill(&self, form: Form) -> Form {
        let phone = self.phone.as_ref().map_or_else(String::new, Phone::to_string);
        let form = match &self.address {
            Some(address) => address.fill(form),
            None => form,
        };
        match self.born_on {
            Some(born_on) => form.with_date("dob", born_on),
            None => form,
        }
        .with("phone", phone)
    }

    /// Completed with what the other knows and this does not; `None` if that is nothing.
    pub fn filled_from(&self, other: &Self) -> Option<Self> {
        let filled = Self {
            born_on: self.born_on.or(other.born_on),
            address: self.address.clone().or_else(|| other.address.clone()),
            phone: self.phone.clone().or_else(|| other.phone.clone()),
        };
        (filled != *self).then_some(filled)
    }

    /// What differs, for the audit log, which names facts and does not repeat them: `date of birth, address`.
    pub(super) fn changed(&self, new: &Self) -> String {
        let differs = FACTS.iter().filter(|fact| (fact.value)(self) != (fact.value)(new));
        differs.map(|fact| fact.name.to_lowercase()).collect::<Vec<_>>().join(", ")
    }

    /// The postcode, which lists and searches of people go by.
    pub(super) fn postcode(&self) -> Option<String> {
        self.address.as_ref()?.postcode().map(ToString::to_string)
    }

    pub fn rows(&self) -> Vec<Row> {
        let row = |fact: &Fact| {
            let value = Some((fact.value)(self)).filter(|value| !value.is_empty());
            Row {
                name: fact.name,
                value: value.unwrap_or_else(|| "Not given".to_owned()),
                is_own: fact.is_own,
            }
        };
        FACTS.iter().map(row).collect()
    }

    /// The heads of the columns that an export has for this.
    pub fn heads() -> impl Iterator<Item = &'static str> {
        FACTS.iter().filter(|fact| fact.is_exported).map(|fact| fact.name)
    }

    /// The cells below [`Personal::heads`], empty for somebody who was never a member.
    pub fn cells(of: Option<&Self>) -> impl Iterator<Item = csv::Cell<'_>> {
        FACTS
            .iter()
            .filter(|fact| fact.is_exported)
            .map(move |fact| csv::text(of.map(fact.value).unwrap_or_default()))
    }

    /// Somebody in Bury, for tests.
    #[cfg(test)]
    pub fn sample() -> Self {
        let address = serde_json::json!({
            "lives": "uk", "line1": "1 High Street", "line2": "", "town": "Bury", "postcode": "BL9 0ND",
        });
        serde_json::from_value(serde_json::json!({ "born_on": "1990-01-01", "address": address })).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_named_and_not_repeated() {
        let before = Personal::sample();
        let moved = Personal {
            address: Some(Address::Abroad {
                lines: vec!["12 rue de Rivoli".into()],
                country: "France".into(),
            }),
            ..before.clone()
        };
        assert_eq!(before.changed(&before), "");
        assert_eq!(before.changed(&moved), "address");
        let all = Personal { born_on: Some(NaiveDate::MIN), ..moved.clone() };
        assert_eq!(before.changed(&all), "date of birth, address");
    }

    #[test]
    fn what_is_known_is_never_filled_over() {
        let nothing = Personal { born_on: None, address: None, phone: None };
        let sample = Personal::sample();
        assert_eq!(nothing.filled_from(&sample), Some(sample.clone()));
        assert_eq!(sample.filled_from(&nothing), None);
        let other =
            Personal { born_on: None, phone: Some("0161 496 0000".parse().unwrap()), ..sample.clone() };
        let filled = sample.filled_from(&Personal { address: None, ..other.clone() }).unwrap();
        assert_eq!(filled, Personal { phone: other.phone, ..sample });
    }

    #[test]
    fn an_export_has_a_cell_below_each_head_for_everybody() {
        for personal in [None, Some(&Personal::sample())] {
            assert_eq!(Personal::cells(personal).count(), Personal::heads().count());
        }
    }
}
