//! Gifts: bounds, the cap, the receipt.

use breakthrough::{kit::stripe::stand_in::PaidBy, places::Address};

pub mod cases;
mod ceiling;
mod giving;
mod joined;
mod regular;
mod returned;
mod returns;
mod splits;
mod sums;

use crate::{
    membership::settle,
    support::{Browser, Page, Site},
};

/// Fills the form for a donation. From £400 on it asks for an address, and above £500 the law does: there nothing is said of it.
pub async fn send(browser: &mut Browser, email: &str, sum: &str, amount: &str) -> Page {
    let mut form = browser
        .get("/donate")
        .await
        .form("/donate")
        .fill("sum", sum)
        .fill("amount", amount)
        .fill("name", "Maya O’Hara")
        .fill("email", email)
        .tick("declaration", "yes");
    if amount.parse::<f64>().is_ok_and(|pounds| (400.0..=500.0).contains(&pounds)) {
        let line = format!("1 {} Street", email.split('@').next().unwrap_or_default());
        form = form.fill("address_line1", &line).fill("town", "Bury").fill("postcode", "BL9 0ND");
    }
    form.submit_once(browser).await
}

pub fn session_of(page: &Page) -> String {
    let to = page.location.clone().unwrap_or_else(|| panic!("not sent to pay: {}", page.words()));
    to.rsplit('/').next().unwrap().to_owned()
}

async fn give(site: &Site, email: &str, amount: &str) -> String {
    let mut browser = site.stranger();
    let session = session_of(&send(&mut browser, email, "own", amount).await);
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(site).await;
    session
}

/// A gift that the law wants checked.
async fn give_much(site: &Site, email: &str) -> String {
    let mut browser = site.stranger();
    let page = send(&mut browser, email, "own", "600").await;
    let form = page
        .form("/donate")
        .fill("address_line1", "1 Mill Lane")
        .fill("town", "Bury")
        .fill("postcode", "BL9 0ND");
    let session = session_of(&form.submit_once(&mut browser).await);
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(site).await;
    session
}

/// The page of the donor check of an address's last gift.
async fn case_of(site: &Site, email: &str) -> String {
    let line: String = sqlx::query_scalar(
        "select line::text from donor_cases where email = $1::text::citext order by opened_at desc limit 1",
    )
    .bind(email)
    .fetch_one(&site.pool)
    .await
    .unwrap();
    format!("/admin/donations/cases/{line}")
}

async fn sum_of(site: &Site, email: &str) -> i64 {
    sqlx::query_scalar(
        "select coalesce(sum(l.amount_pence), 0)::bigint from ledger l join gifts g on g.id = l.purpose_id where g.email = $1::text::citext",
    )
    .bind(email)
    .fetch_one(&site.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn whoever_gives_more_than_the_limit_is_not_thanked_for_what_goes_back() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut pages = Vec::new();
    for _ in 0..2 {
        let mut browser = site.stranger();
        let page = send(&mut browser, "twice@example.org", "own", "3000").await;
        let form = page.form("/donate").fill("address_line1", "1 Mill Lane").fill("town", "Bury");
        let session = session_of(&form.fill("postcode", "BL9 0ND").submit_once(&mut browser).await);
        let address = format!("/dev/stripe/pay/{session}");
        let page =
            browser.get(&address).await.form(&address).press("choice", "card").submit(&mut browser).await;
        settle(&site).await;
        pages.push(browser.get(&page.path).await);
    }
    pages[0].expect("Your donation of £3,000 has arrived");
    pages[1].expect("is going back").expect_not("has arrived").expect_not("our figures");
    let mails = site.mails_to("twice@example.org").await;
    assert!(mails.iter().any(|mail| mail.subject.contains("sending back your donation of £3,000")));
}

#[tokio::test]
async fn a_gift_is_paid_thanked_for_and_booked_once() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    let sent = send(&mut browser, "maya@example.org", "2500", "").await;
    let session = session_of(&sent);
    let address = format!("/dev/stripe/pay/{session}");
    let stripe = browser.get(&address).await;
    stripe.expect("£25");
    let back = stripe.form(&address).press("choice", "cancel").submit(&mut browser).await;
    back.expect("You have not paid yet");
    let path = back.path.clone();
    let paid = browser.get(&address).await.form(&address).press("choice", "card").submit(&mut browser).await;
    paid.expect("One moment");
    settle(&site).await;
    browser.get(&path).await.expect("Thank you").expect("Your donation of £25 has arrived");
    let mail = site.mail_to("maya@example.org").await;
    assert_eq!(mail.subject, "Thank you for your donation of £25");
    assert!(mail.text.contains("Maya O’Hara") && mail.text.contains("receipt"));
    for webhook in site.app.stripe_stand_in().webhooks(10).await.unwrap() {
        site.app.stripe_stand_in().deliver(webhook.number).await.unwrap();
    }
    site.work().await;
    assert_eq!(sum_of(&site, "maya@example.org").await, 2500);
    assert_eq!(site.mails_to("maya@example.org").await.len(), 1);
    browser.post(&format!("{path}/payment"), &[]).await.expect("You have already paid");
}

