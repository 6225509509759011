//! Word before a Direct Debit: before the first, before every change, once, and only if it is ours to send.

use breakthrough::{kit::stripe::stand_in::PaidBy, payments::AnnounceDebits};
use chrono::Duration;

use crate::{
    membership::{pay, settle, signed_in_by_welcome},
    support::{Browser, Site},
};

async fn set(site: &Site, key: &str, value: &str) {
    sqlx::query(
        "insert into settings (key, value, valid_from, source) values ($1, $2, '2026-11-01', 'a test')",
    )
    .bind(key)
    .bind(value)
    .execute(&site.pool)
    .await
    .unwrap();
    site.app.reload_settings().await.unwrap();
}

async fn announce(site: &Site) {
    let mut db = site.pool.acquire().await.unwrap();
    breakthrough::kit::queue::push(&mut db, &AnnounceDebits::default()).await.unwrap();
    drop(db);
    site.work().await;
}

/// The notices that somebody got: subject and text.
async fn notices(site: &Site, email: &str) -> Vec<(String, String)> {
    let mails = site.mails_to(email).await.into_iter();
    mails
        .filter(|it| it.subject.starts_with("Your Direct Debit of"))
        .map(|it| (it.subject, it.text))
        .collect()
}

#[tokio::test]
async fn nobody_gets_two_notices_while_stripe_sends_them() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    pay(&site, "debit@example.org", PaidBy::DirectDebit).await;
    announce(&site).await;
    assert_eq!(notices(&site, "debit@example.org").await, []);
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let page = treasurer.get("/admin/payments").await.follow(&mut treasurer, "Direct Debit notices").await;
    page.expect("Stripe writes to payers before each Direct Debit, so we do not").expect("up to 2028");
}

#[tokio::test]
async fn the_first_collection_and_each_change_are_announced_once_and_in_time() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    set(&site, "debit_notices_own", "yes").await;
    let email = "debit@example.org";
    pay(&site, email, PaidBy::DirectDebit).await;
    let mut own = signed_in_by_welcome(&site, email).await;
    pay(&site, "card@example.org", PaidBy::Card).await;
    for _ in 0..2 {
        announce(&site).await;
    }
    assert_eq!(notices(&site, "card@example.org").await, []);
    // It is Saturday: three working days on it is Wednesday.
    let sent = notices(&site, email).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].0, "Your Direct Debit of £5 on 25 November 2026");
    for words in [
        "Amount: £5",
        "Date: 25 November 2026",
        "How often: every month",
        "collected by Stripe",
        "the account ending 2345",
        "Our reference: ",
        "at least 3 working days before",
        "at once and in full",
        "cancel at any time",
        "stripe.com/legal/bacs-direct-debit-guarantee",
    ] {
        assert!(sent[0].1.contains(words), "{words}: {}", sent[0].1);
    }
    // The same again next month needs no notice.
    site.app.clock().advance(Duration::days(4));
    let invoice: String = sqlx::query_scalar(
        "select id from stripe_stand_in.objects where kind = 'invoice' and hidden ->> 'debit' = 'processing' and id not like 'in_Seed%'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    site.app.stripe_stand_in().settle_debit(&invoice, true).await.unwrap();
    settle(&site).await;
    site.app.clock().advance(Duration::days(19));
    announce(&site).await;
    assert_eq!(notices(&site, email).await.len(), 1);
    // Another rate does, four working days before the 21st, and not a day sooner.
    let page = own.get("/membership/rate").await;
    let form = page.form("/membership/rate").fill("rate", "solidarity").fill("amount", "10");
    let sure = form.submit(&mut own).await;
    sure.form("/membership/rate").press("sure", "yes").submit(&mut own).await;
    settle(&site).await;
    announce(&site).await;
    assert_eq!(notices(&site, email).await.len(), 1, "on the 14th");
    site.app.clock().advance(Duration::days(1));
    for _ in 0..2 {
        announce(&site).await;
    }
    let sent = notices(&site, email).await;
    assert_eq!(sent.len(), 2, "on the 15th");
    assert!(sent.iter().any(|(subject, _)| subject == "Your Direct Debit of £10 on 21 December 2026"));
    // With less than three working days left, the sum stays.
    site.app.clock().advance(Duration::days(1));
    own.get("/membership/rate").await.expect("Choose what is affordable");
    site.app.clock().advance(Duration::days(1));
    own.get("/membership/rate").await.expect("already announced for 21 December 2026");
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let page = treasurer.get("/admin/payments/notices").await;
    page.expect("First collection").expect("Another amount").expect("3 working days ahead");
}

