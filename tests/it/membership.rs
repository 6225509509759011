//! Joining from the form to the members' pages, and everything that can go wrong on the way.

use breakthrough::{kit::stripe::stand_in::PaidBy, membership::Personal};
use chrono::Duration;
use reqwest::Method;

use crate::support::{Browser, Page, Site};

/// What somebody types who joins at the standard rate.
pub fn joiner(email: &str) -> Vec<(&'static str, String)> {
    vec![
        ("name", "Robin Ó Súilleabháin".to_owned()),
        ("email", email.to_owned()),
        ("dob_day", "3".to_owned()),
        ("dob_month", "4".to_owned()),
        ("dob_year", "1988".to_owned()),
        ("address_line1", "14 Mill Lane".to_owned()),
        ("address_line2", String::new()),
        ("town", "Bury".to_owned()),
        ("postcode", "bl9 0nd".to_owned()),
        ("rate", "standard".to_owned()),
        ("every", "month".to_owned()),
        ("amount", String::new()),
        ("other_party", "no".to_owned()),
        ("declaration", "yes".to_owned()),
    ]
}

fn with(
    mut fields: Vec<(&'static str, String)>,
    name: &'static str,
    value: &str,
) -> Vec<(&'static str, String)> {
    fields.retain(|(known, _)| *known != name);
    fields.push((name, value.to_owned()));
    fields
}

/// Fills the form that was really rendered, and sends it without following to Stripe.
pub async fn send_form(browser: &mut Browser, fields: &[(&'static str, String)]) -> Page {
    let mut form = browser.get("/join").await.form("/join");
    for (name, value) in fields {
        form = form.fill(name, value);
    }
    form.submit_once(browser).await
}

fn session_of(page: &Page) -> String {
    let to =
        page.location.clone().unwrap_or_else(|| panic!("not sent to pay: {} {}", page.status, page.words()));
    assert!(to.contains("/dev/stripe/pay/cs_test_"), "sent to {to}");
    to.rsplit('/').next().unwrap().to_owned()
}

/// Joins up to Stripe's page; the id of the session there.
pub async fn sent_to_pay(_: &Site, browser: &mut Browser, fields: &[(&'static str, String)]) -> String {
    session_of(&send_form(browser, fields).await)
}

pub async fn join_as(site: &Site, email: &str) -> String {
    sent_to_pay(site, &mut site.stranger(), &joiner(email)).await
}

/// Delivers every webhook that waits and runs every job, until nothing more happens.
pub async fn settle(site: &Site) {
    for _ in 0..10 {
        let waiting = site.app.stripe_stand_in().waiting().await.unwrap();
        for webhook in &waiting {
            assert!(site.app.stripe_stand_in().deliver(webhook.number).await.unwrap(), "{webhook:?}");
        }
        site.work().await;
        if site.app.stripe_stand_in().waiting().await.unwrap().is_empty() {
            return;
        }
    }
    panic!("webhooks without end");
}

/// A whole joining, paid for; Stripe's id of the subscription. Webhooks must be held.
pub async fn pay(site: &Site, email: &str, by: PaidBy) -> String {
    let session = join_as(site, email).await;
    site.app.stripe_stand_in().pay(&session, by).await.unwrap();
    settle(site).await;
    subscription_of(site, email).await
}

pub async fn subscription_of(site: &Site, email: &str) -> String {
    sqlx::query_scalar(
        "select m.subscription from memberships m join people p on p.id = m.person_id where p.email = $1::text::citext",
    )
    .bind(email)
    .fetch_one(&site.pool)
    .await
    .unwrap()
}

/// The state of a subscription as Stripe has it.
pub async fn at_stripe(site: &Site, subscription: &str) -> String {
    sqlx::query_scalar("select status from stripe_stand_in.objects where id = $1")
        .bind(subscription)
        .fetch_one(&site.pool)
        .await
        .unwrap()
}

/// Signs a new member in by the link in their welcome.
pub async fn signed_in_by_welcome(site: &Site, email: &str) -> Browser {
    // Other mails may have come since.
    let mails = site.mails_to(email).await;
    let welcome = mails.iter().rfind(|mail| mail.text.contains("/sign-in/link/"));
    let link = welcome.unwrap_or_else(|| panic!("no way in for {email}")).link("/sign-in/link/");
    let mut browser = site.stranger();
    browser.get(&link).await.form(&link).submit(&mut browser).await;
    browser
}

/// The membership's state and the account's standing.
pub async fn standing(site: &Site, email: &str) -> (String, String) {
    sqlx::query_as(
        "select m.state, p.standing from memberships m join people p on p.id = m.person_id where p.email = $1::text::citext",
    )
    .bind(email)
    .fetch_one(&site.pool)
    .await
    .unwrap()
}

async fn count(site: &Site, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&site.pool).await.unwrap()
}

fn application_path(page: &Page) -> String {
    page.path.split('?').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_stranger_joins_by_card_and_lands_in_the_members_pages() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    let mut fields = with(joiner("robin@example.org"), "consent[]", "email_updates");
    fields = with(fields, "rate", "solidarity");
    fields = with(fields, "amount", "£12.50");
    let sent = send_form(&mut browser, &fields).await;
    let session = session_of(&sent);
    let checkout = browser.get(&format!("/dev/stripe/pay/{session}")).await;
    checkout.expect("£12.50 a month");
    let paid = checkout
        .form(&format!("/dev/stripe/pay/{session}"))
        .press("choice", "card")
        .submit(&mut browser)
        .await;
    // The page only shows state: nobody is a member before Stripe's word has come.
    paid.expect_status(200).expect("One moment");
    assert_eq!(count(&site, "select count(*) from people where email = 'robin@example.org'").await, 0);
    settle(&site).await;
    let path = application_path(&paid);
    browser.get(&path).await.expect("Thank you. Check your email").expect("£12.50 a month");

    let mail = site.mail_to("robin@example.org").await;
    assert_eq!(mail.subject, "Welcome to the Breakthrough Party");
    assert_eq!(mail.unsubscribe, None, "a welcome is no newsletter");
    let link = mail.link("/sign-in/link/");
    let page = browser.get(&link).await;
    page.form(&link).submit(&mut browser).await.expect("Your membership");
    let number: i64 = sqlx::query_scalar(
        "select number from memberships m join people p on p.id = m.person_id where p.email = 'robin@example.org'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    browser
        .get(&path)
        .await
        .expect("Thank you. You are a member")
        .expect(&format!("Your membership number is {number}"))
        .expect("What happens next")
        .expect("Open your page");
    browser
        .get("/membership")
        .await
        .expect("You are a member in good standing")
        .expect("Solidarity, £12.50 a month")
        .expect("Member since 21 November 2026")
        .expect("£12.50 on 21 December 2026");
    assert_eq!(standing(&site, "robin@example.org").await, ("active".to_owned(), "member".to_owned()));
    let (postcode, region): (String, String) =
        sqlx::query_as("select postcode, region from people where email = 'robin@example.org'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!((postcode.as_str(), region.as_str()), ("BL9 0ND", "north-west"));
    let consents: Vec<(String, String)> = sqlx::query_as(
        "select purpose, source from consents c join people p on p.id = c.person_id where p.email = 'robin@example.org'",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    assert_eq!(consents, [("email_updates".to_owned(), "join form".to_owned())]);
    assert_eq!(count(&site, "select count(*) from audit_log where action = 'membership.joined'").await, 1);
    // Pressing "pay" on an old page pays nothing more.
    browser.post(&format!("{path}/payment"), &[]).await.expect("You have already paid");
}

#[tokio::test]
async fn whoever_pays_with_a_members_address_reads_what_everybody_reads() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    pay(&site, "member@example.org", PaidBy::Card).await;
    let mut pages = Vec::new();
    for email in ["new@example.org", "member@example.org"] {
        let mut stranger = site.stranger();
        let session = sent_to_pay(&site, &mut stranger, &joiner(email)).await;
        site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
        settle(&site).await;
        let application: String = sqlx::query_scalar(
            "select id::text from applications where email = $1 order by created_at desc limit 1",
        )
        .bind(email)
        .fetch_one(&site.pool)
        .await
        .unwrap();
        pages.push(stranger.get(&format!("/join/{application}")).await.words());
    }
    assert_eq!(pages[0], pages[1], "nobody learns here who is a member");
    assert!(pages[0].contains("we return the payment, and the email says so"), "{}", pages[0]);
    let subjects: Vec<_> =
        site.mails_to("member@example.org").await.into_iter().map(|mail| mail.subject).collect();
    assert!(subjects.contains(&"We are sending a payment back to you".to_owned()), "{subjects:?}");
}

#[tokio::test]
async fn a_direct_debit_is_pending_and_then_paid() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    let session = sent_to_pay(&site, &mut browser, &joiner("debit@example.org")).await;
    let checkout = browser.get(&format!("/dev/stripe/pay/{session}")).await;
    let paid = checkout
        .form(&format!("/dev/stripe/pay/{session}"))
        .press("choice", "direct_debit")
        .submit(&mut browser)
        .await;
    settle(&site).await;
    browser.get(&application_path(&paid)).await.expect("Your Direct Debit is on its way");
    assert_eq!(standing(&site, "debit@example.org").await, ("pending".to_owned(), "member".to_owned()));
    // The open invoice has counted an attempt, which has not failed.
    assert_eq!(
        count(&site, "select (body ->> 'attempt_count')::bigint from stripe_stand_in.objects where hidden ->> 'debit' = 'processing' and id not like 'in_Seed%'").await,
        1
    );
    assert_eq!(site.mails_to("debit@example.org").await.len(), 1, "the welcome and nothing else");
    assert!(site.mail_to("debit@example.org").await.text.contains("seven working days"));
    assert_eq!(count(&site, "select count(*) from ledger l join people p on p.id = l.person_id where p.email = 'debit@example.org'").await, 0, "money is booked when it has come");

    let invoice: String = sqlx::query_scalar(
        "select id from stripe_stand_in.objects where kind = 'invoice' and hidden ->> 'debit' = 'processing' and id not like 'in_Seed%'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    site.app.clock().advance(Duration::days(4));
    site.app.stripe_stand_in().settle_debit(&invoice, true).await.unwrap();
    settle(&site).await;
    assert_eq!(standing(&site, "debit@example.org").await.0, "active");
    let (pence, method): (i64, String) = sqlx::query_as(
        "select amount_pence, method from ledger l join people p on p.id = l.person_id where p.email = 'debit@example.org'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!((pence, method.as_str()), (500, "bacs_debit"));
    browser.get(&application_path(&paid)).await.expect("Thank you. Check your email");
}

#[tokio::test]
async fn a_direct_debit_that_comes_back_makes_no_member_and_leaves_the_way_open() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    let session = sent_to_pay(&site, &mut browser, &joiner("bounced@example.org")).await;
    site.app.stripe_stand_in().pay(&session, PaidBy::DirectDebit).await.unwrap();
    settle(&site).await;
    let invoice: String = sqlx::query_scalar(
        "select id from stripe_stand_in.objects where kind = 'invoice' and hidden ->> 'debit' = 'processing' and id not like 'in_Seed%'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    site.app.stripe_stand_in().settle_debit(&invoice, false).await.unwrap();
    settle(&site).await;
    let (state, account) = standing(&site, "bounced@example.org").await;
    assert_eq!((state.as_str(), account.as_str()), ("ended", "none"));
    let subscription = subscription_of(&site, "bounced@example.org").await;
    assert_eq!(at_stripe(&site, &subscription).await, "canceled", "nothing more is collected");
    let mails = site.mails_to("bounced@example.org").await;
    let mut subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    subjects.sort_unstable();
    assert_eq!(
        subjects,
        ["Welcome to the Breakthrough Party", "Your membership has ended"],
        "one mail tells of the end"
    );
    let ended = &mails.iter().find(|mail| mail.subject.contains("ended")).unwrap().text;
    assert!(ended.contains("/join") && ended.contains("first payment did not go through"), "{ended}");
    let application: String =
        sqlx::query_scalar("select id::text from applications where email = 'bounced@example.org'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    let page = browser.get(&format!("/join/{application}")).await;
    page.expect("Your payment did not go through");
    let again = page.form(&format!("/join/{application}/payment")).submit_once(&mut browser).await;
    let session = session_of(&again);
    // Pressed twice, it is the same page at Stripe.
    let twice = browser.post_once(&format!("/join/{application}/payment"), &[]).await;
    assert_eq!(session_of(&twice), session);
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    assert_eq!(standing(&site, "bounced@example.org").await, ("active".to_owned(), "member".to_owned()));
    assert_eq!(count(&site, "select count(*) from memberships m join people p on p.id = m.person_id where p.email = 'bounced@example.org'").await, 1);
}

#[tokio::test]
async fn declined_then_paid_and_abandoned_then_paid() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    let session = sent_to_pay(&site, &mut browser, &joiner("unlucky@example.org")).await;
    let address = format!("/dev/stripe/pay/{session}");
    let declined =
        browser.get(&address).await.form(&address).press("choice", "declined").submit(&mut browser).await;
    declined.expect_status(200);
    settle(&site).await;
    assert_eq!(count(&site, "select count(*) from people where email = 'unlucky@example.org'").await, 0);
    // They go back to our page, which knows everything, and continue to the same page at Stripe.
    let back =
        browser.get(&address).await.form(&address).press("choice", "cancel").submit(&mut browser).await;
    back.expect("You have not paid yet").expect("£5 a month");
    let again = back.form(&format!("{}/payment", application_path(&back))).submit_once(&mut browser).await;
    assert_eq!(session_of(&again), session);
    // Then their time ends.
    site.app.stripe_stand_in().expire(&session).await.unwrap();
    settle(&site).await;
    let expired = browser.get(&application_path(&back)).await;
    expired.expect("The payment page was closed");
    let third = expired.form(&format!("{}/payment", application_path(&back))).submit_once(&mut browser).await;
    let new = session_of(&third);
    assert_ne!(new, session);
    site.app.stripe_stand_in().pay(&new, PaidBy::Card).await.unwrap();
    settle(&site).await;
    assert_eq!(standing(&site, "unlucky@example.org").await.0, "active");
}

#[tokio::test]
async fn an_abandoned_page_is_noticed_without_a_webhook() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    join_as(&site, "gone@example.org").await;
    site.app.clock().advance(Duration::hours(24));
    let mut tx = site.pool.begin().await.unwrap();
    breakthrough::kit::queue::push(&mut tx, &breakthrough::payments::CatchUp::default()).await.unwrap();
    tx.commit().await.unwrap();
    site.work().await;
    let state: String = sqlx::query_scalar("select state from checkouts where email = 'gone@example.org'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(state, "expired");
}

#[tokio::test]
async fn who_stops_on_the_way_finds_what_was_typed_and_the_way_on() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    let typed = with(joiner("paused@example.org"), "town", "Ramsbottom");
    let typed = with(typed, "consent[]", "email_updates");
    let session = sent_to_pay(&site, &mut browser, &typed).await;
    let id: uuid::Uuid = sqlx::query_scalar("select id from applications where email = 'paused@example.org'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let page = browser.get(&format!("/join/{id}")).await;
    page.expect("You have not paid yet");
    let form = page.follow(&mut browser, "Fill in the form again").await;
    let filled = form.form("/join");
    for (name, value) in &typed {
        if *name != "declaration" && *name != "amount" {
            let value = if *name == "postcode" { "BL9 0ND" } else { value };
            assert_eq!(filled.value(name), Some(value), "{name}");
        }
    }
    assert_eq!(filled.value("declaration"), None, "is declared anew");
    // Whoever has the page's address from elsewhere sees nothing of it.
    let other = site.stranger().get(&format!("/join/{id}/again")).await;
    other.expect_status(200).expect_not("Ramsbottom");
    assert_eq!(other.form("/join").value("email"), Some(""));

    browser.post("/sign-in", &[("email", "paused@example.org"), ("how", "link")]).await;
    let mail = site.mail_to("paused@example.org").await;
    assert_eq!(mail.subject, "Signing in: one step is missing");
    browser.get(&mail.link("/join/")).await.expect("You have not paid yet");
    browser.post("/sign-in", &[("email", "never@example.org"), ("how", "link")]).await;
    assert_eq!(site.mail_to("never@example.org").await.subject, "Signing in: we do not know this address");
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    browser.get(&format!("/join/{id}/again")).await.expect_not("Ramsbottom");
    site.app.clock().advance(Duration::minutes(5));
    browser.post("/sign-in", &[("email", "paused@example.org"), ("how", "link")]).await;
    assert_eq!(site.mail_to("paused@example.org").await.subject, "Your sign-in code");
}

#[tokio::test]
async fn two_clicks_are_one_application_and_one_page() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let first = join_as(&site, "eager@example.org").await;
    let second = join_as(&site, "eager@example.org").await;
    assert_eq!(first, second);
    assert_eq!(count(&site, "select count(*) from applications where email = 'eager@example.org'").await, 1);
    // At the very same time, too.
    let (first, second) =
        tokio::join!(join_as(&site, "faster@example.org"), join_as(&site, "faster@example.org"));
    assert_eq!(first, second);
    assert_eq!(count(&site, "select count(*) from applications where email = 'faster@example.org'").await, 1);
    site.work().await;
}

#[tokio::test]
async fn paying_twice_makes_one_membership_and_a_refund() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut one = site.stranger();
    let first = sent_to_pay(&site, &mut one, &joiner("twice@example.org")).await;
    let second = sent_to_pay(&site, &mut one, &with(joiner("twice@example.org"), "town", "Leeds")).await;
    // Both are paid before we hear of either, and before the job could close the first page.
    site.app.stripe_stand_in().pay(&first, PaidBy::Card).await.unwrap();
    site.app.stripe_stand_in().pay(&second, PaidBy::Card).await.unwrap();
    settle(&site).await;
    assert_eq!(standing(&site, "twice@example.org").await, ("active".to_owned(), "member".to_owned()));
    let subscriptions: Vec<(String, bool)> = sqlx::query_as(
        "select s.state, s.id = m.subscription from subscriptions s, memberships m join people p on p.id = m.person_id
         where p.email = 'twice@example.org' and s.customer in
               (select b.customer from subscriptions b join checkouts c on c.subscription = b.id where c.email = 'twice@example.org')
         order by 2 desc",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    assert_eq!(subscriptions, [("active".to_owned(), true), ("canceled".to_owned(), false)]);
    let sum = count(&site, "select sum(amount_pence)::bigint from ledger l join people p on p.id = l.person_id where p.email = 'twice@example.org'").await;
    assert_eq!(sum, 500, "one payment stays");
    let subjects: Vec<_> =
        site.mails_to("twice@example.org").await.into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects.iter().filter(|subject| subject.starts_with("Welcome")).count(), 1, "{subjects:?}");
    assert_eq!(subjects.iter().filter(|subject| subject.contains("back to you")).count(), 1, "{subjects:?}");
}

#[tokio::test]
async fn nobody_learns_whether_an_address_is_known() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut pages = Vec::new();
    for email in ["ana@demo.test", "sam@demo.test", "nobody@example.org"] {
        let mut browser = site.stranger();
        let session = sent_to_pay(&site, &mut browser, &joiner(email)).await;
        let stripe = browser.get(&format!("/dev/stripe/pay/{session}")).await;
        let address = format!("/dev/stripe/pay/{session}");
        let mut shown = vec![stripe.words().replace(email, "")];
        let open = stripe.form(&address).press("choice", "cancel").submit(&mut browser).await;
        shown.push(open.words());
        site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
        settle(&site).await;
        shown.push(browser.get(&application_path(&open)).await.words());
        pages.push(shown);
    }
    assert_eq!(pages[0], pages[2], "a member and a stranger");
    assert_eq!(pages[1], pages[2], "a supporter and a stranger");
    // The member hears of it by mail, keeps their membership as it was, and gets their money back.
    let mut subjects: Vec<_> =
        site.mails_to("ana@demo.test").await.into_iter().map(|mail| mail.subject).collect();
    subjects.sort();
    assert_eq!(subjects, ["We are sending a payment back to you", "You are already a member"]);
    assert_eq!(standing(&site, "ana@demo.test").await.0, "active");
    let name: String = sqlx::query_scalar("select name from people where email = 'ana@demo.test'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(name, "Ana Silva");
    // A supporter becomes a member, and keeps the name that they have proved.
    assert_eq!(standing(&site, "sam@demo.test").await, ("active".to_owned(), "member".to_owned()));
    let name: String = sqlx::query_scalar("select name from people where email = 'sam@demo.test'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(name, "Sam Whitlock");
}

#[tokio::test]
async fn a_supporter_upgrades_without_retyping_and_a_former_member_comes_back() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut sam = site.signed_in_as("sam@demo.test").await;
    let page = sam.get("/join").await;
    page.expect("sam@demo.test");
    assert!(page.attributes("input[name=email]", "name").is_empty(), "their address is not asked for");
    let form = page.form("/join");
    assert_eq!(form.value("name"), Some("Sam Whitlock"));
    let mut form = form;
    for (name, value) in joiner("").into_iter().filter(|(name, _)| !["email", "name"].contains(name)) {
        form = form.fill(name, &value);
    }
    let session = session_of(&form.submit_once(&mut sam).await);
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    assert_eq!(standing(&site, "sam@demo.test").await.0, "active");
    sam.get("/join").await.expect("You are already a member");

    let mut ben = site.signed_in_as("ben@demo.test").await;
    ben.get("/membership").await.expect("Your membership ended on").expect("Join again");
    let form = ben.get("/join").await.form("/join");
    assert!(form.value("address_line1").is_some_and(|line| !line.is_empty()), "kept from last time");
    let form = form.fill("every", "year").fill("other_party", "no").tick("declaration", "yes");
    let session = session_of(&form.submit_once(&mut ben).await);
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    ben.get("/membership").await.expect("You are a member in good standing").expect("a year");
    let mut db = site.pool.acquire().await.unwrap();
    let ben_id: uuid::Uuid = sqlx::query_scalar("select id from people where email = 'ben@demo.test'")
        .fetch_one(&mut *db)
        .await
        .unwrap();
    let periods: Vec<chrono::NaiveDate> = sqlx::query_scalar(
        "select p.started_on from membership_periods p join memberships m on m.id = p.membership_id
         where m.person_id = $1 order by p.started_on",
    )
    .bind(ben_id)
    .fetch_all(&mut *db)
    .await
    .unwrap();
    assert_eq!(periods.len(), 2, "the gap stays in history");
    let membership = breakthrough::membership::find_of_person(&mut db, ben_id).await.unwrap().unwrap();
    assert_eq!(membership.joined_on, periods[0], "since when never changes");
    assert!(site.mail_to("ben@demo.test").await.subject.starts_with("Welcome back"));
}

#[tokio::test]
async fn every_fault_is_said_beside_its_field_and_what_was_typed_is_kept() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    let before = count(&site, "select count(*) from applications").await;
    let long = "a".repeat(300);
    for (field, value, place, words) in [
        ("name", "", "name", "Enter your full name"),
        ("name", long.as_str(), "name", "at most 100"),
        ("name", "evil\u{202e}eman", "name", "hidden characters"),
        ("name", "nul\u{0}l", "name", "hidden characters"),
        ("email", "nobody", "email", "like name@example.org"),
        ("email", "a@b.cc\r\nBcc: x@y.zz", "email", "hidden characters"),
        ("dob_year", "2020", "dob_day", "when you are 14"),
        ("dob_day", "31", "dob_day", "real date"),
        ("postcode", "90210", "postcode", "UK postcode"),
        ("rate", "free", "rate", "Choose what you can pay"),
        ("every", "hour", "every", "how often"),
    ] {
        let page = browser
            .post(
                "/join",
                &with(joiner("a@example.org"), field, value)
                    .iter()
                    .map(|(n, v)| (*n, v.as_str()))
                    .collect::<Vec<_>>(),
            )
            .await;
        page.expect_status(422);
        let beside = page.select(&format!("#error-{place}")).join(" ");
        assert!(beside.contains(words), "{field} = {value:?}: {beside:?}");
        let summary = page.select(".error-summary a").join(" ");
        assert!(summary.contains(words), "{field} = {value:?}: {summary:?}");
        let links = page.attributes(".error-summary a", "href");
        assert_eq!(links, [format!("#field-{place}")]);
        assert_eq!(page.select(&format!("#field-{place}")).len(), 1, "the link leads to the field");
        assert_eq!(page.form("/join").value("address_line1"), Some("14 Mill Lane"));
        assert_eq!(page.form("/join").value("town"), Some("Bury"));
    }
    // An empty rate: nothing was chosen.
    let form = browser.get("/join").await.form("/join").clear("rate").clear("every");
    form.submit(&mut browser).await.expect_status(422).expect("Choose what you can pay");
    // Everything at once, and nothing of it is half-saved.
    let page = browser.post("/join", &[]).await;
    page.expect_status(422);
    assert!(page.select(".error-summary a").len() >= 7);
    let twice = browser.post("/join", &[("town", "Bury"), ("town", "Leeds"), ("name", "A")]).await;
    twice.expect_status(422).expect("sent twice");
    assert_eq!(count(&site, "select count(*) from applications").await, before);
}

#[tokio::test]
async fn names_of_all_kinds_arrive_as_they_were_typed() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    for (number, name) in
        ["עדי כהן", "李小龙", "Zoë 🌹 Smith", "D’Arcy O'Brien", "<b>Bob</b> & \"Co\""].iter().enumerate()
    {
        let email = format!("named{number}@example.org");
        let session = sent_to_pay(&site, &mut site.stranger(), &with(joiner(&email), "name", name)).await;
        site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
        settle(&site).await;
        let kept: String = sqlx::query_scalar("select name from people where email = $1::text::citext")
            .bind(&email)
            .fetch_one(&site.pool)
            .await
            .unwrap();
        assert_eq!(kept, *name);
        let mail = site.mail_to(&email).await;
        assert!(mail.text.contains(name), "{}", mail.text);
        assert!(!mail.html.contains("<b>Bob"), "names are words, not HTML");
    }
}

#[tokio::test]
async fn somebody_in_paris_joins_and_moves_home() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    let mut fields = joiner("paris@example.org");
    fields.retain(|(name, _)| !name.starts_with("address_") && !["town", "postcode"].contains(name));
    let mut abroad = with(fields, "lives", "abroad");
    let page = send_form(&mut browser, &abroad).await;
    page.expect_status(422).expect("Enter your address, line by line").expect("Enter the country");
    abroad.push(("address_abroad", "12 rue de Rivoli\r\n75004 Paris".to_owned()));
    abroad.push(("country", "France".to_owned()));
    let session = sent_to_pay(&site, &mut browser, &abroad).await;
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    let mut member = signed_in_by_welcome(&site, "paris@example.org").await;
    let page = member.get("/membership").await;
    page.expect("12 rue de Rivoli, 75004 Paris, France").expect("3 April 1988");
    let form = member.get("/membership/details").await.form("/membership/details");
    assert_eq!(form.value("country"), Some("France"));
    let place = async || -> (Option<String>, Option<String>) {
        sqlx::query_as("select postcode, region from people where email = 'paris@example.org'")
            .fetch_one(&site.pool)
            .await
            .unwrap()
    };
    assert_eq!(place().await, (None, None));
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let file = officer
        .post_once("/admin/members/export", &[("q", "paris"), ("reason", "Letters for the AGM")])
        .await;
    assert!(file.body.contains("\"12 rue de Rivoli, 75004 Paris, France\""), "{}", file.body);

    let home = form.fill("lives", "uk").fill("address_line1", "9 Chapel Row").fill("town", "Cardiff");
    let page = home.fill("postcode", "cf10 1ep").submit(&mut member).await;
    page.expect_status(422).expect("Clear the one that is not yours");
    let home = page.form("/membership/details").fill("address_abroad", "").fill("country", "");
    let page = home.submit(&mut member).await;
    page.expect("Your details have been saved.").expect("9 Chapel Row, Cardiff, CF10 1EP");
    assert_eq!(place().await, (Some("CF10 1EP".to_owned()), Some("wales".to_owned())));
    let changed: String = sqlx::query_scalar(
        "select detail->>'changed' from audit_log where action = 'membership.details_changed' order by id desc limit 1",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!(changed, "address");
}

#[tokio::test]
async fn what_was_kept_in_columns_is_kept_in_documents() {
    let site = Site::open().await;
    let mut db = site.pool.acquire().await.unwrap();
    let migration = include_str!("../../migrations/20261126001120_membership_personal.sql");
    let before = "create schema before; set search_path to before, public;
        create table people (id int, postcode text);
        create table memberships (person_id int, born_on date, address_line1 text, address_line2 text, town text);
        create table applications (name text, born_on date, address_line1 text, address_line2 text, town text, postcode text,
            region text, rate text, billing_interval text, amount_pence bigint, consents text[]);
        insert into people values (1, 'BL9 0ND'), (2, null);
        insert into memberships values (1, '1980-05-01', '1 High Street', 'Flat 2', 'Bury'),
                                       (2, '1981-05-01', '2 High Street', '', 'Bury');
        insert into applications values ('Ana', '1980-05-01', '1 High Street', '', 'Chester', 'CH4 7AA', 'wales', 'standard',
            'month', 500, '{email_updates}')";
    for statements in [before, migration] {
        sqlx::raw_sql(statements).execute(&mut *db).await.unwrap();
    }
    let kept: Vec<sqlx::types::Json<Personal>> =
        sqlx::query_scalar("select personal from memberships order by person_id")
            .fetch_all(&mut *db)
            .await
            .unwrap();
    let kept: Vec<_> =
        kept.iter().flat_map(|kept| kept.rows().into_iter().take(2)).map(|row| row.value).collect();
    let words = [
        "1 May 1980",
        "1 High Street, Flat 2, Bury, BL9 0ND",
        "1 May 1981",
        "2 High Street, Bury, United Kingdom",
    ];
    assert_eq!(kept, words);
    let answers: serde_json::Value =
        sqlx::query_scalar("select answers from applications").fetch_one(&mut *db).await.unwrap();
    let address = serde_json::json!({
        "lives": "uk", "line1": "1 High Street", "line2": "", "town": "Chester", "postcode": "CH4 7AA",
    });
    // The form that `Answers` writes, which its own test holds to what it reads.
    assert_eq!(
        answers,
        serde_json::json!({
            "name": "Ana", "region": "wales", "rate": "standard", "every": "month", "amount": 500,
            "consents": ["email_updates"], "personal": { "born_on": "1980-05-01", "address": address },
        })
    );
}

#[tokio::test]
async fn a_phone_number_is_asked_for_shown_changed_and_exported() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    let page = send_form(&mut browser, &with(joiner("rings@example.org"), "phone", "496 0000")).await;
    page.expect_status(422).expect("Begin the number with 0");
    let session =
        sent_to_pay(&site, &mut browser, &with(joiner("rings@example.org"), "phone", "0033-1 42 68 53 00"))
            .await;
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;

    let mut member = signed_in_by_welcome(&site, "rings@example.org").await;
    member.get("/membership").await.expect("+33142685300");
    let form = member.get("/membership/details").await.form("/membership/details");
    let page = form.fill("phone", "0161 496 0000").submit(&mut member).await;
    page.expect("Your details have been saved.").expect("0161 496 0000");

    let mut officer = site.signed_in_as("alex@demo.test").await;
    let file =
        officer.post_once("/admin/members/export", &[("q", "rings"), ("reason", "To ring round")]).await;
    assert!(file.body.contains("\"Phone\"") && file.body.contains("\"0161 496 0000\""), "{}", file.body);
    let id = site.person("rings@example.org").await;
    let (path, action) = (format!("/admin/members/{id}"), format!("/admin/members/{id}/details"));
    officer.get(&path).await.expect("0161 496 0000");
    let form = officer.get(&action).await.form(&action).fill("phone", "");
    let page = form.submit(&mut officer).await;
    page.expect("Details saved.").expect("Phone Not given");
    officer.get(&format!("{path}/activity")).await.expect("Member’s details changed. Changed: phone");
}

#[tokio::test]
async fn an_ambiguous_postcode_asks_where_and_keeps_the_rest() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    browser.get("/join").await.expect_not("Where you live");
    let page = send_form(&mut browser, &with(joiner("border@example.org"), "postcode", "CH4 7AA")).await;
    page.expect_status(422).expect("This postcode lies on a border");
    assert_eq!(page.attributes("input[name=region]", "value"), ["north-west", "wales"]);
    let form = page.form("/join");
    assert_eq!(form.value("name"), Some("Robin Ó Súilleabháin"));
    let session = session_of(&form.fill("region", "wales").submit_once(&mut browser).await);
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    let region: String = sqlx::query_scalar("select region from people where email = 'border@example.org'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(region, "wales");
}

#[tokio::test]
async fn with_stripe_away_the_form_is_kept_and_tried_again_without_retyping() {
    let site = Site::open_with(|settings| {
        settings.stripe_api_base = Some("http://127.0.0.1:1/nobody".to_owned());
    })
    .await;
    let mut browser = site.stranger();
    let form = send_form(&mut browser, &joiner("patient@example.org")).await;
    let path = form.location.clone().unwrap();
    assert!(path.starts_with("/join/"), "{path}");
    let page = browser.get(&path).await;
    page.expect_status(200).expect("We cannot reach our payment provider").expect("nothing has been taken");
    let again = page.form(&format!("{path}/payment")).submit(&mut browser).await;
    again.expect("We cannot reach our payment provider");
    assert_eq!(
        count(&site, "select count(*) from applications where email = 'patient@example.org'").await,
        1
    );
    site.work().await;
}

#[tokio::test]
async fn a_failed_renewal_gives_grace_and_then_ends() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let subscription = pay(&site, "renewing@example.org", PaidBy::Card).await;
    site.app.clock().advance(Duration::days(30));
    site.app.stripe_stand_in().fail_charge(&subscription).await.unwrap();
    settle(&site).await;
    assert_eq!(standing(&site, "renewing@example.org").await, ("grace".to_owned(), "member".to_owned()));
    let mail = site.mail_to("renewing@example.org").await;
    assert_eq!(mail.subject, "Your payment did not go through");
    assert!(mail.text.contains("You stay a member until 20 January 2027"), "{}", mail.text);
    // A second attempt fails: one more mail, the same last day.
    site.app.stripe_stand_in().fail_charge(&subscription).await.unwrap();
    settle(&site).await;
    assert_eq!(site.mails_to("renewing@example.org").await.len(), 3);
    // It is repaired.
    site.app.stripe_stand_in().charge(&subscription).await.unwrap();
    settle(&site).await;
    assert_eq!(standing(&site, "renewing@example.org").await.0, "active");
    // The next month it fails for good: days pass without any news.
    site.app.clock().advance(Duration::days(31));
    site.app.stripe_stand_in().fail_charge(&subscription).await.unwrap();
    settle(&site).await;
    site.app.clock().advance(Duration::days(31));
    turn_of_day(&site).await;
    assert_eq!(standing(&site, "renewing@example.org").await, ("ended".to_owned(), "none".to_owned()));
    assert_eq!(site.mail_to("renewing@example.org").await.subject, "Your membership has ended");
    settle(&site).await;
    assert_eq!(at_stripe(&site, &subscription).await, "canceled", "nothing more is collected");
}

pub async fn turn_of_day(site: &Site) {
    let mut tx = site.pool.begin().await.unwrap();
    breakthrough::kit::queue::push(&mut tx, &breakthrough::membership::TurnOfDay::default()).await.unwrap();
    tx.commit().await.unwrap();
    site.work().await;
}

#[tokio::test]
async fn leaving_pressed_many_times_at_once_is_told_once() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    pay(&site, "leaving@example.org", PaidBy::Card).await;
    let link = site.mail_to("leaving@example.org").await.link("/sign-in/link/");
    let mut browser = site.stranger();
    browser.get(&link).await.form(&link).submit(&mut browser).await;
    for (path, action) in [
        ("/membership/end", "membership.renewal_stopped"),
        ("/membership/resume", "membership.renewal_resumed"),
        ("/membership/end", "membership.renewal_stopped"),
    ] {
        site.app.clock().advance(Duration::minutes(5));
        let before: i64 = sqlx::query_scalar("select count(*) from audit_log where action = $1")
            .bind(action)
            .fetch_one(&site.pool)
            .await
            .unwrap();
        let mut presses = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let mut browser = browser.clone();
            presses.spawn(async move {
                browser.post_once(path, &[]).await.expect_status(303);
            });
        }
        presses.join_all().await;
        settle(&site).await;
        let after: i64 = sqlx::query_scalar("select count(*) from audit_log where action = $1")
            .bind(action)
            .fetch_one(&site.pool)
            .await
            .unwrap();
        assert_eq!(after, before + 1, "{action}");
    }
    let mails = site.mails_to("leaving@example.org").await;
    assert_eq!(mails.iter().filter(|mail| mail.subject.starts_with("Your membership ends on")).count(), 2);
}

