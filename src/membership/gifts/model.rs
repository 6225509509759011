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
    /// Who accepted it.
    pub person: Option<Uuid>,
}

/// How far a gift that is paid for is, for officers. That somebody said no is nobody's business: they may think again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The receiver is written to on that day.
    Given {
        send_on: NaiveDate,
    },
    /// The receiver has until that day to accept it.
    Waiting {
        until: NaiveDate,
    },
    /// The year that it pays for began on that day.
    Accepted {
        on: NaiveDate,
    },
    /// That year was over on that day.
    Over {
        on: NaiveDate,
    },
    GoingBack,
    WentBack {
        on: NaiveDate,
    },
}

impl Stage {
    /// The colour and the words of its tag.
    pub fn tag(self) -> (&'static str, String) {
        match self {
            Self::Given { send_on } => ("off", format!("To be sent on {}", dates::day(send_on))),
            Self::Waiting { until } => ("wait", format!("Waiting until {}", dates::day(until))),
            Self::Accepted { on } => ("good", format!("Accepted on {}", dates::day(on))),
            Self::Over { on } => ("off", format!("Year over since {}", dates::day(on))),
            Self::GoingBack => ("wait", "Refund on its way".to_owned()),
            Self::WentBack { on } => ("off", format!("Refunded on {}", dates::day(on))),
        }
    }
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

    pub fn stage(&self, today: NaiveDate) -> Stage {
        match (self.refunded_at, self.returned_at, self.accepted_at, self.accept_by) {
            (Some(at), ..) => Stage::WentBack { on: dates::london_date(at) },
            (None, Some(_), ..) => Stage::GoingBack,
            (None, None, Some(at), _) => {
                let on = dates::london_date(at);
                let over = dates::months_later(on, 12);
                if over > today { Stage::Accepted { on } } else { Stage::Over { on: over } }
            }
            (None, None, None, Some(until)) => Stage::Waiting { until },
            (None, None, None, None) => Stage::Given { send_on: self.send_on },
        }
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
                "You are a member already and pay regularly, so this year cannot be added. You don’t have to do anything: the money goes back to whoever gave it, and they are not told why"
            }
            Self::Barred => "This membership cannot be taken up on this page. Please write to us",
        }
    }
}

/// The last day of the year that a gift pays for: after what is paid for already, else from today. `free_from` is the first
/// day that is not paid for, as [`Membership::paid_before`] says; `pays` is whether a regular payment goes on.
///
/// # Errors
/// Why they cannot accept it.
pub fn year_for(
    known: Option<&Membership>,
    free_from: Option<NaiveDate>,
    pays: bool,
    today: NaiveDate,
) -> Result<NaiveDate, NotFor> {
    let year_from = |from: NaiveDate| {
        let end = from.checked_add_months(Months::new(12)).unwrap_or(from);
        end.pred_opt().unwrap_or(end)
    };
    let Some(known) = known else { return Ok(year_from(today)) };
    match known.state {
        State::Ended { reason, .. } if !reason.is_final() || reason == EndReason::Error => {
            Ok(year_from(today))
        }
        State::Ended { .. } | State::Suspended { .. } => Err(NotFor::Barred),
        _ if pays => Err(NotFor::Paying),
        State::Pending | State::Active | State::Grace { .. } => {
            Ok(year_from(free_from.map_or(today, |free| free.max(today))))
        }
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
            // M3: a day that is paid for is not lost, however few they are.
            (Some(until("2026-11-21")), false, Ok("2027-11-21")),
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
            let free_from = known.as_ref().and_then(|known| known.paid_before(None));
            assert_eq!(year_for(known.as_ref(), free_from, pays, today), year.map(day), "{known:?}");
        }
        assert_eq!(year_for(None, None, false, day("2028-02-29")), Ok(day("2029-02-27")));
    }

    #[test]
    fn how_far_a_gift_is_follows_from_its_days() {
        let at = |text: &str| dates::start_of_day(day(text));
        let gift = |accept_by: Option<&str>,
                    accepted: Option<&str>,
                    returned: Option<&str>,
                    refunded: Option<&str>| GiftYear {
            id: Uuid::nil(),
            key: Uuid::nil(),
            giver_name: "Ana".into(),
            giver_email: "ana@example.org".parse().unwrap(),
            receiver_name: "Robin".into(),
            receiver_email: None,
            message: String::new(),
            send_on: day("2026-12-25"),
            amount: Money::from_pence(5_000),
            created_at: at("2026-11-01"),
            paid_at: Some(at("2026-11-01")),
            accept_by: accept_by.map(day),
            declined_at: None,
            accepted_at: accepted.map(at),
            returned_at: returned.map(at),
            refunded_at: refunded.map(at),
            person: None,
        };
        let stage = |gift: GiftYear| gift.stage(day("2026-11-21"));
        assert_eq!(stage(gift(None, None, None, None)), Stage::Given { send_on: day("2026-12-25") });
        let sent = Some("2026-12-01");
        assert_eq!(stage(gift(sent, None, None, None)), Stage::Waiting { until: day("2026-12-01") });
        for (accepted, over) in [("2025-11-22", false), ("2025-11-21", true)] {
            let on = day(accepted);
            let found = stage(gift(sent, Some(accepted), None, None));
            let expected = if over { Stage::Over { on: day("2026-11-21") } } else { Stage::Accepted { on } };
            assert_eq!(found, expected);
        }
        assert_eq!(stage(gift(sent, None, Some("2026-11-20"), None)), Stage::GoingBack);
        let back = gift(sent, Some("2026-11-02"), Some("2026-11-20"), Some("2026-11-21"));
        assert_eq!(stage(back), Stage::WentBack { on: day("2026-11-21") });
    }
}
