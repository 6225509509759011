//! Payments through Stripe: hosted Checkout, subscriptions, invoices, refunds and the webhook's signature.
//!
//! The rest of the site sees only the plain types here; async-stripe stays behind [`Stripe`]. Three habits matter:
//! every call that changes something takes an idempotency key from a stored record, so that repeating it is harmless;
//! a call never runs inside a database transaction; and a webhook ([`Event`]) is a hint, after which the object is
//! fetched again, because events arrive late, twice and out of order.
//!
//! Without a Stripe account the site talks to `stand_in`, which behaves like Stripe as far as this site can tell.
//! `tests/stripe` checks both our calls and the stand-in's answers against Stripe's published contract.

mod answers;
mod client;
mod error;
mod event;
pub mod signature;
pub mod stand_in;
mod types;

pub use client::{API_VERSION, Listed, Pages, Stripe};
pub use error::StripeError;
pub use event::{Event, NotAnEvent};
pub use signature::BadSignature;
pub use types::{
    BalanceTransaction, Charge, CheckoutMode, CheckoutSession, CheckoutStatus, Dispute, Interval, Invoice,
    InvoiceStatus, Item, Mandate, Metadata, MethodDetails, Mode, NewCheckout, NewSetup, Page, PaymentMethod,
    PaymentStatus, Payout, Refund, Subscription, SubscriptionStatus,
};