#[tokio::test]
async fn one_address_given_to_two_people_at_once_is_refused_with_a_sentence() {
    let site = Site::open().await;
    let mut answers = tokio::task::JoinSet::new();
    for email in ["sam@demo.test", "ana@demo.test", "ben@demo.test"] {
        let person = site.person(email).await;
        let mut officer = site.signed_in_as("alex@demo.test").await;
        let kind = if email == "sam@demo.test" { "supporters" } else { "members" };
        let action = format!("/admin/{kind}/{person}/details");
        let form = officer.get(&action).await.form(&action).fill("email", "wanted@example.org");
        answers.spawn(async move { form.submit_once(&mut officer).await });
    }
    let mut answers = answers.join_all().await;
    answers.sort_by_key(|page| page.status);
    let statuses: Vec<_> = answers.iter().map(|page| page.status.as_u16()).collect();
    assert_eq!(statuses, [303, 409, 409]);
    for page in &answers[1..] {
        page.expect("This email address is already in use");
    }
    site.work().await;
}

#[tokio::test]
async fn a_member_leaves_at_the_end_of_what_is_paid_and_may_change_their_mind() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let subscription = pay(&site, "leaving@example.org", PaidBy::Card).await;
    let link = site.mail_to("leaving@example.org").await.link("/sign-in/link/");
    let mut browser = site.stranger();
    browser.get(&link).await.form(&link).submit(&mut browser).await;
    let page = browser.get("/membership/end").await;
    page.expect("You stay a member with every right until 21 December 2026");
    let ended = page.form("/membership/end").submit(&mut browser).await;
    ended.expect("Your membership ends on 21 December 2026").expect("Stay a member after all");
    browser.post("/membership/end", &[]).await.expect("Your membership ends on 21 December 2026");
    settle(&site).await;
    assert_eq!(
        count(&site, "select count(*) from audit_log where action = 'membership.renewal_stopped'").await,
        1
    );
    let stopped = site.mails_to("leaving@example.org").await;
    assert_eq!(stopped.iter().filter(|mail| mail.subject.starts_with("Your membership ends on")).count(), 1);
    assert_eq!(standing(&site, "leaving@example.org").await, ("active".to_owned(), "member".to_owned()));
    site.app.clock().advance(Duration::minutes(5));
    let back = browser.get("/membership").await.form("/membership/resume").submit(&mut browser).await;
    back.expect("your membership continues").expect_not("Stay a member after all");
    settle(&site).await;
    site.app.clock().advance(Duration::minutes(5));
    browser.get("/membership/end").await.form("/membership/end").submit(&mut browser).await;
    settle(&site).await;
    site.app.clock().advance(Duration::days(31));
    // The period ends at Stripe, and we hear of it.
    site.app.stripe_stand_in().charge(&subscription).await.unwrap();
    settle(&site).await;
    assert_eq!(standing(&site, "leaving@example.org").await, ("ended".to_owned(), "none".to_owned()));
    let reason: String = sqlx::query_scalar("select end_reason from memberships m join people p on p.id = m.person_id where p.email = 'leaving@example.org'").fetch_one(&site.pool).await.unwrap();
    assert_eq!(reason, "left");
}

