//! Accounts, and what is in them. Pure.

use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    accounts::{Permission, Role},
    kit::{codes::codes, dates, money::Money, stripe::Interval},
    payments::Method,
};

/// Enters what did not pass through Stripe, and closes months.
pub const KEEP_BOOKS: Permission = Permission { code: "keep_books", held_by: &[Role::Treasurer] };

/// An account of the books. A CHECK on the table knows the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    Bank,
    Stripe,
    /// Cash and cheques that have not been paid in yet.
    Hand,
    Unexplained,
    Opening,
    Dues,
    Donations,
    OtherIncome,
    Refunds,
    Disputes,
    Fees,
    Campaigns,
    Events,
    Premises,
    Staff,
    Printing,
    Tools,
    Travel,
    BankCharges,
    OtherSpending,
}
codes!(Account {
    Bank = "bank",
    Stripe = "stripe",
    Hand = "hand",
    Unexplained = "unexplained",
    Opening = "opening",
    Dues = "dues",
    Donations = "donations",
    OtherIncome = "other_income",
    Refunds = "refunds",
    Disputes = "disputes",
    Fees = "fees",
    Campaigns = "campaigns",
    Events = "events",
    Premises = "premises",
    Staff = "staff",
    Printing = "printing",
    Tools = "tools",
    Travel = "travel",
    BankCharges = "bank_charges",
    OtherSpending = "other_spending",
});

/// What an account is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// What the party has.
    Assets,
    /// Where it began.
    Funds,
    Income,
    Spending,
}

impl Class {
    pub fn name(self) -> &'static str {
        match self {
            Self::Assets => "Assets",
            Self::Funds => "Brought forward",
            Self::Income => "Income",
            Self::Spending => "Spending",
        }
    }
}

impl Account {
    pub fn name(self) -> &'static str {
        match self {
            Self::Bank => "Bank",
            Self::Stripe => "Stripe balance",
            Self::Hand => "Cash and cheques in hand",
            Self::Unexplained => "To be explained",
            Self::Opening => "Opening balances",
            Self::Dues => "Subscriptions",
            Self::Donations => "Donations",
            Self::OtherIncome => "Other income",
            Self::Refunds => "Refunds",
            Self::Disputes => "Disputes: taken back by banks",
            Self::Fees => "Stripe’s fees",
            Self::Campaigns => "Campaigns and elections",
            Self::Events => "Meetings and events",
            Self::Premises => "Office and premises",
            Self::Staff => "Staff",
            Self::Printing => "Printing and post",
            Self::Tools => "Website and tools",
            Self::Travel => "Travel",
            Self::BankCharges => "Bank charges",
            Self::OtherSpending => "Other spending",
        }
    }

    /// The numbers that accounting programs use: assets below 100 and from 600, income from 200, spending from 400.
    pub fn number(self) -> u16 {
        match self {
            Self::Bank => 90,
            Self::Stripe => 91,
            Self::Hand => 92,
            Self::Unexplained => 850,
            Self::Opening => 960,
            Self::Dues => 200,
            Self::Donations => 210,
            Self::OtherIncome => 260,
            Self::Refunds => 280,
            Self::Disputes => 281,
            Self::Fees => 404,
            Self::Campaigns => 410,
            Self::Events => 420,
            Self::Premises => 469,
            Self::Staff => 477,
            Self::Printing => 461,
            Self::Tools => 463,
            Self::Travel => 493,
            Self::BankCharges => 405,
            Self::OtherSpending => 499,
        }
    }

    pub fn class(self) -> Class {
        match self {
            Self::Bank | Self::Stripe | Self::Hand | Self::Unexplained => Class::Assets,
            Self::Opening => Class::Funds,
            Self::Dues | Self::Donations | Self::OtherIncome | Self::Refunds | Self::Disputes => {
                Class::Income
            }
            Self::Fees
            | Self::Campaigns
            | Self::Events
            | Self::Premises
            | Self::Staff
            | Self::Printing
            | Self::Tools
            | Self::Travel
            | Self::BankCharges
            | Self::OtherSpending => Class::Spending,
        }
    }

    /// To choose from, by code and name.
    pub fn choices(fits: impl Fn(Self) -> bool) -> Vec<(&'static str, &'static str)> {
        Self::ALL.into_iter().filter(|account| fits(*account)).map(|it| (it.code(), it.name())).collect()
    }
}

/// What a movement of the balance at Stripe is booked as, by Stripe's word for it.
pub fn movement(category: &str) -> String {
    match category {
        "charge" => "Stripe’s fee for a payment".to_owned(),
        "dispute" | "dispute_reversal" => "Stripe’s fee for a dispute".to_owned(),
        "refund" | "refund_failure" => "Stripe’s fee for a refund".to_owned(),
        "fee" | "tax" | "network_cost" => "Stripe’s fee".to_owned(),
        "payout" => "Paid out to the bank".to_owned(),
        "payout_reversal" => "Payout returned".to_owned(),
        other => format!("At Stripe: {}", other.replace('_', " ")),
    }
}

