//! Other parties, what was decided of them, and what a declaration leads to. Pure.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    accounts::{Permission, Role},
    kit::{codes::codes, dates, email_address::EmailAddress},
};

/// Political opinions are special-category data (UK GDPR art. 9): only for who decides on them.
pub const SEE_DECLARATIONS: Permission =
    Permission { code: "see_declarations", held_by: &[Role::Membership] };

/// Where members change what they said.
pub const OWN_PAGE: &str = "/membership/other-parties";

/// What the party decided of being a member of another one as well, from the mildest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ruling {
    Allowed,
    Ask,
    Barred,
}
codes!(Ruling { Allowed = "allowed", Ask = "ask", Barred = "barred" });

impl Ruling {
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "Allowed",
            Self::Ask => "Ask",
            Self::Barred => "Barred",
        }
    }

    /// What follows for whoever joins.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Allowed => "Its members can join like anybody else",
            Self::Ask => "Its members can join, and officers decide while they are new",
            Self::Barred => "Its members cannot join",
        }
    }

    /// The class of its tag in the style sheet.
    pub fn colour(self) -> &'static str {
        match self {
            Self::Allowed => "good",
            Self::Ask => "wait",
            Self::Barred => "bad",
        }
    }
}

/// Where somebody answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    JoinForm,
    OwnPage,
}
codes!(Source { JoinForm = "join form", OwnPage = "own page" });

/// The other parties that somebody says they are a member of, as they typed them; empty for none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Declared(String);

impl Declared {
    pub fn new(typed: impl Into<String>) -> Self {
        Self(typed.into())
    }

    pub fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A party's name as it is compared: `The Labour Party` and `labour` are one.
fn key(name: &str) -> String {
    let plain: String = name
        .chars()
        .filter(|letter| !matches!(letter, '\'' | '’' | '.'))
        .map(|letter| if letter.is_alphanumeric() { letter } else { ' ' })
        .flat_map(char::to_lowercase)
        .collect();
    let words: Vec<_> = plain.split_whitespace().collect();
    let words = words.strip_prefix(&["the"]).filter(|rest| !rest.is_empty()).unwrap_or(&words);
    let words = words.strip_suffix(&["party"]).filter(|rest| !rest.is_empty()).unwrap_or(words);
    words.join(" ")
}

/// A party or organisation with what holds of it on a day.
#[derive(Clone, Debug)]
pub struct Ruled {
    pub id: Uuid,
    pub name: String,
    pub other_names: Vec<String>,
    /// `None` if its first one has not begun.
    pub ruling: Option<Ruling>,
    pub reason: Option<String>,
    pub rule: Option<String>,
    pub starts_on: Option<NaiveDate>,
}

impl Ruled {
    fn is_called(&self, name: &str) -> bool {
        let name = key(name);
        [&self.name].into_iter().chain(&self.other_names).any(|own| key(own) == name)
    }
}

/// One decision on a party; the newest that has begun holds.
#[derive(Clone, Debug)]
pub struct Dated {
    pub ruling: Ruling,
    pub starts_on: NaiveDate,
    pub reason: String,
    pub rule: String,
    /// `None`: it came with the site.
    pub set_by: Option<String>,
    pub set_at: DateTime<Utc>,
}

/// What officers decide of a party.
pub struct NewRuling {
    pub key: Uuid,
    pub ruling: Ruling,
    pub starts_on: NaiveDate,
    pub reason: String,
    pub rule: String,
}

pub struct NewParty {
    pub name: String,
    pub other_names: Vec<String>,
}

/// What the list says of a declaration; `None` if it names no other party.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    pub ruling: Ruling,
    /// The party that the ruling is of; `None` if it is on no list.
    pub party: Option<&'a Ruled>,
}

/// Every name that was typed is looked for in the list: the strictest ruling counts, and whatever is not found exactly
/// is for people to look at.
pub fn judge<'a>(list: &'a [Ruled], declared: &Declared) -> Option<Judged<'a>> {
    if declared.is_none() {
        return None;
    }
    let find = |name: &str| {
        let party = list.iter().find(|party| party.ruling.is_some() && party.is_called(name));
        Judged { ruling: party.and_then(|it| it.ruling).unwrap_or(Ruling::Ask), party }
    };
    // A name may have commas of its own.
    let whole = find(declared.as_str());
    if whole.party.is_some() {
        return Some(whole);
    }
    let names = declared.as_str().split([',', ';', '/']).filter(|name| !name.trim().is_empty());
    Some(names.map(find).max_by_key(|judged| judged.ruling).unwrap_or(whole))
}

/// Why somebody cannot join, and what they can do.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub party: String,
    pub reason: String,
    pub rule: String,
    pub contact: EmailAddress,
    pub appeal_days: u32,
}

impl Refusal {
    /// What stands beside the field.
    pub fn words(&self) -> String {
        format!("You cannot join us while you are a member of {}", self.party)
    }
}

/// How a declaration was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Admitted,
    Refused,
}
codes!(Outcome { Admitted = "admitted", Refused = "refused" });

