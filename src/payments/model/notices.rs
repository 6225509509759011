//! Notices that are sent before a Direct Debit is collected.

use chrono::NaiveDate;

use crate::kit::{codes::codes, email_address::EmailAddress, money::Money, stripe::Interval, working_days};

/// Why a collection is announced. One that differs in nothing from the one before is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNotice {
    First,
    Amount,
    /// How often it is collected.
    Frequency,
    Date,
}
codes!(WhyNotice { First = "first", Amount = "amount", Frequency = "frequency", Date = "date" });

impl WhyNotice {
    pub fn name(self) -> &'static str {
        match self {
            Self::First => "First collection",
            Self::Amount => "Another amount",
            Self::Frequency => "Another frequency",
            Self::Date => "Another day",
        }
    }
}

/// A collection that its payer has to be told of.
#[derive(Clone, Debug)]
pub struct Collection {
    pub subscription: String,
    pub why: WhyNotice,
    /// The first day of the period that is paid for.
    pub period_on: NaiveDate,
    pub amount: Money,
    pub every: Interval,
    pub name: String,
    pub email: EmailAddress,
    /// The last figures of the account.
    pub last4: Option<String>,
    /// What it is found by here.
    pub reference: String,
}

impl Collection {
    /// The day on which the bank takes the money, or the first on which it may: nobody is told less than so many working
    /// days before.
    pub fn due_on(&self, today: NaiveDate, notice_days: u32) -> NaiveDate {
        let told = working_days::after(today, notice_days);
        match self.why {
            WhyNotice::First => working_days::on_or_after(self.period_on).max(told),
            WhyNotice::Amount | WhyNotice::Frequency | WhyNotice::Date => {
                working_days::on_or_after(self.period_on)
            }
        }
    }
}

/// A notice that was sent.
#[derive(Clone, Debug)]
pub struct Announced {
    pub name: Option<String>,
    pub why: WhyNotice,
    pub amount: Money,
    pub every: Interval,
    pub due_on: NaiveDate,
    pub sent_on: NaiveDate,
}
