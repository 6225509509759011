//! The way of Stripe's answers into our own types.

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use miniserde::json::Value;

use super::{
    BalanceTransaction, Charge, CheckoutSession, Dispute, Invoice, Item, List, Mandate, Moved, PaymentMethod,
    Payout, Refund, Subscription,
};
use crate::kit::stripe::types::{
    self, CheckoutMode, CheckoutStatus, Interval, InvoiceStatus, Metadata, Page, PaymentStatus,
    SubscriptionStatus,
};

fn time(seconds: i64) -> DateTime<Utc> {
    when(Some(seconds)).unwrap_or_default()
}

fn when(seconds: Option<i64>) -> Option<DateTime<Utc>> {
    seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0))
}

impl<A, T: From<A>> From<List<A>> for Page<T> {
    fn from(list: List<A>) -> Self {
        Self { items: list.data.into_iter().map(T::from).collect(), more: list.has_more.unwrap_or_default() }
    }
}

impl From<CheckoutSession> for types::CheckoutSession {
    fn from(session: CheckoutSession) -> Self {
        Self {
            status: match session.status.as_deref() {
                Some("open") => CheckoutStatus::Open,
                Some("complete") => CheckoutStatus::Complete,
                Some("expired") => CheckoutStatus::Expired,
                _ => CheckoutStatus::Other,
            },
            payment_status: match session.payment_status.as_str() {
                "paid" => PaymentStatus::Paid,
                "unpaid" => PaymentStatus::Unpaid,
                "no_payment_required" => PaymentStatus::NotRequired,
                _ => PaymentStatus::Other,
            },
            mode: match session.mode.as_str() {
                "subscription" => CheckoutMode::Subscription,
                "payment" => CheckoutMode::OneOff,
                "setup" => CheckoutMode::Setup,
                _ => CheckoutMode::Other,
            },
            id: session.id,
            url: session.url,
            subscription: session.subscription,
            customer: session.customer,
            invoice: session.invoice,
            payment_intent: session.payment_intent,
            setup_intent: session.setup_intent,
            amount_total_pence: session.amount_total,
            currency: session.currency,
            metadata: session.metadata.unwrap_or_default(),
            livemode: session.livemode,
            created: time(session.created),
            expires_at: time(session.expires_at),
        }
    }
}

impl From<Subscription> for types::Subscription {
    fn from(subscription: Subscription) -> Self {
        let items = &subscription.items.data;
        let price = |item: &Item| item.price.as_ref()?.unit_amount?.checked_mul(item.quantity.unwrap_or(1));
        let amount = items.iter().try_fold(0_i64, |sum, item| sum.checked_add(price(item)?));
        let recurring = items.first().and_then(|item| item.price.as_ref()?.recurring.as_ref());
        Self {
            status: match subscription.status.as_str() {
                "incomplete" => SubscriptionStatus::Incomplete,
                "incomplete_expired" => SubscriptionStatus::IncompleteExpired,
                "trialing" => SubscriptionStatus::Trialing,
                "active" => SubscriptionStatus::Active,
                "past_due" => SubscriptionStatus::PastDue,
                "unpaid" => SubscriptionStatus::Unpaid,
                "canceled" => SubscriptionStatus::Canceled,
                "paused" => SubscriptionStatus::Paused,
                _ => SubscriptionStatus::Other,
            },
            current_period_end: when(items.iter().filter_map(|item| item.current_period_end).max()),
            amount_pence: amount.filter(|_| !items.is_empty()),
            interval: recurring.and_then(|every| {
                match (every.interval.as_str(), every.interval_count.unwrap_or(1)) {
                    ("month", 1) => Some(Interval::Month),
                    ("year", 1) | ("month", 12) => Some(Interval::Year),
                    _ => None,
                }
            }),
            item: match subscription.items.data.as_slice() {
                [Item { id, price: Some(price), .. }] => {
                    Some(types::Item { id: id.clone(), product: price.product.clone() })
                }
                _ => None,
            },
            id: subscription.id,
            customer: subscription.customer,
            cancel_at_period_end: subscription.cancel_at_period_end.unwrap_or_default(),
            currency: subscription.currency,
            metadata: subscription.metadata.unwrap_or_default(),
            latest_invoice: subscription.latest_invoice,
            livemode: subscription.livemode,
            created: time(subscription.created),
            canceled_at: when(subscription.canceled_at),
            ended_at: when(subscription.ended_at),
            ended_unpaid: subscription
                .cancellation_details
                .and_then(|details| details.reason)
                .is_some_and(|reason| reason == "payment_failed"),
            payment_method: subscription.default_payment_method.and_then(payment_method),
        }
    }
}

