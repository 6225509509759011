//! Refunds that officers ask for.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{LedgerLine, LineKind};
use crate::kit::{codes::codes, money::Money};

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundState {
    /// Waits for a second person.
    Asked,
    /// Stripe is being told.
    Sending,
    /// On its way to the payer, or there.
    Sent,
    /// Stripe would not, or the payer's bank would not take it.
    Failed,
    Declined,
}
codes!(RefundState {
    Asked = "asked",
    Sending = "sending",
    Sent = "sent",
    Failed = "failed",
    Declined = "declined",
});

impl RefundState {
    /// A tag's colour and words.
    pub fn tag(self) -> (&'static str, &'static str) {
        match self {
            Self::Asked => ("warn", "Waiting for approval"),
            Self::Sending => ("warn", "Being sent"),
            Self::Sent => ("good", "Sent back"),
            Self::Failed => ("bad", "Failed"),
            Self::Declined => ("", "Declined"),
        }
    }
}

/// A refund, as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    pub id: Uuid,
    pub payment: Uuid,
    pub amount: Money,
    pub reason: String,
    pub state: RefundState,
    pub asked_by: Uuid,
    pub asked_at: DateTime<Utc>,
    pub decided_by: Option<Uuid>,
    pub attempt: i32,
    pub stripe_id: Option<String>,
    pub failure: Option<String>,
}

impl Refund {
    /// Nobody approves what they asked for.
    pub fn may_be_approved_by(&self, officer: Uuid) -> bool {
        self.state == RefundState::Asked && self.asked_by != officer
    }
}

/// Why a payment cannot be refunded here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRefund {
    NotAPayment,
    /// It did not come through Stripe, so it cannot go back through it.
    Offline,
    NothingLeft,
    UnderWay,
}

impl NoRefund {
    pub fn words(self) -> &'static str {
        match self {
            Self::NotAPayment => "This is not a payment, so there is nothing to refund.",
            Self::Offline => {
                "This payment did not come through Stripe. Send it back the way it was paid, and record that here."
            }
            Self::NothingLeft => "All of this payment has already been returned.",
            Self::UnderWay => "A refund of this payment is under way.",
        }
    }
}

/// What officers have refunded of a payment with no second person's word, or are refunding.
pub fn sum_alone(refunds: &[Refund]) -> Money {
    let gone = |it: &&Refund| matches!(it.state, RefundState::Sending | RefundState::Sent);
    let alone = refunds.iter().filter(gone).filter(|it| it.decided_by.is_none());
    Money::from_pence(alone.map(|it| it.amount.pence()).sum())
}

/// What may still be refunded of a payment. `corrections` are the lines that already went either way.
///
/// # Errors
/// Why nothing may.
pub fn refundable(
    payment: &LedgerLine,
    corrections: &[LedgerLine],
    refunds: &[Refund],
) -> Result<Money, NoRefund> {
    let left = returnable(payment, corrections, refunds)?;
    if payment.origin.payment_intent().is_some() { Ok(left) } else { Err(NoRefund::Offline) }
}

/// What may still be sent back of a payment in another way, however it came.
///
/// # Errors
/// Why nothing may.
pub fn returnable(
    payment: &LedgerLine,
    corrections: &[LedgerLine],
    refunds: &[Refund],
) -> Result<Money, NoRefund> {
    if payment.kind != LineKind::Payment {
        return Err(NoRefund::NotAPayment);
    }
    if refunds.iter().any(|it| matches!(it.state, RefundState::Asked | RefundState::Sending)) {
        return Err(NoRefund::UnderWay);
    }
    let gone: i64 = corrections.iter().map(|line| line.amount.pence()).sum();
    let left = payment.amount.pence().saturating_add(gone);
    if left > 0 { Ok(Money::from_pence(left)) } else { Err(NoRefund::NothingLeft) }
}

/// Has Stripe send a refund.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendRefund {
    pub refund: Uuid,
    pub attempt: i32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::{model::Origin, purposes::Purpose};

    fn line(kind: LineKind, pence: i64, intent: Option<&str>) -> LedgerLine {
        LedgerLine {
            id: Uuid::nil(),
            kind,
            origin: Origin::Stripe {
                id: "in_1".into(),
                method: None,
                subscription: None,
                payment_intent: intent.map(str::to_owned),
            },
            amount: Money::from_pence(pence),
            at: DateTime::UNIX_EPOCH,
            purpose: Purpose { kind: "ticket".parse().unwrap(), id: Uuid::nil() },
            person: None,
        }
    }

    fn refund(state: RefundState) -> Refund {
        Refund {
            id: Uuid::nil(),
            payment: Uuid::nil(),
            amount: Money::from_pence(100),
            reason: "A mistake".into(),
            state,
            asked_by: Uuid::nil(),
            asked_at: DateTime::UNIX_EPOCH,
            decided_by: None,
            attempt: 1,
            stripe_id: None,
            failure: None,
        }
    }

    #[test]
    fn what_is_left_of_a_payment_may_go_back() {
        let payment = line(LineKind::Payment, 500, Some("pi_1"));
        let back = |pence| line(LineKind::Refund, pence, Some("pi_1"));
        let left = |lines: &[LedgerLine], state| refundable(&payment, lines, &[refund(state)]);
        assert_eq!(left(&[], RefundState::Sent), Ok(Money::from_pence(500)));
        assert_eq!(left(&[back(-200)], RefundState::Failed), Ok(Money::from_pence(300)));
        assert_eq!(left(&[back(-500)], RefundState::Sent), Err(NoRefund::NothingLeft));
        // It could not be paid out, so it is ours again.
        let failed = line(LineKind::RefundFailed, 500, Some("pi_1"));
        assert_eq!(left(&[back(-500), failed], RefundState::Failed), Ok(Money::from_pence(500)));
        // Refunded and taken back by the bank as well.
        let taken = line(LineKind::Dispute, -500, Some("pi_1"));
        assert_eq!(left(&[back(-500), taken], RefundState::Sent), Err(NoRefund::NothingLeft));
        for under_way in [RefundState::Asked, RefundState::Sending] {
            assert_eq!(left(&[], under_way), Err(NoRefund::UnderWay));
        }
        assert_eq!(refundable(&back(-1), &[], &[]), Err(NoRefund::NotAPayment));
        assert_eq!(refundable(&line(LineKind::Payment, 500, None), &[], &[]), Err(NoRefund::Offline));
    }
}
