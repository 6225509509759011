//! What is paid for, and what came in by that. Rooms declare the kinds; here a kind is an opaque code. Pure.

use std::{borrow::Cow, collections::BTreeMap, fmt, str::FromStr};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    accounts::{PurposeKind, Rooms},
    kit::{codes::stored_as_text, money::Money},
};

/// A kind's code, as it stands in the books and at Stripe. It may be of a room that this program no longer has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KindCode(Cow<'static, str>);

impl KindCode {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is(&self, kind: &PurposeKind) -> bool {
        self.0 == kind.code
    }
}

impl From<PurposeKind> for KindCode {
    fn from(kind: PurposeKind) -> Self {
        Self(Cow::Borrowed(kind.code))
    }
}

impl From<KindCode> for String {
    fn from(kind: KindCode) -> Self {
        kind.0.into_owned()
    }
}

/// The CHECKs on the tables say the same.
impl TryFrom<String> for KindCode {
    type Error = String;

    fn try_from(code: String) -> Result<Self, String> {
        let fits = (1..=40).contains(&code.len())
            && code.starts_with(|first: char| first.is_ascii_lowercase())
            && code.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if fits { Ok(Self(Cow::Owned(code))) } else { Err(format!("`{code}` is no kind of payment")) }
    }
}

impl FromStr for KindCode {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, String> {
        code.to_owned().try_into()
    }
}

stored_as_text!(KindCode, KindCode::as_str);

impl fmt::Display for KindCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is paid for: an id that only the room of that kind can read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purpose {
    pub kind: KindCode,
    pub id: Uuid,
}

impl Purpose {
    pub fn new(kind: PurposeKind, id: Uuid) -> Self {
        Self { kind: kind.into(), id }
    }
}

/// Money of kinds that no room declares any more: it is shown, so that sums stay true.
const OTHER: PurposeKind =
    PurposeKind { code: "", name: "Other", paid: "", income: "Other income", source: "from other sources" };

/// The kinds that the site's rooms declare, in the order of the rooms.
pub struct Kinds(Vec<PurposeKind>);

impl Kinds {
    pub fn of(rooms: Rooms) -> Self {
        Self(rooms.purposes().collect())
    }

    fn find(&self, code: &str) -> Option<&PurposeKind> {
        self.0.iter().find(|known| known.code == code)
    }

    pub fn is_known(&self, kind: &KindCode) -> bool {
        self.find(kind.as_str()).is_some()
    }

    /// `Donation`: what one payment was for.
    pub fn name(&self, kind: &KindCode) -> &'static str {
        self.find(kind.as_str()).map_or(OTHER.name, |known| known.name)
    }

    /// `as a donation`, by a kind's code.
    pub fn paid(&self, code: &str) -> &'static str {
        self.find(code).map_or(OTHER.paid, |known| known.paid)
    }

    /// Code and name, to choose from.
    pub fn choices(&self) -> Vec<(&'static str, &'static str)> {
        self.0.iter().map(|kind| (kind.code, kind.name)).collect()
    }

    /// The columns of a table of these sums: every declared kind, and one for the rest if there is any.
    pub fn columns<'a>(&self, sums: impl IntoIterator<Item = &'a Income>) -> Vec<PurposeKind> {
        let rest = sums.into_iter().any(|income| !income.0.keys().all(|kind| self.is_known(kind)));
        self.0.iter().copied().chain(rest.then_some(OTHER)).collect()
    }
}

/// What came in, less what was paid back, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Income(BTreeMap<KindCode, Money>);

impl Income {
    pub fn of(&self, kind: &PurposeKind) -> Money {
        self.0.iter().find(|(known, _)| known.is(kind)).map_or(Money::ZERO, |(_, money)| *money)
    }

    pub fn add(&mut self, kind: KindCode, money: Money) {
        let sum = self.0.entry(kind).or_default();
        *sum = Money::from_pence(sum.pence() + money.pence());
    }

    /// What no payment here brought: it stands with that of kinds that no room declares.
    pub fn add_other(&mut self, money: Money) {
        self.add(KindCode(Cow::Borrowed("other_income")), money);
    }

    pub fn total(&self) -> Money {
        Money::from_pence(self.0.values().map(|money| money.pence()).sum())
    }

    /// One sum for each of [`Kinds::columns`].
    pub fn split(&self, columns: &[PurposeKind]) -> Vec<Money> {
        let known: i64 = columns.iter().map(|kind| self.of(kind).pence()).sum();
        let rest = Money::from_pence(self.total().pence() - known);
        columns.iter().map(|kind| if kind.code == OTHER.code { rest } else { self.of(kind) }).collect()
    }
}

impl FromIterator<(KindCode, Money)> for Income {
    fn from_iter<T: IntoIterator<Item = (KindCode, Money)>>(sums: T) -> Self {
        let mut income = Self::default();
        for (kind, money) in sums {
            income.add(kind, money);
        }
        income
    }
}

/// What one month brought, after refunds and claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthIncome {
    /// The month's first day.
    pub month: NaiveDate,
    pub income: Income,
}

impl MonthIncome {
    /// `November 2026`
    pub fn name(&self) -> String {
        self.month.format("%B %Y").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICKET: PurposeKind = PurposeKind { code: "ticket", ..OTHER };
    const BADGE: PurposeKind = PurposeKind { code: "badge", ..OTHER };

    fn income(sums: &[(&str, i64)]) -> Income {
        sums.iter().map(|(kind, pence)| (kind.parse().unwrap(), Money::from_pence(*pence))).collect()
    }

    #[test]
    fn every_penny_stands_in_one_column() {
        let kinds = Kinds(vec![TICKET, BADGE]);
        let known = income(&[("ticket", 500), ("ticket", -100)]);
        let columns = kinds.columns([&known]);
        assert_eq!(known.split(&columns), [400, 0].map(Money::from_pence));
        // A room that was deleted took this; what it took and gave back in the same year still has its column.
        let strange = income(&[("ticket", 500), ("mug", 70), ("scarf", -80)]);
        let columns = kinds.columns([&known, &strange]);
        assert_eq!(columns.len(), 3);
        assert_eq!(strange.split(&columns), [500, 0, -10].map(Money::from_pence));
        assert_eq!(known.split(&columns), [400, 0, 0].map(Money::from_pence));
        assert_eq!(strange.total(), Money::from_pence(490));
    }

    #[test]
    fn codes_are_short_lower_case_words() {
        for code in ["membership", "gift_membership", "a"] {
            assert_eq!(code.parse::<KindCode>().unwrap().as_str(), code);
        }
        for code in ["", "Gift", "_x", "a-b", "a b", "'; drop", "é", "x".repeat(41).as_str()] {
            assert!(code.parse::<KindCode>().is_err(), "{code}");
            assert!(serde_json::from_value::<KindCode>(serde_json::json!(code)).is_err(), "{code}");
        }
        let purpose = Purpose::new(TICKET, Uuid::nil());
        let sent = serde_json::to_value(&purpose).unwrap();
        assert_eq!(sent, serde_json::json!({ "kind": "ticket", "id": Uuid::nil() }));
        assert_eq!(serde_json::from_value::<Purpose>(sent).unwrap(), purpose);
    }
}