#[tokio::test]
async fn the_demo_party_is_in_the_states_that_the_rules_give() {
    let site = Site::open().await;
    let before: Vec<(uuid::Uuid, String)> =
        sqlx::query_as("select id, state from memberships order by id").fetch_all(&site.pool).await.unwrap();
    assert_eq!(before.len(), 308);
    for state in ["pending", "active", "grace", "suspended", "ended"] {
        assert!(before.iter().any(|(_, known)| known == state), "nobody is {state}");
    }
    // What the site waits for, the stand-in knows: nothing is looked up in vain.
    let unknown = "select count(*) from checkouts where state in ('open', 'pending')
                   and stripe_session not in (select id from stripe_stand_in.objects)";
    assert_eq!(count(&site, unknown).await, 0);
    assert!(count(&site, "select count(*) from checkouts where state = 'pending'").await > 0);
    // Everyone is due, so that everyone's state is worked out again.
    sqlx::query("update memberships set ends_on = coalesce(ends_on, '2000-01-01') where state <> 'ended'")
        .execute(&site.pool)
        .await
        .unwrap();
    turn_of_day(&site).await;
    let after: Vec<(uuid::Uuid, String)> =
        sqlx::query_as("select id, state from memberships order by id").fetch_all(&site.pool).await.unwrap();
    let changed: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).collect();
    assert!(changed.is_empty(), "{changed:?}");
    // Ending a demo member's membership reaches the stand-in.
    let mut ana = site.signed_in_as("ana@demo.test").await;
    ana.get("/membership").await.expect("You are a member in good standing");
    ana.get("/membership/end")
        .await
        .form("/membership/end")
        .submit(&mut ana)
        .await
        .expect("Nothing more will be collected");
    site.work().await;
}

