//! Returns to the Electoral Commission: which donations are reported, in which return, and how.

mod compile;
mod difference;
mod item;
mod sums;

pub use compile::{Reported, Sourced, compile};
pub use difference::{Difference, differences};
pub use item::{Item, Sort};
pub use sums::{Thresholds, reportable};

#[cfg(test)]
use chrono::NaiveDate;
#[cfg(test)]
use uuid::Uuid;

#[cfg(test)]
use super::{Books, Case, Decision, Donor, Outcome};
#[cfg(test)]
use crate::{donations::GIFTS, kit::money::Money};

#[cfg(test)]
fn on(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The thresholds of SI 2023/1235, and those before.
#[cfg(test)]
fn law(day: NaiveDate) -> Thresholds {
    let (first, further) = if day >= on("2024-01-01") { (1_118_000, 223_000) } else { (750_000, 150_000) };
    Thresholds {
        donation: Money::from_pence(50_000),
        first: Money::from_pence(first),
        further: Money::from_pence(further),
    }
}

#[cfg(test)]
fn accepted(number: u128, pounds: i64, day: &str) -> Sourced {
    let amount = Money::from_pence(pounds * 100);
    Sourced {
        source: "a".to_owned(),
        case: Case {
            line: Uuid::from_u128(number),
            kind: GIFTS.into(),
            amount,
            received_on: on(day),
            decide_by: on(day) + chrono::Days::new(30),
            donor: Donor { name: "Ana".into(), email: None, address: None, person: None },
            decision: Some(Decision { on: on(day), by: None, late: None, outcome: Outcome::Accepted(None) }),
            books: Books { left: amount, by_stripe: true, ..Books::default() },
        },
    }
}

#[cfg(test)]
fn rows(items: &[Item]) -> Vec<(Sort, i64)> {
    items.iter().map(|item| (item.sort, item.pence / 100)).collect()
}
