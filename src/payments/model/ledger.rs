//! Lines in the books.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    kit::{codes::codes, money::Money, stripe::Dispute},
    payments::purposes::{Kinds, Purpose},
};

/// What a line in the books is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    Payment,
    Refund,
    /// A refund that could not be paid out: the money is ours again.
    RefundFailed,
    /// A payment that the payer's bank took back.
    Dispute,
    DisputeWon,
}
codes!(LineKind {
    Payment = "payment",
    Refund = "refund",
    RefundFailed = "refund_failed",
    Dispute = "dispute",
    DisputeWon = "dispute_won",
});

impl LineKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Payment => "Payment",
            Self::Refund => "Refund",
            Self::RefundFailed => "Failed refund",
            Self::Dispute => "Taken back by the bank",
            Self::DisputeWon => "Returned by the bank",
        }
    }
}

/// How somebody paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Card,
    DirectDebit,
    Cash,
    Cheque,
    Transfer,
    StandingOrder,
}
codes!(Method {
    Card = "card",
    DirectDebit = "bacs_debit",
    Cash = "cash",
    Cheque = "cheque",
    Transfer = "transfer",
    StandingOrder = "standing_order",
});

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Self::Card => "Card",
            Self::DirectDebit => "Direct Debit",
            Self::Cash => "Cash",
            Self::Cheque => "Cheque",
            Self::Transfer => "Bank transfer",
            Self::StandingOrder => "Standing order",
        }
    }

    /// Whether Stripe collects it. What it does not collect, an officer enters.
    pub fn is_stripe(self) -> bool {
        matches!(self, Self::Card | Self::DirectDebit)
    }
}

/// Where a line in the books comes from. A CHECK on the table allows these two and no mixture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Something at Stripe.
    Stripe {
        /// The invoice or payment of a payment, the refund, the dispute. Unique among lines of one kind.
        id: String,
        /// `None` where Stripe did not tell.
        method: Option<Method>,
        subscription: Option<String>,
        payment_intent: Option<String>,
    },
    /// Money that did not pass through Stripe.
    Offline {
        method: Method,
        /// A cheque's number, or what the bank statement says.
        reference: Option<String>,
        /// The officer who put it in the books.
        entered_by: Uuid,
    },
}

impl Origin {
    pub fn method(&self) -> Option<Method> {
        match self {
            Self::Stripe { method, .. } => *method,
            Self::Offline { method, .. } => Some(*method),
        }
    }

    pub fn stripe_id(&self) -> Option<&str> {
        if let Self::Stripe { id, .. } = self { Some(id) } else { None }
    }

    pub fn subscription(&self) -> Option<&str> {
        if let Self::Stripe { subscription, .. } = self { subscription.as_deref() } else { None }
    }

    pub fn payment_intent(&self) -> Option<&str> {
        if let Self::Stripe { payment_intent, .. } = self { payment_intent.as_deref() } else { None }
    }

    /// What a treasurer finds the money by outside of these books.
    pub fn reference(&self) -> &str {
        match self {
            Self::Stripe { id, .. } => id,
            Self::Offline { reference, .. } => reference.as_deref().unwrap_or_default(),
        }
    }
}

/// One line in the books. Money that leaves us is negative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerLine {
    pub id: Uuid,
    pub kind: LineKind,
    pub origin: Origin,
    pub amount: Money,
    pub at: DateTime<Utc>,
    pub purpose: Purpose,
    pub person: Option<Uuid>,
}

impl LedgerLine {
    pub fn method_name(&self) -> &'static str {
        self.origin.method().map_or("", Method::name)
    }

    /// Where the officer finds it at Stripe, if it is there.
    pub fn stripe_page(&self, livemode: bool) -> Option<String> {
        let id = self.origin.payment_intent().or(self.origin.stripe_id())?;
        Some(stripe_page(livemode, id))
    }
}

/// The page of an object in Stripe's dashboard.
pub fn stripe_page(livemode: bool, id: &str) -> String {
    let mode = if livemode { "" } else { "test/" };
    let folder = match id.split('_').next().unwrap_or_default() {
        "in" => "invoices",
        "sub" => "subscriptions",
        "cus" => "customers",
        "evt" => "events",
        "du" | "dp" => "disputes",
        "po" => "payouts",
        _ => "payments",
    };
    format!("https://dashboard.stripe.com/{mode}{folder}/{id}")
}

/// The lines that a dispute must have by now, each with when the money moved. That stands in the dispute itself, so it is
/// the same whichever of its events came first, and whenever.
pub fn dispute_lines(dispute: &Dispute) -> Vec<(LineKind, Money, DateTime<Utc>)> {
    let amount = dispute.amount_pence;
    // A question of the bank moves no money.
    let Some(taken_at) = dispute.withdrawn_at.filter(|_| amount > 0) else { return Vec::new() };
    let back = |at| (LineKind::DisputeWon, Money::from_pence(amount), at);
    let taken = (LineKind::Dispute, Money::from_pence(-amount), taken_at);
    [taken].into_iter().chain(dispute.reinstated_at.map(back)).collect()
}