#[tokio::test]
async fn officers_change_suspend_and_end_with_reasons() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    pay(&site, "case@example.org", PaidBy::Card).await;
    let id = site.person("case@example.org").await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let base = format!("/admin/members/{id}");

    let page = officer.get(&format!("{base}/details")).await;
    let form = page
        .form(&format!("{base}/details"))
        .fill("town", "Leeds")
        .fill("postcode", "LS6 2AB")
        .fill("email", "ana@demo.test");
    let wrong = form.submit_once(&mut officer).await;
    wrong.expect_status(409).expect("This email address is already in use");
    let form = wrong.form(&format!("{base}/details")).fill("email", "new@example.org");
    assert_eq!(form.submit_once(&mut officer).await.status, 303);
    let (email, region): (String, String) =
        sqlx::query_as("select email::text, region from people where id = $1")
            .bind(id)
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!((email.as_str(), region.as_str()), ("new@example.org", "yorkshire-and-the-humber"));

    let page = officer.get(&format!("{base}/suspension")).await;
    let form = page
        .form(&format!("{base}/suspension"))
        .fill("until_day", "1")
        .fill("until_month", "1")
        .fill("until_year", "2020");
    form.submit_once(&mut officer).await.expect_status(422).expect("after today").expect("Enter why");
    let form = page
        .form(&format!("{base}/suspension"))
        .fill("until_day", "15")
        .fill("until_month", "12")
        .fill("until_year", "2026")
        .fill("reason", "Complaint 7, committee of 20 November, rule 9");
    assert_eq!(form.submit_once(&mut officer).await.status, 303);
    assert_eq!(standing(&site, "new@example.org").await, ("suspended".to_owned(), "none".to_owned()));
    assert_eq!(site.mail_to("new@example.org").await.subject, "Your membership is suspended");
    // It ends by itself, and what is paid counts again.
    site.app.clock().advance(Duration::days(25));
    turn_of_day(&site).await;
    assert_eq!(standing(&site, "new@example.org").await, ("active".to_owned(), "member".to_owned()));

    let mut officer = site.signed_in_as("alex@demo.test").await;
    let page = officer.get(&format!("{base}/notes")).await;
    let form = page.form(&format!("{base}/notes")).fill("words", "Spoke on the phone.");
    assert_eq!(form.submit_once(&mut officer).await.status, 303);

    let page = officer.get(&format!("{base}/end")).await;
    page.form(&format!("{base}/end")).submit_once(&mut officer).await.expect_status(422).expect("Choose why");
    let form = page
        .form(&format!("{base}/end"))
        .fill("reason", "expelled")
        .fill("words", "Conference, motion 4, rule 11")
        .fill("decided_by", "conference")
        .fill("rule", "Rules of 2025, clause 11")
        .fill("decided_day", "10")
        .fill("decided_month", "12")
        .fill("decided_year", "2026");
    assert_eq!(form.submit_once(&mut officer).await.status, 303);
    settle(&site).await;
    assert_eq!(standing(&site, "new@example.org").await, ("ended".to_owned(), "none".to_owned()));
    assert_eq!(
        count(
            &site,
            "select count(*) from subscriptions where surplus_since is not null and state = 'canceled'
             and id in (select subscription from checkouts where email = 'case@example.org')"
        )
        .await,
        1
    );
    // They try again: the same pages, their money back, no membership.
    let session = join_as(&site, "new@example.org").await;
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    assert_eq!(standing(&site, "new@example.org").await.0, "ended");
    let subjects: Vec<_> =
        site.mails_to("new@example.org").await.into_iter().map(|mail| mail.subject).collect();
    assert!(subjects.contains(&"We are sending a payment back to you".to_owned()), "{subjects:?}");
    for action in
        ["membership.details_changed", "membership.suspended", "membership.note_added", "membership.ended"]
    {
        let found: i64 =
            sqlx::query_scalar("select count(*) from audit_log where action = $1 and subject_id = $2")
                .bind(action)
                .bind(id.to_string())
                .fetch_one(&site.pool)
                .await
                .unwrap();
        assert_eq!(found, 1, "{action}");
    }
    // Those who may only look may not change.
    let mut organiser = site.signed_in_as("organiser@demo.test").await;
    organiser.get(&format!("{base}/details")).await.expect_status(403);
}

