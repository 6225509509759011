//! Stripe's nouns as this site sees them: plain values, money in pence, states as enums with an `Other` for what is new.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use stripe_billing::{Invoice as ApiInvoice, Subscription as ApiSubscription};
use stripe_checkout::CheckoutSession as ApiCheckout;

pub type Metadata = BTreeMap<String, String>;

/// How often a subscription is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    Month,
    Year,
}

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
    pub metadata: Metadata,
    pub latest_invoice: Option<String>,
    pub livemode: bool,
    pub created: DateTime<Utc>,
    pub canceled_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
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

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    pub id: String,
    pub amount_pence: i64,
    pub currency: String,
    pub payment_intent: Option<String>,
    /// Stripe's word: `pending`, `succeeded`, `failed`, `canceled`, `requires_action`.
    pub status: Option<String>,
}

/// A page of a list, newest first. When `more`, ask again with the last item's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    pub more: bool,
}

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

fn when(seconds: Option<i64>) -> Option<DateTime<Utc>> {
    seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0))
}

impl From<ApiCheckout> for CheckoutSession {
    fn from(session: ApiCheckout) -> Self {
        use stripe_checkout::CheckoutSessionPaymentStatus as Paid;
        Self {
            status: match session.status.as_ref().map(stripe_checkout::CheckoutSessionStatus::as_str) {
                Some("open") => CheckoutStatus::Open,
                Some("complete") => CheckoutStatus::Complete,
                Some("expired") => CheckoutStatus::Expired,
                _ => CheckoutStatus::Other,
            },
            payment_status: match session.payment_status {
                Paid::Paid => PaymentStatus::Paid,
                Paid::Unpaid => PaymentStatus::Unpaid,
                Paid::NoPaymentRequired => PaymentStatus::NotRequired,
                _ => PaymentStatus::Other,
            },
            mode: match session.mode.as_str() {
                "subscription" => CheckoutMode::Subscription,
                "payment" => CheckoutMode::OneOff,
                _ => CheckoutMode::Other,
            },
            id: session.id.as_str().to_owned(),
            url: session.url,
            subscription: session.subscription.map(|it| it.id().to_string()),
            customer: session.customer.map(|it| it.id().to_string()),
            invoice: session.invoice.map(|it| it.id().clone()).and_then(|id| Some(id?.to_string())),
            payment_intent: session.payment_intent.map(|it| it.id().to_string()),
            amount_total_pence: session.amount_total,
            currency: session.currency.map(|it| it.to_string()),
            metadata: session.metadata.unwrap_or_default().into_iter().collect(),
            livemode: session.livemode,
            created: time(session.created),
            expires_at: time(session.expires_at),
        }
    }
}

impl From<ApiSubscription> for Subscription {
    fn from(subscription: ApiSubscription) -> Self {
        use stripe_billing::SubscriptionStatus as Status;
        let items = &subscription.items.data;
        let amount = items.iter().try_fold(0_i64, |sum, item| {
            let quantity = i64::try_from(item.quantity.unwrap_or(1)).ok()?;
            sum.checked_add(item.price.unit_amount?.checked_mul(quantity)?)
        });
        let interval = items.first().and_then(|item| item.price.recurring.as_ref());
        Self {
            status: match subscription.status {
                Status::Incomplete => SubscriptionStatus::Incomplete,
                Status::IncompleteExpired => SubscriptionStatus::IncompleteExpired,
                Status::Trialing => SubscriptionStatus::Trialing,
                Status::Active => SubscriptionStatus::Active,
                Status::PastDue => SubscriptionStatus::PastDue,
                Status::Unpaid => SubscriptionStatus::Unpaid,
                Status::Canceled => SubscriptionStatus::Canceled,
                Status::Paused => SubscriptionStatus::Paused,
                _ => SubscriptionStatus::Other,
            },
            current_period_end: when(items.iter().map(|item| item.current_period_end).max()),
            amount_pence: amount.filter(|_| !items.is_empty()),
            interval: interval.and_then(|it| match (it.interval.as_str(), it.interval_count) {
                ("month", 1) => Some(Interval::Month),
                ("year", 1) | ("month", 12) => Some(Interval::Year),
                _ => None,
            }),
            id: subscription.id.as_str().to_owned(),
            customer: subscription.customer.id().to_string(),
            cancel_at_period_end: subscription.cancel_at_period_end,
            currency: subscription.currency.to_string(),
            metadata: subscription.metadata.into_iter().collect(),
            latest_invoice: subscription
                .latest_invoice
                .map(|it| it.id().clone())
                .and_then(|id| Some(id?.to_string())),
            livemode: subscription.livemode,
            created: time(subscription.created),
            canceled_at: when(subscription.canceled_at),
            ended_at: when(subscription.ended_at),
        }
    }
}

impl From<ApiInvoice> for Invoice {
    fn from(invoice: ApiInvoice) -> Self {
        use stripe_billing::InvoiceStatus as Status;
        let payments = invoice.payments.map(|list| list.data).unwrap_or_default();
        let payment = payments
            .iter()
            .find(|payment| payment.status == "paid")
            .or_else(|| payments.iter().find(|payment| payment.is_default))
            .or_else(|| payments.first());
        let (subscription, metadata) = invoice
            .parent
            .and_then(|parent| parent.subscription_details)
            .map(|details| (details.subscription.id().to_string(), details.metadata))
            .unzip();
        let periods = || invoice.lines.data.iter().map(|line| &line.period);
        Self {
            id: invoice.id.map(|id| id.to_string()).unwrap_or_default(),
            status: match invoice.status {
                Some(Status::Draft) => InvoiceStatus::Draft,
                Some(Status::Open) => InvoiceStatus::Open,
                Some(Status::Paid) => InvoiceStatus::Paid,
                Some(Status::Uncollectible) => InvoiceStatus::Uncollectible,
                Some(Status::Void) => InvoiceStatus::Void,
                _ => InvoiceStatus::Other,
            },
            amount_due_pence: invoice.amount_due,
            amount_paid_pence: invoice.amount_paid,
            currency: invoice.currency.to_string(),
            customer: invoice.customer.map(|it| it.id().to_string()),
            subscription,
            payment_intent: payment
                .and_then(|payment| payment.payment.payment_intent.as_ref())
                .map(|it| it.id().to_string()),
            created: time(invoice.created),
            paid_at: when(invoice.status_transitions.paid_at),
            period_start: when(periods().map(|period| period.start).min()),
            period_end: when(periods().map(|period| period.end).max()),
            hosted_invoice_url: invoice.hosted_invoice_url,
            next_payment_attempt: when(invoice.next_payment_attempt),
            attempt_count: invoice.attempt_count,
            metadata: metadata.flatten().unwrap_or_default().into_iter().collect(),
            livemode: invoice.livemode,
        }
    }
}

impl From<stripe_core::Refund> for Refund {
    fn from(refund: stripe_core::Refund) -> Self {
        Self {
            id: refund.id.to_string(),
            amount_pence: refund.amount,
            currency: refund.currency.to_string(),
            payment_intent: refund.payment_intent.map(|it| it.id().to_string()),
            status: refund.status,
        }
    }
}
