//! Stripe's answers, cut to the fields this site uses, and their way into our own types.
//!
//! async-stripe's own answer types demand every field that one API version lists: a subscription item without the
//! deprecated `plan`, which Stripe's public contract no longer mentions, would make each subscription unreadable.
//! The requests are async-stripe's; only the reading is ours. Expanded are an invoice's payments, what a subscription is
//! charged to, what brought a failed refund back and the source of what moved the balance.

mod conversions;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use miniserde::{Deserialize, json::Value};

#[derive(Deserialize)]
pub(super) struct List<T> {
    data: Vec<T>,
    has_more: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct CheckoutSession {
    id: String,
    url: Option<String>,
    status: Option<String>,
    payment_status: String,
    mode: String,
    subscription: Option<String>,
    customer: Option<String>,
    invoice: Option<String>,
    payment_intent: Option<String>,
    setup_intent: Option<String>,
    amount_total: Option<i64>,
    currency: Option<String>,
    metadata: Option<BTreeMap<String, String>>,
    livemode: bool,
    created: i64,
    expires_at: i64,
}

#[derive(Deserialize)]
pub(super) struct Subscription {
    id: String,
    status: String,
    customer: String,
    cancel_at_period_end: Option<bool>,
    items: List<Item>,
    currency: String,
    metadata: Option<BTreeMap<String, String>>,
    latest_invoice: Option<String>,
    livemode: bool,
    created: i64,
    canceled_at: Option<i64>,
    ended_at: Option<i64>,
    cancellation_details: Option<CancellationDetails>,
    /// An id, or the whole of it where it was asked for.
    default_payment_method: Option<Value>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    current_period_end: Option<i64>,
    price: Option<Price>,
    quantity: Option<i64>,
}

#[derive(Deserialize)]
struct Price {
    product: String,
    unit_amount: Option<i64>,
    recurring: Option<Recurring>,
}

#[derive(Deserialize)]
struct Recurring {
    interval: String,
    interval_count: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Invoice {
    id: String,
    status: Option<String>,
    amount_due: i64,
    amount_paid: i64,
    currency: String,
    customer: Option<String>,
    parent: Option<Parent>,
    payments: Option<List<InvoicePayment>>,
    lines: Option<List<InvoiceLine>>,
    created: i64,
    status_transitions: Option<StatusTransitions>,
    hosted_invoice_url: Option<String>,
    next_payment_attempt: Option<i64>,
    attempt_count: Option<u64>,
    livemode: bool,
}

#[derive(Deserialize)]
struct Parent {
    subscription_details: Option<SubscriptionDetails>,
}

#[derive(Deserialize)]
struct CancellationDetails {
    reason: Option<String>,
}

#[derive(Deserialize)]
struct SubscriptionDetails {
    subscription: Option<String>,
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct InvoicePayment {
    status: Option<String>,
    is_default: Option<bool>,
    payment: Option<Payment>,
}

#[derive(Deserialize)]
struct Payment {
    payment_intent: Option<String>,
}

#[derive(Deserialize)]
struct InvoiceLine {
    period: Option<Period>,
}

#[derive(Deserialize)]
struct Period {
    start: i64,
    end: i64,
}

#[derive(Deserialize)]
struct StatusTransitions {
    paid_at: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Refund {
    id: String,
    amount: i64,
    payment_intent: Option<String>,
    created: i64,
    status: Option<String>,
    /// An id, or the whole of it where it was asked for.
    failure_balance_transaction: Option<Value>,
    metadata: Option<BTreeMap<String, String>>,
}

/// What moved the balance.
#[derive(Deserialize)]
struct Moved {
    amount: i64,
    created: i64,
}

#[derive(Deserialize)]
pub(super) struct Dispute {
    id: String,
    amount: i64,
    charge: Option<String>,
    payment_intent: Option<String>,
    created: i64,
    status: String,
    evidence_details: Option<EvidenceDetails>,
    balance_transactions: Option<Vec<Moved>>,
}

#[derive(Deserialize)]
struct EvidenceDetails {
    due_by: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Payout {
    id: String,
    amount: i64,
    status: String,
    failure_message: Option<String>,
}

#[derive(Deserialize)]
struct PaymentMethod {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    card: Option<Card>,
    bacs_debit: Option<Debit>,
}

#[derive(Deserialize)]
struct Card {
    brand: Option<String>,
    last4: Option<String>,
    exp_month: Option<u32>,
    exp_year: Option<i32>,
}

#[derive(Deserialize)]
struct Debit {
    last4: Option<String>,
}

/// Nothing of it is read.
#[derive(Deserialize)]
pub(super) struct Customer {}

#[derive(Deserialize)]
pub(super) struct SetupIntent {
    payment_method: Option<String>,
}

impl SetupIntent {
    /// What was taken down, once it was.
    pub(super) fn payment_method(self) -> Option<String> {
        self.payment_method
    }
}

#[derive(Deserialize)]
pub(super) struct Mandate {
    id: String,
    payment_method: String,
    status: String,
}

#[derive(Deserialize)]
pub(super) struct PaymentIntent {
    /// The whole of it, where it was asked for; null before anything was charged.
    latest_charge: Option<Charged>,
}

#[derive(Deserialize)]
struct Charged {
    created: Option<i64>,
    payment_method_details: Option<Charging>,
}

#[derive(Deserialize)]
struct Charging {
    card: Option<CardUsed>,
}

#[derive(Deserialize)]
struct CardUsed {
    fingerprint: Option<String>,
}

impl PaymentIntent {
    /// When it was charged.
    pub(super) fn charged_at(&self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.latest_charge.as_ref()?.created?, 0)
    }

    /// The fingerprint of the card that was charged.
    pub(super) fn card(self) -> Option<String> {
        self.latest_charge?.payment_method_details?.card?.fingerprint
    }
}

#[derive(Deserialize)]
pub(super) struct Charge {
    id: String,
    payment_intent: Option<String>,
    customer: Option<String>,
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
pub(super) struct BalanceTransaction {
    id: String,
    reporting_category: String,
    amount: i64,
    fee: i64,
    currency: String,
    created: i64,
    source: Option<Source>,
}

/// Whatever it is, expanded.
#[derive(Deserialize)]
struct Source {
    id: String,
    payment_intent: Option<String>,
}
