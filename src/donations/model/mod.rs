//! What a gift is, and the bounds of law and party rules. Pure.

mod case;
mod returns;
mod split;

#[cfg(test)]
pub use case::decide_by;
pub use case::{Books, ByHand, Case, Decision, Donor, Law, Outcome, Register, Stage, Urgency, Warnings, Why};
pub use returns::{Difference, Item, Kind, Period, Sourced, Thresholds, compile, differences, reportable};
pub use split::{Split, SplitBy, SplitLine};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    accounts::{Permission, PurposeKind, Role},
    kit::{email_address::EmailAddress, money::Money},
    places::Address,
};

/// Only for who checks donors: what stands on the electoral register may be used for nothing else (PPERA 2000 s.54,
/// Representation of the People Regulations 2001 reg. 106).
pub const CHECK_DONORS: Permission = Permission { code: "check_donors", held_by: &[Role::Treasurer] };

/// What a gift is in the books.
pub const GIFTS: PurposeKind = PurposeKind {
    code: "donation",
    name: "Gift",
    paid: "as a gift",
    income: "Gifts",
    source: "from gifts of individuals",
};

/// The usual sums on the form, in pence.
pub const USUAL: [i64; 4] = [500, 1_000, 2_500, 5_000];

/// What stands beside the box that has to be ticked, and is kept with the gift.
pub(super) const DECLARATION: &str = "The money is my own, I give it as a person and not for a company or anybody else, and I live in the UK or am on a UK electoral register.";

/// What is kept instead with a gift that came by cash, cheque or bank.
pub(super) const ENTERED: &str = "Entered by the treasurer; the donor made no declaration here.";

/// What a donor typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Give {
    pub name: String,
    pub email: EmailAddress,
    pub amount: Money,
    pub address: Option<Address>,
}

/// One gift, as it was typed.
#[derive(Clone, Debug)]
pub struct Gift {
    pub id: Uuid,
    pub name: String,
    pub email: EmailAddress,
    pub address: Option<Address>,
    pub amount: Money,
    pub person: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub paid_at: Option<DateTime<Utc>>,
    pub needs_check: bool,
}

/// What one person may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub least: Money,
    /// In one calendar year, all gifts together: the party's own rule.
    pub cap: Money,
    /// More than this at once is a donation in law, and its giver is checked against the electoral register
    /// (PPERA 2000 s.52(2)(b), as amended by PPEA 2009 s.20).
    pub check_above: Money,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongGift {
    TooLittle(Money),
    /// The cap.
    TooMuch(Money),
}

impl Bounds {
    /// Whether one gift by itself is within the bounds.
    pub fn check(&self, amount: Money) -> Result<(), WrongGift> {
        if amount < self.least {
            Err(WrongGift::TooLittle(self.least))
        } else if amount > self.cap {
            Err(WrongGift::TooMuch(self.cap))
        } else {
            Ok(())
        }
    }

    /// Whether a gift still fits under the cap after what was given this year.
    pub fn fits(&self, given: Money, amount: Money) -> bool {
        given.checked_add(amount).is_some_and(|sum| sum <= self.cap)
    }

    /// What still fits under the cap. Never negative.
    pub fn left(&self, given: Money) -> Money {
        Money::from_pence((self.cap.pence() - given.pence()).max(0))
    }

    pub fn needs_check(&self, amount: Money) -> bool {
        amount > self.check_above
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pounds(pounds: i64) -> Money {
        Money::from_pence(pounds * 100)
    }

    const BOUNDS: Bounds = Bounds {
        least: Money::from_pence(100),
        cap: Money::from_pence(500_000),
        check_above: Money::from_pence(50_000),
    };

    #[test]
    fn each_bound_has_two_sides() {
        assert_eq!(BOUNDS.check(Money::from_pence(99)), Err(WrongGift::TooLittle(pounds(1))));
        assert_eq!(BOUNDS.check(pounds(1)), Ok(()));
        assert_eq!(BOUNDS.check(pounds(5000)), Ok(()));
        assert_eq!(BOUNDS.check(Money::from_pence(500_001)), Err(WrongGift::TooMuch(pounds(5000))));
        // £500.00 is no donation in law, £500.01 is.
        assert!(!BOUNDS.needs_check(pounds(500)));
        assert!(BOUNDS.needs_check(Money::from_pence(50_001)));
        assert!(BOUNDS.fits(pounds(4500), pounds(500)));
        assert!(!BOUNDS.fits(pounds(4500), Money::from_pence(50_001)));
        assert!(!BOUNDS.fits(Money::from_pence(i64::MAX), pounds(1)));
    }
}