#[tokio::test]
async fn wrong_sums_and_missing_answers_are_said() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    for (sum, amount, place, words) in [
        ("own", "", "amount", "Enter how much"),
        ("own", "0.50", "amount", "£1 or more"),
        ("own", "5000.01", "amount", "£5,000 or less"),
        ("own", "-5", "amount", "amount in pounds"),
        ("own", "1e3", "amount", "amount in pounds"),
        ("own", "٥", "amount", "amount in pounds"),
        ("123", "", "sum", "Choose how much"),
    ] {
        let fields = [
            ("sum", sum),
            ("amount", amount),
            ("name", "A B"),
            ("email", "a@example.org"),
            ("declaration", "yes"),
        ];
        let page = browser.post("/donate", &fields).await;
        page.expect_status(422);
        let beside = page.select(&format!("#error-{place}")).join(" ");
        assert!(beside.contains(words), "{sum} {amount}: {beside:?}");
        assert_eq!(page.form("/donate").value("name"), Some("A B"));
    }
    let page = browser.post("/donate", &[("sum", "500"), ("name", "A B"), ("email", "a@example.org")]).await;
    page.expect_status(422).expect("Tick the box");
    let page = send(&mut browser, "a@example.org", "own", "500.01").await;
    page.expect_status(422).expect("Enter the first line of your address");
}

#[tokio::test]
async fn an_overseas_voter_gives_much_and_the_treasurer_sees_where_they_live() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    let page = send(&mut browser, "paris@example.org", "own", "600").await;
    page.expect_status(422).expect("Isle of Man or Gibraltar").expect("overseas or service voter");
    let form = page.form("/donate").fill("lives", "abroad");
    let page = form.fill("address_abroad", "12 rue de Rivoli\n75004 Paris").submit_once(&mut browser).await;
    page.expect_status(422).expect("Enter the country");
    let form = page.form("/donate");
    assert_eq!(form.value("lives"), Some("abroad"));
    let session = session_of(&form.fill("country", "France").submit_once(&mut browser).await);
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let page = treasurer.get(&case_of(&site, "paris@example.org").await).await;
    page.expect("12 rue de Rivoli, 75004 Paris, France").expect("paris@example.org");
}

#[tokio::test]
async fn addresses_from_before_they_were_documents_are_kept() {
    let site = Site::open().await;
    let mut db = site.pool.acquire().await.unwrap();
    let migration = include_str!("../../migrations/20261126001110_donations_address.sql");
    let before = "create schema before; set search_path to before, public;
        create table gifts (id int, address_line1 text not null default '', address_line2 text not null default '',
                            town text not null default '', postcode text not null default '');
        insert into gifts values (1, '1 Mill Lane', 'Flat 2', 'Bury', 'BL9 0ND'), (2, '', '', '', ''),
            (3, '1 Mill Lane', '', 'Bury', '')";
    for statements in [before, migration] {
        sqlx::raw_sql(statements).execute(&mut *db).await.unwrap();
    }
    let kept: Vec<Option<sqlx::types::Json<Address>>> =
        sqlx::query_scalar("select address from gifts order by id").fetch_all(&mut *db).await.unwrap();
    let words: Vec<_> = kept.iter().map(|kept| kept.as_ref().map(|kept| kept.to_string())).collect();
    let words: Vec<_> = words.iter().map(Option::as_deref).collect();
    assert_eq!(
        words,
        [Some("1 Mill Lane, Flat 2, Bury, BL9 0ND"), None, Some("1 Mill Lane, Bury, United Kingdom")]
    );
}