/// A line of the books, for a person's timeline.
pub fn line_words(kinds: &Kinds, kind: &str, detail: &Value) -> String {
    let pence = detail.get("pence").and_then(Value::as_i64).unwrap_or_default();
    let amount = Money::from_pence(pence.saturating_abs());
    let purpose = detail.get("purpose").and_then(Value::as_str).map_or("", |code| kinds.paid(code));
    let space = if purpose.is_empty() { "" } else { " " };
    let method = match detail.get("method").and_then(Value::as_str).and_then(|code| code.parse().ok()) {
        Some(Method::Card) => " by card",
        Some(Method::DirectDebit) => " by Direct Debit",
        Some(Method::Cash) => " in cash",
        Some(Method::Cheque) => " by cheque",
        Some(Method::Transfer) => " by bank transfer",
        Some(Method::StandingOrder) => " by standing order",
        None => "",
    };
    match kind {
        "payment" => format!("Paid {amount}{space}{purpose}{method}"),
        "refund" => format!("{amount} refunded"),
        "refund_failed" => format!("The refund of {amount} failed"),
        "dispute" => format!("The bank took {amount} back"),
        "dispute_won" => format!("The bank returned {amount}"),
        other => format!("{}: {amount}", other.replace('_', " ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::accounts::{PurposeKind, Room, Rooms};

    static TICKETS: Room = Room {
        purposes: &[PurposeKind {
            code: "ticket",
            name: "Ticket",
            paid: "for a ticket",
            income: "Tickets",
            source: "from tickets",
        }],
        ..Room::new("tickets")
    };
    static ROOMS: &[&Room] = &[&TICKETS];

    #[test]
    fn a_dispute_is_booked_once_and_won_money_comes_back() {
        let day = |day: i64| DateTime::UNIX_EPOCH + chrono::Duration::days(day);
        let dispute = |status: &str, withdrawn_at, reinstated_at| Dispute {
            id: "du_1".into(),
            charge: None,
            payment_intent: None,
            amount_pence: 500,
            created: day(1),
            status: status.into(),
            due_by: None,
            withdrawn_at,
            reinstated_at,
        };
        let taken = (LineKind::Dispute, Money::from_pence(-500), day(2));
        let back = (LineKind::DisputeWon, Money::from_pence(500), day(50));
        for (status, withdrawn, reinstated, lines) in [
            ("needs_response", Some(day(2)), None, vec![taken]),
            ("lost", Some(day(2)), None, vec![taken]),
            ("won", Some(day(2)), Some(day(50)), vec![taken, back]),
            // Given back before the bank has said that it is decided, and decided before it is given back.
            ("under_review", Some(day(2)), Some(day(50)), vec![taken, back]),
            ("won", Some(day(2)), None, vec![taken]),
            // A question, and what was settled before any money moved.
            ("warning_needs_response", None, None, vec![]),
            ("warning_closed", None, None, vec![]),
            ("prevented", None, None, vec![]),
        ] {
            assert_eq!(dispute_lines(&dispute(status, withdrawn, reinstated)), lines, "{status}");
        }
        let nothing = Dispute { amount_pence: 0, ..dispute("lost", Some(day(2)), None) };
        assert!(dispute_lines(&nothing).is_empty());
    }

    #[test]
    fn links_lead_to_the_right_page_of_the_dashboard() {
        for (id, page) in [
            ("pi_1", "https://dashboard.stripe.com/test/payments/pi_1"),
            ("in_1", "https://dashboard.stripe.com/test/invoices/in_1"),
            ("ch_1", "https://dashboard.stripe.com/test/payments/ch_1"),
        ] {
            assert_eq!(stripe_page(false, id), page);
        }
        assert_eq!(stripe_page(true, "sub_1"), "https://dashboard.stripe.com/subscriptions/sub_1");
    }

    #[test]
    fn codes_are_read_back() {
        for kind in LineKind::ALL {
            assert_eq!(kind.code().parse(), Ok(kind));
        }
    }

    #[test]
    fn money_in_plain_words() {
        let kinds = Kinds::of(Rooms(ROOMS));
        let detail = json!({ "pence": 500, "purpose": "ticket", "method": "bacs_debit" });
        assert_eq!(line_words(&kinds, "payment", &detail), "Paid £5 for a ticket by Direct Debit");
        assert_eq!(line_words(&kinds, "refund", &json!({ "pence": -500 })), "£5 refunded");
        assert_eq!(
            line_words(&kinds, "dispute", &json!({ "pence": i64::MIN })),
            line_words(&kinds, "dispute", &json!({ "pence": i64::MAX }))
        );
    }
}