#[tokio::test]
async fn the_form_is_served_from_memory_and_applications_are_opaque() {
    let site = Site::open().await;
    let browser = site.stranger();
    let first = browser.raw(Method::GET, "/join").send().await.unwrap();
    assert!(first.headers().contains_key("etag"));
    let mut browser = site.stranger();
    browser.get("/join/00000000-0000-0000-0000-000000000000").await.expect_status(404);
    assert!(browser.get("/join/1").await.status.is_client_error());
    browser.post("/join/00000000-0000-0000-0000-000000000000/payment", &[]).await.expect_status(404);
}

#[tokio::test]
async fn whose_payment_failed_pays_on_the_site_and_whoever_is_suspended_is_told_so() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let old = pay(&site, "late@example.org", PaidBy::Card).await;
    let mut browser = signed_in_by_welcome(&site, "late@example.org").await;
    browser.get("/join").await.expect("You are already a member");
    site.app.clock().advance(Duration::days(20));
    site.app.stripe_stand_in().fail_charge(&old).await.unwrap();
    settle(&site).await;
    assert_eq!(standing(&site, "late@example.org").await.0, "grace");
    let page = browser.get("/membership").await;
    page.expect("we will try to collect it again on");
    let ways = page.attributes("main a", "href");
    let invoice = ways.iter().find(|way| way.contains("/dev/stripe/invoices/in_"));
    assert!(invoice.is_some(), "the invoice's own page at Stripe: {ways:?}");
    assert!(!ways.contains(&"/join".to_owned()), "not the form to join: {ways:?}");
    page.expect("Change card or bank account");
    let dashboard = browser.get("/dashboard").await.expect("Pay now").attributes("main a.button", "href");
    assert!(dashboard.contains(&"/membership".to_owned()), "{dashboard:?}");
    assert!(!dashboard.contains(&"/join".to_owned()), "{dashboard:?}");
    let page = browser.get("/join").await;
    assert_eq!(page.form("/join").value("town"), Some("Bury"), "what we know is filled in");
    let sent = page
        .form("/join")
        .fill("other_party", "no")
        .tick("declaration", "yes")
        .submit_once(&mut browser)
        .await;
    site.app.stripe_stand_in().pay(&session_of(&sent), PaidBy::Card).await.unwrap();
    settle(&site).await;
    assert_eq!(standing(&site, "late@example.org").await, ("active".to_owned(), "member".to_owned()));
    assert_ne!(subscription_of(&site, "late@example.org").await, old);
    assert_eq!(at_stripe(&site, &old).await, "canceled");

    sqlx::query(
        "update memberships set state = 'suspended', suspended_at = now(), suspended_until = '2027-03-01', suspended_words = 'x'
         where person_id = (select id from people where email = 'late@example.org')",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    browser.get("/join").await.expect("suspended until 1 March 2027").expect_not("already a member");
}

