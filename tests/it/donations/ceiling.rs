//! The limit of what one person may pay in a year, where they join or change their rate.

use breakthrough::kit::stripe::stand_in::PaidBy;

use super::{case_of, cases::set, send, session_of, sums::book};
use crate::{
    membership::{join_as, joiner, pay, send_form, settle, signed_in_by_welcome},
    support::{Browser, Page, Site},
};

/// Joins by somebody who is signed in, up to the answer to the form.
async fn join(browser: &mut Browser, amount: &str, every: &str) -> Page {
    let mut form = browser.get("/join").await.form("/join");
    for (name, value) in joiner("").iter().filter(|(name, _)| *name != "email") {
        form = form.fill(name, value);
    }
    form.fill("rate", "solidarity").fill("amount", amount).fill("every", every).submit_once(browser).await
}

async fn rate(browser: &mut Browser, path: &str, amount: &str, sure: bool) -> Page {
    let version = browser.get_once(path).await.attributes("main [name=version]", "value");
    let version = version.first().map(String::as_str).unwrap_or_default();
    let fields = [
        ("rate", "solidarity"),
        ("amount", amount),
        ("every", "month"),
        ("version", version),
        ("sure", "yes"),
    ];
    browser.post_once(path, if sure { &fields } else { &fields[..4] }).await
}

#[tokio::test]
async fn m15_joining_counts_with_what_is_paid_and_every_payment_of_the_year() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    // Whoever is not signed in learns of the plan alone.
    let mut stranger = site.stranger();
    let mut fields = joiner("sam@demo.test");
    for (name, value) in &mut fields {
        match *name {
            "rate" => *value = "solidarity".to_owned(),
            "amount" => *value = "416.67".to_owned(),
            _ => {}
        }
    }
    let page = send_form(&mut stranger, &fields).await;
    page.expect_status(422).expect("You can pay up to £416.66 a month").expect("in a year is £5,000");
    book(&site, "sam@demo.test", 490_000, "2026-06-01T12:00:00Z").await;
    let mut sam = site.signed_in_as("sam@demo.test").await;
    // £100 is left, and two payments of a month would come this year.
    let page = join(&mut sam, "50.01", "month").await;
    page.expect_status(422).expect("You can pay up to £50 a month");
    join(&mut sam, "100.01", "year").await.expect_status(422).expect("You can pay up to £100 a year");
    let first = session_of(&join(&mut sam, "50", "month").await);
    // Of two tabs the later one counts.
    let second = session_of(&send(&mut sam, "sam@demo.test", "own", "99").await);
    settle(&site).await;
    assert!(site.app.stripe_stand_in().pay(&first, PaidBy::Card).await.is_err(), "the first page is closed");
    let third = session_of(&join(&mut sam, "50", "month").await);
    settle(&site).await;
    assert!(
        site.app.stripe_stand_in().pay(&second, PaidBy::Card).await.is_err(),
        "the second page is closed"
    );
    site.app.stripe_stand_in().pay(&third, PaidBy::Card).await.unwrap();
    settle(&site).await;
    // Both payments count, although only one has come.
    sam.get("/donate").await.expect("You can give £0 more");
    let page = send(&mut sam, "sam@demo.test", "own", "1").await;
    page.expect_status(422).expect("You have paid or promised £5,000 this year");
}

#[tokio::test]
async fn m15_another_rate_fits_under_the_limit_or_is_refused_with_what_is_possible() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let email = "robin@example.org";
    pay(&site, email, PaidBy::Card).await;
    let mut robin = signed_in_by_welcome(&site, email).await;
    book(&site, email, 489_500, "2026-06-01T12:00:00Z").await;
    // £5 is paid, £100 is left, and one payment comes in December.
    let path = "/membership/rate";
    rate(&mut robin, path, "100.01", false).await.expect_status(422).expect("up to £100 a month");
    rate(&mut robin, path, "100.01", true).await.expect_status(422).expect("up to £100 a month");
    rate(&mut robin, path, "100", false).await.expect_status(200).expect("to £100 a month?");
    // An officer does not learn what they gave.
    let id = site.person(email).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let theirs = format!("/admin/members/{id}/rate");
    let page = rate(&mut officer, &theirs, "100.01", true).await;
    page.expect_status(422).expect("would pay more than £5,000 in a year").expect_not("up to £100");
    // At the same moment in two tabs: whichever comes first, both cannot be paid.
    let (mut one, mut other) = (robin.clone(), robin.clone());
    let (changed, given) =
        tokio::join!(rate(&mut one, path, "100", true), send(&mut other, email, "own", "95"));
    changed.expect_status(303);
    settle(&site).await;
    if let Some(to) = &given.location {
        let session = to.rsplit('/').next().unwrap();
        assert!(site.app.stripe_stand_in().pay(session, PaidBy::Card).await.is_err(), "the page is closed");
    } else {
        given.expect_status(422);
    }
    robin.get("/donate").await.expect("You can give £0 more");
}

