//! What can be asked of people, one condition at a time, and several together.

use std::{fmt, str::FromStr};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::words::Words;
use crate::{
    accounts::{ConsentPurpose, Standing},
    kit::{dates, money::grouped, stripe::Interval},
    membership::{Rate, Status},
    places::Region,
    supporters::Interest,
};

/// One thing that is asked of a person. Where several values are given, one of them is enough; with none, nobody fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// What an officer typed into a search box.
    Words(Words),
    /// Counts as one of these today.
    Standing(Vec<Standing>),
    /// Is or was a member, or is becoming one.
    HasMembership,
    /// Was never a member.
    NoMembership,
    Status(Vec<Status>),
    Region(Vec<Region>),
    Rate(Vec<Rate>),
    Interval(Vec<Interval>),
    /// First became a member on this day or later.
    JoinedFrom(NaiveDate),
    /// First became a member on this day or earlier.
    JoinedTo(NaiveDate),
    /// A payment has been overdue since this day or later.
    BehindFrom(NaiveDate),
    /// A payment has been overdue since this day or earlier.
    BehindTo(NaiveDate),
    /// Has been known to us since this day in London, or later.
    KnownFrom(NaiveDate),
    KnownTo(NaiveDate),
    /// Agreed to this, and has not withdrawn it.
    Consent(ConsentPurpose),
    /// Offered to help with one of these.
    Interest(Vec<Interest>),
    /// Is one of these, whom an officer chose one by one.
    People(Vec<Uuid>),
}

impl Condition {
    /// The name in documents, which are kept: it never changes its meaning.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Words(_) => "words",
            Self::Standing(_) => "standing",
            Self::HasMembership => "has_membership",
            Self::NoMembership => "no_membership",
            Self::Status(_) => "status",
            Self::Region(_) => "region",
            Self::Rate(_) => "rate",
            Self::Interval(_) => "interval",
            Self::JoinedFrom(_) => "joined_from",
            Self::JoinedTo(_) => "joined_to",
            Self::BehindFrom(_) => "behind_from",
            Self::BehindTo(_) => "behind_to",
            Self::KnownFrom(_) => "known_from",
            Self::KnownTo(_) => "known_to",
            Self::Consent(_) => "consent",
            Self::Interest(_) => "interest",
            Self::People(_) => "person",
        }
    }

    /// Whether the answer tells no more than people agreed to share with the organisers of their region: name and
    /// email address.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Words(_) | Self::Region(_) | Self::People(_))
    }

    /// The values in documents and addresses.
    pub fn values(&self) -> Vec<String> {
        fn codes<T: Copy>(values: &[T], code: impl Fn(T) -> &'static str) -> Vec<String> {
            values.iter().map(|value| code(*value).to_owned()).collect()
        }
        match self {
            Self::Words(words) => vec![words.typed().to_owned()],
            Self::Standing(standings) => codes(standings, Standing::code),
            Self::HasMembership | Self::NoMembership => Vec::new(),
            Self::Status(statuses) => codes(statuses, Status::code),
            Self::Region(regions) => codes(regions, Region::slug),
            Self::Rate(rates) => codes(rates, Rate::code),
            Self::Interval(intervals) => codes(intervals, Interval::code),
            Self::JoinedFrom(day)
            | Self::JoinedTo(day)
            | Self::BehindFrom(day)
            | Self::BehindTo(day)
            | Self::KnownFrom(day)
            | Self::KnownTo(day) => vec![day.to_string()],
            Self::Consent(purpose) => codes(&[*purpose], ConsentPurpose::code),
            Self::Interest(interests) => codes(interests, Interest::code),
            Self::People(people) => people.iter().map(Uuid::to_string).collect(),
        }
    }

    /// Reads what [`name`](Self::name) and [`values`](Self::values) wrote.
    ///
    /// # Errors
    /// The name or a value is unknown. Leaving such a condition out would let more people in than were meant.
    pub fn read(name: &str, values: &[String]) -> Result<Self, String> {
        fn all<T: FromStr>(values: &[String]) -> Result<Vec<T>, String> {
            let parsed =
                values.iter().map(|value| value.parse().map_err(|_| format!("`{value}` is unknown")));
            parsed.collect()
        }
        fn one<T: FromStr>(values: &[String]) -> Result<T, String> {
            match values {
                [value] => value.parse().map_err(|_| format!("`{value}` is unknown")),
                _ => Err(format!("{} values where one is needed", values.len())),
            }
        }
        Ok(match name {
            "words" => Self::Words(Words::parse(&one::<String>(values)?)),
            "standing" => Self::Standing(all(values)?),
            "has_membership" => Self::HasMembership,
            "no_membership" => Self::NoMembership,
            "status" => Self::Status(all(values)?),
            "region" => Self::Region(all(values)?),
            "rate" => Self::Rate(all(values)?),
            "interval" => Self::Interval(all(values)?),
            "joined_from" => Self::JoinedFrom(one(values)?),
            "joined_to" => Self::JoinedTo(one(values)?),
            "behind_from" => Self::BehindFrom(one(values)?),
            "behind_to" => Self::BehindTo(one(values)?),
            "known_from" => Self::KnownFrom(one(values)?),
            "known_to" => Self::KnownTo(one(values)?),
            "consent" => Self::Consent(one(values)?),
            "interest" => Self::Interest(all(values)?),
            "person" => Self::People(all(values)?),
            _ => return Err(format!("`{name}` is no condition")),
        })
    }
}

