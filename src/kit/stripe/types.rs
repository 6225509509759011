//! Stripe's nouns as this site sees them: plain values, money in pence, states as enums with an `Other` for what is new.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::kit::codes::codes;

pub type Metadata = BTreeMap<String, String>;

/// How often a subscription is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    Month,
    Year,
}
// Stripe's words and ours.
codes!(Interval { Month = "month", Year = "year" });

/// What a Checkout session sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Subscription { interval: Interval },
    OneOff,
}

/// A Checkout session to be made. Subscriptions may be paid by card or Bacs Direct Debit, one-off payments by card.
#[derive(Debug, Clone)]
pub struct NewCheckout<'a> {
    pub mode: Mode,
    /// In pence, at least 30 (Stripe's minimum for pounds).
    pub amount_pence: i64,
    /// What the payer sees on Stripe's page and on the receipt.
    pub product_name: &'a str,
    /// A customer that Stripe already knows; reused so that nobody has two.
    pub customer: Option<&'a str>,
    /// Filled in on Stripe's page when there is no customer yet.
    pub email: &'a str,
    /// `{CHECKOUT_SESSION_ID}` in it is replaced by Stripe.
    pub success_url: &'a str,
    pub cancel_url: &'a str,
    /// Kept on the session and on its subscription or payment. Opaque ids only.
    pub metadata: Metadata,
    /// Between 30 minutes and 24 hours ahead; Stripe's default is 24 hours.
    pub expires_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckoutStatus {
    Open,
    Complete,
    Expired,
    Other,
}

/// `Unpaid` on a complete session means that a Direct Debit is on its way: pending, neither paid nor failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaymentStatus {
    Paid,
    Unpaid,
    NotRequired,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckoutMode {
    Subscription,
    OneOff,
    /// Nothing is paid: a card or a bank account is taken down for later payments.
    Setup,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutSession {
    pub id: String,
    /// Where the payer goes; only while the session is open.
    pub url: Option<String>,
    pub status: CheckoutStatus,
    pub payment_status: PaymentStatus,
    pub mode: CheckoutMode,
    pub subscription: Option<String>,
    pub customer: Option<String>,
    pub invoice: Option<String>,
    pub payment_intent: Option<String>,
    /// Of a session that only takes a card or a bank account down.
    pub setup_intent: Option<String>,
    pub amount_total_pence: Option<i64>,
    /// Lower case, such as `gbp`.
    pub currency: Option<String>,
    pub metadata: Metadata,
    pub livemode: bool,
    pub created: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// `Incomplete`: no first payment yet; `PastDue`: a renewal failed and is being tried again. A subscription paid by
/// Direct Debit is `Active` while its first debit is still on its way, so `Active` alone is no proof of payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionStatus {
    Incomplete,
    IncompleteExpired,
    Trialing,
    Active,
    PastDue,
    Unpaid,
    Canceled,
    Paused,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub id: String,
    pub status: SubscriptionStatus,
    pub customer: String,
    pub cancel_at_period_end: bool,
    /// The latest end among the items: the subscription itself no longer has one.
    pub current_period_end: Option<DateTime<Utc>>,
    /// What one period costs: price times quantity of all items.
    pub amount_pence: Option<i64>,
    pub currency: String,
    /// `None` for periods that this site does not sell.
    pub interval: Option<Interval>,
    /// The one thing that it charges for, and the product of its price; `None` where somebody made it of several.
    pub item: Option<Item>,
    pub metadata: Metadata,
    pub latest_invoice: Option<String>,
    pub livemode: bool,
    pub created: DateTime<Utc>,
    pub canceled_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Stripe ended it because it could not collect, rather than somebody by their own wish.
    pub ended_unpaid: bool,
    /// What it is charged to.
    pub payment_method: Option<PaymentMethod>,
}

/// A card or a bank account, as far as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentMethod {
    pub id: String,
    /// `None` where Stripe gave only the id.
    pub details: Option<MethodDetails>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodDetails {
    /// Stripe's word: `card`, `bacs_debit`, or one that this site does not offer.
    pub kind: String,
    /// Of a card: `visa`.
    pub brand: Option<String>,
    /// The last four digits of the card or account.
    pub last4: Option<String>,
    /// The last day on which a card can be charged.
    pub expires_on: Option<NaiveDate>,
}

/// A page at Stripe that takes a card or a bank account down for a customer's later payments.
#[derive(Debug, Clone)]
pub struct NewSetup<'a> {
    pub customer: &'a str,
    pub success_url: &'a str,
    pub cancel_url: &'a str,
    /// Kept on the session. Opaque ids only.
    pub metadata: Metadata,
}

