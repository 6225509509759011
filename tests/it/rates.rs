//! A member's money: what it costs and changing that, what was paid, receipts.

use breakthrough::kit::stripe::{Interval, SubscriptionStatus, stand_in::PaidBy};

use crate::{
    membership::{pay, settle, signed_in_by_welcome, standing, subscription_of},
    support::{Browser, Page, Site},
};

async fn member(site: &Site, email: &str) -> Browser {
    site.app.stripe_stand_in().hold();
    pay(site, email, PaidBy::Card).await;
    signed_in_by_welcome(site, email).await
}

async fn choose(browser: &mut Browser, path: &str, rate: &str, amount: &str, every: &str) -> Page {
    let form = browser.get(path).await.form(path);
    form.fill("rate", rate).fill("amount", amount).fill("every", every).submit(browser).await
}

async fn price_at_stripe(site: &Site, subscription: &str) -> (i64, Interval, SubscriptionStatus) {
    let found = site.app.stripe().find_subscription(subscription).await.unwrap();
    (found.amount_pence.unwrap(), found.interval.unwrap(), found.status)
}

async fn logged(site: &Site, action: &str) -> Vec<(String, serde_json::Value)> {
    sqlx::query_as("select actor, detail from audit_log where action = $1 order by id")
        .bind(action)
        .fetch_all(&site.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_member_changes_the_rate_from_the_next_payment_on() {
    let site = Site::open().await;
    let email = "robin@example.org";
    let mut browser = member(&site, email).await;
    let subscription = subscription_of(&site, email).await;
    let page = browser.get("/membership").await;
    let page = page.follow(&mut browser, "Change Rate").await;
    page.expect("You pay £5 a month now").expect("starts on 21 December 2026");

    let check = choose(&mut browser, "/membership/rate", "solidarity", "£12.50", "month").await;
    check.expect("to £12.50 a month?").expect("Nothing is collected before 21 December 2026");
    // Looking changes nothing.
    assert_eq!(price_at_stripe(&site, &subscription).await.0, 500);
    let done = check.form("/membership/rate").press("sure", "yes").submit(&mut browser).await;
    done.expect("From 21 December 2026 you pay £12.50 a month. We’ll confirm it by email.")
        .expect("£12.50 a month, requested");
    settle(&site).await;
    let page = browser.get("/membership").await;
    page.expect("Solidarity, £12.50 a month").expect("£12.50 on 21 December 2026").expect_not("requested");
    assert_eq!(price_at_stripe(&site, &subscription).await.0, 1250);
    let mail = site.mail_to(email).await;
    assert_eq!(mail.subject, "From 21 December 2026 you pay £12.50 a month");
    assert!(mail.text.contains("You pay £5 a month now."), "{}", mail.text);
    let lines = logged(&site, "membership.rate_changed").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].1["price"], serde_json::json!(["£5 a month", "£12.50 a month"]));
    assert!(logged(&site, "membership.price_changed").await.is_empty());

    // The next payment is the new price, and only one was taken in between.
    site.app.stripe_stand_in().charge(&subscription).await.unwrap();
    settle(&site).await;
    let paid: Vec<i64> =
        sqlx::query_scalar("select amount_pence from ledger where subscription = $1 order by amount_pence")
            .bind(&subscription)
            .fetch_all(&site.pool)
            .await
            .unwrap();
    assert_eq!(paid, [500, 1250]);
}

#[tokio::test]
async fn another_interval_starts_when_the_paid_period_is_over() {
    let site = Site::open().await;
    let email = "robin@example.org";
    let mut browser = member(&site, email).await;
    let subscription = subscription_of(&site, email).await;
    let check = choose(&mut browser, "/membership/rate", "standard", "", "year").await;
    check.form("/membership/rate").press("sure", "yes").submit(&mut browser).await;
    settle(&site).await;
    assert_eq!(
        price_at_stripe(&site, &subscription).await,
        (5000, Interval::Year, SubscriptionStatus::Trialing)
    );
    let page = browser.get("/membership").await;
    page.expect("You are a member in good standing.").expect("£50 on 21 December 2026");
    assert_eq!(standing(&site, email).await, ("active".to_owned(), "member".to_owned()));
    site.app.clock().advance(chrono::Duration::days(31));
    site.app.stripe_stand_in().charge(&subscription).await.unwrap();
    settle(&site).await;
    let found = site.app.stripe().find_subscription(&subscription).await.unwrap();
    assert_eq!(found.status, SubscriptionStatus::Active);
    assert_eq!(found.current_period_end.unwrap().date_naive().to_string(), "2027-12-21");
    assert_eq!(standing(&site, email).await, ("active".to_owned(), "member".to_owned()));
}

#[tokio::test]
async fn what_is_typed_wrong_is_said_and_kept() {
    let site = Site::open().await;
    let mut browser = member(&site, "robin@example.org").await;
    for (rate, amount, says) in [
        ("standard", "", "The rate is £5 a month already"),
        ("solidarity", "3", "The solidarity rate starts at £10 a month"),
        ("solidarity", "1e3", "Enter"),
        ("solidarity", "10,50", "point"),
        ("solidarity", "-20", "Enter"),
        ("solidarity", "501", "more than £500 at one time is a donation in law"),
        ("standard", "20", "and typed £20"),
    ] {
        let page = choose(&mut browser, "/membership/rate", rate, amount, "month").await;
        page.expect_status(422).expect(says);
        assert_eq!(page.form("/membership/rate").value("amount"), Some(amount), "{amount}");
    }
    assert!(logged(&site, "membership.rate_changed").await.is_empty());
}

