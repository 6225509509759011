//! How far a payment is, and what a line in the books is. Pure.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::purposes::{Kinds, Purpose};
use crate::{
    accounts::{Permission, Role},
    kit::{
        codes::codes,
        money::Money,
        stripe::{
            CheckoutSession, CheckoutStatus, Dispute, Interval, Metadata, PaymentStatus, SubscriptionStatus,
        },
    },
};

pub const SEE_PAYMENTS: Permission = Permission { code: "see_payments", held_by: &[Role::Treasurer] };

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

    /// News may be older than what we know.
    #[must_use]
    pub fn after(self, news: Self) -> Self {
        self.max(news)
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

/// A regular payment, as Stripe last told us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub id: String,
    pub purpose: Purpose,
    pub customer: String,
    pub state: SubscriptionStatus,
    pub amount: Money,
    pub every: Option<Interval>,
    pub current_period_end: Option<DateTime<Utc>>,
    pub cancel_at_period_end: bool,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub first_paid_at: Option<DateTime<Utc>>,
    pub failing_since: Option<DateTime<Utc>>,
    pub surplus_since: Option<DateTime<Utc>>,
    /// When Stripe tries again to collect what is overdue, and its page where that can be paid at once.
    pub next_try: Option<DateTime<Utc>>,
    pub pay_page: Option<String>,
    pub seen_at: DateTime<Utc>,
}

impl Subscription {
    /// Whether an attempt to collect has failed. An open invoice alone does not say so: while a Direct Debit is on its
    /// way, its invoice is open and has counted an attempt.
    pub fn is_failing(&self) -> bool {
        use SubscriptionStatus as S;
        matches!(self.state, S::PastDue | S::Unpaid | S::Canceled)
    }

    /// Whether its first payment was left unconfirmed: the payer's bank asked them for something that they did not do.
    /// Right after paying it looks the same, for a moment.
    pub fn was_never_confirmed(&self, now: DateTime<Utc>) -> bool {
        use SubscriptionStatus as S;
        match self.state {
            S::Incomplete => self.started_at < now - Duration::minutes(10),
            S::IncompleteExpired => true,
            _ => false,
        }
    }

    /// Whether money may still come from it.
    pub fn is_alive(&self) -> bool {
        use SubscriptionStatus as S;
        matches!(self.state, S::Trialing | S::Active | S::PastDue | S::Paused | S::Incomplete | S::Unpaid)
    }
}

pub fn subscription_code(state: SubscriptionStatus) -> &'static str {
    use SubscriptionStatus as S;
    match state {
        S::Incomplete => "incomplete",
        S::IncompleteExpired => "incomplete_expired",
        S::Trialing => "trialing",
        S::Active => "active",
        S::PastDue => "past_due",
        S::Unpaid => "unpaid",
        S::Canceled => "canceled",
        S::Paused => "paused",
        S::Other => "other",
    }
}

pub fn subscription_state(code: &str) -> SubscriptionStatus {
    use SubscriptionStatus as S;
    [
        S::Incomplete,
        S::IncompleteExpired,
        S::Trialing,
        S::Active,
        S::PastDue,
        S::Unpaid,
        S::Canceled,
        S::Paused,
    ]
    .into_iter()
    .find(|state| subscription_code(*state) == code)
    .unwrap_or(S::Other)
}

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
            Self::RefundFailed => "Refund that failed",
            Self::Dispute => "Taken back by the bank",
            Self::DisputeWon => "Given back by the bank",
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
        /// A cheque's number, or what stands on the bank statement.
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
        _ => "payments",
    };
    format!("https://dashboard.stripe.com/{mode}{folder}/{id}")
}

/// The lines that a dispute must have by now, whichever of its events came first.
pub fn dispute_lines(dispute: &Dispute, reinstated: bool) -> Vec<(LineKind, Money)> {
    let amount = dispute.amount_pence;
    // A warning is a question of the bank: no money has moved.
    if amount <= 0 || dispute.status.starts_with("warning") {
        return Vec::new();
    }
    let taken = (LineKind::Dispute, Money::from_pence(-amount));
    if reinstated || dispute.status == "won" {
        vec![taken, (LineKind::DisputeWon, Money::from_pence(amount))]
    } else {
        vec![taken]
    }
}

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
        "refund" => format!("{amount} paid back"),
        "refund_failed" => format!("Paying {amount} back did not work"),
        "dispute" => format!("The bank took {amount} back"),
        "dispute_won" => format!("The bank returned {amount}"),
        other => format!("{}: {amount}", other.replace('_', " ")),
    }
}

/// Works off one event of Stripe's.
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
    fn later_news_wins_in_whatever_order_it_comes() {
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
    fn a_dispute_is_booked_once_and_won_money_comes_back() {
        let dispute = |status: &str, amount_pence| Dispute {
            id: "du_1".into(),
            charge: None,
            payment_intent: None,
            amount_pence,
            created: DateTime::UNIX_EPOCH,
            status: status.into(),
        };
        let taken = (LineKind::Dispute, Money::from_pence(-500));
        let back = (LineKind::DisputeWon, Money::from_pence(500));
        for (status, reinstated, lines) in [
            ("needs_response", false, vec![taken]),
            ("lost", false, vec![taken]),
            ("won", false, vec![taken, back]),
            ("under_review", true, vec![taken, back]),
            ("warning_needs_response", false, vec![]),
            ("warning_closed", false, vec![]),
        ] {
            assert_eq!(dispute_lines(&dispute(status, 500), reinstated), lines, "{status}");
        }
        assert!(dispute_lines(&dispute("lost", 0), false).is_empty());
    }

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
        for state in CheckoutState::ALL {
            assert_eq!(state.code().parse(), Ok(state));
        }
        for code in ["past_due", "incomplete_expired", "canceled"] {
            assert_eq!(subscription_code(subscription_state(code)), code);
        }
        assert_eq!(subscription_state("resting"), SubscriptionStatus::Other);
    }

    #[test]
    fn money_in_plain_words() {
        let kinds = Kinds::of(Rooms(ROOMS));
        let detail = json!({ "pence": 500, "purpose": "ticket", "method": "bacs_debit" });
        assert_eq!(line_words(&kinds, "payment", &detail), "Paid £5 for a ticket by Direct Debit");
        assert_eq!(line_words(&kinds, "refund", &json!({ "pence": -500 })), "£5 paid back");
        assert_eq!(
            line_words(&kinds, "dispute", &json!({ "pence": i64::MIN })),
            line_words(&kinds, "dispute", &json!({ "pence": i64::MAX }))
        );
    }
}
