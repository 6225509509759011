//! The session on the page for paying, and the customer who pays.

use serde_json::{Value, json};

use super::with_nulls;

pub(in super::super) struct Session<'a> {
    pub id: &'a str,
    pub url: String,
    pub mode: &'a str,
    /// `None` where nothing is paid.
    pub amount: Option<i64>,
    pub customer: Option<&'a str>,
    pub email: Option<&'a str>,
    pub success_url: &'a str,
    pub cancel_url: Option<&'a str>,
    pub reference: Option<&'a str>,
    pub metadata: &'a Value,
    pub methods: &'a [String],
    pub created: i64,
    pub expires_at: i64,
}

impl Session<'_> {
    pub(in super::super) fn json(&self) -> Value {
        with_nulls(
            json!({
                "id": self.id, "object": "checkout.session", "adaptive_pricing": {"enabled": false},
                "amount_subtotal": self.amount, "amount_total": self.amount,
                "automatic_tax": {"enabled": false, "liability": null, "provider": null, "status": null},
                "cancel_url": self.cancel_url, "client_reference_id": self.reference, "created": self.created,
                "currency": self.amount.map(|_| "gbp"), "custom_fields": [],
                "custom_text": {"after_submit": null, "shipping_address": null, "submit": null, "terms_of_service_acceptance": null},
                "customer": self.customer,
                "customer_creation": if self.mode == "payment" && self.customer.is_none() { json!("if_required") } else { Value::Null },
                "customer_email": self.email, "discounts": [], "expires_at": self.expires_at,
                "invoice_creation": if self.mode == "payment" { json!({"enabled": false, "invoice_data": {"account_tax_ids": null,
                    "custom_fields": null, "description": null, "footer": null, "issuer": null, "metadata": {}, "rendering_options": null}}) }
                    else { Value::Null },
                "livemode": false, "locale": "en-GB", "metadata": self.metadata, "mode": self.mode,
                "payment_method_collection": if self.mode == "payment" { "if_required" } else { "always" },
                "payment_method_options": {}, "payment_method_types": self.methods, "payment_status": if self.amount.is_some() { "unpaid" } else { "no_payment_required" },
                "phone_number_collection": {"enabled": false}, "shipping_options": [], "status": "open",
                "success_url": self.success_url,
                "total_details": self.amount.map(|_| json!({"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0})),
                "ui_mode": "hosted_page", "url": self.url
            }),
            "after_expiration allow_promotion_codes billing_address_collection client_secret \
             collected_information consent consent_collection currency_conversion customer_account \
             customer_details integration_identifier invoice managed_payments origin_context payment_intent \
             payment_link payment_method_configuration_details permissions recovered_from \
             saved_payment_method_options setup_intent shipping_address_collection shipping_cost submit_type \
             subscription wallet_options",
        )
    }
}

pub(in super::super) fn customer_details(email: Option<&str>) -> Value {
    json!({
        "address": {"city": null, "country": "GB", "line1": null, "line2": null, "postal_code": null, "state": null},
        "business_name": null, "email": email, "individual_name": null, "name": null, "phone": null,
        "tax_exempt": "none", "tax_ids": []
    })
}

pub(in super::super) fn customer(id: &str, email: Option<&str>, name: Option<&str>, created: i64) -> Value {
    with_nulls(
        json!({
            "id": id, "object": "customer", "balance": 0, "created": created, "currency": "gbp",
            "delinquent": false, "email": email,
            "invoice_settings": {"custom_fields": null, "default_payment_method": null, "footer": null, "rendering_options": null},
            "livemode": false, "metadata": {}, "name": name, "next_invoice_sequence": 2,
            "preferred_locales": [], "tax_exempt": "none"
        }),
        "address customer_account default_source description discount invoice_prefix phone shipping \
             test_clock",
    )
}
