//! People, offices and what they may do.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    kit::{codes::codes, email_address::EmailAddress},
    places::Region,
};

#[derive(Clone, Debug)]
pub struct Person {
    pub id: Uuid,
    pub email: EmailAddress,
    /// In full, as the electoral register has it.
    pub name: String,
    /// What they want to be called instead, in what we write to them.
    pub called: Option<String>,
    pub postcode: Option<String>,
    pub region: Option<Region>,
    pub standing: Standing,
    pub email_verified_at: Option<DateTime<Utc>>,
    pub has_password: bool,
    pub created_at: DateTime<Utc>,
}

impl Person {
    /// The name in `Hello Ana,`.
    pub fn greeting(&self) -> &str {
        self.called.as_deref().unwrap_or(&self.name)
    }
}

/// What somebody says their name is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// As it is on the electoral register.
    pub name: String,
    /// What we write to them; `None`: their name.
    pub called: Option<String>,
}

/// An address that somebody wants instead of theirs.
#[derive(Clone, Debug)]
pub struct EmailChange {
    pub id: Uuid,
    pub person: Uuid,
    pub email: EmailAddress,
    pub old_confirmed_at: Option<DateTime<Utc>>,
    pub new_confirmed_at: Option<DateTime<Utc>>,
    /// Whether it was found by the link that the old address got.
    pub is_old: bool,
}

impl EmailChange {
    /// Whether the address that got the link has said yes.
    pub fn has_answered(&self) -> bool {
        let answer = if self.is_old { self.old_confirmed_at } else { self.new_confirmed_at };
        answer.is_some()
    }
}

/// How long the links work that two addresses get before one takes the other's place.
pub const EMAIL_CHANGE_HOURS: i64 = 48;

/// What the rooms above say of a person. A member is a supporter too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    None,
    Supporter,
    Member,
}
codes!(Standing { None = "none", Supporter = "supporter", Member = "member" });

/// An office. What it may do is stated with each [`Permission`]. A returning officer is kept apart from records and
/// members’ details on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Administrator,
    Membership,
    Treasurer,
    ReturningOfficer,
    Observer,
    Editor,
    Communications,
    Organiser,
}
codes!(Role {
    Administrator = "administrator",
    Membership = "membership",
    Treasurer = "treasurer",
    ReturningOfficer = "returning_officer",
    Observer = "observer",
    Editor = "editor",
    Communications = "communications",
    Organiser = "organiser",
});

/// A right that some offices bring. The lowest room that asks for it states it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// For the table of routes.
    pub code: &'static str,
    pub held_by: &'static [Role],
}

impl fmt::Debug for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

pub const SEE_PEOPLE: Permission =
    Permission { code: "see_people", held_by: &[Role::Membership, Role::Treasurer, Role::Organiser] };

/// Seeing to what a member asks for on the phone and could do by themselves: another rate, a link to sign in.
pub const HELP_MEMBERS: Permission =
    Permission { code: "help_members", held_by: &[Role::Membership, Role::Treasurer] };

pub const CHANGE_PEOPLE: Permission = Permission { code: "change_people", held_by: &[Role::Membership] };

/// Not an organiser's: they see the people of their region, and never export the list.
pub const EXPORT_PEOPLE: Permission = Permission { code: "export_people", held_by: &[Role::Membership] };

pub const MANAGE_OFFICERS: Permission =
    Permission { code: "manage_officers", held_by: &[Role::Administrator] };

/// Whose records an officer sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Everyone,
    Regions(Vec<Region>),
}

impl Scope {
    pub fn covers(&self, region: Option<Region>) -> bool {
        match self {
            Self::Everyone => true,
            Self::Regions(regions) => region.is_some_and(|region| regions.contains(&region)),
        }
    }

    /// For SQL: `None` is everyone.
    pub fn region_slugs(&self) -> Option<Vec<String>> {
        match self {
            Self::Everyone => None,
            Self::Regions(regions) => Some(regions.iter().map(|region| region.slug().to_owned()).collect()),
        }
    }
}

/// One office as somebody holds it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Office {
    pub role: Role,
    pub region: Option<Region>,
}

/// `Regional organiser, North West`
impl fmt::Display for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.role.name())?;
        self.region.map_or(Ok(()), |region| write!(f, ", {region}"))
    }
}

/// An office and when it was held.
#[derive(Clone, Debug, Deserialize)]
pub struct Term {
    #[serde(flatten)]
    pub office: Office,
    pub granted_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

impl Office {
    pub fn allows(&self, permission: Permission) -> bool {
        permission.held_by.contains(&self.role)
    }
}

/// Whose records somebody with these offices sees under one permission; `None` without that permission.
pub fn scope(offices: &[Office], permission: Permission) -> Option<Scope> {
    let mut regions = Vec::new();
    for office in offices.iter().filter(|office| office.allows(permission)) {
        match office.region {
            None => return Some(Scope::Everyone),
            Some(region) => regions.push(region),
        }
    }
    if regions.is_empty() { None } else { Some(Scope::Regions(regions)) }
}

impl Role {
    pub fn name(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::Membership => "Membership secretary",
            Self::Treasurer => "Treasurer",
            Self::ReturningOfficer => "Returning officer",
            Self::Observer => "Observer of votes",
            Self::Editor => "Editor",
            Self::Communications => "Communications",
            Self::Organiser => "Regional organiser",
        }
    }
}

