//! What a membership is charged to: another card or account, a Direct Debit that the bank ends, a card that expires.

use breakthrough::kit::stripe::stand_in::PaidBy;
use chrono::Duration;

use crate::{
    membership::{pay, settle, signed_in_by_welcome, standing, subscription_of},
    support::{Browser, Site},
};

const EMAIL: &str = "robin@example.org";

async fn member(site: &Site, by: PaidBy) -> (Browser, String) {
    site.app.stripe_stand_in().hold();
    let subscription = pay(site, EMAIL, by).await;
    (signed_in_by_welcome(site, EMAIL).await, subscription)
}

/// Presses the button on the member's page; where that leads.
async fn press(browser: &mut Browser) -> String {
    let form = browser.get("/membership").await.form("/membership/method");
    form.submit_once(browser).await.location.expect("it leads somewhere")
}

fn session(to: &str) -> &str {
    assert!(to.contains("/dev/stripe/pay/cs_test_"), "sent to {to}");
    to.rsplit('/').next().unwrap()
}

/// What Stripe charges a subscription to.
async fn charged_to(site: &Site, subscription: &str) -> String {
    let found = site.app.stripe().find_subscription(subscription).await.unwrap();
    found.payment_method.unwrap().details.unwrap().kind
}

async fn subjects(site: &Site, start: &str) -> usize {
    site.mails_to(EMAIL).await.iter().filter(|mail| mail.subject.starts_with(start)).count()
}

