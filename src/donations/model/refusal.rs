//! A donation that was refused before it was in the books. Pure.

use chrono::NaiveDate;
use uuid::Uuid;

use super::ByHand;
use crate::{
    kit::{codes::codes, money::Money},
    places::Address,
};

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    Crypto,
    Organisation,
    Unidentified,
    Goods,
    Money,
}
codes!(Nature {
    Crypto = "crypto",
    Organisation = "organisation",
    Unidentified = "unidentified",
    Goods = "goods",
    Money = "money",
});

impl Nature {
    pub fn words(self) -> &'static str {
        match self {
            Self::Crypto => "Cryptoassets, like Bitcoin",
            Self::Organisation => "Money from a company or another organisation",
            Self::Unidentified => "Money from somebody we cannot identify",
            Self::Goods => "Goods or services",
            Self::Money => "Other money that we may not keep",
        }
    }
}

/// What an officer typed of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefusal {
    /// Of the form that it is entered from: sent twice, it is one.
    pub id: Uuid,
    pub nature: Nature,
    /// What it was and how it came.
    pub words: String,
    /// On the day of receipt.
    pub value: Money,
    pub received_on: NaiveDate,
    /// `None`: not known.
    pub name: Option<String>,
    pub address: Option<Address>,
}

/// One as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub it: NewRefusal,
    /// The last day to send it back (PPERA 2000 s.56(2)).
    pub decide_by: NaiveDate,
    pub returned: Option<ByHand>,
}

impl Refusal {
    /// A tag's colour and words.
    pub fn tag(&self, today: NaiveDate) -> (&'static str, String) {
        let (day, days) =
            ((today - self.it.received_on).num_days(), (self.decide_by - self.it.received_on).num_days());
        match &self.returned {
            Some(_) => ("off", "Sent back".to_owned()),
            None if today > self.decide_by => ("bad", format!("Day {day}: past the last day, {days}")),
            None => ("wait", format!("To be sent back, day {day} of {days}")),
        }
    }

    /// Who it came from, in a list.
    pub fn donor(&self) -> &str {
        self.it.name.as_deref().unwrap_or("Not known")
    }
}
