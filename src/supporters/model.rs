use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    accounts::ConsentPurpose,
    kit::{codes::codes, email_address::EmailAddress},
    places::{Postcode, Region},
};

/// What somebody can help with. A fixed list: organisers search by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    Leafleting,
    PhoneBanking,
    SocialMedia,
    Events,
    Skills,
}
codes!(Interest {
    Leafleting = "leafleting",
    PhoneBanking = "phone_banking",
    SocialMedia = "social_media",
    Events = "events",
    Skills = "skills",
});

impl Interest {
    pub fn name(self) -> &'static str {
        match self {
            Self::Leafleting => "Leafleting",
            Self::PhoneBanking => "Phone banking",
            Self::SocialMedia => "Social media",
            Self::Events => "Events",
            Self::Skills => "Skills",
        }
    }

    /// What the box on the form says.
    pub fn offer(self) -> &'static str {
        match self {
            Self::Leafleting => "Leafleting and knocking on doors",
            Self::PhoneBanking => "Phone banking from home",
            Self::SocialMedia => "Sharing on social media",
            Self::Events => "Setting up and running events",
            Self::Skills => "My skills, such as design, law, cooking or driving",
        }
    }
}

/// A sign-up as it was typed and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignUp {
    pub email: EmailAddress,
    pub name: String,
    /// `None` for who lives in another country.
    pub postcode: Option<Postcode>,
    /// None abroad, and where the tables do not know the postcode.
    pub region: Option<Region>,
    pub interests: Vec<Interest>,
    pub organiser_contact: bool,
}

impl SignUp {
    /// What confirming agrees to.
    pub fn consents(&self) -> Vec<ConsentPurpose> {
        let organisers = self.organiser_contact.then_some(ConsentPurpose::OrganiserContact);
        [ConsentPurpose::EmailUpdates].into_iter().chain(organisers).collect()
    }
}

/// How long the link in the mail works.
pub const CONFIRM_DAYS: i64 = 7;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supporter {
    pub person_id: Uuid,
    pub interests: Vec<Interest>,
    pub since: DateTime<Utc>,
    pub source: String,
}
