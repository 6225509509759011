//! What a regular payment is charged to, and the wish to have it charged to something else.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use uuid::Uuid;

use crate::kit::{
    codes::codes,
    dates,
    stripe::{Metadata, MethodDetails},
};

/// A card or a bank account, as far as its owner may be shown it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct PaymentMethod {
    /// Stripe's word: `card`, `bacs_debit`, or one that this site does not offer.
    pub kind: String,
    pub brand: Option<String>,
    pub last4: Option<String>,
    /// The last day on which a card can be charged.
    pub expires_on: Option<NaiveDate>,
    /// Since when the payer's bank takes no more debits.
    pub lost_at: Option<DateTime<Utc>>,
}

impl PaymentMethod {
    /// As Stripe has it. Whether the payer's bank still takes debits, Stripe says of the mandate, not of the method.
    pub fn of(found: &MethodDetails) -> Self {
        let MethodDetails { kind, brand, last4, expires_on } = found.clone();
        Self { kind, brand, last4, expires_on, lost_at: None }
    }

    /// `Visa card ending 4242`, `Direct Debit from the account ending 2345`
    pub fn words(&self) -> String {
        let what = match (self.kind.as_str(), self.brand.as_deref()) {
            ("card", Some(brand)) => format!("{} card", brand_name(brand)),
            ("card", None) => "Card".to_owned(),
            ("bacs_debit", _) => "Direct Debit".to_owned(),
            _ => "Another way of paying".to_owned(),
        };
        match (self.kind.as_str(), &self.last4) {
            ("bacs_debit", Some(last4)) => format!("{what} from the account ending {last4}"),
            (_, Some(last4)) => format!("{what} ending {last4}"),
            (_, None) => what,
        }
    }

    /// Whether nothing more can be collected by it on that day.
    pub fn is_over(&self, day: NaiveDate) -> bool {
        self.lost_at.is_some() || self.expires_on.is_some_and(|last| last < day)
    }

    /// What stops or will stop payments by it before the next one, in a sentence; `None` while all is well.
    pub fn trouble(&self, today: NaiveDate, next_payment: Option<NaiveDate>) -> Option<String> {
        if self.lost_at.is_some() {
            return Some(
                "Your bank has cancelled this Direct Debit, so we cannot collect any payments.".to_owned(),
            );
        }
        let last = self.expires_on?;
        let day = dates::day(last);
        if last < today {
            Some(format!("This card expired on {day}."))
        } else if next_payment.is_some_and(|next| next > last) {
            Some(format!("This card expires on {day}, before the next payment."))
        } else {
            None
        }
    }
}

fn brand_name(brand: &str) -> String {
    match brand {
        "amex" => "American Express".to_owned(),
        "mastercard" => "Mastercard".to_owned(),
        other => {
            let mut letters = other.chars();
            letters
                .next()
                .map(|first| first.to_uppercase().collect::<String>() + letters.as_str())
                .unwrap_or_default()
        }
    }
}

/// How far a wish to pay by something else is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeState {
    /// Stored; Stripe has not answered yet, or was away.
    Wanted,
    Open,
    /// The subscription is charged to it from now on.
    Done,
    /// The page's time ran out, or the subscription had ended.
    Closed,
}
codes!(ChangeState { Wanted = "wanted", Open = "open", Done = "done", Closed = "closed" });

impl ChangeState {
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Closed)
    }
}

/// A wish to pay by something else, as it was stored.
#[derive(Clone, Debug)]
pub struct MethodChange {
    pub id: Uuid,
    pub subscription: String,
    pub return_path: String,
    pub state: ChangeState,
    pub stripe_session: Option<String>,
    /// Where the payer goes, while it is open.
    pub url: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// What we write beside the page at Stripe.
pub fn change_metadata(change: Uuid) -> Metadata {
    [("method_change".to_owned(), change.to_string())].into()
}

/// The wish that a page at Stripe belongs to, if it is one of ours.
pub fn our_change(metadata: &Metadata) -> Option<Uuid> {
    metadata.get("method_change")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 12, day).unwrap()
    }

    fn card() -> PaymentMethod {
        PaymentMethod {
            kind: "card".into(),
            brand: Some("visa".into()),
            last4: Some("4242".into()),
            expires_on: Some(day(31)),
            lost_at: None,
        }
    }

    #[test]
    fn what_it_is_is_said_in_words() {
        assert_eq!(card().words(), "Visa card ending 4242");
        let amex = PaymentMethod { brand: Some("amex".into()), ..card() };
        assert_eq!(amex.words(), "American Express card ending 4242");
        let debit = PaymentMethod { kind: "bacs_debit".into(), brand: None, expires_on: None, ..card() };
        assert_eq!(debit.words(), "Direct Debit from the account ending 4242");
        let bare = PaymentMethod { brand: None, last4: None, ..card() };
        assert_eq!(bare.words(), "Card");
        assert_eq!(PaymentMethod { kind: "pigeon".into(), ..bare }.words(), "Another way of paying");
    }

    #[test]
    fn a_card_is_good_on_its_last_day() {
        let next = NaiveDate::from_ymd_opt(2027, 1, 1);
        assert!(!card().is_over(day(31)));
        assert!(card().is_over(next.unwrap()));
        assert_eq!(card().trouble(day(1), Some(day(31))), None);
        assert!(card().trouble(day(1), next).unwrap().contains("before the next payment"));
        assert!(card().trouble(next.unwrap(), next).unwrap().contains("expired on 31 December 2026"));
        let lost = PaymentMethod { lost_at: Some(DateTime::UNIX_EPOCH), ..card() };
        assert!(lost.is_over(day(1)) && lost.trouble(day(1), None).unwrap().contains("bank"));
    }

    #[test]
    fn only_our_own_page_is_read() {
        let id = Uuid::from_u128(7);
        assert_eq!(our_change(&change_metadata(id)), Some(id));
        assert_eq!(our_change(&Metadata::new()), None);
        assert_eq!(our_change(&[("method_change".to_owned(), "x".to_owned())].into()), None);
    }
}
