//! Payments, and how they are given or taken back.

use serde_json::{Value, json};

use super::{PaidBy, methods::fingerprint, with_nulls};

pub(in super::super) struct Payment<'a> {
    pub intent: &'a str,
    pub charge: &'a str,
    pub amount: i64,
    pub customer: Option<&'a str>,
    pub email: Option<&'a str>,
    /// Whose card or account it is.
    pub holder: Option<&'a str>,
    pub method: PaidBy,
    pub means: &'a str,
    pub metadata: &'a Value,
    pub created: i64,
}

impl Payment<'_> {
    /// `status` is `succeeded`, `processing` (a debit on its way) or `requires_payment_method` (it failed).
    pub(in super::super) fn intent(&self, status: &str) -> Value {
        let succeeded = status == "succeeded";
        let failed = status == "requires_payment_method";
        with_nulls(
            json!({
                "id": self.intent, "object": "payment_intent", "amount": self.amount, "amount_capturable": 0,
                "amount_details": {"tip": {}}, "amount_received": if succeeded { self.amount } else { 0 },
                "capture_method": "automatic", "confirmation_method": "automatic", "created": self.created,
                "currency": "gbp", "customer": self.customer,
                "last_payment_error": if failed { self.error() } else { Value::Null },
                "latest_charge": if succeeded { json!(self.charge) } else { Value::Null }, "livemode": false,
                "metadata": self.metadata,
                "payment_method": if failed { Value::Null } else { json!(self.means) },
                "payment_method_options": {}, "payment_method_types": [self.method.word()], "status": status
            }),
            "application application_fee_amount automatic_payment_methods canceled_at cancellation_reason \
             client_secret customer_account description excluded_payment_method_types managed_payments \
             next_action on_behalf_of payment_method_configuration_details processing receipt_email review \
             setup_future_usage shipping statement_descriptor statement_descriptor_suffix transfer_data \
             transfer_group",
        )
    }

    fn error(&self) -> Value {
        match self.method {
            PaidBy::Card => {
                json!({"type": "card_error", "code": "card_declined", "decline_code": "generic_decline",
                "message": "Your card was declined."})
            }
            PaidBy::DirectDebit => {
                json!({"type": "card_error", "code": "payment_intent_payment_attempt_failed",
                "message": "The bank account has insufficient funds."})
            }
        }
    }

    /// The charge, and what it does to the balance.
    pub(in super::super) fn charged(&self) -> [Value; 2] {
        let mut charge = self.charge();
        let moved = moved(&Moved {
            id: &self.charge.replacen("ch_", "txn_", 1),
            kind: if self.method == PaidBy::Card { "charge" } else { "payment" },
            category: "charge",
            amount: self.amount,
            fee: fee(self.method, self.amount),
            source: self.charge,
            created: self.created,
        });
        charge["balance_transaction"] = moved["id"].clone();
        [charge, moved]
    }

    fn charge(&self) -> Value {
        let details = match self.method {
            PaidBy::Card => {
                json!({"type": "card", "card": {"brand": "visa", "checks": null, "country": "GB", "exp_month": 8,
                "exp_year": 2030, "fingerprint": fingerprint(self.method, self.holder), "funding": "debit", "installments": null, "last4": "4242",
                "mandate": null, "network": "visa", "three_d_secure": null, "wallet": null}})
            }
            PaidBy::DirectDebit => {
                json!({"type": "bacs_debit", "bacs_debit": {"fingerprint": fingerprint(self.method, self.holder), "last4": "2345",
                "mandate": null, "sort_code": "108800"}})
            }
        };
        with_nulls(
            json!({
                "id": self.charge, "object": "charge", "amount": self.amount, "amount_captured": self.amount,
                "amount_refunded": 0,
                "billing_details": {"address": {"city": null, "country": "GB", "line1": null, "line2": null, "postal_code": null, "state": null},
                    "email": self.email, "name": null, "phone": null, "tax_id": null},
                "calculated_statement_descriptor": "STAND-IN", "captured": true, "created": self.created,
                "currency": "gbp", "customer": self.customer, "disputed": false, "fraud_details": {},
                "livemode": false, "metadata": self.metadata, "paid": true, "payment_intent": self.intent,
                "payment_method": self.means, "payment_method_details": details, "refunded": false,
                "status": "succeeded"
            }),
            "application application_fee application_fee_amount balance_transaction description \
             failure_balance_transaction failure_code failure_message on_behalf_of outcome receipt_email \
             receipt_number receipt_url review shipping source_transfer statement_descriptor \
             statement_descriptor_suffix transfer_data transfer_group",
        )
    }
}

