//! What a gift of a year is, and how far it is. Pure.

use chrono::{DateTime, Months, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    accounts::{ConsentPurpose, PurposeKind},
    kit::{dates, email_address::EmailAddress, money::Money},
    membership::{
        model::{EndReason, Membership, State},
        personal::Personal,
    },
    parties::Declared,
    places::Region,
};

/// What it is in the books.
pub const GIFT_YEARS: PurposeKind = PurposeKind {
    code: "gift_membership",
    name: "Gift membership",
    paid: "for a gift membership",
    income: "Gift memberships",
    source: "from memberships given to others",
};

/// What a giver typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Give {
    pub giver_name: String,
    pub giver_email: EmailAddress,
    pub receiver_name: String,
    pub receiver_email: EmailAddress,
    pub message: String,
    /// `None`: as soon as it is paid.
    pub send_on: Option<NaiveDate>,
}

/// What a receiver typed: all that a member says, but nothing about money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    pub name: String,
    pub region: Option<Region>,
    pub personal: Personal,
    pub other_parties: Declared,
    pub consents: Vec<ConsentPurpose>,
}

/// One gift of a year.
#[derive(Clone, Debug)]
pub struct GiftYear {
    pub id: Uuid,
    /// Names the receiver's page; only their mail has it.
    pub key: Uuid,
    pub giver_name: String,
    pub giver_email: EmailAddress,
    pub receiver_name: String,
    /// `None` once it is accepted or has gone back.
    pub receiver_email: Option<EmailAddress>,
    pub message: String,
    pub send_on: NaiveDate,
    pub amount: Money,
    pub created_at: DateTime<Utc>,
    pub paid_at: Option<DateTime<Utc>>,
    /// The last day for accepting it; `None` before it is sent.
    pub accept_by: Option<NaiveDate>,
    pub declined_at: Option<DateTime<Utc>>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub returned_at: Option<DateTime<Utc>>,
    pub refunded_at: Option<DateTime<Utc>>,
}

/// The page of whoever gave one.
pub fn path(gift: Uuid) -> String {
    format!("/gift-membership/{gift}")
}

impl GiftYear {
    /// Whether the receiver can accept it on a day. Whoever said no may think again.
    pub fn is_open(&self, today: NaiveDate) -> bool {
        self.accepted_at.is_none()
            && self.returned_at.is_none()
            && self.accept_by.is_some_and(|last| today <= last)
    }

    /// The giver's page. Its id is opaque.
    pub fn path(&self) -> String {
        path(self.id)
    }

    /// The receiver's page.
    pub fn path_for(&self) -> String {
        format!("/gift-membership/for/{}", self.key)
    }

    pub fn sends_on(&self) -> String {
        dates::day(self.send_on)
    }

    pub fn accept_by(&self) -> String {
        self.accept_by.map(dates::day).unwrap_or_default()
    }
}

/// Why somebody cannot accept a gift, in words for them alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFor {
    /// They pay by themselves.
    Paying,
    /// Suspended, or ended by the party.
    Barred,
}

impl NotFor {
    pub fn words(self) -> &'static str {
        match self {
            Self::Paying => {
                "You are a member already and pay regularly, so this year cannot be added. You need not do anything: the money goes back to whoever gave it, and they are not told why"
            }
            Self::Barred => "This membership cannot be taken up on this page. Please write to us",
        }
    }
}

/// The last day of the year that a gift pays for: after what is paid for already, else from today. `pays` says whether a
/// regular payment goes on that has not failed.
///
/// # Errors
/// Why they cannot accept it.
pub fn year_for(known: Option<&Membership>, pays: bool, today: NaiveDate) -> Result<NaiveDate, NotFor> {
    let from_today = || {
        let end = today.checked_add_months(Months::new(12)).unwrap_or(today);
        end.pred_opt().unwrap_or(end)
    };
    let Some(known) = known else { return Ok(from_today()) };
    match known.state {
        State::Ended { reason, .. } if !reason.is_final() || reason == EndReason::Error => Ok(from_today()),
        State::Ended { .. } | State::Suspended { .. } => Err(NotFor::Barred),
        _ if pays => Err(NotFor::Paying),
        State::Pending | State::Active | State::Grace { .. } => Ok(match known.ends_on {
            Some(paid_until) if known.subscription.is_none() && paid_until > today => {
                dates::months_later(paid_until, 12)
            }
            _ => from_today(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_year_comes_after_what_is_paid_for() {
        let today = day("2026-11-21");
        let sample = Membership { subscription: None, ..Membership::sample() };
        let until = |text| Membership { ends_on: Some(day(text)), ..sample.clone() };
        let ended = |reason| Membership { state: State::Ended { on: today, reason }, ..sample.clone() };
        for (known, pays, year) in [
            (None, false, Ok("2027-11-20")),
            (Some(until("2027-03-31")), false, Ok("2028-03-31")),
            (Some(until("2026-11-01")), false, Ok("2027-11-20")),
            (Some(Membership::sample()), true, Err(NotFor::Paying)),
            (Some(Membership::sample()), false, Ok("2027-11-20")),
            (Some(ended(EndReason::Lapsed)), false, Ok("2027-11-20")),
            (Some(ended(EndReason::Left)), false, Ok("2027-11-20")),
            (Some(ended(EndReason::Error)), false, Ok("2027-11-20")),
            (Some(ended(EndReason::Expelled)), false, Err(NotFor::Barred)),
            (Some(ended(EndReason::Refused)), false, Err(NotFor::Barred)),
            (
                Some(Membership { state: State::Suspended { until: today }, ..sample.clone() }),
                false,
                Err(NotFor::Barred),
            ),
        ] {
            assert_eq!(year_for(known.as_ref(), pays, today), year.map(day), "{known:?}");
        }
        assert_eq!(year_for(None, false, day("2028-02-29")), Ok(day("2029-02-27")));
    }
}