#[tokio::test]
async fn m2_more_than_500_pounds_at_one_time_waits_in_a_donor_check_like_a_gift() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let email = "robin@example.org";
    let mut browser = site.stranger();
    let mut form = browser.get("/join").await.form("/join");
    for (name, value) in joiner(email) {
        form = form.fill(name, &value);
    }
    let form = form.fill("rate", "solidarity").fill("amount", "500.01").fill("every", "year");
    let page = form.submit_once(&mut browser).await;
    page.expect_status(422).expect("more than £500 at one time is a donation in law");
    let form = page.form("/join").tick("own_money", "yes").tick("declaration", "yes");
    let session = session_of(&form.submit_once(&mut browser).await);
    let declared: String =
        sqlx::query_scalar("select declaration from applications where email = $1::text::citext")
            .bind(email)
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert!(declared.contains("The money is my own"), "{declared}");
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    let welcome = site.mail_to(email).await;
    assert!(welcome.text.contains("is a donation in law"), "{}", welcome.text);
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let page = treasurer.get(&case_of(&site, email).await).await;
    page.expect("£500.01").expect("14 Mill Lane, Bury, BL9 0ND");
    // £500 at one time is none.
    let session = join_as(&site, "ash@example.org").await;
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    let mut ash = signed_in_by_welcome(&site, "ash@example.org").await;
    let page = ash.get("/membership/rate").await;
    let form = page.form("/membership/rate").fill("rate", "solidarity").fill("every", "year");
    form.clone().fill("amount", "500").submit(&mut ash).await.expect("to £500 a year?");
    let page = form.clone().fill("amount", "600").submit(&mut ash).await;
    page.expect_status(422).expect("Tick the box if this is true");
    let page = form.fill("amount", "600").tick("own_money", "yes").submit(&mut ash).await;
    page.expect("We check each such payment");
    page.form("/membership/rate").press("sure", "yes").submit(&mut ash).await.expect("you pay £600 a year");
    settle(&site).await;
    let declared: Option<String> =
        sqlx::query_scalar("select declaration from membership_rate_changes where amount_pence = 60000")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert!(declared.is_some_and(|it| it.contains("The money is my own")));
    // Nobody else can promise that for a member.
    let id = site.person("ana@demo.test").await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let page = rate(&mut officer, &format!("/admin/members/{id}/rate"), "501", true).await;
    page.expect_status(422).expect("which only the member can promise");
}