/// A sum in its column: what an account got (debit) or gave (credit).
pub fn columns(sum: Money) -> (Option<Money>, Option<Money>) {
    match sum.pence() {
        0 => (None, None),
        got @ 1.. => (Some(Money::from_pence(got)), None),
        gave => (None, Some(Money::from_pence(gave.saturating_neg()))),
    }
}

/// What an account got and gave, up to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    pub account: Account,
    /// In the month of that day.
    pub moved: Money,
    pub sum: Money,
}

impl Balance {
    pub fn columns(&self) -> (Option<Money>, Option<Money>) {
        columns(self.sum)
    }
}

/// Every account that was ever used, as of the end of a month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrialBalance(pub Vec<Balance>);

impl TrialBalance {
    /// Debits and credits, which are equal.
    pub fn totals(&self) -> (Money, Money) {
        let side = |sign: i64| {
            let sums = self.0.iter().map(|line| line.sum.pence() * sign).filter(|pence| *pence > 0);
            Money::from_pence(sums.sum())
        };
        (side(1), side(-1))
    }
}

/// A month, by its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(NaiveDate);

impl Month {
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// `2026-11`, as addresses have it.
    pub fn parse(text: &str) -> Option<Self> {
        let first = format!("{text}-01").parse::<NaiveDate>().ok()?;
        (2000..=2200).contains(&first.year()).then_some(Self(first))
    }

    pub fn first(self) -> NaiveDate {
        self.0
    }

    pub fn next(self) -> Self {
        Self(dates::months_later(self.0, 1))
    }

    pub fn code(self) -> String {
        self.0.format("%Y-%m").to_string()
    }

    /// `November 2026`
    pub fn name(self) -> String {
        self.0.format("%B %Y").to_string()
    }
}

/// A month in the list of months.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthRow {
    pub month: Month,
    /// Of this month.
    pub lines: i64,
    /// When it was closed, and by whom.
    pub closed: Option<(DateTime<Utc>, String)>,
}

/// The month that may be closed next: over, and the first that is open.
pub fn to_close(first: Option<Month>, closed_through: Option<Month>, today: NaiveDate) -> Option<Month> {
    let next = closed_through.map(Month::next).or(first)?;
    (next.next().first() <= today).then_some(next)
}

/// The last day that dues pay for: as many whole months as the sum covers, after what is already paid for; `None` if it covers
/// none.
pub fn paid_for_until(
    paid_until: Option<NaiveDate>,
    on: NaiveDate,
    amount: Money,
    price: Money,
    every: Interval,
) -> Option<NaiveDate> {
    const MOST: i64 = 120;
    let each = if every == Interval::Year { 12 } else { 1 };
    let months = (amount.pence().saturating_mul(each) / price.pence().max(1)).min(MOST);
    let months = u32::try_from(months).ok().filter(|months| *months > 0)?;
    Some(dates::months_later(paid_until.map_or(on, |until| until.max(on)), months))
}

/// Money that an officer moves between two accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// The key of the form it was typed into: a form sent twice is booked once.
    pub key: Uuid,
    pub from: Account,
    pub to: Account,
    pub amount: Money,
    pub on: NaiveDate,
    pub words: String,
    /// The number of an invoice or receipt, where it is kept, or why there is none.
    pub document: String,
}

/// What came in cash, by cheque or through the bank.
#[derive(Debug)]
pub struct Receipt {
    /// Of the form.
    pub key: Uuid,
    pub what: What,
    pub method: Method,
    pub amount: Money,
    pub on: NaiveDate,
    /// The number of a cheque or receipt, the words on a bank statement, or why there is nothing of the kind.
    pub reference: String,
}

/// What a member's money is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Dues,
    Gift,
}
codes!(What { Dues = "dues", Gift = "gift" });

/// What a line of the bank is settled as. What comes in is somebody's dues or gift, or something else that stands in the
/// books already or not; what goes out has a heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    Member(What),
    /// From or to an account in the books.
    Account(Account),
    /// It is in the books another way: a payout from Stripe, or an entry made by hand.
    Known,
}

impl As {
    pub fn code(self) -> &'static str {
        match self {
            Self::Member(what) => what.code(),
            Self::Account(account) => account.code(),
            Self::Known => "known",
        }
    }
}