#[tokio::test]
async fn the_grace_that_was_promised_lasts_even_if_stripe_gives_up() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let subscription = pay(&site, "promised@example.org", PaidBy::Card).await;
    site.app.clock().advance(Duration::days(30));
    for _ in 0..4 {
        site.app.stripe_stand_in().fail_charge(&subscription).await.unwrap();
        settle(&site).await;
    }
    assert_eq!(at_stripe(&site, &subscription).await, "canceled");
    assert_eq!(standing(&site, "promised@example.org").await, ("grace".to_owned(), "member".to_owned()));
    let mails = site.mails_to("promised@example.org").await;
    let last = mails.iter().find(|mail| mail.text.contains("We will not try again")).unwrap();
    assert!(last.text.contains("You stay a member until 20 January 2027"), "{}", last.text);
    assert!(last.text.contains("/membership") && !last.text.contains("/dev/stripe"), "{}", last.text);
    // Nor does a shorter grace that the party decides on later.
    sqlx::query("insert into settings (key, value, valid_from, source) values ('grace_days', '1', '2026-12-22', 'test')")
        .execute(&site.pool)
        .await
        .unwrap();
    site.app.reload_settings().await.unwrap();
    site.app.clock().advance(Duration::days(3));
    turn_of_day(&site).await;
    assert_eq!(standing(&site, "promised@example.org").await.0, "grace");
    site.app.clock().advance(Duration::days(28));
    turn_of_day(&site).await;
    assert_eq!(standing(&site, "promised@example.org").await.0, "ended");
}

