//! How far a payment is, and what a line in the books is. Pure.

mod alerts;
mod checkouts;
mod ledger;
mod methods;
mod notices;
mod refunds;
mod returning;
mod subscriptions;

pub use alerts::{Alert, AlertKind, AlertState, News, Told};
pub use checkouts::{Checkout, CheckoutState};
pub use ledger::{LedgerLine, LineKind, Method, Origin, dispute_lines, line_words, stripe_page};
pub use methods::{ChangeState, MethodChange, PaymentMethod, change_metadata, our_change};
pub use notices::{Announced, Collection, WhyNotice};
pub use refunds::{NoRefund, Refund, RefundState, SendRefund, refundable, returnable, sum_alone};
pub use returning::{Returned, Sent};
pub use subscriptions::{Subscription, subscription_code, subscription_state};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::purposes::Purpose;
use crate::{
    accounts::{Permission, Role},
    kit::stripe::Metadata,
};

pub const SEE_PAYMENTS: Permission = Permission { code: "see_payments", held_by: &[Role::Treasurer] };

/// Giving money back. An administrator can be the second person of a treasurer who works alone.
pub const REFUND: Permission =
    Permission { code: "refund", held_by: &[Role::Treasurer, Role::Administrator] };

/// What we write beside each payment at Stripe: opaque ids only.
pub fn metadata(checkout: Uuid, purpose: &Purpose) -> Metadata {
    [
        ("checkout".to_owned(), checkout.to_string()),
        ("purpose".to_owned(), purpose.kind.to_string()),
        ("id".to_owned(), purpose.id.to_string()),
    ]
    .into()
}

/// The checkout and purpose of an object at Stripe; `None` if it is not ours (the account may be shared).
pub fn ours(metadata: &Metadata) -> Option<(Uuid, Purpose)> {
    let id = |name: &str| metadata.get(name)?.parse::<Uuid>().ok();
    let kind = metadata.get("purpose")?.parse().ok()?;
    Some((id("checkout")?, Purpose { kind, id: id("id")? }))
}

/// Processes one event of Stripe's.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProcessEvent {
    pub id: String,
}

/// Closes an open page at Stripe, so that an old tab cannot pay a second time.
#[derive(Debug, Serialize, Deserialize)]
pub struct CloseCheckout {
    pub checkout: Uuid,
}

/// Ends a subscription at once, and pays back what it brought if it should never have been.
#[derive(Debug, Serialize, Deserialize)]
pub struct EndSubscription {
    pub subscription: String,
    pub refund: bool,
}

/// Pays one payment back.
#[derive(Debug, Serialize, Deserialize)]
pub struct GiveBack {
    pub payment_intent: String,
}

/// Tells officers what Stripe or a bank has done that needs one of them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TellOfficers {}

/// Warns whoever pays by a card that expires before the next payment, a few weeks ahead.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct WarnOfCards {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_metadata_is_read() {
        let (checkout, id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let purpose = Purpose { kind: "ticket".parse().unwrap(), id };
        let mut written = metadata(checkout, &purpose);
        assert_eq!(ours(&written), Some((checkout, purpose)));
        written.insert("purpose".into(), "Shop!".into());
        assert_eq!(ours(&written), None);
        assert_eq!(ours(&Metadata::new()), None);
    }
}