/// After a noun and a comma: `members, payment overdue, in Wales`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn lower(name: &str) -> String {
            name.to_lowercase()
        }
        match self {
            Self::Words(words) => write!(f, "found by “{}”", words.typed()),
            Self::Standing(standings) => f.write_str(&nouns(standings)),
            Self::HasMembership => f.write_str("past and present members"),
            Self::NoMembership => f.write_str("never a member"),
            Self::Status(statuses) => f.write_str(&list(statuses, "or", |status| lower(status.name()))),
            Self::Region(regions) => write!(f, "in {}", list(regions, "and", Region::in_words)),
            Self::Rate(rates) => {
                write!(f, "at the {} rate", list(rates, "or", |rate| format!("“{}”", rate.name())))
            }
            Self::Interval(intervals) => {
                write!(f, "paying every {}", list(intervals, "or", |interval| interval.to_string()))
            }
            Self::JoinedFrom(day) => write!(f, "joined since {}", dates::day(*day)),
            Self::JoinedTo(day) => write!(f, "joined up to {}", dates::day(*day)),
            Self::BehindFrom(day) => write!(f, "overdue since {} or later", dates::day(*day)),
            Self::BehindTo(day) => write!(f, "overdue since {} or earlier", dates::day(*day)),
            Self::KnownFrom(day) => write!(f, "signed up since {}", dates::day(*day)),
            Self::KnownTo(day) => write!(f, "signed up up to {}", dates::day(*day)),
            Self::Consent(purpose) => write!(f, "agreed to {}", purpose.name()),
            Self::Interest(interests) => {
                write!(f, "offered to help with {}", list(interests, "or", |interest| lower(interest.name())))
            }
            Self::People(people) if people.len() == 1 => f.write_str("1 chosen person"),
            Self::People(people) => write!(f, "{} chosen people", grouped(people.len() as u64)),
        }
    }
}

fn nouns(standings: &[Standing]) -> String {
    let noun = |standing: Standing| match standing {
        Standing::Member => "members".to_owned(),
        Standing::Supporter => "supporters".to_owned(),
        Standing::None => "others we know".to_owned(),
    };
    if standings.is_empty() { "nobody".to_owned() } else { list(standings, "and", noun) }
}

/// `London, Scotland and Wales`
fn list<T: Copy>(values: &[T], and: &str, words: impl Fn(T) -> String) -> String {
    let words: Vec<_> = values.iter().map(|value| words(*value)).collect();
    match words.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [several @ .., last] => format!("{} {and} {last}", several.join(", ")),
    }
}

/// Everybody who meets all the conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Document", into = "Document")]
pub struct Segment(pub Vec<Condition>);

impl Segment {
    #[must_use]
    pub fn and(mut self, condition: Condition) -> Self {
        self.0.push(condition);
        self
    }

    /// Narrowed by everything that another one asks.
    #[must_use]
    pub fn and_all(self, other: &Self) -> Self {
        other.0.iter().cloned().fold(self, Self::and)
    }

    pub fn words(&self) -> Option<&Words> {
        self.0.iter().find_map(|condition| match condition {
            Condition::Words(words) => Some(words),
            _ => None,
        })
    }

    /// The same without what was typed.
    #[must_use]
    pub(super) fn without_words(&self) -> Self {
        let is_other = |condition: &&Condition| !matches!(condition, Condition::Words(_));
        Self(self.0.iter().filter(is_other).cloned().collect())
    }
}