#[tokio::test]
async fn nobody_rewrites_a_known_person_for_the_price_of_a_month() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let subscription = pay(&site, "known@example.org", PaidBy::Card).await;
    signed_in_by_welcome(&site, "known@example.org").await;
    site.app.clock().advance(Duration::days(30));
    site.app.stripe_stand_in().fail_charge(&subscription).await.unwrap();
    settle(&site).await;
    let someone = with(with(joiner("known@example.org"), "name", "Eve"), "town", "Leeds");
    let someone = with(someone, "consent[]", "organiser_contact");
    for (state, mail) in [
        ("grace", "We are sending a payment back to you"),
        ("active", "Welcome back to the Breakthrough Party"),
    ] {
        let session = sent_to_pay(&site, &mut site.stranger(), &someone).await;
        site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
        settle(&site).await;
        assert_eq!(standing(&site, "known@example.org").await.0, state);
        let (name, town): (String, String) = sqlx::query_as(
            "select p.name, m.personal->'address'->>'town' from memberships m join people p on p.id = m.person_id where p.email = 'known@example.org'",
        )
        .fetch_one(&site.pool)
        .await
        .unwrap();
        assert_eq!((name.as_str(), town.as_str()), ("Robin Ó Súilleabháin", "Bury"), "{state}");
        let letters = site.mails_to("known@example.org").await;
        assert!(letters.iter().any(|letter| letter.subject == mail), "{mail}");
        assert!(letters.iter().all(|letter| !letter.text.contains("Eve")), "{state}");
        let agreed = count(
            &site,
            "select count(*) from consents c join people p on p.id = c.person_id where p.email = 'known@example.org'",
        );
        assert_eq!(agreed.await, 0, "{state}");
        // The second time their membership is over.
        site.app.clock().advance(Duration::days(32));
        turn_of_day(&site).await;
        settle(&site).await;
    }
}