impl Standing {
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "Neither member nor supporter",
            Self::Supporter => "Supporter",
            Self::Member => "Member",
        }
    }

    /// The class of its tag in the style sheet.
    pub fn colour(self) -> &'static str {
        match self {
            Self::None => "off",
            Self::Supporter | Self::Member => "good",
        }
    }
}

/// What we may use an address for, each asked for by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentPurpose {
    EmailUpdates,
    OrganiserContact,
}
codes!(ConsentPurpose { EmailUpdates = "email_updates", OrganiserContact = "organiser_contact" });

impl ConsentPurpose {
    /// `email updates`
    pub fn name(self) -> &'static str {
        match self {
            Self::EmailUpdates => "email updates",
            Self::OrganiserContact => "contact by organisers",
        }
    }

    /// The words that stand beside the box, and that are kept with each consent.
    pub fn wording(self) -> &'static str {
        match self {
            Self::EmailUpdates => "Email me news and campaign updates. I can stop them at any time.",
            Self::OrganiserContact => {
                "Share my name and email with the volunteer organisers of my region, so that they can invite me."
            }
        }
    }
}

/// One consent, as it was given.
#[derive(Clone, Debug, Deserialize)]
pub struct Consent {
    pub purpose: ConsentPurpose,
    pub wording: String,
    pub source: String,
    pub given_at: DateTime<Utc>,
    pub withdrawn: Option<(DateTime<Utc>, String)>,
}

/// How long a session lasts without being used.
pub const SESSION_DAYS: i64 = 30;
/// How long an emailed link or code works.
pub const REQUEST_MINUTES: i64 = 30;
/// Wrong codes after which a request is dead: a million codes, five tries.
pub const CODE_TRIES: i32 = 5;
/// Codes that may be tried for one person within a day, however many requests there are: whoever tries as many every
/// day for a year comes in with a chance of 1 in 70.
pub const CODE_TRIES_A_DAY: i64 = 10;
/// How many other codes of the person a wrong one is held against, to say that it is from another mail.
pub const OTHER_CODES: i64 = 3;

/// Only paths of this site: `//elsewhere` and `https:` would lead people away after signing in. Browsers drop tabs
/// and line ends and read a backslash as a slash, so only what an address is written in passes.
pub fn safe_next(path: &str) -> &str {
    let own = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && path.len() <= 500;
    if own { path } else { "/dashboard" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn organisers_see_their_regions_only() {
        let organiser = |region| Office { role: Role::Organiser, region: Some(region) };
        let offices = [organiser(Region::NorthWest), organiser(Region::Wales)];
        assert_eq!(scope(&offices, SEE_PEOPLE), Some(Scope::Regions(vec![Region::NorthWest, Region::Wales])));
        assert_eq!(scope(&offices, CHANGE_PEOPLE), None);
        let both = [offices[0].clone(), Office { role: Role::Membership, region: None }];
        assert_eq!(scope(&both, SEE_PEOPLE), Some(Scope::Everyone));
        assert!(!Scope::Regions(vec![Region::Wales]).covers(None));
    }

    #[test]
    fn codes_are_read_alike_in_columns_and_documents() {
        for role in Role::ALL {
            let office: Office = serde_json::from_value(json!({ "role": role.code() })).unwrap();
            assert_eq!((office.role, office.role.code().parse()), (role, Ok(role)));
        }
        for purpose in ConsentPurpose::ALL {
            assert_eq!(serde_json::from_value::<ConsentPurpose>(json!(purpose.code())).unwrap(), purpose);
        }
        let office: Office =
            serde_json::from_value(json!({ "role": "organiser", "region": "north-west" })).unwrap();
        assert_eq!(office.to_string(), "Regional organiser, North West");
    }

    #[test]
    fn next_stays_on_the_site() {
        for (sent, kept) in [
            ("/faq?q=a", "/faq?q=a"),
            ("//evil.example", "/dashboard"),
            ("https://evil.example", "/dashboard"),
            ("/\\evil.example", "/dashboard"),
            ("/\t/evil.example", "/dashboard"),
            ("/\u{1}", "/dashboard"),
            ("/\0", "/dashboard"),
            ("/faq\r\nx: y", "/dashboard"),
            ("", "/dashboard"),
        ] {
            assert_eq!(safe_next(sent), kept);
        }
    }
}
