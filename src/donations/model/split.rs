//! Signs that one gift was split to stay below the law's sum (PPERA 2000 s.61). Pure.

use chrono::NaiveDate;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    kit::{codes::codes, money::Money},
    payments::KindCode,
};

/// What payments that stand close together have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitBy {
    Source,
    /// Several sources with one address.
    Household,
    /// Several sources with one card.
    Card,
}
codes!(SplitBy { Source = "source", Household = "household", Card = "card" });

/// Payments further back than this many days are not looked at again for signs of split gifts.
pub const LOOKS_BACK_DAYS: u64 = 400;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    pub how: SplitBy,
    /// In the order of their ids.
    pub lines: Vec<Uuid>,
    /// The oldest first.
    pub payments: Vec<SplitLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SplitLine {
    pub name: String,
    pub on: NaiveDate,
    pub amount: Money,
    pub kind: KindCode,
}

impl Split {
    pub fn total(&self) -> Money {
        Money::from_pence(self.payments.iter().map(|payment| payment.amount.pence()).sum())
    }

    /// The ids of its payments, for the form that dismisses it.
    pub fn ids(&self) -> String {
        self.lines.iter().map(Uuid::to_string).collect::<Vec<_>>().join(" ")
    }
}
