//! Cards and bank accounts, how they are taken down, and the payer's word to their bank.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{PaidBy, with_nulls};

/// The card's dates are far enough ahead for a demo party.
const EXPIRES: (u32, i32) = (8, 2030);

/// The same for each card or account of one holder, and for nobody else's.
pub(super) fn fingerprint(method: PaidBy, holder: Option<&str>) -> String {
    let digest = Sha256::digest(holder.unwrap_or_default().to_lowercase());
    let kind = if method == PaidBy::Card { "Card" } else { "Debit" };
    format!("{kind}{}", hex::encode(&digest[..6]))
}

pub(in super::super) fn payment_method(
    id: &str,
    method: PaidBy,
    customer: Option<&str>,
    email: Option<&str>,
    created: i64,
) -> Value {
    let mut body = with_nulls(
        json!({
            "id": id, "object": "payment_method", "allow_redisplay": "limited",
            "billing_details": {"address": {"city": null, "country": "GB", "line1": null, "line2": null, "postal_code": null, "state": null},
                "email": email, "name": null, "phone": null, "tax_id": null},
            "created": created, "customer": customer, "livemode": false, "metadata": {}, "type": method.word()
        }),
        "customer_account",
    );
    body[method.word()] = match method {
        PaidBy::Card => json!({
            "brand": "visa", "checks": {"address_line1_check": null, "address_postal_code_check": null, "cvc_check": "pass"},
            "country": "GB", "display_brand": "visa", "exp_month": EXPIRES.0, "exp_year": EXPIRES.1,
            "fingerprint": fingerprint(method, email), "funding": "debit", "generated_from": null, "last4": "4242",
            "networks": {"available": ["visa"], "preferred": null}, "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": true}, "wallet": null
        }),
        PaidBy::DirectDebit => {
            json!({"fingerprint": fingerprint(method, email), "last4": "2345", "sort_code": "108800"})
        }
    };
    body
}

pub(in super::super) fn setup_intent(
    id: &str,
    customer: &str,
    method: PaidBy,
    payment_method: &str,
    mandate: Option<&str>,
    created: i64,
) -> Value {
    with_nulls(
        json!({
            "id": id, "object": "setup_intent", "created": created, "customer": customer, "livemode": false,
            "mandate": mandate, "metadata": {}, "payment_method": payment_method, "payment_method_options": {},
            "payment_method_types": [method.word()], "status": "succeeded", "usage": "off_session"
        }),
        "application automatic_payment_methods cancellation_reason client_secret customer_account description \
         excluded_payment_method_types flow_directions last_setup_error latest_attempt managed_payments next_action \
         on_behalf_of payment_method_configuration_details single_use_mandate",
    )
}

/// Of a Direct Debit. `network_status` is `accepted` or `revoked`.
pub(in super::super) fn mandate(id: &str, payment_method: &str, network_status: &str, created: i64) -> Value {
    let revoked = network_status == "revoked";
    json!({
        "id": id, "object": "mandate",
        "customer_acceptance": {"accepted_at": created, "online": {"ip_address": "127.0.0.1", "user_agent": "stand-in"}, "type": "online"},
        "livemode": false, "multi_use": {}, "payment_method": payment_method,
        "payment_method_details": {"type": "bacs_debit", "bacs_debit": {
            "display_name": null, "network_status": network_status, "reference": "STANDIN1",
            "revocation_reason": if revoked { json!("debit_not_authorized") } else { Value::Null },
            "service_user_number": null, "url": "https://payments.stripe.com/bacs_debit/mandate/stand_in"
        }},
        "status": if revoked { "inactive" } else { "active" }, "type": "multi_use"
    })
}