fn payment_method(found: Value) -> Option<types::PaymentMethod> {
    if let Value::String(id) = found {
        return Some(types::PaymentMethod { id, details: None });
    }
    let found: PaymentMethod = miniserde::json::from_str(&miniserde::json::to_string(&found)).ok()?;
    let (card, debit) = (found.card.as_ref(), found.bacs_debit.as_ref());
    let four = |digits: &String| digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_digit());
    let last4 = card.and_then(|it| it.last4.clone()).or_else(|| debit.and_then(|it| it.last4.clone()));
    let details = types::MethodDetails {
        last4: last4.filter(four),
        brand: card.and_then(|it| it.brand.clone()),
        // A card is good for the whole of the month that stands on it.
        expires_on: card
            .and_then(|it| NaiveDate::from_ymd_opt(it.exp_year?, it.exp_month?, 1))
            .and_then(|first| first.checked_add_months(Months::new(1))?.checked_sub_days(Days::new(1))),
        kind: found.kind,
    };
    Some(types::PaymentMethod { id: found.id, details: Some(details) })
}

impl From<Mandate> for types::Mandate {
    fn from(mandate: Mandate) -> Self {
        Self {
            id: mandate.id,
            payment_method: mandate.payment_method,
            // One that is still being set up is `pending`.
            is_lost: mandate.status == "inactive",
        }
    }
}

impl From<Invoice> for types::Invoice {
    fn from(invoice: Invoice) -> Self {
        let payments = invoice.payments.map(|list| list.data).unwrap_or_default();
        let payment = payments
            .iter()
            .find(|payment| payment.status.as_deref() == Some("paid"))
            .or_else(|| payments.iter().find(|payment| payment.is_default == Some(true)))
            .or_else(|| payments.first());
        let (subscription, metadata): (_, Option<Metadata>) = invoice
            .parent
            .and_then(|parent| parent.subscription_details)
            .map_or_else(Default::default, |details| (details.subscription, details.metadata));
        let lines = invoice.lines.map(|list| list.data).unwrap_or_default();
        let periods = || lines.iter().filter_map(|line| line.period.as_ref());
        Self {
            status: match invoice.status.as_deref() {
                Some("draft") => InvoiceStatus::Draft,
                Some("open") => InvoiceStatus::Open,
                Some("paid") => InvoiceStatus::Paid,
                Some("uncollectible") => InvoiceStatus::Uncollectible,
                Some("void") => InvoiceStatus::Void,
                _ => InvoiceStatus::Other,
            },
            id: invoice.id,
            amount_due_pence: invoice.amount_due,
            amount_paid_pence: invoice.amount_paid,
            currency: invoice.currency,
            customer: invoice.customer,
            subscription,
            payment_intent: payment
                .and_then(|payment| payment.payment.as_ref())
                .and_then(|payment| payment.payment_intent.clone()),
            created: time(invoice.created),
            paid_at: when(invoice.status_transitions.and_then(|times| times.paid_at)),
            period_start: when(periods().map(|period| period.start).min()),
            period_end: when(periods().map(|period| period.end).max()),
            hosted_invoice_url: invoice.hosted_invoice_url,
            next_payment_attempt: when(invoice.next_payment_attempt),
            attempt_count: invoice.attempt_count.unwrap_or_default(),
            metadata: metadata.unwrap_or_default(),
            livemode: invoice.livemode,
        }
    }
}

/// `None` where only its id is known.
fn moved_at(found: &Value) -> Option<DateTime<Utc>> {
    let moved: Moved = miniserde::json::from_str(&miniserde::json::to_string(found)).ok()?;
    Some(time(moved.created))
}

impl From<Refund> for types::Refund {
    fn from(refund: Refund) -> Self {
        Self {
            id: refund.id,
            amount_pence: refund.amount,
            payment_intent: refund.payment_intent,
            created: time(refund.created),
            status: refund.status,
            failed_at: refund.failure_balance_transaction.as_ref().and_then(moved_at),
            metadata: refund.metadata.unwrap_or_default(),
        }
    }
}