#[tokio::test]
async fn all_gifts_of_a_year_stay_under_the_cap() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    for _ in 0..2 {
        give(&site, "rich@example.org", "500").await;
    }
    sqlx::query("insert into settings (key, value, valid_from, source) values ('donation_cap_pence', '120000', '2026-01-01', 'test')")
        .execute(&site.pool)
        .await
        .unwrap();
    site.app.reload_settings().await.unwrap();
    // A stranger does not learn what an address has given: any sum that one may give leads to Stripe.
    let mut browser = site.stranger();
    session_of(&send(&mut browser, "Rich@example.org", "own", "200.01").await);
    settle(&site).await;
    // Two at once: both fit when they are typed, only one when they are paid.
    let first = session_of(&send(&mut browser, "rich@example.org", "own", "150").await);
    let second = session_of(&send(&mut browser, "rich@example.org", "own", "140").await);
    site.app.stripe_stand_in().pay(&first, PaidBy::Card).await.unwrap();
    site.app.stripe_stand_in().pay(&second, PaidBy::Card).await.unwrap();
    settle(&site).await;
    let sum = sum_of(&site, "rich@example.org").await;
    assert!(sum == 115_000 || sum == 114_000, "{sum}");
    let subjects: Vec<_> =
        site.mails_to("rich@example.org").await.into_iter().map(|mail| mail.subject).collect();
    assert!(subjects.iter().any(|subject| subject.contains("back")), "{subjects:?}");
    // A new year, a new cap.
    site.app.clock().advance(chrono::Duration::days(45));
    give(&site, "rich@example.org", "500").await;
}

#[tokio::test]
async fn m13_the_form_says_what_is_checked_why_and_what_is_published() {
    let site = Site::open().await;
    let page = site.stranger().get("/donate").await;
    page.expect("We must check that anyone who gives more than £500 is on a UK electoral register")
        .expect("The Electoral Commission publishes the names behind large sums, but not the addresses")
        .expect("We use your details for the receipt and the checks that the law requires")
        .expect("I give it as a person and not for a company")
        .expect("Promoted by the Breakthrough Party");
}

#[tokio::test]
async fn only_its_owner_learns_what_an_address_has_given() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    sqlx::query("insert into settings (key, value, valid_from, source) values ('donation_cap_pence', '60000', '2026-01-01', 'test')")
        .execute(&site.pool)
        .await
        .unwrap();
    site.app.reload_settings().await.unwrap();
    give(&site, "ana@demo.test", "450").await;
    let mut ana = site.signed_in_as("ana@demo.test").await;
    send(&mut ana, "ana@demo.test", "own", "200")
        .await
        .expect_status(422)
        .expect("more this year: the most we accept from one person is £600");
    // Somebody else, signed in or not, is led to pay whatever they type.
    let mut sam = site.signed_in_as("sam@demo.test").await;
    session_of(&send(&mut sam, "ana@demo.test", "own", "200").await);
    // What is paid all the same goes back, and only the address hears of it.
    give(&site, "ana@demo.test", "201").await;
    assert!(site.mails_to("ana@demo.test").await.iter().any(|mail| mail.subject.contains("back")));
    // Trying out sums ends soon.
    let mut stranger = site.stranger();
    for pounds in 1..=10 {
        send(&mut stranger, "ana@demo.test", "own", &pounds.to_string()).await;
    }
    send(&mut stranger, "ana@demo.test", "own", "11").await.expect_status(429);
    site.work().await;
}
