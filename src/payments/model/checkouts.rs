//! Wishes to pay.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    kit::{
        codes::codes,
        money::Money,
        stripe::{CheckoutSession, CheckoutStatus, Interval, PaymentStatus},
    },
    payments::purposes::Purpose,
};

/// How far one wish to pay is, in the order in which it goes: what is later is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckoutState {
    /// Stored; Stripe has not answered yet, or was away.
    Wanted,
    Open,
    Expired,
    /// A Direct Debit is on its way.
    Pending,
    /// The Direct Debit came back.
    Failed,
    Paid,
}
codes!(CheckoutState {
    Wanted = "wanted",
    Open = "open",
    Expired = "expired",
    Pending = "pending",
    Failed = "failed",
    Paid = "paid",
});

impl CheckoutState {
    /// What a session says of itself. Stripe tells of a failed debit only in the event, hence `debit_failed`.
    pub fn of(session: &CheckoutSession, debit_failed: bool) -> Self {
        match (session.status, session.payment_status) {
            (CheckoutStatus::Complete, PaymentStatus::Paid | PaymentStatus::NotRequired) => Self::Paid,
            (CheckoutStatus::Complete, _) if debit_failed => Self::Failed,
            (CheckoutStatus::Complete, _) => Self::Pending,
            (CheckoutStatus::Expired, _) => Self::Expired,
            (CheckoutStatus::Open | CheckoutStatus::Other, _) => Self::Open,
        }
    }

    /// What is found may be older than what we know.
    #[must_use]
    pub fn after(self, found: Self) -> Self {
        self.max(found)
    }

    pub fn is_open(self) -> bool {
        matches!(self, Self::Wanted | Self::Open)
    }
}

/// One wish to pay, as it was stored.
#[derive(Clone, Debug)]
pub struct Checkout {
    pub id: Uuid,
    pub purpose: Purpose,
    pub amount: Money,
    /// `None` for a single payment.
    pub every: Option<Interval>,
    pub product: String,
    pub name: Option<String>,
    pub email: String,
    pub return_path: String,
    pub cancel_path: String,
    pub state: CheckoutState,
    pub stripe_session: Option<String>,
    /// Where the payer goes, while it is open.
    pub url: Option<String>,
    pub subscription: Option<String>,
    pub by_debit: bool,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
}

impl Checkout {
    /// Whether the payer can go to Stripe's page now. A minute is kept back for the way there.
    pub fn page(&self, now: DateTime<Utc>) -> Option<&str> {
        let lasts = self.expires_at.is_none_or(|end| end > now + chrono::Duration::minutes(1));
        if self.state == CheckoutState::Open && lasts { self.url.as_deref() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_later_state_wins_in_whatever_order_it_comes() {
        use CheckoutState::{Expired, Failed, Open, Paid, Pending, Wanted};
        for (first, second, kept) in [
            (Wanted, Open, Open),
            (Open, Expired, Expired),
            (Expired, Open, Expired),
            (Open, Pending, Pending),
            (Pending, Failed, Failed),
            (Failed, Pending, Failed),
            (Pending, Paid, Paid),
            (Paid, Pending, Paid),
            (Paid, Failed, Paid),
            (Expired, Paid, Paid),
        ] {
            assert_eq!(first.after(second), kept, "{first} then {second}");
            assert_eq!(second.after(first), kept, "{second} then {first}");
        }
    }

    #[test]
    fn codes_are_read_back() {
        for state in CheckoutState::ALL {
            assert_eq!(state.code().parse(), Ok(state));
        }
    }
}
