//! Pairs that may be one person, and what is chosen of each. Pure.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    accounts::{Details, Permission, Person, Role},
    kit::{codes::codes, dates},
    membership::{Membership, Personal},
};

/// Merge records of one person, and separate them again.
pub const MERGE_PEOPLE: Permission = Permission { code: "merge_people", held_by: &[Role::Membership] };

/// For how long a merge can be undone.
pub const UNDO_DAYS: i64 = 30;

/// Finds pairs that may be one person.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct FindDuplicates {}

/// What two records have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Email,
    Birth,
    Place,
    Phone,
}
codes!(Why { Email = "email", Birth = "birth", Place = "place", Phone = "phone" });

impl Why {
    pub fn words(self) -> &'static str {
        match self {
            Self::Email => "the same mailbox",
            Self::Birth => "name and date of birth",
            Self::Place => "name and postcode",
            Self::Phone => "the same phone number",
        }
    }
}

/// `name and postcode, the same phone number`
pub fn reasons(why: &[Why]) -> String {
    why.iter().map(|why| why.words()).collect::<Vec<_>>().join(", ")
}

/// Two records in the order in which pairs are kept.
pub fn ordered(one: Uuid, other: Uuid) -> (Uuid, Uuid) {
    if one < other { (one, other) } else { (other, one) }
}

/// One record of two.
#[derive(Clone, Debug)]
pub struct Side {
    pub person: Person,
    pub membership: Option<Membership>,
    pub payments: i64,
    pub consents: i64,
    pub notes: i64,
}

/// A fact that is chosen from one of two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    Name,
    Email,
    Address,
    BornOn,
    Phone,
}

impl Fact {
    pub const ALL: [Self; 5] = [Self::Name, Self::Email, Self::Address, Self::BornOn, Self::Phone];

    pub fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Email => "email",
            Self::Address => "address",
            Self::BornOn => "born_on",
            Self::Phone => "phone",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Email => "Email address",
            Self::Address => "Address",
            Self::BornOn => "Date of birth",
            Self::Phone => "Phone",
        }
    }
}

impl Side {
    pub fn personal(&self) -> Option<&Personal> {
        self.membership.as_ref().map(|membership| &membership.personal)
    }

    /// In words; empty if it is not known.
    pub fn says(&self, fact: Fact) -> String {
        let personal = self.personal();
        match fact {
            Fact::Name => self.person.name.clone(),
            Fact::Email => self.person.email.to_string(),
            Fact::Address => match personal.and_then(|it| it.address.as_ref()) {
                Some(address) => address.to_string(),
                None => self.person.postcode.clone().unwrap_or_default(),
            },
            Fact::BornOn => personal.and_then(|it| it.born_on).map(dates::day).unwrap_or_default(),
            Fact::Phone => {
                personal.and_then(|it| it.phone.as_ref()).map(ToString::to_string).unwrap_or_default()
            }
        }
    }

    /// What else there is of them.
    pub fn has(&self) -> Vec<(&'static str, String)> {
        let count = |number: i64| crate::kit::money::grouped(number.unsigned_abs());
        let membership = match &self.membership {
            Some(it) => format!(
                "{}, number {}, since {}",
                it.state.status().name(),
                it.number,
                dates::day(it.joined_on)
            ),
            None => "None".to_owned(),
        };
        vec![
            ("Membership", membership),
            ("Payments", count(self.payments)),
            ("Consents", count(self.consents)),
            ("Notes", count(self.notes)),
            ("Known to us since", dates::day(dates::london_date(self.person.created_at))),
        ]
    }
}

/// Which facts are taken from the record that goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices(pub Vec<Fact>);

impl Choices {
    fn takes(&self, fact: Fact) -> bool {
        self.0.contains(&fact)
    }

    /// What the record that stays says from now on.
    pub fn details(&self, gone: &Side, kept: &Side) -> Details {
        let of = |fact| if self.takes(fact) { &gone.person } else { &kept.person };
        let place = of(Fact::Address);
        let place = if place.postcode.is_none() && !self.takes(Fact::Address) { &gone.person } else { place };
        Details {
            name: of(Fact::Name).name.clone(),
            email: of(Fact::Email).email.clone(),
            postcode: place.postcode.clone(),
            region: place.region,
        }
    }

    /// The same of what they said as a member, filled in from the other where one is silent.
    pub fn personal(&self, gone: Option<&Personal>, kept: Option<&Personal>) -> Option<Personal> {
        let (Some(gone), Some(kept)) = (gone.or(kept), kept.or(gone)) else { return None };
        let of = |fact| if self.takes(fact) { gone } else { kept };
        let chosen = Personal {
            born_on: of(Fact::BornOn).born_on,
            address: of(Fact::Address).address.clone(),
            phone: of(Fact::Phone).phone.clone(),
        };
        let filled = chosen.filled_from(kept).unwrap_or(chosen);
        Some(filled.filled_from(gone).unwrap_or(filled))
    }
}

/// A merge, for the list of those that can be undone.
#[derive(Clone, Debug)]
pub struct Merge {
    pub id: Uuid,
    pub kept: Uuid,
    pub name: String,
    pub gone_name: String,
    pub merged_at: DateTime<Utc>,
}

impl Merge {
    pub fn until(&self) -> NaiveDate {
        dates::london_date(self.merged_at + chrono::Duration::days(UNDO_DAYS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fact_is_taken_from_the_record_that_was_chosen_and_gaps_are_filled() {
        let sample = Personal::sample();
        let other = Personal {
            born_on: Some(NaiveDate::from_ymd_opt(1970, 1, 1).unwrap()),
            address: None,
            phone: Some("0161 496 0000".parse().unwrap()),
        };
        let kept = Choices::default().personal(Some(&other), Some(&sample)).unwrap();
        assert_eq!(kept, Personal { phone: other.phone.clone(), ..sample.clone() });
        let chosen =
            Choices(vec![Fact::BornOn, Fact::Address]).personal(Some(&other), Some(&sample)).unwrap();
        assert_eq!(chosen.born_on, other.born_on);
        assert_eq!(chosen.address, sample.address, "nothing was chosen, so what is known stays");
        assert_eq!(Choices::default().personal(Some(&other), None), Some(other));
        assert_eq!(Choices::default().personal(None, None), None);
    }

    #[test]
    fn a_pair_is_kept_one_way_round() {
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(ordered(one, two), ordered(two, one));
        assert_eq!(reasons(&[Why::Place, Why::Phone]), "name and postcode, the same phone number");
    }
}