/// `Members in Wales, payment overdue`
impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_noun =
            |condition: &&Condition| matches!(condition, Condition::Standing(_) | Condition::HasMembership);
        let is_place = |condition: &&Condition| matches!(condition, Condition::Region(_));
        let noun =
            self.0.iter().find(is_noun).map_or_else(|| "everyone we know".to_owned(), ToString::to_string);
        let mut letters = noun.chars();
        f.write_str(&letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default())?;
        f.write_str(letters.as_str())?;
        match self.0.iter().find(is_place) {
            Some(place) => write!(f, " {place}")?,
            None => f.write_str(" everywhere")?,
        }
        let mut rest = self.0.iter().filter(|condition| !is_noun(condition) && !is_place(condition));
        rest.try_for_each(|condition| write!(f, ", {condition}"))
    }
}

/// How a segment is kept.
#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    /// Name and values of each.
    conditions: Vec<(String, Vec<String>)>,
}

impl From<Segment> for Document {
    fn from(segment: Segment) -> Self {
        let conditions = segment.0.iter().map(|condition| (condition.name().to_owned(), condition.values()));
        Self { version: 1, conditions: conditions.collect() }
    }
}

impl TryFrom<Document> for Segment {
    type Error = String;

    fn try_from(document: Document) -> Result<Self, String> {
        if document.version != 1 {
            return Err(format!("a segment of version {} is not known", document.version));
        }
        let conditions = document.conditions.iter();
        conditions.map(|(name, values)| Condition::read(name, values)).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One of each.
    pub fn examples() -> Vec<Condition> {
        let day = NaiveDate::from_ymd_opt(2026, 10, 1).unwrap();
        vec![
            Condition::Words(Words::parse("ana m1")),
            Condition::Standing(vec![Standing::Member, Standing::Supporter]),
            Condition::HasMembership,
            Condition::NoMembership,
            Condition::Status(vec![Status::Grace]),
            Condition::Region(vec![Region::Wales, Region::NorthWest]),
            Condition::Rate(vec![Rate::LowWage, Rate::Standard]),
            Condition::Interval(vec![Interval::Month]),
            Condition::JoinedFrom(day),
            Condition::JoinedTo(day),
            Condition::KnownFrom(day),
            Condition::KnownTo(day),
            Condition::Consent(ConsentPurpose::EmailUpdates),
            Condition::Interest(vec![Interest::Leafleting, Interest::Events]),
            Condition::People(vec![Uuid::nil(), Uuid::max()]),
            Condition::BehindFrom(day),
            Condition::BehindTo(day),
        ]
    }

    #[test]
    fn segments_are_read_back_from_their_documents() {
        let segment = Segment(examples());
        let document = serde_json::to_value(&segment).unwrap();
        assert_eq!(document["version"], 1);
        assert_eq!(document["conditions"][5], serde_json::json!(["region", ["wales", "north-west"]]));
        assert_eq!(serde_json::from_value::<Segment>(document).unwrap(), segment);
    }

    #[test]
    fn what_is_not_understood_is_not_left_out() {
        for document in [
            serde_json::json!({ "version": 2, "conditions": [] }),
            serde_json::json!({ "version": 1, "conditions": [["height", ["tall"]]] }),
            serde_json::json!({ "version": 1, "conditions": [["region", ["atlantis"]]] }),
            serde_json::json!({ "version": 1, "conditions": [["consent", []]] }),
            serde_json::json!({ "version": 1 }),
        ] {
            assert!(serde_json::from_value::<Segment>(document.clone()).is_err(), "{document}");
        }
    }

    #[test]
    fn segments_in_words() {
        let of = |conditions: &[Condition]| Segment(conditions.to_vec()).to_string();
        let members = Condition::Standing(vec![Standing::Member]);
        assert_eq!(of(&[]), "Everyone we know everywhere");
        assert_eq!(of(&[Condition::Standing(vec![])]), "Nobody everywhere");
        assert_eq!(
            of(&[
                Condition::Status(vec![Status::Grace]),
                members.clone(),
                Condition::Region(vec![Region::Wales])
            ]),
            "Members in Wales, payment overdue"
        );
        assert_eq!(
            of(&[
                Condition::Standing(vec![Standing::Supporter]),
                examples()[5].clone(),
                examples()[13].clone()
            ]),
            "Supporters in Wales and the North West, offered to help with leafleting or events"
        );
        assert_eq!(
            of(&[members, examples()[8].clone(), examples()[7].clone(), examples()[6].clone()]),
            "Members everywhere, joined since 1 October 2026, paying every month, at the “Low-wage or unwaged” or “Standard” rate"
        );
    }
}