impl From<Dispute> for types::Dispute {
    fn from(dispute: Dispute) -> Self {
        let moved = dispute.balance_transactions.unwrap_or_default();
        let first = |fits: fn(i64) -> bool| {
            moved.iter().filter(|it| fits(it.amount)).map(|it| it.created).min().map(time)
        };
        Self {
            withdrawn_at: first(i64::is_negative),
            reinstated_at: first(i64::is_positive),
            id: dispute.id,
            charge: dispute.charge,
            payment_intent: dispute.payment_intent,
            amount_pence: dispute.amount,
            created: time(dispute.created),
            status: dispute.status,
            due_by: when(dispute.evidence_details.and_then(|details| details.due_by)),
        }
    }
}

impl From<Payout> for types::Payout {
    fn from(payout: Payout) -> Self {
        Self {
            id: payout.id,
            amount_pence: payout.amount,
            status: payout.status,
            failure: payout.failure_message,
        }
    }
}

impl From<BalanceTransaction> for types::BalanceTransaction {
    fn from(moved: BalanceTransaction) -> Self {
        let (source, payment_intent) =
            moved.source.map_or((None, None), |source| (Some(source.id), source.payment_intent));
        Self {
            id: moved.id,
            category: moved.reporting_category,
            amount_pence: moved.amount,
            fee_pence: moved.fee,
            currency: moved.currency,
            created: time(moved.created),
            source,
            payment_intent,
        }
    }
}