impl FromStr for As {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, String> {
        if code == "known" {
            return Ok(Self::Known);
        }
        if let Ok(what) = code.parse() {
            return Ok(Self::Member(what));
        }
        match code.parse::<Account>()? {
            Account::Bank | Account::Stripe => Err(format!("`{code}` is settled another way")),
            account => Ok(Self::Account(account)),
        }
    }
}

/// One ticked line: what it is, and the number of whose it is, if it is somebody's.
pub struct Settled {
    pub line: Uuid,
    pub so: As,
    pub member: Option<i64>,
}

/// Why a ticked line cannot be booked as it was filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Nobody has this membership number.
    Nobody { line: Uuid, number: i64 },
    /// What it was called, it cannot be.
    Other { line: Uuid, why: &'static str },
}

impl Misfit {
    /// The field that is wrong, and what to say beside it.
    pub fn at(&self) -> (String, String) {
        match self {
            Self::Nobody { line, number } => {
                (format!("member-{line}"), format!("No member has the number {number}"))
            }
            Self::Other { line, why } => (format!("as-{line}"), (*why).to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn accounts_have_codes_and_numbers_of_their_own() {
        let numbers: BTreeSet<_> = Account::ALL.iter().map(|account| account.number()).collect();
        let names: BTreeSet<_> = Account::ALL.iter().map(|account| account.name()).collect();
        assert_eq!((numbers.len(), names.len()), (Account::ALL.len(), Account::ALL.len()));
        for account in Account::ALL {
            assert_eq!(account.code().parse(), Ok(account));
        }
    }

    #[test]
    fn a_sum_stands_in_one_column() {
        let pence = Money::from_pence;
        assert_eq!(columns(pence(5)), (Some(pence(5)), None));
        assert_eq!(columns(pence(-5)), (None, Some(pence(5))));
        assert_eq!(columns(pence(0)), (None, None));
        assert_eq!(columns(pence(i64::MIN)), (None, Some(pence(i64::MAX))));
        let line = |account, balance| Balance { account, moved: pence(0), sum: pence(balance) };
        let trial = TrialBalance(vec![
            line(Account::Stripe, 700),
            line(Account::Dues, -500),
            line(Account::Donations, -200),
        ]);
        assert_eq!(trial.totals(), (pence(700), pence(700)));
    }

    #[test]
    fn months_are_closed_one_after_the_other_when_they_are_over() {
        let month = |text| Month::parse(text).unwrap();
        let day = |text: &str| text.parse().unwrap();
        for (first, closed, today, next) in [
            (None, None, "2026-11-21", None),
            (Some("2026-09"), None, "2026-11-21", Some("2026-09")),
            (Some("2026-09"), Some("2026-09"), "2026-11-21", Some("2026-10")),
            (Some("2026-09"), Some("2026-10"), "2026-11-30", None),
            (Some("2026-09"), Some("2026-10"), "2026-12-01", Some("2026-11")),
            (Some("2026-12"), None, "2026-12-31", None),
        ] {
            let found = to_close(first.map(month), closed.map(month), day(today));
            assert_eq!(found, next.map(month), "{first:?} {closed:?} {today}");
        }
    }

    #[test]
    fn dues_pay_for_as_long_as_they_cover() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (paid_until, pence, price, every, until) in [
            (None, 500, 500, Interval::Month, "2026-12-10"),
            (Some("2026-11-30"), 1_050, 500, Interval::Month, "2027-01-30"),
            (Some("2026-10-31"), 500, 500, Interval::Month, "2026-12-10"),
            (None, 300, 500, Interval::Month, ""),
            (None, 1, 500, Interval::Month, ""),
            (None, 499, 500, Interval::Month, ""),
            // A pound of £150 a year buys no month, £12.50 buys one, and a year less a penny eleven.
            (None, 100, 15_000, Interval::Year, ""),
            (None, 1_250, 15_000, Interval::Year, "2026-12-10"),
            (None, 14_999, 15_000, Interval::Year, "2027-10-10"),
            (Some("2027-01-31"), 6_000, 6_000, Interval::Year, "2028-01-31"),
            (None, 500, 0, Interval::Month, "2036-11-10"),
        ] {
            let sums = (Money::from_pence(pence), Money::from_pence(price));
            let found = paid_for_until(paid_until.map(day), day("2026-11-10"), sums.0, sums.1, every);
            assert_eq!(found, Some(until).filter(|it| !it.is_empty()).map(day), "{paid_until:?} {pence}");
        }
    }

    #[test]
    fn months_are_read_strictly() {
        let month = Month::parse("2026-12").unwrap();
        assert_eq!((month.name(), month.next().code()), ("December 2026".to_owned(), "2027-01".to_owned()));
        assert_eq!(Month::of(month.first()), month);
        for text in ["", "2026", "2026-13", "1999-12", "2026-11-01", "x"] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
    }
}