#[tokio::test]
async fn who_leaves_by_an_officer_but_wants_news_stays_a_supporter() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let fields = with(joiner("reader@example.org"), "consent[]", "email_updates");
    let session = sent_to_pay(&site, &mut site.stranger(), &fields).await;
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    let id = site.person("reader@example.org").await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let path = format!("/admin/members/{id}/end");
    officer.post_once(&path, &[("reason", "left"), ("words", "By letter")]).await.expect_status(303);
    assert_eq!(standing(&site, "reader@example.org").await, ("ended".to_owned(), "supporter".to_owned()));
    site.work().await;
}

#[tokio::test]
async fn whoever_pays_by_hand_can_leave_too() {
    let site = Site::open().await;
    let email: String = sqlx::query_scalar(
        "select p.email::text from memberships m join people p on p.id = m.person_id
         where m.subscription is null and m.state = 'active' and m.ends_on is not null order by m.number limit 1",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    let mut member = site.stranger();
    let page = member.get("/sign-in").await;
    page.form("/sign-in").fill("email", &email).press("how", "link").submit(&mut member).await;
    let link = site.mail_to(&email).await.link("/sign-in/link/");
    member.get(&link).await.form(&link).submit(&mut member).await;
    member.get("/membership").await.expect("End my membership").expect("fill in the joining form");
    let page = member.get("/membership/end").await;
    page.expect("Your membership ends today").expect("stop it at your bank");
    page.form("/membership/end").submit(&mut member).await.expect("Your membership has ended");
    // Pressed again, it stays so.
    member.post("/membership/end", &[]).await.expect_status(409);
    assert_eq!(standing(&site, &email).await.0, "ended");
    assert_eq!(site.mail_to(&email).await.subject, "Your membership has ended");
}
