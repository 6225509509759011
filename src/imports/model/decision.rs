//! What becomes of a line, by what is known of its address here.

use uuid::Uuid;

use super::{Entry, Read, Says};
use crate::{kit::codes::codes, membership::Personal, places::Region};

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody here had this address.
    Added,
    /// Something that was missing here is known now.
    Filled,
    Unchanged,
    Rejected,
}
codes!(Outcome { Added = "added", Filled = "filled", Unchanged = "unchanged", Rejected = "rejected" });

/// Who has an address here, and what is missing of them.
#[derive(Clone, Debug)]
pub struct Known {
    pub person: Uuid,
    pub has_postcode: bool,
    /// What they said as a member; `None` if they were never one.
    pub personal: Option<Personal>,
    pub has_subscription: bool,
    pub emails: Emails,
}

/// What somebody said here about emails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emails {
    NeverAsked,
    Agree,
    Stopped,
}

/// What is written for a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Add(Entry),
    Fill {
        person: Uuid,
        /// They become a member by it.
        membership: Option<Entry>,
        personal: Option<Personal>,
        place: Option<(String, Option<Region>)>,
        /// Emails end, or an agreement to them is kept.
        emails: bool,
    },
    Unchanged,
    Reject(String),
}

impl Decision {
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Add(_) => Outcome::Added,
            Self::Fill { .. } => Outcome::Filled,
            Self::Unchanged => Outcome::Unchanged,
            Self::Reject(_) => Outcome::Rejected,
        }
    }
}

/// Decides about one line. `before` is the line of this file that had the address first. What is known here is never
/// written over, and what somebody said here about emails outweighs a list, unless the list says no.
pub fn decide(read: &Read, known: Option<&Known>, before: Option<i32>) -> Decision {
    let entry = match &read.entry {
        Ok(entry) => entry.clone(),
        Err(fault) => return Decision::Reject(fault.clone()),
    };
    if let Some(line) = before {
        return Decision::Reject(format!(
            "Email address: line {line} has the same. If they are two people, give each their own; otherwise leave one out"
        ));
    }
    let Some(known) = known else {
        if entry.name.is_empty() {
            return Decision::Reject(
                "Full name: enter a name, because we do not know this email address".to_owned(),
            );
        }
        return Decision::Add(entry);
    };
    let emails = match &read.says {
        Says::Stopped => known.emails != Emails::Stopped,
        Says::Agreed { .. } => known.emails == Emails::NeverAsked,
        Says::Nothing | Says::Unproved => false,
    };
    let place = entry.postcode.as_ref().filter(|_| !known.has_postcode);
    let place = place.map(|postcode| (postcode.to_string(), entry.region));
    let personal = known.personal.as_ref().and_then(|known| known.filled_from(&entry.personal));
    let membership = known.personal.is_none().then_some(entry);
    if membership.is_none() && personal.is_none() && place.is_none() && !emails {
        return Decision::Unchanged;
    }
    Decision::Fill { person: known.person, membership, personal, place, emails }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::{imports::model::Field, kit::phone::Phone};

    fn read(values: &[(Field, &str)]) -> Read {
        let columns: Vec<_> = values.iter().map(|(field, _)| Some(*field)).collect();
        let cells: Vec<_> = values.iter().map(|(_, value)| (*value).to_owned()).collect();
        let rules = crate::imports::model::Rules { today: NaiveDate::MAX, least_age: 0 };
        crate::imports::model::read(&columns, &cells, rules)
    }

    const ANA: [(Field, &str); 3] =
        [(Field::Email, "ana@example.org"), (Field::Name, "Ana"), (Field::Phone, "0161 496 0000")];

    fn known(personal: Option<Personal>) -> Known {
        Known {
            person: Uuid::from_u128(7),
            has_postcode: true,
            personal,
            has_subscription: false,
            emails: Emails::NeverAsked,
        }
    }

    #[test]
    fn nobody_is_added_twice_and_nobody_without_a_name() {
        let ana = read(&ANA);
        assert_eq!(decide(&ana, None, None).outcome(), Outcome::Added);
        let Decision::Reject(fault) = decide(&ana, None, Some(12)) else { panic!("taken twice") };
        assert!(fault.contains("line 12"), "{fault}");
        assert_eq!(decide(&read(&ANA[..1]), None, None).outcome(), Outcome::Rejected);
        // Who is known needs none.
        let member = known(Some(Personal { born_on: None, address: None, phone: None }));
        assert_eq!(decide(&read(&ANA[..1]), Some(&member), None), Decision::Unchanged);
    }

    #[test]
    fn only_what_is_missing_is_filled_in() {
        let phone: Phone = "0161 496 0000".parse().unwrap();
        let nothing = Personal { born_on: None, address: None, phone: None };
        let Decision::Fill { personal, membership: None, place: None, emails: false, .. } =
            decide(&read(&ANA), Some(&known(Some(nothing))), None)
        else {
            panic!("not filled")
        };
        assert_eq!(personal.unwrap().phone, Some(phone));
        let other = Personal { phone: Some("0161 496 0999".parse().unwrap()), ..Personal::sample() };
        assert_eq!(decide(&read(&ANA), Some(&known(Some(other))), None), Decision::Unchanged);
        // A supporter becomes a member.
        let Decision::Fill { membership: Some(_), personal: None, .. } =
            decide(&read(&ANA), Some(&known(None)), None)
        else {
            panic!("no member")
        };
        let mut nowhere = known(Some(Personal::sample()));
        nowhere.has_postcode = false;
        let placed = [&ANA[..1], &[(Field::Postcode, "BL9 0ND")]].concat();
        assert_eq!(decide(&read(&placed), Some(&nowhere), None).outcome(), Outcome::Filled);
    }

    #[test]
    fn what_was_said_here_about_emails_outweighs_a_yes_and_gives_way_to_a_no() {
        let yes = [&ANA[..1], &[(Field::AgreedOn, "1/5/2024"), (Field::AgreedHow, "form")]].concat();
        let no = [&ANA[..1], &[(Field::Stopped, "yes")]].concat();
        for (emails, by_yes, by_no) in
            [(Emails::NeverAsked, true, true), (Emails::Stopped, false, false), (Emails::Agree, false, true)]
        {
            let known = Known { emails, ..known(Some(Personal::sample())) };
            let changes = |line| decide(&read(line), Some(&known), None) != Decision::Unchanged;
            assert_eq!((changes(&yes), changes(&no)), (by_yes, by_no), "{emails:?}");
        }
    }
}
