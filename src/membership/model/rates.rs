//! What members pay.

use chrono::NaiveDate;

use crate::{
    kit::{
        codes::codes,
        money::Money,
        settings::{Setting, Settings},
        stripe::Interval,
    },
    membership::settings,
};

/// What a member chose to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    LowWage,
    Standard,
    Solidarity,
}
codes!(Rate { LowWage = "low_wage", Standard = "standard", Solidarity = "solidarity" });

impl Rate {
    pub fn name(self) -> &'static str {
        match self {
            Self::LowWage => "Low-wage or unwaged",
            Self::Standard => "Standard",
            Self::Solidarity => "Solidarity",
        }
    }

    pub fn for_whom(self) -> &'static str {
        match self {
            Self::LowWage => {
                "If you earn little or nothing: students, carers, people looking for work, pensioners"
            }
            Self::Standard => "What most members pay, and what keeps the party going",
            Self::Solidarity => "If you can pay more, to support those who cannot. You choose how much",
        }
    }
}

/// One price of the list that holds on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    pub rate: Rate,
    pub every: Interval,
    /// Of the solidarity rate the least that can be chosen.
    pub amount: Money,
}

/// The price list of a day.
#[derive(Clone, Debug, Default)]
pub struct Prices(pub Vec<Price>);

/// The settings that hold the prices.
const PRICES: [(Setting<Money>, Rate, Interval); 6] = [
    (settings::LOW_WAGE_MONTH, Rate::LowWage, Interval::Month),
    (settings::LOW_WAGE_YEAR, Rate::LowWage, Interval::Year),
    (settings::STANDARD_MONTH, Rate::Standard, Interval::Month),
    (settings::STANDARD_YEAR, Rate::Standard, Interval::Year),
    (settings::SOLIDARITY_MONTH, Rate::Solidarity, Interval::Month),
    (settings::SOLIDARITY_YEAR, Rate::Solidarity, Interval::Year),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongAmount {
    TooLittle(Money),
    NotSold,
}

impl Prices {
    /// What the party asks for on that day. Those who pay already keep their price.
    pub fn on(settings: &Settings, day: NaiveDate) -> Self {
        let price = |(setting, rate, every)| Price { rate, every, amount: settings.get(setting, day) };
        Self(PRICES.into_iter().map(price).collect())
    }

    pub fn of(&self, rate: Rate, every: Interval) -> Option<Money> {
        self.0.iter().find(|price| (price.rate, price.every) == (rate, every)).map(|price| price.amount)
    }

    /// Value, price, who it is for: of the monthly list.
    pub fn cards(&self) -> Vec<(&'static str, String, String)> {
        let price = |rate, every| self.of(rate, every).unwrap_or_default();
        Rate::ALL
            .iter()
            .filter(|rate| self.of(**rate, Interval::Month).is_some())
            .map(|rate| {
                let (month, year) = (price(*rate, Interval::Month), price(*rate, Interval::Year));
                let or_more = if *rate == Rate::Solidarity { " or more" } else { "" };
                let words = format!("{}. {}. Or {year}{or_more} a year.", rate.name(), rate.for_whom());
                (rate.code(), format!("{month} a month{or_more}"), words)
            })
            .collect()
    }

    /// What is charged: the list's price, or more by choice at the solidarity rate.
    pub fn charge(&self, rate: Rate, every: Interval, own: Option<Money>) -> Result<Money, WrongAmount> {
        let least = self.of(rate, every).ok_or(WrongAmount::NotSold)?;
        let Some(own) = own.filter(|_| rate == Rate::Solidarity) else { return Ok(least) };
        if own < least { Err(WrongAmount::TooLittle(least)) } else { Ok(own) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_solidarity_rate_is_chosen_and_it_has_a_least_amount() {
        let prices = Prices(vec![
            Price { rate: Rate::Standard, every: Interval::Month, amount: Money::from_pence(500) },
            Price { rate: Rate::Solidarity, every: Interval::Month, amount: Money::from_pence(1000) },
        ]);
        let pounds = |pounds: i64| Some(Money::from_pence(pounds * 100));
        let charge = |rate, own| prices.charge(rate, Interval::Month, own);
        assert_eq!(charge(Rate::Standard, pounds(1)), Ok(Money::from_pence(500)));
        assert_eq!(charge(Rate::Solidarity, None), Ok(Money::from_pence(1000)));
        assert_eq!(charge(Rate::Solidarity, pounds(25)), Ok(Money::from_pence(2500)));
        assert_eq!(charge(Rate::Solidarity, pounds(9)), Err(WrongAmount::TooLittle(Money::from_pence(1000))));
        assert_eq!(charge(Rate::LowWage, None), Err(WrongAmount::NotSold));
    }
}