impl From<Charge> for types::Charge {
    fn from(charge: Charge) -> Self {
        Self {
            id: charge.id,
            payment_intent: charge.payment_intent,
            customer: charge.customer,
            metadata: charge.metadata.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::stripe::answers::PaymentIntent;

    /// The object inside one of the example events, read as an answer to a call.
    fn object<A: miniserde::Deserialize>(example: &str) -> A {
        let path = format!("{}/tests/stripe/events/{example}.json", env!("CARGO_MANIFEST_DIR"));
        let event: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        miniserde::json::from_str(&event["data"]["object"].to_string()).unwrap()
    }

    #[test]
    fn a_paid_session_and_a_session_with_a_debit_on_its_way() {
        let paid: types::CheckoutSession =
            object::<CheckoutSession>("01-checkout-completed-card-paid").into();
        assert_eq!((paid.status, paid.payment_status), (CheckoutStatus::Complete, PaymentStatus::Paid));
        assert_eq!(paid.subscription.as_deref(), Some("sub_DevPriya"));
        assert_eq!(paid.amount_total_pence, Some(12000));
        assert_eq!(paid.metadata.get("member_id").map(String::as_str), Some("501"));

        let pending: types::CheckoutSession =
            object::<CheckoutSession>("06-checkout-completed-bacs-unpaid").into();
        assert_eq!(
            (pending.status, pending.payment_status, pending.mode),
            (CheckoutStatus::Complete, PaymentStatus::Unpaid, CheckoutMode::Subscription)
        );
    }

    #[test]
    fn a_subscription_takes_its_period_end_and_amount_from_the_items() {
        for (example, status) in [
            ("02-subscription-created-incomplete", SubscriptionStatus::Incomplete),
            ("03-subscription-updated-active", SubscriptionStatus::Active),
        ] {
            let subscription: types::Subscription = object::<Subscription>(example).into();
            assert_eq!(subscription.status, status);
            assert_eq!(subscription.current_period_end.unwrap().timestamp(), 1_810_976_400);
            assert_eq!(subscription.amount_pence, Some(12000));
            assert_eq!(subscription.interval, Some(Interval::Year));
        }
        let ended: types::Subscription = object::<Subscription>("08-subscription-deleted-by-member").into();
        assert_eq!(ended.status, SubscriptionStatus::Canceled);
        assert_eq!(ended.interval, Some(Interval::Month));
        assert_eq!(ended.ended_at.unwrap().timestamp(), 1_779_958_800);
    }

    #[test]
    fn an_invoice_takes_its_subscription_and_payment_from_the_new_places() {
        let paid: types::Invoice = object::<Invoice>("04-invoice-paid-first").into();
        assert_eq!(paid.status, InvoiceStatus::Paid);
        assert_eq!(paid.subscription.as_deref(), Some("sub_DevPriya"));
        assert_eq!(paid.payment_intent.as_deref(), Some("pi_DevPriya1"));
        assert_eq!((paid.amount_paid_pence, paid.currency.as_str()), (12000, "gbp"));
        assert_eq!(paid.paid_at.unwrap().timestamp(), 1_779_440_405);
        assert_eq!(paid.period_end.unwrap().timestamp(), 1_810_976_400);
        assert_eq!(paid.metadata.get("member_id").map(String::as_str), Some("501"));

        let failed: types::Invoice = object::<Invoice>("05-invoice-payment-failed").into();
        assert_eq!((failed.status, failed.attempt_count), (InvoiceStatus::Open, 1));
        assert_eq!(failed.next_payment_attempt.unwrap().timestamp(), 1_780_131_600);
        assert_eq!((failed.paid_at, failed.amount_paid_pence), (None, 0));
    }

    #[test]
    fn a_card_is_good_until_its_month_ends_and_an_id_alone_is_enough() {
        let read = |json: &str| payment_method(miniserde::json::from_str(json).unwrap());
        let card = read(
            r#"{"id":"pm_1","object":"payment_method","type":"card",
                "card":{"brand":"visa","last4":"4242","exp_month":2,"exp_year":2028,"checks":null}}"#,
        )
        .unwrap();
        assert_eq!(card.id, "pm_1");
        let details = card.details.unwrap();
        assert_eq!((details.kind.as_str(), details.brand.as_deref()), ("card", Some("visa")));
        assert_eq!(details.last4.as_deref(), Some("4242"));
        assert_eq!(details.expires_on, NaiveDate::from_ymd_opt(2028, 2, 29));
        let debit = r#"{"id":"pm_2","type":"bacs_debit","bacs_debit":{"last4":"2345","sort_code":"108800"}}"#;
        let debit = read(debit).unwrap().details.unwrap();
        assert_eq!(
            (debit.kind.as_str(), debit.last4.as_deref(), debit.expires_on),
            ("bacs_debit", Some("2345"), None)
        );
        assert_eq!(read(r#""pm_3""#), Some(types::PaymentMethod { id: "pm_3".into(), details: None }));
        // What nobody would have sent.
        for odd in [r#"{"id":"pm_4"}"#, "[]", "7"] {
            assert_eq!(read(odd), None, "{odd}");
        }
        let odd = r#"{"id":"pm_5","type":"card","card":{"last4":"42","exp_month":13,"exp_year":2028}}"#;
        let odd = read(odd).unwrap().details.unwrap();
        assert_eq!((odd.last4, odd.expires_on), (None, None));
    }

    #[test]
    fn a_payment_tells_the_card_that_was_charged() {
        let read = |json: &str| miniserde::json::from_str::<PaymentIntent>(json).unwrap().card();
        let charged =
            |details: &str| format!(r#"{{"latest_charge":{{"payment_method_details":{details}}}}}"#);
        let card = charged(r#"{"type":"card","card":{"fingerprint":"Xt5EWLLDS7FJjR1c","last4":"4242"}}"#);
        assert_eq!(read(&card).as_deref(), Some("Xt5EWLLDS7FJjR1c"));
        for none in [
            charged(r#"{"type":"bacs_debit","bacs_debit":{"fingerprint":"x"}}"#),
            charged(r#"{"type":"card","card":{"fingerprint":null}}"#),
            charged("null"),
            r#"{"latest_charge":null}"#.to_owned(),
        ] {
            assert_eq!(read(&none), None, "{none}");
        }
    }

    #[test]
    fn new_states_and_missing_lists_are_read_too() {
        let subscription: Subscription = miniserde::json::from_str(
            r#"{"id":"sub_1","status":"resting","customer":"cus_1","items":{"data":[]},"currency":"gbp","livemode":true,"created":1}"#,
        )
        .unwrap();
        let subscription = types::Subscription::from(subscription);
        assert_eq!(subscription.status, SubscriptionStatus::Other);
        assert_eq!((subscription.amount_pence, subscription.current_period_end), (None, None));
        assert!(subscription.livemode);

        let invoice: Invoice = miniserde::json::from_str(
            r#"{"id":"in_1","amount_due":500,"amount_paid":0,"currency":"gbp","created":1,"livemode":false,"parent":null}"#,
        )
        .unwrap();
        let invoice = types::Invoice::from(invoice);
        assert_eq!(
            (invoice.status, invoice.subscription, invoice.payment_intent),
            (InvoiceStatus::Other, None, None)
        );
    }
}
