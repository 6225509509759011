//! Subscriptions and their invoices.

use serde_json::{Value, json};

use super::{PaidBy, with, with_nulls};

/// What a subscription charges for: Checkout makes a product and a price of its own for each session.
pub(in super::super) struct Price<'a> {
    pub id: &'a str,
    pub product: &'a str,
    pub amount: i64,
    /// `month` or `year`.
    pub interval: &'a str,
    pub created: i64,
}

impl Price<'_> {
    pub(in super::super) fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "price", "active": true, "billing_scheme": "per_unit", "created": self.created,
            "currency": "gbp", "custom_unit_amount": null, "livemode": false, "lookup_key": null, "metadata": {},
            "nickname": null, "product": self.product,
            "recurring": {"interval": self.interval, "interval_count": 1, "meter": null, "usage_type": "licensed"},
            "tax_behavior": "unspecified", "tiers_mode": null, "transform_quantity": null, "type": "recurring",
            "unit_amount": self.amount, "unit_amount_decimal": self.amount.to_string()
        })
    }
}

pub(in super::super) struct Subscription<'a> {
    pub id: &'a str,
    pub item: &'a str,
    pub customer: &'a str,
    pub price: Price<'a>,
    pub method: PaidBy,
    pub payment_method: &'a str,
    pub metadata: &'a Value,
    pub status: &'a str,
    pub latest_invoice: &'a str,
    pub created: i64,
    pub period: (i64, i64),
}

impl Subscription<'_> {
    pub(in super::super) fn json(&self) -> Value {
        with_nulls(
            json!({
                "id": self.id, "object": "subscription",
                "automatic_tax": {"disabled_reason": null, "enabled": false, "liability": null},
                "billing_cycle_anchor": self.created, "billing_mode": {"flexible": null, "type": "classic"},
                "billing_schedules": [], "cancel_at_period_end": false,
                "cancellation_details": {"comment": null, "feedback": null, "reason": null},
                "collection_method": "charge_automatically", "created": self.created, "currency": "gbp",
                "customer": self.customer, "default_payment_method": self.payment_method,
                "default_tax_rates": [], "discounts": [],
                "invoice_settings": {"account_tax_ids": null, "issuer": {"type": "self"}},
                "items": {"object": "list", "has_more": false, "url": format!("/v1/subscription_items?subscription={}", self.id), "data": [{
                    "id": self.item, "object": "subscription_item", "billing_thresholds": null, "created": self.created,
                    "current_period_end": self.period.1, "current_period_start": self.period.0, "discounts": [], "metadata": {},
                    "price": self.price.json(), "quantity": 1, "subscription": self.id, "tax_rates": []
                }]},
                "latest_invoice": self.latest_invoice, "livemode": false, "metadata": self.metadata,
                "payment_settings": {"payment_method_options": null, "payment_method_types": [self.method.word()], "save_default_payment_method": "off"},
                "start_date": self.created, "status": self.status,
                "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}}
            }),
            "application application_fee_percent billing_cycle_anchor_config billing_thresholds cancel_at \
             canceled_at customer_account days_until_due default_source description ended_at managed_payments \
             next_pending_invoice_item_invoice on_behalf_of pause_collection pending_invoice_item_interval \
             pending_setup_intent pending_update schedule test_clock transfer_data trial_end trial_start",
        )
    }
}

pub(in super::super) struct Invoice<'a> {
    pub id: &'a str,
    /// As it is on Stripe's page for paying: this site never shows it, but mails link to it.
    pub url: String,
    pub number: String,
    pub reason: &'a str,
    pub customer: &'a str,
    pub email: Option<&'a str>,
    pub subscription: &'a str,
    pub item: &'a str,
    pub price: &'a str,
    pub product: &'a str,
    pub product_name: &'a str,
    pub metadata: &'a Value,
    pub amount: i64,
    pub payment_intent: &'a str,
    pub created: i64,
    pub period: (i64, i64),
}