async fn lost(site: &Site) -> i64 {
    sqlx::query_scalar("select count(*) from audit_log where action = 'membership.method_lost'")
        .fetch_one(&site.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_member_changes_from_card_to_direct_debit() {
    let site = Site::open().await;
    let (mut browser, subscription) = member(&site, PaidBy::Card).await;
    browser.get("/membership").await.expect("Visa card ending 4242").expect("£5 on 21 December 2026");

    // Two clicks are one page.
    let to = press(&mut browser).await;
    assert_eq!(press(&mut browser).await, to);
    let page = browser.get(&format!("/dev/stripe/pay/{}", session(&to))).await;
    page.expect("How you pay: nothing now");
    let back = page
        .form(&format!("/dev/stripe/pay/{}", session(&to)))
        .press("choice", "direct_debit")
        .submit_once(&mut browser)
        .await
        .location
        .unwrap();
    let back = back[back.find("/payments/method/").unwrap()..].to_owned();
    // The page waits for Stripe's word for two seconds, and does not say what is not so.
    browser
        .get(&back)
        .await
        .expect("We are waiting for our payment provider")
        .expect("Visa card ending 4242");
    settle(&site).await;
    browser
        .get(&back)
        .await
        .expect("collect your payments from there from now on")
        .expect("Direct Debit from the account ending 2345");
    assert_eq!(charged_to(&site, &subscription).await, "bacs_debit");
    // The same page again, its event again: nothing more happens, and the next wish has a page of its own.
    settle(&site).await;
    assert_ne!(press(&mut browser).await, to);
    assert_eq!(standing(&site, EMAIL).await, ("active".to_owned(), "member".to_owned()));
    let paid: i64 = sqlx::query_scalar("select count(*) from ledger where subscription = $1")
        .bind(&subscription)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(paid, 1, "changing it costs nothing");
}

#[tokio::test]
async fn a_refused_card_a_closed_page_and_a_lost_event_leave_nothing_undone() {
    let site = Site::open().await;
    let (mut browser, subscription) = member(&site, PaidBy::Card).await;
    let stand_in = site.app.stripe_stand_in();
    let to = press(&mut browser).await;
    stand_in.decline(session(&to)).await.unwrap();
    stand_in.expire(session(&to)).await.unwrap();
    settle(&site).await;
    let next = press(&mut browser).await;
    assert_ne!(next, to);
    // Paid by another card, but no event of it ever arrives: the look that is taken every ten minutes finds it.
    stand_in.pay(session(&next), PaidBy::DirectDebit).await.unwrap();
    let jobs = "select graphile_worker.add_job('payments_catch_up', '{}'::json)";
    sqlx::query(jobs).execute(&site.pool).await.unwrap();
    site.work().await;
    browser.get("/membership").await.expect("Visa card ending 4242");
    site.app.clock().advance(Duration::minutes(11));
    sqlx::query(jobs).execute(&site.pool).await.unwrap();
    site.work().await;
    browser.get("/membership").await.expect("Direct Debit from the account ending 2345");
    assert_eq!(charged_to(&site, &subscription).await, "bacs_debit");
    settle(&site).await;
    browser.get("/membership").await.expect("Direct Debit from the account ending 2345");
}

#[tokio::test]
async fn a_direct_debit_that_the_bank_ends_is_told_once_and_ends_no_membership() {
    let site = Site::open().await;
    let (mut browser, subscription) = member(&site, PaidBy::DirectDebit).await;
    let stand_in = site.app.stripe_stand_in();
    for _ in 0..2 {
        stand_in.revoke(&subscription).await.unwrap();
        settle(&site).await;
    }
    assert_eq!(subjects(&site, "Your Direct Debit was cancelled").await, 1);
    assert_eq!(lost(&site).await, 1);
    let before = standing(&site, EMAIL).await;
    assert_eq!(before.1, "member", "nothing ends by it");
    browser.get("/membership").await.expect("Your bank has cancelled this Direct Debit");
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    treasurer.get("/admin").await.expect("3 Direct Debits were cancelled at the bank");
    treasurer.get("/admin/payments/cancelled").await.expect(EMAIL).expect("ending 2345");

    let to = press(&mut browser).await;
    stand_in.pay(session(&to), PaidBy::Card).await.unwrap();
    settle(&site).await;
    browser
        .get("/membership")
        .await
        .expect("Visa card ending 4242")
        .expect_not("cancelled this Direct Debit");
    treasurer.get("/admin/payments/cancelled").await.expect_not(EMAIL);
    // The news of the old one, come again, says nothing of the new.
    settle(&site).await;
    assert_eq!(subjects(&site, "Your Direct Debit was cancelled").await, 1);
    assert_eq!(standing(&site, EMAIL).await, before);
}

#[tokio::test]
async fn a_card_that_expires_before_the_next_payment_is_warned_of_once() {
    let site = Site::open().await;
    let (mut browser, subscription) = member(&site, PaidBy::Card).await;
    let stand_in = site.app.stripe_stand_in();
    let morning = async || {
        sqlx::query("select graphile_worker.add_job('payments_warn_of_cards', '{}'::json)")
            .execute(&site.pool)
            .await
            .unwrap();
        site.work().await;
    };
    // It is 21 November; the next payment is on 21 December. A card good until the end of December will do.
    for (month, warned) in [(12, 0), (11, 1), (11, 1)] {
        stand_in.set_card_expiry(&subscription, month, 2026).await.unwrap();
        settle(&site).await;
        morning().await;
        morning().await;
        assert_eq!(subjects(&site, "Your card expires on 30 November 2026").await, warned, "month {month}");
    }
    browser.get("/membership").await.expect("This card expires on 30 November 2026, before the next payment");
    // The bank renews it, and years later it expires again.
    stand_in.set_card_expiry(&subscription, 8, 2030).await.unwrap();
    settle(&site).await;
    browser.get("/membership").await.expect_not("expires on").expect("Visa card ending 4242");
    morning().await;
    assert_eq!(site.mails_to(EMAIL).await.len(), 2, "a welcome and a warning");
    assert_eq!(subscription_of(&site, EMAIL).await, subscription);
}

#[tokio::test]
async fn who_pays_nothing_has_nothing_to_change() {
    let site = Site::open().await;
    let mut supporter = site.signed_in_as("sam@demo.test").await;
    let page = supporter.post("/membership/method", &[]).await;
    page.expect_status(409).expect("There is no regular payment to change");
    supporter.get("/payments/method/00000000-0000-4000-8000-000000000000").await.expect_status(404);
}
