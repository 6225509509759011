//! What a gift is, and the bounds of law and party rules. Pure.

mod case;
mod duty;
mod period;
mod plan;
mod refusal;
mod returns;
mod split;

#[cfg(test)]
pub use case::decide_by;
pub use case::{
    Books, ByHand, Case, Decision, Donor, Law, Outcome, Refuse, Register, Stage, Urgency, Warnings, Why,
};
pub use duty::{Duty, Known, duties};
pub use period::{Kind, Period};
pub use plan::{Plan, Regular, Year, fit, most_of};
pub use refusal::{Nature, NewRefusal, Refusal};
pub use returns::{Difference, Item, Reported, Sort, Sourced, Thresholds, compile, differences, reportable};
pub use split::{LOOKS_BACK_DAYS, Split, SplitBy, SplitLine};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    accounts::{Permission, PurposeKind, Role},
    kit::{email_address::EmailAddress, money::Money, stripe::Interval},
    places::Address,
};

/// Only for who checks donors: what is on the electoral register may be used for nothing else (PPERA 2000 s.54,
/// Representation of the People Regulations 2001 reg. 106).
pub const CHECK_DONORS: Permission = Permission { code: "check_donors", held_by: &[Role::Treasurer] };

/// What a gift is in the books.
pub const GIFTS: PurposeKind = PurposeKind {
    code: "donation",
    name: "Donation",
    paid: "as a donation",
    income: "Donations",
    source: "from donations by individuals",
};

/// The usual sums on the form, in pence.
pub const USUAL: [i64; 4] = [500, 1_000, 2_500, 5_000];

/// The words beside the box that has to be ticked, kept with the gift.
pub(super) const DECLARATION: &str = "The money is my own, I give it as a person and not for a company or anybody else, and I live in the UK or am on a UK electoral register.";

/// What is kept instead with a gift that came by cash, cheque or bank.
pub(super) const ENTERED: &str = "Entered by the treasurer; the donor made no declaration here.";

/// What a donor typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Give {
    pub name: String,
    pub email: EmailAddress,
    pub amount: Money,
    /// `None` for once.
    pub every: Option<Interval>,
    pub address: Option<Address>,
}

/// One gift, as it was typed.
#[derive(Clone, Debug)]
pub struct Gift {
    pub id: Uuid,
    pub name: String,
    pub email: EmailAddress,
    pub address: Option<Address>,
    /// Of each payment.
    pub amount: Money,
    /// `None` for once.
    pub every: Option<Interval>,
    pub person: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub paid_at: Option<DateTime<Utc>>,
    pub needs_check: bool,
    /// Whether a payment of it went back, or is on its way, because of the limit or a donor check.
    pub is_returned: bool,
}

impl Gift {
    /// `£10 a month`
    pub fn price(&self) -> String {
        self.every.map_or_else(|| self.amount.to_string(), |every| format!("{} a {every}", self.amount))
    }
}

/// A payment of a gift that nobody has heard of yet.
#[derive(Clone, Copy, Debug)]
pub struct Unheard {
    pub line: Uuid,
    pub at: DateTime<Utc>,
    pub amount: Money,
    /// Whether it can go back the way it came.
    pub by_stripe: bool,
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
    /// From this on the giver says where they live, so that parts of one donation that come from one household are seen
    /// (PPERA 2000 s.61).
    pub address_from: Money,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongGift {
    TooLittle(Money),
    /// The cap.
    TooMuch(Money),
}

impl Bounds {
    /// Whether one gift by itself is within the bounds; one for each month, if a year of it is.
    pub fn check(&self, amount: Money, every: Option<Interval>) -> Result<(), WrongGift> {
        if amount < self.least {
            Err(WrongGift::TooLittle(self.least))
        } else if amount
            .checked_mul(if every == Some(Interval::Month) { 12 } else { 1 })
            .is_none_or(|year| year > self.cap)
        {
            Err(WrongGift::TooMuch(self.cap))
        } else {
            Ok(())
        }
    }

    /// Whether a gift still fits under the cap after what was given this year.
    pub fn fits(&self, given: Money, amount: Money) -> bool {
        given.checked_add(amount).is_some_and(|sum| sum <= self.cap)
    }

    pub fn needs_check(&self, amount: Money) -> bool {
        amount > self.check_above
    }

    pub fn needs_address(&self, amount: Money) -> bool {
        amount >= self.address_from || self.needs_check(amount)
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
        address_from: Money::from_pence(40_000),
    };

    #[test]
    fn each_bound_has_two_sides() {
        let check = |amount| BOUNDS.check(amount, None);
        assert_eq!(check(Money::from_pence(99)), Err(WrongGift::TooLittle(pounds(1))));
        assert_eq!(check(pounds(1)), Ok(()));
        assert_eq!(check(pounds(5000)), Ok(()));
        assert_eq!(check(Money::from_pence(500_001)), Err(WrongGift::TooMuch(pounds(5000))));
        // £416.66 a month is £4,999.92 a year.
        let monthly = |pence| BOUNDS.check(Money::from_pence(pence), Some(Interval::Month)).is_ok();
        assert!(monthly(41_666) && !monthly(41_667) && !monthly(i64::MAX));
        assert!(BOUNDS.check(pounds(5000), Some(Interval::Year)).is_ok());
        // £500.00 is no donation in law, £500.01 is.
        assert!(!BOUNDS.needs_check(pounds(500)));
        assert!(BOUNDS.needs_check(Money::from_pence(50_001)));
        // Where they live is asked from the sum on that may be a part.
        for (pence, asked) in [(39_999, false), (40_000, true), (50_000, true), (50_001, true), (1, false)] {
            assert_eq!(BOUNDS.needs_address(Money::from_pence(pence)), asked, "{pence}");
        }
        let none = Bounds { address_from: pounds(1000), ..BOUNDS };
        assert!(!none.needs_address(pounds(500)) && none.needs_address(Money::from_pence(50_001)));
        assert!(BOUNDS.fits(pounds(4500), pounds(500)));
        assert!(!BOUNDS.fits(pounds(4500), Money::from_pence(50_001)));
        assert!(!BOUNDS.fits(Money::from_pence(i64::MAX), pounds(1)));
    }
}
