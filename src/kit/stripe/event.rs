//! What a webhook says, read leniently: a hint that something changed, after which the object is fetched afresh.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// The envelope of a webhook. Kinds that nobody knows yet are fine; so is an object without an id.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub id: String,
    /// Stripe's `type`, such as `invoice.paid`.
    pub kind: String,
    pub object_id: Option<String>,
    /// Stripe's `object`, such as `invoice`; says which `find_*` fetches it.
    pub object_kind: Option<String>,
    pub created: Option<DateTime<Utc>>,
    /// False unless Stripe says `true`.
    pub livemode: bool,
    pub api_version: Option<String>,
    object: Value,
}

/// A body that has no event id: there is nothing to store it under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is not a Stripe event")]
pub struct NotAnEvent;

impl Event {
    /// Reads a webhook body whose signature was found good.
    pub fn parse(body: &[u8]) -> Result<Self, NotAnEvent> {
        let mut event: Value = serde_json::from_slice(body).map_err(|_| NotAnEvent)?;
        let id = text(&event, "id").filter(|id| !id.is_empty()).ok_or(NotAnEvent)?;
        let object = event.pointer_mut("/data/object").map(Value::take).unwrap_or_default();
        Ok(Self {
            id,
            kind: text(&event, "type").unwrap_or_default(),
            object_id: text(&object, "id"),
            object_kind: text(&object, "object"),
            created: event
                .get("created")
                .and_then(Value::as_i64)
                .filter(|seconds| SECONDS.contains(seconds))
                .and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
            livemode: event.get("livemode").and_then(Value::as_bool).unwrap_or_default(),
            api_version: text(&event, "api_version"),
            object,
        })
    }

    /// The charge that this event is about: itself, or the one of its refund.
    pub fn charge(&self) -> Option<String> {
        match self.object_kind.as_deref()? {
            "charge" => self.object_id.clone(),
            "refund" => text_or_id(&self.object, "charge"),
            _ => None,
        }
    }

    /// The payment that this event is about, where money went back.
    pub fn payment_intent(&self) -> Option<String> {
        match self.object_kind.as_deref()? {
            "charge" | "refund" | "dispute" => text_or_id(&self.object, "payment_intent"),
            _ => None,
        }
    }
}

/// From 1970 to 9999: Stripe counts from there, and Postgres knows fewer years than fit into a number.
const SECONDS: std::ops::Range<i64> = 0..253_402_300_800;

/// Postgres keeps no text with a NUL in it, nor a very long one in an index. Stripe's ids have 255 characters at most.
fn text(value: &Value, field: &str) -> Option<String> {
    let text = value.get(field)?.as_str()?;
    (text.len() <= 255 && !text.contains('\0')).then(|| text.to_owned())
}

/// A field that holds an id, or the whole object where somebody asked Stripe to expand it.
fn text_or_id(value: &Value, field: &str) -> Option<String> {
    text(value, field).or_else(|| text(value.get(field)?, "id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(name: &str) -> Event {
        let path = format!("{}/tests/stripe/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
        Event::parse(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn reads_the_eight_examples() {
        for (name, kind, object, id) in [
            (
                "01-checkout-completed-card-paid",
                "checkout.session.completed",
                "checkout.session",
                "cs_test_DevPriya",
            ),
            (
                "02-subscription-created-incomplete",
                "customer.subscription.created",
                "subscription",
                "sub_DevPriya",
            ),
            (
                "03-subscription-updated-active",
                "customer.subscription.updated",
                "subscription",
                "sub_DevPriya",
            ),
            ("04-invoice-paid-first", "invoice.paid", "invoice", "in_DevPriya1"),
            ("05-invoice-payment-failed", "invoice.payment_failed", "invoice", "in_DevRhys2"),
            (
                "06-checkout-completed-bacs-unpaid",
                "checkout.session.completed",
                "checkout.session",
                "cs_test_DevSiobhan",
            ),
            ("07-charge-refunded-full", "charge.refunded", "charge", "ch_DevRhys"),
            (
                "08-subscription-deleted-by-member",
                "customer.subscription.deleted",
                "subscription",
                "sub_DevRhys",
            ),
        ] {
            let event = example(name);
            assert_eq!(event.kind, kind);
            assert_eq!(event.object_kind.as_deref(), Some(object), "{name}");
            assert_eq!(event.object_id.as_deref(), Some(id), "{name}");
            assert_eq!(event.api_version.as_deref(), Some("2026-05-27.dahlia"));
            assert!(event.id.starts_with("evt_1Dev0") && event.created.is_some() && !event.livemode);
            assert_eq!(event.charge().is_some(), object == "charge", "{name}");
        }
    }

    #[test]
    fn a_refund_says_of_which_charge() {
        assert_eq!(example("07-charge-refunded-full").charge().as_deref(), Some("ch_DevRhys"));
        let refund = br#"{"id":"evt_1","type":"refund.failed","data":{"object":{"id":"re_1","object":"refund","charge":"ch_1"}}}"#;
        assert_eq!(Event::parse(refund).unwrap().charge().as_deref(), Some("ch_1"));
    }

    #[test]
    fn an_expanded_payment_gives_its_id() {
        let event = Event::parse(
            br#"{"id":"evt_1","type":"charge.dispute.created","livemode":true,"data":{"object":{"id":"du_1","object":"dispute",
            "amount":500,"currency":"gbp","charge":"ch_1","payment_intent":{"id":"pi_1"},"status":"lost","reason":"bank_cannot_process"}}}"#,
        )
        .unwrap();
        assert_eq!(event.payment_intent().as_deref(), Some("pi_1"));
        assert!(event.livemode);
    }

    #[test]
    fn missing_and_odd_parts_are_no_error() {
        let bare = Event::parse(br#"{"id":"evt_1"}"#).unwrap();
        assert_eq!((bare.id.as_str(), bare.kind.as_str()), ("evt_1", ""));
        assert_eq!((bare.object_id, bare.created, bare.livemode), (None, None, false));
        for body in [
            r#"{"id":"evt_1","type":"moon.rose","data":null}"#,
            r#"{"id":"evt_1","type":7,"created":"yesterday","livemode":"yes","data":{"object":[1]}}"#,
            r#"{"id":"evt_1","type":"charge.refunded","created":9223372036854775807,"data":{"object":{"object":"charge","id":"ch_1"}}}"#,
            r#"{"id":"evt_1","type":"balance.available","data":{"object":{"object":"balance"}}}"#,
            r#"{"id":"evt_1","type":"invoice.paid","data":{"object":{"object":"invoice","id":"in_1","parent":null}}}"#,
        ] {
            let event = Event::parse(body.as_bytes()).unwrap();
            assert_eq!(event.payment_intent(), None, "{body}");
        }
    }

    #[test]
    fn what_has_no_id_is_not_an_event() {
        for body in [
            "",
            "null",
            "[]",
            "\"evt_1\"",
            "{}",
            r#"{"id":""}"#,
            r#"{"id":5}"#,
            "{\"id\":\"evt_1\"",
            "\u{0}",
            r#"{"id":"evt_\u0000"}"#,
        ] {
            assert_eq!(Event::parse(body.as_bytes()), Err(NotAnEvent), "{body}");
        }
        assert_eq!(Event::parse(&[0xff, 0xfe]), Err(NotAnEvent));
    }
}
