//! The shapes of Stripe's objects, as its contract (2026-05-27.dahlia) has them. Only the parts that can differ here
//! are arguments; `tests/stripe` checks every answer and webhook against the published schema.

mod billing;
mod checkout;
mod methods;
mod payments;

use serde_json::{Value, json};

pub(super) use billing::{Invoice, Price, Subscription, pay};
pub(super) use checkout::{Session, customer, customer_details};
pub(super) use methods::{mandate, payment_method, setup_intent};
pub(super) use payments::{Moved, Payment, dispute, moved, payout, refund};

/// Stripe answers with every field there is; these are the ones that stay empty here.
fn with_nulls(object: Value, fields: &str) -> Value {
    with(object, &Value::Null, fields)
}

/// `object` with the same value in each of `fields`, whose names are separated by spaces.
fn with(mut object: Value, value: &Value, fields: &str) -> Value {
    for field in fields.split_whitespace() {
        object[field] = value.clone();
    }
    object
}

/// How somebody pays: a card is charged at once, a Direct Debit takes days and may yet fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaidBy {
    Card,
    DirectDebit,
}

impl PaidBy {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::DirectDebit => "bacs_debit",
        }
    }

    pub(super) fn from_word(word: &str) -> Self {
        if word == "bacs_debit" { Self::DirectDebit } else { Self::Card }
    }
}

pub(super) struct Event<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub object: &'a Value,
    pub previous: Option<Value>,
    pub created: i64,
}

impl Event<'_> {
    pub(super) fn json(&self) -> Value {
        let mut data = json!({"object": self.object});
        if let Some(previous) = &self.previous {
            data["previous_attributes"] = previous.clone();
        }
        json!({
            "id": self.id, "object": "event", "api_version": crate::kit::stripe::API_VERSION, "created": self.created,
            "data": data, "livemode": false, "pending_webhooks": 1, "request": {"id": null, "idempotency_key": null},
            "type": self.kind
        })
    }
}