/// The payer's word to their bank that we may collect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    pub id: String,
    pub payment_method: String,
    /// The bank takes no more debits: the payer or the bank ended it, or the account moved.
    pub is_lost: bool,
}

/// What a subscription charges for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub id: String,
    pub product: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvoiceStatus {
    Draft,
    Open,
    Paid,
    Uncollectible,
    Void,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    pub id: String,
    pub status: InvoiceStatus,
    pub amount_due_pence: i64,
    pub amount_paid_pence: i64,
    pub currency: String,
    pub customer: Option<String>,
    pub subscription: Option<String>,
    /// Of the payment that settled it, or else the one that will.
    pub payment_intent: Option<String>,
    pub created: DateTime<Utc>,
    pub paid_at: Option<DateTime<Utc>>,
    /// What the invoice pays for, from its lines.
    pub period_start: Option<DateTime<Utc>>,
    pub period_end: Option<DateTime<Utc>>,
    pub hosted_invoice_url: Option<String>,
    /// `None` on an open invoice: Stripe will not try again.
    pub next_payment_attempt: Option<DateTime<Utc>>,
    pub attempt_count: u64,
    /// The subscription's metadata as it was when the invoice was made.
    pub metadata: Metadata,
    pub livemode: bool,
}

/// One payment that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub id: String,
    pub payment_intent: Option<String>,
    pub customer: Option<String>,
    /// Of a single payment what we wrote beside it; empty for a subscription's.
    pub metadata: Metadata,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub id: String,
    pub amount_pence: i64,
    pub payment_intent: Option<String>,
    pub created: DateTime<Utc>,
    /// Stripe's word: `pending`, `succeeded`, `failed`, `canceled`, `requires_action`.
    pub status: Option<String>,
    /// When the money was in the balance again, of one that failed.
    pub failed_at: Option<DateTime<Utc>>,
    pub metadata: Metadata,
}

/// A payment that the payer's bank took back or questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    pub id: String,
    pub charge: Option<String>,
    pub payment_intent: Option<String>,
    pub amount_pence: i64,
    pub created: DateTime<Utc>,
    /// Stripe's word, such as `lost` or `needs_response`.
    pub status: String,
    /// Until when Stripe takes an answer; `None` where there is nothing to answer.
    pub due_by: Option<DateTime<Utc>>,
    /// When the money left the balance, and when it came back; `None` if it has not. A mere question moves none.
    pub withdrawn_at: Option<DateTime<Utc>>,
    pub reinstated_at: Option<DateTime<Utc>>,
}

/// Money on its way from the balance to the party's bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    pub id: String,
    pub amount_pence: i64,
    /// Stripe's word: `pending`, `in_transit`, `paid`, `canceled`, `failed`.
    pub status: String,
    /// Stripe's sentence on why it failed.
    pub failure: Option<String>,
}

/// What moved the balance at Stripe: a charge, a refund, a dispute, a fee, a payout to the bank. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BalanceTransaction {
    pub id: String,
    /// Stripe's word for what it is, such as `charge`, `refund`, `dispute`, `fee`, `payout`.
    pub category: String,
    /// Before the fee; negative when it leaves the balance.
    pub amount_pence: i64,
    pub fee_pence: i64,
    /// Lower case, such as `gbp`.
    pub currency: String,
    pub created: DateTime<Utc>,
    /// What moved it: the charge, refund, dispute or payout.
    pub source: Option<String>,
    /// Of the charge, refund or dispute.
    pub payment_intent: Option<String>,
}

/// A page of a list, newest first. When `more`, ask again with the last item's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub more: bool,
}