/// What Stripe keeps of a payment: 1.5% and 20p of a card's, 1% of a Direct Debit, between 20p and £4.
fn fee(method: PaidBy, amount: i64) -> i64 {
    match method {
        PaidBy::Card => (amount * 15 + 500) / 1000 + 20,
        PaidBy::DirectDebit => ((amount + 50) / 100).clamp(20, 400),
    }
}

/// Something that moves the balance.
pub(in super::super) struct Moved<'a> {
    pub id: &'a str,
    /// Stripe's `type`.
    pub kind: &'a str,
    pub category: &'a str,
    pub amount: i64,
    pub fee: i64,
    pub source: &'a str,
    pub created: i64,
}

pub(in super::super) fn moved(it: &Moved<'_>) -> Value {
    let details = if it.fee == 0 {
        json!([])
    } else {
        json!([{"amount": it.fee, "application": null, "currency": "gbp", "description": "Stripe processing fees", "type": "stripe_fee"}])
    };
    json!({
        "id": it.id, "object": "balance_transaction", "amount": it.amount, "available_on": it.created,
        "balance_type": "payments", "created": it.created, "currency": "gbp", "description": null, "exchange_rate": null,
        "fee": it.fee, "fee_details": details, "net": it.amount - it.fee, "reporting_category": it.category,
        "source": it.source, "status": "available", "type": it.kind
    })
}

pub(in super::super) fn payout(id: &str, moved: &str, amount: i64, created: i64) -> Value {
    with_nulls(
        json!({
            "id": id, "object": "payout", "amount": amount, "arrival_date": created, "automatic": true,
            "balance_transaction": moved, "created": created, "currency": "gbp", "description": "STRIPE PAYOUT",
            "livemode": false, "metadata": {}, "method": "standard", "reconciliation_status": "completed",
            "source_type": "card", "status": "paid", "type": "bank_account"
        }),
        "application_fee application_fee_amount destination failure_balance_transaction failure_code \
         failure_message original_payout payout_method reversed_by statement_descriptor trace_id",
    )
}

pub(in super::super) fn refund(
    id: &str,
    charge: &Value,
    amount: i64,
    reason: Option<&str>,
    metadata: &Value,
    created: i64,
) -> Value {
    json!({
        "id": id, "object": "refund", "amount": amount, "balance_transaction": null, "charge": charge["id"], "created": created,
        "currency": "gbp", "destination_details": {"type": "card", "card": {"type": "refund", "reference_status": "pending"}},
        "metadata": metadata, "payment_intent": charge["payment_intent"], "reason": reason, "receipt_number": null,
        "source_transfer_reversal": null, "status": "succeeded", "transfer_reversal": null
    })
}

/// What the payer's bank does with a claim: of a Direct Debit it decides at once and there is nothing to answer; of a card
/// it asks first, and waits for an answer until then.
pub(in super::super) fn dispute(id: &str, charge: &Value, created: i64, answer_by: Option<i64>) -> Value {
    let (reason, status) = match answer_by {
        Some(_) => ("fraudulent", "needs_response"),
        None => ("debit_not_authorized", "lost"),
    };
    json!({
        "id": id, "object": "dispute", "amount": charge["amount"], "balance_transactions": [], "charge": charge["id"],
        "created": created, "currency": "gbp", "enhanced_eligibility_types": [],
        "evidence": {"access_activity_log": null, "billing_address": null, "cancellation_policy": null,
            "cancellation_policy_disclosure": null, "cancellation_rebuttal": null, "customer_communication": null,
            "customer_email_address": null, "customer_name": null, "customer_purchase_ip": null, "customer_signature": null,
            "duplicate_charge_documentation": null, "duplicate_charge_explanation": null, "duplicate_charge_id": null,
            "enhanced_evidence": {}, "product_description": null, "receipt": null, "refund_policy": null,
            "refund_policy_disclosure": null, "refund_refusal_explanation": null, "service_date": null,
            "service_documentation": null, "shipping_address": null, "shipping_carrier": null, "shipping_date": null,
            "shipping_documentation": null, "shipping_tracking_number": null, "uncategorized_file": null, "uncategorized_text": null},
        "evidence_details": {"due_by": answer_by, "enhanced_eligibility": {}, "has_evidence": false, "past_due": false, "submission_count": 0},
        "is_charge_refundable": false, "livemode": false, "metadata": {}, "payment_intent": charge["payment_intent"],
        "reason": reason, "status": status
    })
}