impl Invoice<'_> {
    /// Finalised and open; [`pay`] settles it.
    pub(in super::super) fn json(&self) -> Value {
        let invoice = with_nulls(
            json!({
                "id": self.id, "object": "invoice", "account_country": "GB", "account_name": "Stand-in",
                "attempted": true,
                "auto_advance": true,
                "automatic_tax": {"disabled_reason": null, "enabled": false, "liability": null, "provider": null, "status": null},
                "billing_reason": self.reason, "collection_method": "charge_automatically",
                "created": self.created, "currency": "gbp", "customer": self.customer,
                "customer_email": self.email, "customer_tax_exempt": "none", "effective_at": self.created, "hosted_invoice_url": self.url, "issuer": {"type": "self"},
                "lines": self.lines(),
                "livemode": false, "metadata": {}, "number": self.number,
                "parent": {"quote_details": null, "type": "subscription_details",
                    "subscription_details": {"metadata": self.metadata, "subscription": self.subscription}},
                "payment_settings": {"default_mandate": null, "payment_method_options": null, "payment_method_types": null},
                "payments": self.payments(),
                "period_end": self.created, "period_start": self.created,
                "status": "open",
                "status_transitions": {"finalized_at": self.created, "marked_uncollectible_at": null, "paid_at": null, "voided_at": null},
                "webhooks_delivered_at": self.created
            }),
            "account_tax_ids application automatically_finalizes_at custom_fields customer_account \
             customer_address customer_name customer_phone customer_shipping default_payment_method \
             default_source description due_date footer from_invoice invoice_pdf last_finalization_error \
             latest_revision next_payment_attempt on_behalf_of receipt_number rendering shipping_cost \
             shipping_details statement_descriptor test_clock",
        );
        let invoice = with(
            invoice,
            &json!([]),
            "customer_tax_ids default_tax_rates discounts total_discount_amounts total_pretax_credit_amounts total_taxes",
        );
        let invoice = with(
            invoice,
            &json!(self.amount),
            "amount_due amount_remaining subtotal subtotal_excluding_tax total total_excluding_tax",
        );
        with(
            invoice,
            &json!(0),
            "amount_overpaid amount_paid amount_paid_off_stripe amount_shipping attempt_count \
             ending_balance post_payment_credit_notes_amount pre_payment_credit_notes_amount starting_balance",
        )
    }

    fn lines(&self) -> Value {
        json!({"object": "list", "has_more": false, "total_count": 1, "url": format!("/v1/invoices/{}/lines", self.id), "data": [{
            "id": self.id.replacen("in_", "il_", 1), "object": "line_item", "amount": self.amount, "currency": "gbp",
            "description": format!("1 × {}", self.product_name), "discount_amounts": [], "discountable": true, "discounts": [],
            "invoice": self.id, "livemode": false, "metadata": self.metadata,
            "parent": {"invoice_item_details": null, "type": "subscription_item_details", "subscription_item_details": {
                "invoice_item": null, "proration": false, "proration_details": {"credited_items": null},
                "subscription": self.subscription, "subscription_item": self.item}},
            "period": {"start": self.period.0, "end": self.period.1}, "pretax_credit_amounts": [],
            "pricing": {"price_details": {"price": self.price, "product": self.product}, "type": "price_details",
                "unit_amount_decimal": self.amount.to_string()},
            "quantity": 1, "quantity_decimal": "1", "subscription": self.subscription, "subtotal": self.amount, "taxes": []
        }]})
    }

    fn payments(&self) -> Value {
        json!({"object": "list", "has_more": false, "url": format!("/v1/invoice_payments?invoice={}", self.id), "data": [{
            "id": self.id.replacen("in_", "inpay_", 1), "object": "invoice_payment", "amount_paid": null,
            "amount_requested": self.amount, "created": self.created, "currency": "gbp", "invoice": self.id, "is_default": true,
            "livemode": false, "payment": {"payment_intent": self.payment_intent, "type": "payment_intent"}, "status": "open",
            "status_transitions": {"canceled_at": null, "paid_at": null}
        }]})
    }
}

/// Settles an open invoice at its attempt of this number.
pub(in super::super) fn pay(invoice: &mut Value, attempt: i64, at: i64) {
    let amount = invoice["amount_due"].clone();
    invoice["status"] = json!("paid");
    invoice["amount_paid"] = amount.clone();
    invoice["amount_remaining"] = json!(0);
    invoice["attempt_count"] = json!(attempt);
    invoice["auto_advance"] = json!(false);
    invoice["next_payment_attempt"] = Value::Null;
    invoice["status_transitions"]["paid_at"] = json!(at);
    let payment = &mut invoice["payments"]["data"][0];
    payment["status"] = json!("paid");
    payment["amount_paid"] = amount;
    payment["status_transitions"]["paid_at"] = json!(at);
}
