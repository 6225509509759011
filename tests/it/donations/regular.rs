//! Gifts that come every month or year, until their giver stops them.

use breakthrough::kit::stripe::stand_in::PaidBy;
use chrono::Duration;

use super::{case_of, cases::set, session_of, sum_of};
use crate::{
    membership::settle,
    support::{Browser, Site},
};

/// A regular gift up to its first payment; Stripe's id of it.
async fn give_each(site: &Site, browser: &mut Browser, email: &str, (amount, every): (&str, &str)) -> String {
    let form = browser
        .get("/donate")
        .await
        .form("/donate")
        .fill("sum", "own")
        .fill("amount", amount)
        .fill("every", every)
        .fill("name", "Maya O’Hara")
        .fill("email", email)
        .fill("address_line1", "1 Mill Lane")
        .fill("town", "Bury")
        .fill("postcode", "BL9 0ND")
        .tick("declaration", "yes");
    let session = session_of(&form.submit_once(browser).await);
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(site).await;
    sqlx::query_scalar(
        "select s.id from subscriptions s join gifts g on g.id = s.purpose_id and s.purpose_kind = 'donation'
         where g.email = $1::text::citext",
    )
    .bind(email)
    .fetch_one(&site.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_guest_gives_every_month_gets_receipts_and_stops() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    let subscription = give_each(&site, &mut browser, "monthly@example.org", ("10", "month")).await;
    assert_eq!(sum_of(&site, "monthly@example.org").await, 1_000);
    let receipt = site.mail_to("monthly@example.org").await;
    assert!(receipt.text.contains("every month"), "{}", receipt.text);
    site.app.clock().advance(Duration::days(31));
    site.app.stripe_stand_in().charge(&subscription).await.unwrap();
    settle(&site).await;
    // Told of again, it is thanked for once.
    settle(&site).await;
    assert_eq!(sum_of(&site, "monthly@example.org").await, 2_000);
    assert_eq!(site.mails_to("monthly@example.org").await.len(), 2);
    site.app.stripe_stand_in().fail_charge(&subscription).await.unwrap();
    settle(&site).await;
    assert!(site.mail_to("monthly@example.org").await.subject.contains("did not go through"));
    let stop = receipt.link("/donate/");
    let page = browser.get(&stop).await;
    page.expect("You give £10 a month");
    let page = page.form(&stop).submit(&mut browser).await;
    page.expect("has stopped");
    settle(&site).await;
    assert!(site.mail_to("monthly@example.org").await.subject.contains("has stopped"));
    // A second press is not a second mail.
    let mails = site.mails_to("monthly@example.org").await.len();
    browser.post(&stop, &[]).await.expect("has stopped");
    assert_eq!(site.mails_to("monthly@example.org").await.len(), mails);
}

#[tokio::test]
async fn each_payment_of_a_regular_gift_is_tested_by_itself() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut ana = site.signed_in_as("ana@demo.test").await;
    // M2: more than £500 at once is a donation in law.
    let subscription = give_each(&site, &mut ana, "ana@demo.test", ("600", "year")).await;
    case_of(&site, "ana@demo.test").await;
    ana.get("/donate").await.expect("You already give £600 a year");
    // M15: what would pass the cap goes back, and the gift goes on.
    set(&site, "donation_cap_pence", "70000", "2026-01-01").await;
    site.app.clock().advance(Duration::days(30));
    site.app.stripe_stand_in().charge(&subscription).await.unwrap();
    settle(&site).await;
    assert_eq!(sum_of(&site, "ana@demo.test").await, 60_000);
    assert!(site.mails_to("ana@demo.test").await.iter().any(|mail| mail.subject.contains("sending back")));
    let refused: i64 = sqlx::query_scalar("select count(*) from donor_cases where why = 'above_cap'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(refused, 1);
}
