//! Paying another price from the next period on.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Membership, Prices, Rate};
use crate::{
    kit::{money::Money, stripe::Interval},
    payments::Subscription,
};

/// What somebody wants to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct NewRate {
    pub rate: Rate,
    pub every: Interval,
    pub amount: Money,
}

/// A change that was asked for, and of which Stripe has not been told yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateChange {
    pub id: Uuid,
    pub person: Uuid,
    pub new: NewRate,
    pub asked_by: Uuid,
}

/// Tells Stripe of a change.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangeRate {
    pub change: Uuid,
}

/// Puts the next payment off by days that were paid for.
#[derive(Debug, Serialize, Deserialize)]
pub struct CarryDays {
    pub subscription: String,
}

impl NewRate {
    pub fn of(membership: &Membership) -> Self {
        Self { rate: membership.rate, every: membership.every, amount: membership.amount }
    }

    /// `£10 a month`
    pub fn price(self) -> String {
        format!("{} a {}", self.amount, self.every)
    }
}

/// Why the price of a membership cannot be changed now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoChange {
    NothingPaid,
    Overdue,
    Ending,
}

impl NoChange {
    pub fn words(self) -> &'static str {
        match self {
            Self::NothingPaid => "There is no regular payment to change yet.",
            Self::Overdue => "A payment is overdue. Once it is paid, the rate can be changed.",
            Self::Ending => "Renewal has been stopped. It must be resumed before the rate can be changed.",
        }
    }
}

/// The regular payment whose price can be changed: one that is paid and goes on.
pub fn changeable(subscription: Option<&Subscription>) -> Result<&Subscription, NoChange> {
    let it = subscription.filter(|it| it.is_alive()).ok_or(NoChange::NothingPaid)?;
    if it.is_failing() {
        Err(NoChange::Overdue)
    } else if it.first_paid_at.is_none() {
        Err(NoChange::NothingPaid)
    } else if it.cancel_at_period_end {
        Err(NoChange::Ending)
    } else {
        Ok(it)
    }
}

impl Prices {
    /// The rate that somebody pays whose price was changed elsewhere; `None` where the list has no such price.
    pub fn rate_for(&self, amount: Money, every: Interval) -> Option<Rate> {
        let listed = self.0.iter().find(|price| (price.amount, price.every) == (amount, every));
        let least = self.of(Rate::Solidarity, every);
        listed
            .map(|price| price.rate)
            .or_else(|| least.filter(|least| amount >= *least).map(|_| Rate::Solidarity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::membership::model::Price;

    #[test]
    fn a_price_tells_its_rate() {
        let price = |rate, pence| Price { rate, every: Interval::Month, amount: Money::from_pence(pence) };
        let prices = Prices(vec![
            price(Rate::LowWage, 100),
            price(Rate::Standard, 500),
            price(Rate::Solidarity, 1000),
        ]);
        for (pence, rate) in [
            (100, Some(Rate::LowWage)),
            (101, None),
            (500, Some(Rate::Standard)),
            (999, None),
            (1000, Some(Rate::Solidarity)),
            (2500, Some(Rate::Solidarity)),
        ] {
            assert_eq!(prices.rate_for(Money::from_pence(pence), Interval::Month), rate, "{pence}");
        }
        assert_eq!(prices.rate_for(Money::from_pence(500), Interval::Year), None);
    }
}