/// Two tabs, a double click, another choice before Stripe was told: the last word counts, once.
#[tokio::test]
async fn the_last_of_several_wishes_counts() {
    let site = Site::open().await;
    let email = "robin@example.org";
    let mut browser = member(&site, email).await;
    let subscription = subscription_of(&site, email).await;
    for (rate, amount) in [("low_wage", ""), ("solidarity", "25"), ("solidarity", "25")] {
        let check = choose(&mut browser, "/membership/rate", rate, amount, "month").await;
        check.form("/membership/rate").press("sure", "yes").submit(&mut browser).await.expect_status(200);
    }
    settle(&site).await;
    assert_eq!(price_at_stripe(&site, &subscription).await.0, 2500);
    assert_eq!(logged(&site, "membership.rate_changed").await.len(), 1);
    let told = site.mails_to(email).await;
    assert_eq!(told.iter().filter(|mail| mail.subject.starts_with("From ")).count(), 1);
}

#[tokio::test]
async fn who_owes_or_leaves_is_told_why_the_rate_stays() {
    let site = Site::open().await;
    let email = "robin@example.org";
    let mut browser = member(&site, email).await;
    let subscription = subscription_of(&site, email).await;
    let form = browser.get("/membership/end").await.form("/membership/end");
    form.submit(&mut browser).await.expect("Your membership ends on");
    let page = browser.get("/membership/rate").await;
    page.expect("Renewal has been stopped. It must be resumed").expect_not("Change Rate");
    browser.get("/membership").await.form("/membership/resume").submit(&mut browser).await;
    settle(&site).await;
    site.app.stripe_stand_in().fail_charge(&subscription).await.unwrap();
    settle(&site).await;
    browser.get("/membership/rate").await.expect("A payment is overdue. Once it is paid");
    // Sent from a page that was opened before.
    let fields = [("rate", "low_wage"), ("every", "month"), ("amount", ""), ("sure", "yes")];
    browser.post("/membership/rate", &fields).await.expect("A payment is overdue");
    assert_eq!(price_at_stripe(&site, &subscription).await.0, 500);
}

#[tokio::test]
async fn an_officer_changes_the_rate_for_a_member() {
    let site = Site::open().await;
    let email = "robin@example.org";
    member(&site, email).await;
    let id = site.person(email).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let path = format!("/admin/members/{id}/rate");
    let page = officer.get(&format!("/admin/members/{id}")).await;
    page.follow(&mut officer, "Change the rate").await.expect("Robin Ó Súilleabháin pays £5 a month now");
    let check = choose(&mut officer, &path, "low_wage", "", "month").await;
    let done = check.form(&path).press("sure", "yes").submit(&mut officer).await;
    done.expect("From 21 December 2026 Robin Ó Súilleabháin pays £1 a month.");
    settle(&site).await;
    let lines = logged(&site, "membership.rate_changed").await;
    let alex = site.person("alex@demo.test").await;
    assert_eq!(lines[0].0, alex.to_string());
    assert_eq!(site.mail_to(email).await.subject, "From 21 December 2026 you pay £1 a month");
}

/// Changed by hand in Stripe's dashboard: the site follows, and the log says so.
#[tokio::test]
async fn a_price_changed_at_stripe_changes_the_rate_here() {
    let site = Site::open().await;
    let email = "robin@example.org";
    let mut browser = member(&site, email).await;
    let subscription = subscription_of(&site, email).await;
    site.app.stripe().set_price("by hand", &subscription, 100, Interval::Month).await.unwrap();
    settle(&site).await;
    browser.get("/membership").await.expect("Low-wage or unwaged, £1 a month");
    let lines = logged(&site, "membership.price_changed").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].1["rate"], serde_json::json!(["standard", "low_wage"]));
}

#[tokio::test]
async fn every_payment_has_a_receipt_for_its_payer_alone() {
    let site = Site::open().await;
    let email = "robin@example.org";
    let mut browser = member(&site, email).await;
    let subscription = subscription_of(&site, email).await;
    site.app.stripe_stand_in().give_back(&subscription).await.unwrap();
    settle(&site).await;
    let page = browser.get("/membership").await.follow(&mut browser, "Payments").await;
    page.expect("£0 in 2026").expect("Membership: refund");
    let receipt = page.select("td a");
    assert_eq!(receipt.len(), 1, "{receipt:?}");
    let path = page.attributes("td a", "href").remove(0);
    let receipt = browser.get(&path).await;
    receipt
        .expect("Receipt for £5")
        .expect("received this payment on 21 November 2026")
        .expect("From Robin Ó Súilleabháin")
        .expect("Paid by Card")
        .expect("Refund -£5 on 21 November 2026");
    // Nobody else's, not even an officer's; no refund has one; nothing that is no payment does.
    site.signed_in_as("alex@demo.test").await.get(&path).await.expect_status(404);
    site.stranger().get_once(&path).await.expect_status(303);
    let refund: uuid::Uuid = sqlx::query_scalar(
        "select l.id from ledger l join people p on p.id = l.person_id where l.kind = 'refund' and p.email = $1::text::citext",
    )
    .bind(email)
    .fetch_one(&site.pool)
    .await
    .unwrap();
    for nothing in [refund.to_string(), uuid::Uuid::nil().to_string()] {
        browser.get(&format!("/payments/{nothing}")).await.expect_status(404);
    }
}