async fn paid_by(site: &Site, email: &str) -> i64 {
    sqlx::query_scalar(
        "select coalesce(sum(l.amount_pence), 0)::bigint from ledger l join people p on p.id = l.person_id where p.email = $1::text::citext",
    )
    .bind(email)
    .fetch_one(&site.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn m15_dues_that_a_stranger_pays_with_anothers_address_go_back_above_the_limit() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let sam = "sam@demo.test";
    book(&site, sam, 490_000, "2026-06-01T12:00:00Z").await;
    for (limit, amount, every, by, goes_back) in [
        // One payment of this year would be a penny too much, or just fit.
        ("499999", "100", "year", PaidBy::Card, true),
        ("499999", "100", "year", PaidBy::DirectDebit, true),
        // The first of two would fit, both do not.
        ("491999", "10", "month", PaidBy::Card, true),
        ("492000", "10", "month", PaidBy::Card, false),
    ] {
        let before = site.mails_to(sam).await.len();
        set(&site, "donation_cap_pence", limit, "2026-01-01").await;
        let mut stranger = site.stranger();
        let mut fields = joiner(sam);
        for (name, value) in &mut fields {
            match *name {
                "rate" => *value = "solidarity".to_owned(),
                "every" => *value = every.to_owned(),
                "amount" => *value = amount.to_owned(),
                _ => {}
            }
        }
        let to = send_form(&mut stranger, &fields).await;
        let session = session_of(&to);
        site.app.stripe_stand_in().pay(&session, by).await.unwrap();
        settle(&site).await;
        let path: String = sqlx::query_scalar(
            "select '/join/' || id from applications where email = 'sam@demo.test' order by created_at desc limit 1",
        )
        .fetch_one(&site.pool)
        .await
        .unwrap();
        // Whoever paid does not learn what the address has given.
        stranger
            .get(&path)
            .await
            .expect_not("sends back")
            .expect_not("most we accept from one person in a year, all");
        let is_member: bool = sqlx::query_scalar(
            "select exists (select from memberships m join people p on p.id = m.person_id where p.email = 'sam@demo.test' and m.state <> 'ended')",
        )
        .fetch_one(&site.pool)
        .await
        .unwrap();
        assert_eq!(is_member, !goes_back, "{limit} {amount} {every}");
        let mails = site.mails_to(sam).await;
        assert_eq!(mails.len(), before + 1, "{limit} {amount} {every}");
        let last = mails.last().unwrap();
        if goes_back {
            assert_eq!(last.subject, "We are sending a payment back");
            assert!(last.text.contains("in a calendar year, which is the most we accept"), "{}", last.text);
            assert_eq!(paid_by(&site, sam).await, 490_000);
        } else {
            assert!(last.subject.contains("Welcome"), "{}", last.subject);
        }
    }
}

#[tokio::test]
async fn m15_a_refund_above_the_limit_that_fails_is_followed_until_it_has_arrived() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let sam = "sam@demo.test";
    book(&site, sam, 499_900, "2026-06-01T12:00:00Z").await;
    let session = session_of(&send_form(&mut site.stranger(), &joiner(sam)).await);
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    treasurer.get("/admin/donations").await.expect_not("Above the annual limit");
    let (subscription, line): (String, uuid::Uuid) =
        sqlx::query_as("select l.subscription, l.id from above_limit a join ledger l on l.id = a.line")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    site.app.stripe_stand_in().fail_refund(&subscription).await.unwrap();
    settle(&site).await;
    treasurer.get("/admin").await.expect("refused donation has not been returned");
    treasurer.get("/admin/donations").await.expect("Above the annual limit; the refund failed");
    // While it is here it does not count against its owner.
    let mut sam_browser = site.signed_in_as(sam).await;
    sam_browser.get("/donate").await.expect("You can give £1 more");
    let page = treasurer.get(&format!("/admin/payments/lines/{line}")).await;
    let form = page.form(&format!("/admin/payments/lines/{line}/refund"));
    form.fill("reason", "Above the annual limit").submit(&mut treasurer).await.expect_status(200);
    settle(&site).await;
    treasurer.get("/admin/donations").await.expect_not("Above the annual limit");
}

#[tokio::test]
async fn m15_what_is_overdue_counts_as_promised() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let email = "robin@example.org";
    pay(&site, email, PaidBy::Card).await;
    let mut robin = signed_in_by_welcome(&site, email).await;
    book(&site, email, 498_000, "2026-06-01T12:00:00Z").await;
    // £5 is paid, £5 comes in December.
    robin.get("/donate").await.expect("You can give £10 more");
    let subscription = crate::membership::subscription_of(&site, email).await;
    site.app.stripe_stand_in().fail_charge(&subscription).await.unwrap();
    settle(&site).await;
    // It failed, and can still be paid; the next one is in January.
    robin.get("/donate").await.expect("You can give £10 more");
    send(&mut robin, email, "own", "10.01").await.expect_status(422).expect("You can give £10 more");
    session_of(&send(&mut robin, email, "own", "10").await);
    settle(&site).await;
}