/// A declaration of another party, with what became of it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub id: Uuid,
    pub person: Uuid,
    pub name: String,
    pub parties: String,
    pub source: Source,
    pub declared_at: DateTime<Utc>,
    pub ruling: Ruling,
    pub decide_until: Option<NaiveDate>,
    pub outcome: Option<Outcome>,
    pub decided_at: Option<DateTime<Utc>>,
    pub decided_by: Option<String>,
    pub reason: Option<String>,
    pub rule: Option<String>,
    /// Replaced by another declaration, or the membership has ended.
    pub over_on: Option<NaiveDate>,
}

/// Where it stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Open,
    Decided(Outcome),
    /// The days for objections have passed: they stay a member.
    Unopposed,
    /// They have changed what they said, or are no member any more.
    Over(NaiveDate),
    /// The list allows it: nothing to decide.
    Allowed,
}

impl Asked {
    pub fn stage(&self, today: NaiveDate) -> Stage {
        if let Some(outcome) = self.outcome {
            return Stage::Decided(outcome);
        }
        if self.ruling == Ruling::Allowed {
            return Stage::Allowed;
        }
        if let Some(on) = self.over_on {
            return Stage::Over(on);
        }
        if self.decide_until.is_some_and(|until| until < today) { Stage::Unopposed } else { Stage::Open }
    }

    /// The colour and the words of its tag.
    pub fn tag(&self, today: NaiveDate) -> (&'static str, String) {
        match self.stage(today) {
            Stage::Open => match self.decide_until {
                Some(until) => ("wait", format!("Decide by {}", dates::day(until))),
                None => ("wait", "To decide".to_owned()),
            },
            Stage::Decided(Outcome::Admitted) => ("good", "Accepted".to_owned()),
            Stage::Decided(Outcome::Refused) => ("bad", "Not admitted".to_owned()),
            Stage::Unopposed => ("off", "Nobody objected".to_owned()),
            Stage::Over(on) => ("off", format!("Over since {}", dates::day(on))),
            Stage::Allowed => ("good", "Allowed".to_owned()),
        }
    }

    /// Whether officers can still refuse them as a new member, with their money back.
    pub fn is_new(&self, today: NaiveDate) -> bool {
        self.decide_until.is_some_and(|until| today <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(name: &str, other_names: &[&str], ruling: Option<Ruling>) -> Ruled {
        Ruled {
            id: Uuid::nil(),
            name: name.to_owned(),
            other_names: other_names.iter().map(|name| (*name).to_owned()).collect(),
            ruling,
            reason: None,
            rule: None,
            starts_on: None,
        }
    }

    fn list() -> Vec<Ruled> {
        vec![
            party("Purple Party", &["PP", "Purples"], Some(Ruling::Barred)),
            party("Tenants, Together", &[], Some(Ruling::Allowed)),
            party("Northern Something", &["NS"], Some(Ruling::Ask)),
            party("Later League", &[], None),
        ]
    }

    fn ruling(typed: &str) -> Option<Ruling> {
        judge(&list(), &Declared::new(typed)).map(|judged| judged.ruling)
    }

    #[test]
    fn a_party_is_found_by_its_names_however_they_are_written() {
        for typed in [
            "Purple Party",
            "the purple party",
            "PURPLE",
            "p.p.",
            "Purples",
            " Purple-Party ",
            "The  Purples",
        ] {
            assert_eq!(ruling(typed), Some(Ruling::Barred), "{typed}");
        }
        assert_eq!(ruling("Tenants, Together"), Some(Ruling::Allowed));
        assert_eq!(ruling("northern something"), Some(Ruling::Ask));
        assert_eq!(ruling(""), None);
    }

    #[test]
    fn whatever_is_not_found_exactly_is_for_people_to_look_at() {
        for typed in
            ["Purpel Party", "I left the Purple Party", "Party", "Later League", "the", ",", "Some club", "…"]
        {
            assert_eq!(ruling(typed), Some(Ruling::Ask), "{typed}");
        }
    }

    #[test]
    fn of_several_the_strictest_counts() {
        assert_eq!(ruling("NS, Purples"), Some(Ruling::Barred));
        assert_eq!(ruling("Tenants, Together; NS"), Some(Ruling::Ask));
        assert_eq!(ruling("Chess Club / pp"), Some(Ruling::Barred));
    }

    #[test]
    fn officers_decide_up_to_the_last_day() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let mut asked = Asked {
            id: Uuid::nil(),
            person: Uuid::nil(),
            name: "Ana".into(),
            parties: "NS".into(),
            source: Source::JoinForm,
            declared_at: DateTime::default(),
            ruling: Ruling::Ask,
            decide_until: Some(day("2026-12-04")),
            outcome: None,
            decided_at: None,
            decided_by: None,
            reason: None,
            rule: None,
            over_on: None,
        };
        assert_eq!(asked.stage(day("2026-12-04")), Stage::Open);
        assert!(asked.is_new(day("2026-12-04")) && !asked.is_new(day("2026-12-05")));
        assert_eq!(asked.stage(day("2026-12-05")), Stage::Unopposed);
        asked.decide_until = None;
        assert_eq!(asked.stage(day("2036-12-05")), Stage::Open, "somebody who is not new");
        asked.over_on = Some(day("2026-12-01"));
        assert_eq!(asked.stage(day("2026-12-04")), Stage::Over(day("2026-12-01")));
        asked.outcome = Some(Outcome::Refused);
        assert_eq!(asked.stage(day("2026-12-04")), Stage::Decided(Outcome::Refused));
    }
}
