//! What is typed: by those who join, by members, and by officers.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Decision, EndReason, Less, NewRate, Rate};
use crate::{
    accounts::ConsentPurpose,
    kit::{codes::codes, email_address::EmailAddress, money::Money, stripe::Interval},
    membership::personal::Personal,
    parties::Declared,
    places::Region,
};

/// What stands beside the box that has to be ticked, and is kept with the application.
pub const DECLARATION: &str = "I share the party’s aims and values, and what I have told you here is true.";

/// What has to be ticked as well by whoever pays so much at one time that it is a donation in law: the law takes money from
/// individuals only, and in nobody else's name (PPERA 2000 ss.50, 52(2)(b), 54, 61).
pub const OWN_MONEY: &str = "The money is my own, I give it as a person and not for a company or anybody else, and I live in the UK or am on a UK electoral register.";

/// Everything somebody answers to become a member. Kept as one JSON document until it is paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers {
    pub name: String,
    /// `None` outside the United Kingdom's regions.
    pub region: Option<Region>,
    pub personal: Personal,
    pub rate: Rate,
    pub every: Interval,
    pub amount: Money,
    pub consents: Vec<ConsentPurpose>,
    /// What they pay instead for a time, because they said that they must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub less: Option<Less>,
    /// `None` for who was not asked. Taken away once it is paid for: it is kept with declarations then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_parties: Option<Declared>,
}

impl Answers {
    /// What is collected at first.
    pub fn collected(&self) -> NewRate {
        let amount = self.less.map_or(self.amount, |less| less.amount);
        NewRate { rate: self.rate, every: self.every, amount }
    }
}

/// What is sent to become a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// `None` when they are signed in: their account's address counts.
    pub email: Option<EmailAddress>,
    pub answers: Answers,
}

/// The job that looks whether an application came with a member's address.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct WarnMember {
    pub application: Uuid,
}

/// What changes about a member.
pub struct NewDetails {
    /// The account's name and email address, which officers change; `None` leaves them.
    pub account: Option<(String, EmailAddress)>,
    /// `None` outside the United Kingdom's regions.
    pub region: Option<Region>,
    pub personal: Personal,
}

/// Why an officer ends a membership.
pub struct Ending {
    pub reason: EndReason,
    pub words: String,
    /// Of an expulsion, or that they are not admitted.
    pub decision: Option<Decision>,
}

/// What becomes of a membership whose payment the party may not keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unaccepted {
    End,
    /// It is unpaid from today: they have the days of grace to pay anew.
    Unpaid,
}
codes!(Unaccepted { End = "end", Unpaid = "unpaid" });

/// What an officer decided about a suspension.
pub struct NewSuspension {
    pub until: NaiveDate,
    pub reason: String,
}