/// The first Direct Debit of a member, announced and paid.
async fn paying(site: &Site, email: &str) -> (Browser, String) {
    site.app.stripe_stand_in().hold();
    set(site, "debit_notices_own", "yes").await;
    let subscription = pay(site, email, PaidBy::DirectDebit).await;
    let own = signed_in_by_welcome(site, email).await;
    announce(site).await;
    site.app.clock().advance(Duration::days(4));
    let invoice: String = sqlx::query_scalar(
        "select id from stripe_stand_in.objects where kind = 'invoice' and hidden ->> 'debit' = 'processing' and id not like 'in_Seed%'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    site.app.stripe_stand_in().settle_debit(&invoice, true).await.unwrap();
    settle(site).await;
    assert_eq!(notices(site, email).await.len(), 1);
    (own, subscription)
}

#[tokio::test]
async fn b_dd1_another_day_is_announced_once() {
    let site = Site::open().await;
    let email = "debit@example.org";
    let (_, subscription) = paying(&site, email).await;
    // From the 21st of December to Monday the 4th of January, and every 4th from then on.
    let at = "2027-01-04T12:00:00Z".parse().unwrap();
    site.app.stripe().set_next_payment("another day", &subscription, at).await.unwrap();
    settle(&site).await;
    site.app.clock().advance(
        "2026-12-23T12:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap() - site.app.clock().now(),
    );
    announce(&site).await;
    assert_eq!(
        notices(&site, email).await.len(),
        1,
        "five working days before: there are bank holidays between"
    );
    site.app.clock().advance(Duration::days(1));
    for _ in 0..2 {
        announce(&site).await;
    }
    let sent = notices(&site, email).await;
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[1].0, "Your Direct Debit of £5 on 4 January 2027");
    assert!(sent[1].1.contains("The day of your Direct Debit changes"), "{}", sent[1].1);
    // The same day of the next month is no change.
    site.app.clock().advance(Duration::days(11));
    site.app.stripe_stand_in().charge(&subscription).await.unwrap();
    settle(&site).await;
    site.app.clock().advance(Duration::days(26));
    announce(&site).await;
    assert_eq!(notices(&site, email).await.len(), 2);
}

#[tokio::test]
async fn b_dd1_another_frequency_is_announced_once() {
    let site = Site::open().await;
    let email = "debit@example.org";
    let (mut own, _) = paying(&site, email).await;
    // £50 a month, announced; then £50 a year, of which only the frequency is another.
    let mut choose = async |rate: &str, amount: &str, every: &str| {
        let page = own.get("/membership/rate").await;
        let form =
            page.form("/membership/rate").fill("rate", rate).fill("amount", amount).fill("every", every);
        let sure = form.submit(&mut own).await;
        sure.form("/membership/rate").press("sure", "yes").submit(&mut own).await.expect("you pay £50 a");
        settle(&site).await;
    };
    choose("solidarity", "50", "month").await;
    sqlx::query("update debit_notices set amount_pence = 5000 where subscription not like 'sub_Seed%'")
        .execute(&site.pool)
        .await
        .unwrap();
    choose("standard", "", "year").await;
    site.app.clock().advance(
        "2026-12-16T12:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap() - site.app.clock().now(),
    );
    for _ in 0..2 {
        announce(&site).await;
    }
    let sent = notices(&site, email).await;
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[1].0, "Your Direct Debit of £50 on 21 December 2026");
    assert!(sent[1].1.contains("How often we collect your Direct Debit changes"), "{}", sent[1].1);
    assert!(sent[1].1.contains("How often: every year"), "{}", sent[1].1);
}

#[tokio::test]
async fn b_dd1_a_single_gift_is_taken_by_card_alone() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let page = crate::donations::send(&mut site.stranger(), "once@example.org", "1000", "").await;
    let session = crate::donations::session_of(&page);
    assert!(site.app.stripe_stand_in().pay(&session, PaidBy::DirectDebit).await.is_err());
    site.work().await;
}
