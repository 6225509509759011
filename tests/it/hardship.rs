//! Paying less for a time: declared by the member, read by nobody else, over by itself.

use breakthrough::kit::{
    queue::Job,
    stripe::{Interval, stand_in::PaidBy},
};
use chrono::Duration;
use uuid::Uuid;

use crate::{
    membership::{joiner, pay, sent_to_pay, settle, signed_in_by_welcome, subscription_of},
    support::{Browser, Page, Site},
};

const EMAIL: &str = "robin@example.org";

async fn member(site: &Site) -> Browser {
    site.app.stripe_stand_in().hold();
    pay(site, EMAIL, PaidBy::Card).await;
    signed_in_by_welcome(site, EMAIL).await
}

/// Signs a member in by a link that is asked for now.
async fn signed_in_again(site: &Site) -> Browser {
    let mut browser = site.stranger();
    let form = browser.get("/sign-in").await.form("/sign-in");
    form.fill("email", EMAIL).press("how", "mail").submit(&mut browser).await;
    site.work().await;
    let link = site.mail_to(EMAIL).await.link("/sign-in/link/");
    browser.get(&link).await.form(&link).submit(&mut browser).await;
    browser
}

async fn ask(browser: &mut Browser, less: &str, months: &str) -> Page {
    let form = browser.get("/membership/hardship").await.form("/membership/hardship");
    form.fill("less", less).fill("less_months", months).submit(browser).await
}

async fn declare(browser: &mut Browser, less: &str, months: &str) -> Page {
    let check = ask(browser, less, months).await;
    check.form("/membership/hardship").press("sure", "yes").submit(browser).await
}

async fn price_at_stripe(site: &Site) -> i64 {
    let subscription = subscription_of(site, EMAIL).await;
    site.app.stripe().find_subscription(&subscription).await.unwrap().amount_pence.unwrap()
}

async fn turn_of_day(site: &Site) {
    let job = breakthrough::membership::TurnOfDay::default();
    job.run(site.app.clone()).await.unwrap_or_else(|_| panic!("the day did not turn"));
}

async fn remind(site: &Site) -> usize {
    for _ in 0..2 {
        let job = breakthrough::membership::Remind::default();
        job.run(site.app.clone()).await.unwrap_or_else(|_| panic!("nobody was reminded"));
    }
    site.work().await;
    site.mails_to(EMAIL).await.iter().filter(|mail| mail.subject.starts_with("What you pay changes")).count()
}

/// How many declarations are kept of anybody but the demo party.
async fn kept(site: &Site) -> i64 {
    sqlx::query_scalar(
        "select count(*) from membership_hardships h join people p on p.id = h.person_id where p.email = $1::text::citext",
    )
    .bind(EMAIL)
    .fetch_one(&site.pool)
    .await
    .unwrap()
}

/// Whether any row of a table of officers' says a word of it.
async fn said_in(site: &Site, table: &str) -> i64 {
    let statement =
        format!("select count(*) from {table} t where t::text ~* 'hardship|less for a time|£0\\.50'");
    sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_one(&site.pool).await.unwrap()
}

#[tokio::test]
async fn a_member_pays_less_from_the_next_payment_on() {
    let site = Site::open().await;
    let mut browser = member(&site).await;
    let page = browser.get("/membership").await.follow(&mut browser, "pay less for a time").await;
    page.expect("If £5 a month is too much").expect("next payment on 21 December 2026");
    let check = ask(&mut browser, "0.50", "6").await;
    check.expect("Pay £0.50 a month until 20 June 2027?").expect("After 20 June 2027 £5 a month");
    check.expect("The next payment is £0.50 on 21 December 2026");
    // Looking changes nothing.
    assert_eq!((price_at_stripe(&site).await, kept(&site).await), (500, 0));
    let done = check.form("/membership/hardship").press("sure", "yes").submit(&mut browser).await;
    done.expect("From 21 December 2026 you pay £0.50 a month.");
    settle(&site).await;
    assert_eq!(price_at_stripe(&site).await, 50);
    let page = browser.get("/membership").await;
    page.expect("Standard, £5 a month")
        .expect("£0.50 a month until 20 June 2027. Nobody else sees this")
        .expect("£0.50 on 21 December 2026");
    let mail = site.mail_to(EMAIL).await;
    assert_eq!(mail.subject, "What you pay until 20 June 2027");
    assert!(
        mail.text.contains("From 21 December 2026 you pay £0.50 a month, until 20 June 2027."),
        "{}",
        mail.text
    );
    assert!(mail.text.contains("you pay £5 a month again"), "{}", mail.text);
    // Sent twice, it is one, with one mail.
    let mails = site.mails_to(EMAIL).await.len();
    let again = [("less", "0.50"), ("less_months", "6"), ("sure", "yes")];
    browser.post("/membership/hardship", &again).await.expect("you pay £0.50 a month");
    settle(&site).await;
    assert_eq!((site.mails_to(EMAIL).await.len(), kept(&site).await), (mails, 1));
    // The next payment is that price, and a mail about a payment that failed names it.
    let subscription = subscription_of(&site, EMAIL).await;
    site.app.clock().advance(Duration::days(31));
    site.app.stripe_stand_in().charge(&subscription).await.unwrap();
    settle(&site).await;
    let paid: Vec<i64> =
        sqlx::query_scalar("select amount_pence from ledger where subscription = $1 order by at, id")
            .bind(&subscription)
            .fetch_all(&site.pool)
            .await
            .unwrap();
    assert_eq!(paid, [500, 50]);
    site.app.stripe_stand_in().fail_charge(&subscription).await.unwrap();
    settle(&site).await;
    let mail = site.mail_to(EMAIL).await;
    assert!(mail.text.contains("£0.50 a month") && !mail.text.contains("£5"), "{}", mail.text);
}

