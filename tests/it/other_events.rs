//! Events that come seldom, and events as another version of Stripe's API writes them.

use breakthrough::kit::stripe::stand_in::PaidBy;
use serde_json::{Value, json};

use crate::{
    membership::{join_as, pay, settle, signed_in_by_welcome, standing},
    payments::{SECRET, lines_of, post_event},
    support::Site,
};

const EMAIL: &str = "robin@example.org";

/// Sends an event that carries no more than which object it is about, and does what follows from it.
async fn tell(site: &Site, kind: &str, version: &str, object: Value) {
    let number: i64 =
        sqlx::query_scalar("select count(*) from stripe_events").fetch_one(&site.pool).await.unwrap();
    let event = json!({
        "id": format!("evt_other{number}"), "object": "event", "type": kind, "livemode": false,
        "api_version": version, "created": site.app.clock().now().timestamp(), "data": { "object": object },
    });
    assert_eq!(post_event(site, SECRET, &event.to_string()).await, 200, "{kind} {version}");
    site.work().await;
}

/// One field of an object at Stripe.
async fn at_stripe(site: &Site, id: &str, field: &str) -> String {
    sqlx::query_scalar("select body ->> $2 from stripe_stand_in.objects where id = $1")
        .bind(id)
        .bind(field)
        .fetch_one(&site.pool)
        .await
        .unwrap()
}

const NOW: &str = "2026-08-26.dahlia";

#[tokio::test]
async fn a_bank_that_wants_to_see_the_payer_at_a_renewal_is_a_payment_that_failed_with_a_page_to_pay_on() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let subscription = pay(&site, EMAIL, PaidBy::Card).await;
    site.app.stripe_stand_in().fail_charge(&subscription).await.unwrap();
    let invoice = at_stripe(&site, &subscription, "latest_invoice").await;
    // Of all that Stripe says then, this alone arrives; twice.
    for _ in 0..2 {
        tell(&site, "invoice.payment_action_required", NOW, json!({ "id": invoice, "object": "invoice" }))
            .await;
    }
    assert_eq!(standing(&site, EMAIL).await.0, "grace");
    let failed: Vec<_> = site
        .mails_to(EMAIL)
        .await
        .into_iter()
        .filter(|mail| mail.subject == "Your payment did not go through")
        .collect();
    assert_eq!(failed.len(), 1, "told once");
    assert!(failed[0].text.contains(&invoice), "the mail leads to the page where the bank asks");
    site.app.stripe_stand_in().pay_invoice(&subscription).await.unwrap();
    settle(&site).await;
    assert_eq!(standing(&site, EMAIL).await.0, "active");
    let paid = vec![("payment".to_owned(), 500); 2];
    assert_eq!(lines_of(&site, EMAIL).await, paid);
}

#[tokio::test]
async fn an_account_that_moved_to_another_bank_stands_on_the_members_page() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let subscription = pay(&site, EMAIL, PaidBy::DirectDebit).await;
    let method = at_stripe(&site, &subscription, "default_payment_method").await;
    let mut browser = signed_in_by_welcome(&site, EMAIL).await;
    let moved = "update stripe_stand_in.objects set body = jsonb_set(body, '{bacs_debit,last4}', '\"9876\"') where id = $1";
    sqlx::query(moved).bind(&method).execute(&site.pool).await.unwrap();
    browser.get("/membership").await.expect_not("9876");
    let object = json!({ "id": method, "object": "payment_method" });
    tell(&site, "payment_method.automatically_updated", NOW, object).await;
    browser.get("/membership").await.expect("9876").expect("Direct Debit");
    // Somebody else's, on the same account at Stripe, changes nothing.
    let object = json!({ "id": "pm_foreign", "object": "payment_method" });
    tell(&site, "payment_method.automatically_updated", NOW, object).await;
    browser.get("/membership").await.expect("9876");
}

#[tokio::test]
async fn events_of_any_version_of_the_api_bring_what_is_the_case() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    for (number, version) in
        ["2014-06-17", "2020-08-27", "2024-06-20", "2025-03-31.basil", "2031-01-01.yew", ""]
            .iter()
            .enumerate()
    {
        sqlx::query("delete from rate_limits").execute(&site.pool).await.unwrap();
        let email = format!("version{number}@example.org");
        let session = join_as(&site, &email).await;
        site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
        // As old versions had it: the subscription at the top, sums as text, and nothing of what we would look for.
        let subscription = at_stripe(&site, &session, "subscription").await;
        let invoice = at_stripe(&site, &subscription, "latest_invoice").await;
        let old = json!({
            "id": invoice, "object": "invoice", "subscription": subscription, "paid": true, "total": "500",
            "lines": { "object": "list", "data": [{ "plan": { "id": "gold", "interval": "month" } }] },
        });
        tell(&site, "invoice.paid", version, old).await;
        let old =
            json!({ "id": subscription, "object": "subscription", "current_period_end": 1, "plan": null });
        tell(&site, "customer.subscription.updated", version, old).await;
        assert_eq!(standing(&site, &email).await.0, "active", "{version}");
        assert_eq!(lines_of(&site, &email).await, [("payment".to_owned(), 500)], "{version}");
        site.app.stripe_stand_in().give_back(&subscription).await.unwrap();
        let charge: String = sqlx::query_scalar(
            "select p.body ->> 'latest_charge' from stripe_stand_in.objects i
             join stripe_stand_in.objects p on p.id = i.body #>> '{payments,data,0,payment,payment_intent}' where i.id = $1",
        )
        .bind(&invoice)
        .fetch_one(&site.pool)
        .await
        .unwrap();
        let old = json!({ "id": charge, "object": "charge", "refunds": { "data": [{ "amount": 1 }] } });
        tell(&site, "charge.refunded", version, old).await;
        let gone = [("payment".to_owned(), 500), ("refund".to_owned(), -500)];
        assert_eq!(lines_of(&site, &email).await, gone, "{version}");
    }
}