#[tokio::test]
async fn nobody_else_reads_of_it() {
    let site = Site::open().await;
    let mut browser = member(&site).await;
    declare(&mut browser, "0.50", "3").await;
    settle(&site).await;
    assert_eq!(price_at_stripe(&site).await, 50);
    let id = site.person(EMAIL).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let person = format!("/admin/members/{id}");
    officer.get(&person).await.expect("£5 a month (standard rate)");
    for path in [
        person.clone(),
        format!("{person}/rate"),
        format!("{person}/standing"),
        format!("{person}/details"),
        "/admin/members?q=robin%40example.org".to_owned(),
        "/admin/audit".to_owned(),
        "/admin/payments?q=robin%40example.org".to_owned(),
        "/admin/work".to_owned(),
        "/admin/emails".to_owned(),
    ] {
        let page = officer.get(&path).await;
        page.expect_status(200).expect_not("£0.50").expect_not("£0.5 ");
        for word in ["hardship", "for a time"] {
            assert!(!page.words().to_lowercase().contains(word), "{path} says {word}");
        }
    }
    for table in ["audit_log", "membership_rate_changes", "memberships", "membership_timeline"] {
        assert_eq!(said_in(&site, table).await, 0, "{table}");
    }
    let changed: i64 =
        sqlx::query_scalar("select count(*) from audit_log where action = 'membership.price_changed'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!(changed, 0);
}

#[tokio::test]
async fn it_ends_by_date_after_a_reminder_unless_it_goes_on() {
    let site = Site::open().await;
    let mut browser = member(&site).await;
    declare(&mut browser, "0.50", "1").await;
    settle(&site).await;
    assert_eq!(remind(&site).await, 0);
    // 6 January 2027: two weeks before 20 January.
    site.app.clock().advance(Duration::days(46));
    assert_eq!(remind(&site).await, 1);
    let mail = site.mail_to(EMAIL).await;
    assert!(mail.text.contains("You pay £0.50 a month until 20 January 2027."), "{}", mail.text);
    // They go on, with another amount.
    let mut browser = signed_in_again(&site).await;
    let subscription = subscription_of(&site, EMAIL).await;
    site.app.stripe_stand_in().charge(&subscription).await.unwrap();
    settle(&site).await;
    browser.get("/membership/hardship").await.expect("You pay £0.50 a month until 20 January 2027");
    declare(&mut browser, "1", "3").await.expect("you pay £1 a month");
    settle(&site).await;
    turn_of_day(&site).await;
    settle(&site).await;
    assert_eq!(price_at_stripe(&site).await, 100, "it goes on");
    let until: chrono::NaiveDate = sqlx::query_scalar(
        "select until_on from membership_hardships h join people p on p.id = h.person_id where p.email = $1::text::citext",
    )
    .bind(EMAIL)
    .fetch_one(&site.pool)
    .await
    .unwrap();
    // The day before its last day nothing happens, on its last day they go back: nothing is collected in between.
    let days = (until - site.app.clock().today()).num_days();
    site.app.clock().advance(Duration::days(days - 1));
    turn_of_day(&site).await;
    settle(&site).await;
    assert_eq!(price_at_stripe(&site).await, 100);
    assert_eq!(remind(&site).await, 2, "reminded of the new end");
    site.app.clock().advance(Duration::days(1));
    turn_of_day(&site).await;
    turn_of_day(&site).await;
    settle(&site).await;
    assert_eq!(price_at_stripe(&site).await, 500);
    assert_eq!(kept(&site).await, 0, "nothing of it is kept");
    let mails = site.mails_to(EMAIL).await;
    let told: Vec<_> = mails.iter().filter(|mail| mail.subject.starts_with("What you pay from")).collect();
    assert_eq!(told.len(), 1);
    assert!(told[0].text.contains("you pay £5 a month again"), "{}", told[0].text);
}

#[tokio::test]
async fn a_member_goes_back_before_the_time() {
    let site = Site::open().await;
    let mut browser = member(&site).await;
    declare(&mut browser, "2", "12").await;
    settle(&site).await;
    browser.get("/membership/rate").await.expect("go back to your usual rate first");
    let page = browser.get("/membership/hardship").await;
    page.form("/membership/hardship/end").submit(&mut browser).await.expect("You pay your usual rate again");
    browser
        .get("/membership")
        .await
        .expect("You are going back to your usual rate")
        .expect("£5 on 21 December 2026");
    // Not at once again: Stripe has yet to hear.
    let again = [("less", "1"), ("less_months", "6"), ("sure", "yes")];
    browser.post_once("/membership/hardship", &again).await.expect_status(409);
    settle(&site).await;
    assert_eq!((price_at_stripe(&site).await, kept(&site).await), (500, 0));
    browser.post_once("/membership/hardship/end", &[]).await.expect_status(409);
}

/// Whatever is killed on the way, the next night puts it right, with one price and one mail.
#[tokio::test]
async fn the_night_does_what_was_left_undone() {
    let site = Site::open().await;
    let mut browser = member(&site).await;
    declare(&mut browser, "0.50", "6").await;
    let lose_jobs = async || {
        sqlx::query("delete from graphile_worker._private_jobs").execute(&site.pool).await.unwrap();
    };
    lose_jobs().await;
    settle(&site).await;
    assert_eq!(price_at_stripe(&site).await, 500, "the job was lost");
    turn_of_day(&site).await;
    settle(&site).await;
    assert_eq!(price_at_stripe(&site).await, 50);
    browser.post("/membership/hardship/end", &[]).await;
    lose_jobs().await;
    settle(&site).await;
    assert_eq!((price_at_stripe(&site).await, kept(&site).await), (50, 1));
    // Meanwhile a look at the membership takes the price for none of Stripe's own.
    turn_of_day(&site).await;
    settle(&site).await;
    assert_eq!((price_at_stripe(&site).await, kept(&site).await), (500, 0));
    assert_eq!(said_in(&site, "audit_log").await, 0);
}

#[tokio::test]
async fn only_less_than_the_usual_rate_and_no_less_than_the_least() {
    let site = Site::open().await;
    let mut browser = member(&site).await;
    for (less, months, says) in [
        ("0.49", "6", "Enter £0.50 or more"),
        ("5", "6", "Enter less than £5"),
        ("50", "6", "Enter less than £5"),
        ("", "6", "Enter how much you can pay"),
        ("1", "", "Choose for how long"),
    ] {
        ask(&mut browser, less, months).await.expect_status(422).expect(says);
    }
    let fields = [("less", "1"), ("less_months", "13"), ("sure", "yes")];
    browser.post("/membership/hardship", &fields).await.expect_status(422).expect("Choose 12 months or less");
    assert_eq!(kept(&site).await, 0);
    // Nobody who is no member, and no stranger.
    site.signed_in_as("sam@demo.test").await.get("/membership/hardship").await.expect_status(404);
    let subscription = subscription_of(&site, EMAIL).await;
    site.app.stripe_stand_in().fail_charge(&subscription).await.unwrap();
    settle(&site).await;
    browser.get("/membership/hardship").await.expect("A payment is overdue");
}

/// An officer who does not know of it changes the rate: that is what the member goes back to.
#[tokio::test]
async fn another_usual_rate_begins_after_it() {
    let site = Site::open().await;
    let mut browser = member(&site).await;
    declare(&mut browser, "2", "6").await;
    settle(&site).await;
    let id = site.person(EMAIL).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let path = format!("/admin/members/{id}/rate");
    let change = async |officer: &mut Browser, rate: &str, every: &str| {
        let form = officer.get(&path).await.form(&path);
        let form = form.fill("rate", rate).fill("every", every).fill("amount", "");
        let check = form.submit(officer).await;
        check.form(&path).press("sure", "yes").submit(officer).await;
    };
    change(&mut officer, "solidarity", "month").await;
    settle(&site).await;
    assert_eq!(price_at_stripe(&site).await, 200);
    browser.get("/membership").await.expect("Solidarity, £10 a month").expect("£2 a month until");
    let mail = site.mail_to(EMAIL).await;
    assert!(
        mail.text.contains("You go on paying £2 a month until 20 June 2027, and £10 a month after"),
        "{}",
        mail.text
    );
    officer.get(&format!("/admin/members/{id}")).await.expect("£10 a month").expect_not("£2 ");
    // One that is less than what they chose takes its place, and so does another interval.
    change(&mut officer, "low_wage", "month").await;
    settle(&site).await;
    assert_eq!((price_at_stripe(&site).await, kept(&site).await), (100, 0));
    change(&mut officer, "standard", "month").await;
    settle(&site).await;
    declare(&mut browser, "2", "6").await;
    settle(&site).await;
    change(&mut officer, "standard", "year").await;
    settle(&site).await;
    let subscription = subscription_of(&site, EMAIL).await;
    let found = site.app.stripe().find_subscription(&subscription).await.unwrap();
    assert_eq!(
        (found.amount_pence, found.interval, kept(&site).await),
        (Some(5000), Some(Interval::Year), 0)
    );
    browser.get("/membership").await.expect("Standard, £50 a year").expect_not("For a time");
}

/// A price that somebody sets in Stripe's dashboard is Stripe's word, and takes its place.
#[tokio::test]
async fn a_price_set_at_stripe_takes_its_place() {
    let site = Site::open().await;
    let mut browser = member(&site).await;
    declare(&mut browser, "2", "6").await;
    settle(&site).await;
    let subscription = subscription_of(&site, EMAIL).await;
    site.app.stripe().set_price("by hand", &subscription, 100, Interval::Month).await.unwrap();
    settle(&site).await;
    assert_eq!((price_at_stripe(&site).await, kept(&site).await), (100, 0));
    browser.get("/membership").await.expect("Low-wage or unwaged, £1 a month");
}

#[tokio::test]
async fn whoever_joins_can_pay_less_from_the_first_payment_on() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    let mut fields = joiner(EMAIL);
    fields.extend([("less", "1.50".to_owned()), ("less_months", "3".to_owned())]);
    let session = sent_to_pay(&site, &mut browser, &fields).await;
    // What was typed is there again, in the same browser.
    let application: Uuid = sqlx::query_scalar("select id from applications where email = $1::text::citext")
        .bind(EMAIL)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let page = browser.get(&format!("/join/{application}")).await;
    page.expect("£1.50 a month");
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    let (usual, rate): (i64, String) = sqlx::query_as(
        "select amount_pence, rate from memberships m join people p on p.id = m.person_id where p.email = $1::text::citext",
    )
    .bind(EMAIL)
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!((usual, rate.as_str()), (500, "standard"));
    assert_eq!((price_at_stripe(&site).await, kept(&site).await), (150, 1));
    browser.get(&format!("/join/{application}")).await.expect("£1.50 a month").expect_not("£5");
    let mails = site.mails_to(EMAIL).await;
    let welcome = mails.iter().find(|mail| mail.text.contains("/sign-in/link/")).unwrap();
    assert!(welcome.text.contains("You pay £1.50 a month"), "{}", welcome.text);
    let told = mails.iter().find(|mail| mail.subject == "What you pay until 20 February 2027").unwrap();
    assert!(told.text.contains("you pay £5 a month again"), "{}", told.text);
    for table in ["applications", "audit_log"] {
        let said: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
            "select count(*) from {table} t where t::text ~* 'less|1\\.50|hardship'"
        )))
        .fetch_one(&site.pool)
        .await
        .unwrap();
        assert_eq!(said, 0, "{table}");
    }
    // At the end it is the rate that they chose.
    let until = 91;
    site.app.clock().advance(Duration::days(until));
    turn_of_day(&site).await;
    settle(&site).await;
    assert_eq!((price_at_stripe(&site).await, kept(&site).await), (500, 0));
}

#[tokio::test]
async fn nothing_of_it_is_kept_of_who_leaves() {
    let site = Site::open().await;
    let mut browser = member(&site).await;
    declare(&mut browser, "2", "6").await;
    settle(&site).await;
    let end = browser.get("/membership/end").await;
    end.expect("You pay £2 a month at present");
    end.form("/membership/end").submit(&mut browser).await;
    settle(&site).await;
    site.app.clock().advance(Duration::days(32));
    turn_of_day(&site).await;
    turn_of_day(&site).await;
    settle(&site).await;
    assert_eq!(kept(&site).await, 0);
}
