//! A year of membership that somebody pays for somebody else.

use breakthrough::kit::{queue::Job, stripe::stand_in::PaidBy};
use chrono::Duration;
use uuid::Uuid;

use crate::{
    donations::session_of,
    membership::{joiner, pay, settle, signed_in_by_welcome, standing, subscription_of},
    support::{Browser, Page, Site},
};

const GIVER: &str = "maya@example.org";
const RECEIVER: &str = "robin@example.org";

async fn send(browser: &mut Browser, changes: &[(&str, &str)]) -> Page {
    let mut form = browser
        .get("/gift-membership")
        .await
        .form("/gift-membership")
        .fill("name", "Maya O’Hara")
        .fill("email", GIVER)
        .fill("receiver_name", "Robin")
        .fill("receiver_email", RECEIVER)
        .fill("message", "You said that you would.\nSo join!")
        .tick("declaration", "yes");
    for (name, value) in changes {
        form = form.fill(name, value);
    }
    form.submit_once(browser).await
}

/// Gives a year and pays it. The giver's page.
async fn give(site: &Site, changes: &[(&str, &str)]) -> String {
    site.app.stripe_stand_in().hold();
    let session = session_of(&send(&mut site.stranger(), changes).await);
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(site).await;
    let id: Uuid = sqlx::query_scalar("select id from membership_gifts where giver_email = $1::text::citext order by created_at desc limit 1")
        .bind(GIVER)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    format!("/gift-membership/{id}")
}

/// The receiver's page, from the mail that they got.
async fn link(site: &Site, email: &str) -> String {
    site.mail_to(email).await.link("/gift-membership/for/")
}

async fn accept(browser: &mut Browser, link: &str, year_of_birth: &str) -> Page {
    let path = link.split_once("/gift-membership").unwrap().1;
    let path = format!("/gift-membership{path}");
    let form = browser.get(&path).await.form(&path);
    form.fill("name", "Robin Ó Súilleabháin")
        .fill("dob_day", "3")
        .fill("dob_month", "4")
        .fill("dob_year", year_of_birth)
        .fill("address_line1", "14 Mill Lane")
        .fill("town", "Bury")
        .fill("postcode", "bl9 0nd")
        .fill("other_party", "no")
        .tick("declaration", "yes")
        .submit(browser)
        .await
}

async fn night(site: &Site) {
    let job = breakthrough::membership::TurnOfDay::default();
    job.run(site.app.clone()).await.unwrap_or_else(|_| panic!("the day did not turn"));
    let job = breakthrough::membership::Remind::default();
    job.run(site.app.clone()).await.unwrap_or_else(|_| panic!("nothing was sent"));
    settle(site).await;
}

async fn paid_and_returned(site: &Site) -> (i64, i64) {
    sqlx::query_as(
        "select coalesce(sum(amount_pence) filter (where kind = 'payment'), 0)::bigint,
                coalesce(-sum(amount_pence) filter (where kind = 'refund'), 0)::bigint
         from ledger where purpose_kind = 'gift_membership' and at > now() - interval '10 years'
           and purpose_id in (select id from membership_gifts where giver_email = $1::text::citext)",
    )
    .bind(GIVER)
    .fetch_one(&site.pool)
    .await
    .unwrap()
}

async fn subjects(site: &Site, email: &str) -> Vec<String> {
    site.mails_to(email).await.into_iter().map(|mail| mail.subject).collect()
}

#[tokio::test]
async fn somebody_gives_a_year_and_the_other_joins_by_their_own_answers() {
    let site = Site::open().await;
    let path = give(&site, &[]).await;
    site.stranger().get(&path).await.expect("Your £50 has arrived").expect("We have written to Robin");
    let receipt = site.mail_to(GIVER).await;
    assert_eq!(receipt.subject, "Your gift of a year of membership");
    assert!(receipt.text.contains("We received £50 from you on 21 November 2026"), "{}", receipt.text);
    let invitation = site.mail_to(RECEIVER).await;
    assert_eq!(invitation.subject, "A year of membership, as a gift to you");
    assert!(
        invitation.text.contains("> So join!") && invitation.text.contains("by 21 December 2026"),
        "{}",
        invitation.text
    );
    // Nobody is a member by it, and nobody is known by it.
    let known: i64 = sqlx::query_scalar(
        "select count(*) from people where email in ('robin@example.org', 'maya@example.org')",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!(known, 0);
    let link = link(&site, RECEIVER).await;
    // The giver's page does not lead to the receiver's.
    assert!(!receipt.text.contains("/for/"));
    let mut robin = site.stranger();
    // Their own declarations and age.
    let young = accept(&mut robin, &link, "2016").await;
    young.expect_status(422).expect("You can join when you are 14");
    site.app.clock().advance(Duration::minutes(1));
    accept(&mut robin, &link, "1988").await.expect("your year of membership has begun");
    settle(&site).await;
    assert_eq!(standing(&site, RECEIVER).await, ("active".to_owned(), "member".to_owned()));
    let (paid, ends): (Option<String>, chrono::NaiveDate) = sqlx::query_as(
        "select subscription, ends_on from memberships m join people p on p.id = m.person_id where p.email = $1::text::citext",
    )
    .bind(RECEIVER)
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!((paid, ends.to_string().as_str()), (None, "2027-11-20"));
    let welcome = site.mail_to(RECEIVER).await;
    assert!(welcome.text.contains("paid for until 20 November 2027"), "{}", welcome.text);
    assert!(subjects(&site, GIVER).await.contains(&"Your gift has been accepted".to_owned()));
    site.stranger().get(&path).await.expect("Your gift has been accepted");
    let mut own = signed_in_by_welcome(&site, RECEIVER).await;
    own.get("/membership")
        .await
        .expect("Your membership is paid until 20 November 2027")
        .expect_not("Next payment");
    // Taken up once, whoever presses again.
    let path = format!("/gift-membership{}", link.split_once("/gift-membership").unwrap().1);
    let again = [
        ("name", "Robin"),
        ("dob_day", "3"),
        ("dob_month", "4"),
        ("dob_year", "1988"),
        ("lives", "uk"),
        ("address_line1", "14 Mill Lane"),
        ("address_line2", ""),
        ("town", "Bury"),
        ("postcode", "bl9 0nd"),
        ("phone", ""),
        ("other_party", "no"),
        ("other_party_name", ""),
        ("declaration", "yes"),
    ];
    site.stranger().post_once(&path, &again).await.expect_status(409);
    // The giver paid, not they.
    own.get("/payments").await.expect_not("£50");
    // It ends by itself, after reminders.
    site.app.clock().advance(Duration::days(364 - 28));
    night(&site).await;
    let reminder = site.mail_to(RECEIVER).await;
    assert!(reminder.text.contains("does not renew automatically"), "{}", reminder.text);
    assert!(reminder.text.contains("/sign-in?next=/join"), "{}", reminder.text);
    site.app.clock().advance(Duration::days(28 + 32));
    night(&site).await;
    assert_eq!(standing(&site, RECEIVER).await.0, "ended");
    assert_eq!(paid_and_returned(&site).await, (5000, 0));
}

#[tokio::test]
async fn what_nobody_accepts_goes_back_and_nobody_learns_why() {
    let site = Site::open().await;
    let path = give(&site, &[]).await;
    let link = link(&site, RECEIVER).await;
    let mine = format!("/gift-membership{}", link.split_once("/gift-membership").unwrap().1);
    let mut robin = site.stranger();
    let page = robin.get(&mine).await;
    page.form(&format!("{mine}/decline")).submit(&mut robin).await.expect("nobody is told that you said so");
    settle(&site).await;
    // The giver sees what they would see of somebody who has not opened the mail.
    site.stranger().get(&path).await.expect("They can accept until 21 December 2026").expect_not("said no");
    let before = subjects(&site, GIVER).await.len();
    site.app.clock().advance(Duration::days(30));
    night(&site).await;
    assert_eq!(paid_and_returned(&site).await, (5000, 0), "the last day counts");
    robin.get(&format!("{mine}?again=yes")).await.expect("Join for a year");
    site.app.clock().advance(Duration::days(1));
    night(&site).await;
    night(&site).await;
    assert_eq!(paid_and_returned(&site).await, (5000, 5000));
    let told = subjects(&site, GIVER).await;
    assert_eq!(told.len(), before + 1, "{told:?}");
    assert!(told.contains(&"Your gift has not been accepted".to_owned()));
    site.stranger().get(&path).await.expect("Your £50 has gone back to you");
    robin.get(&mine).await.expect("cannot be accepted any more");
    let kept: i64 = sqlx::query_scalar(
        "select count(*) from membership_gifts where giver_email = $1::text::citext and (receiver_email is not null or message <> '' or declined_at is not null)",
    )
    .bind(GIVER)
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!(kept, 0, "the receiver is forgotten");
    assert_eq!(site.mails_to(RECEIVER).await.len(), 1, "written to once");
}

#[tokio::test]
async fn it_is_sent_on_its_day_and_only_if_it_is_paid() {
    let site = Site::open().await;
    give(&site, &[("send_day", "25"), ("send_month", "12"), ("send_year", "2026")]).await;
    night(&site).await;
    assert!(site.mails_to(RECEIVER).await.is_empty());
    assert!(site.mail_to(GIVER).await.text.contains("We write to them on 25 December 2026"));
    // Another that nobody has paid.
    send(&mut site.stranger(), &[("receiver_email", "kit@example.org")]).await.expect_status(303);
    site.app.clock().advance(Duration::days(34));
    night(&site).await;
    night(&site).await;
    assert_eq!(site.mails_to(RECEIVER).await.len(), 1);
    assert!(site.mails_to("kit@example.org").await.is_empty());
    let unpaid: i64 = sqlx::query_scalar("select count(*) from membership_gifts where paid_at is null")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(unpaid, 0, "forgotten after a month");
}

#[tokio::test]
async fn whoever_pays_regularly_cannot_take_it_and_whoever_does_not_gets_a_year_more() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    pay(&site, RECEIVER, PaidBy::Card).await;
    let before = subscription_of(&site, RECEIVER).await;
    give(&site, &[]).await;
    let refused = accept(&mut site.stranger(), &link(&site, RECEIVER).await, "1988").await;
    refused.expect_status(422).expect("You are a member already and pay regularly");
    assert_eq!(subscription_of(&site, RECEIVER).await, before);
    // One gift after another.
    give(&site, &[("receiver_email", "kit@example.org")]).await;
    let first = link(&site, "kit@example.org").await;
    accept(&mut site.stranger(), &first, "1988").await.expect("your year of membership has begun");
    settle(&site).await;
    site.app.clock().advance(Duration::minutes(20));
    give(&site, &[("receiver_email", "kit@example.org")]).await;
    let second = link(&site, "kit@example.org").await;
    assert_ne!(first, second);
    accept(&mut site.stranger(), &second, "1988").await.expect("your year of membership has begun");
    settle(&site).await;
    let (ends, memberships): (chrono::NaiveDate, i64) = sqlx::query_as(
        "select max(ends_on), count(*) from memberships m join people p on p.id = m.person_id where p.email = 'kit@example.org'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!((ends.to_string().as_str(), memberships), ("2028-11-20", 1));
}

#[tokio::test]
async fn who_is_expelled_cannot_come_back_by_a_gift() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    pay(&site, RECEIVER, PaidBy::Card).await;
    sqlx::query(
        "update memberships set state = 'ended', ended_on = '2026-11-21', end_reason = 'expelled', subscription = null
         where person_id = (select id from people where email = $1::text::citext)",
    )
    .bind(RECEIVER)
    .execute(&site.pool)
    .await
    .unwrap();
    give(&site, &[]).await;
    let refused = accept(&mut site.stranger(), &link(&site, RECEIVER).await, "1988").await;
    refused.expect_status(422).expect("Please write to us");
    assert_eq!(standing(&site, RECEIVER).await.0, "ended");
}

#[tokio::test]
async fn the_giver_is_the_donor() {
    let site = Site::open().await;
    // What the law wants checked is checked of the giver.
    sqlx::query(
        "insert into settings (key, valid_from, value, source) values ('rate_standard_year', '2026-01-01', '60000', 'test')",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    site.app.reload_settings().await.unwrap();
    give(&site, &[]).await;
    let case: (String, String) =
        sqlx::query_as("select name, email::text from donor_cases order by opened_at desc limit 1")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!((case.0.as_str(), case.1.as_str()), ("Maya O’Hara", GIVER));
    accept(&mut site.stranger(), &link(&site, RECEIVER).await, "1988").await.expect("has begun");
    settle(&site).await;
    let payer: Option<Uuid> =
        sqlx::query_scalar("select person_id from ledger where purpose_kind = 'gift_membership' order by recorded_at desc limit 1")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!(payer, None, "the receiver has paid nothing");
    let account: String = sqlx::query_scalar(
        "select account from book_postings b join book_entries e on e.number = b.entry join ledger l on l.id = e.line
         where l.purpose_kind = 'gift_membership' and b.pence < 0 limit 1",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!(account, "dues");
}

#[tokio::test]
async fn what_passes_the_cap_of_the_giver_goes_back_unsent() {
    let site = Site::open().await;
    sqlx::query("insert into settings (key, valid_from, value, source) values ('donation_cap_pence', '2026-01-01', '8000', 'test')")
        .execute(&site.pool)
        .await
        .unwrap();
    site.app.reload_settings().await.unwrap();
    give(&site, &[]).await;
    site.app.clock().advance(Duration::minutes(20));
    give(&site, &[("receiver_email", "kit@example.org")]).await;
    settle(&site).await;
    assert_eq!(paid_and_returned(&site).await, (10_000, 5000));
    assert!(site.mails_to("kit@example.org").await.is_empty());
    assert!(subjects(&site, GIVER).await.contains(&"We cannot take your gift".to_owned()));
    // And no other gift fits either: what was given away counts.
    let left: i64 = sqlx::query_scalar("select count(*) from membership_gifts where giver_email = $1::text::citext and returned_at is not null and refunded_at is not null")
        .bind(GIVER)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn faults_are_said_beside_their_fields() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    for (field, value, says) in [
        ("receiver_name", "", "Enter their name"),
        ("receiver_email", "nobody", "Enter"),
        ("receiver_email", "Maya@Example.org", "This is your own address"),
        ("name", "", "Enter your full name"),
        ("send_day", "31", "Enter the whole date"),
    ] {
        let page = send(&mut browser, &[(field, value)]).await;
        page.expect_status(422).expect(says);
    }
    for path in [
        "/gift-membership/for/8b1b4a3e-6d0a-4f6f-9a53-0d1c6f1f0c11",
        "/gift-membership/8b1b4a3e-6d0a-4f6f-9a53-0d1c6f1f0c11",
    ] {
        browser.get(path).await.expect_status(404);
    }
}

#[tokio::test]
async fn who_is_not_admitted_had_it_from_somebody_who_gets_it_back() {
    let site = Site::open().await;
    give(&site, &[]).await;
    accept(&mut site.stranger(), &link(&site, RECEIVER).await, "1988").await.expect("has begun");
    settle(&site).await;
    let id = site.person(RECEIVER).await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let path = format!("/admin/members/{id}/end");
    let form = officer.get(&path).await.form(&path);
    let form = form
        .fill("reason", "refused")
        .fill("words", "Stands for another party")
        .fill("rule", "Rules 2026, 3.2");
    let form = form.fill("decided_by", "The committee").fill("decided_day", "21").fill("decided_month", "11");
    form.fill("decided_year", "2026").submit(&mut officer).await;
    settle(&site).await;
    assert_eq!(paid_and_returned(&site).await, (5000, 5000));
    assert!(subjects(&site, GIVER).await.contains(&"Your gift has not been accepted".to_owned()));
}

/// Before the year is over they go on by themselves, and are one member with one payment.
#[tokio::test]
async fn who_was_given_a_year_goes_on_before_it_ends() {
    let site = Site::open().await;
    give(&site, &[]).await;
    let link = link(&site, RECEIVER).await;
    site.app.clock().advance(Duration::minutes(1));
    accept(&mut site.stranger(), &link, "1988").await.expect("has begun");
    settle(&site).await;
    let mut own = signed_in_by_welcome(&site, RECEIVER).await;
    let form = own.get("/join").await.form("/join");
    let sent = form
        .fill("rate", "low_wage")
        .fill("other_party", "no")
        .tick("declaration", "yes")
        .submit_once(&mut own)
        .await;
    site.app.stripe_stand_in().pay(&session_of(&sent), PaidBy::Card).await.unwrap();
    settle(&site).await;
    own.get("/membership").await.expect("Low-wage or unwaged, £1 a month").expect_not("is paid until");
    let (memberships, refunds): (i64, i64) = sqlx::query_as(
        "select count(*), (select count(*) from ledger where kind = 'refund' and person_id = max(m.person_id::text)::uuid)
         from memberships m join people p on p.id = m.person_id where p.email = $1::text::citext",
    )
    .bind(RECEIVER)
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!((memberships, refunds), (1, 0));
}

/// A gift is no way round the rules about other parties.
#[tokio::test]
async fn whoever_is_given_a_year_answers_for_other_parties_too() {
    let site = Site::open().await;
    give(&site, &[]).await;
    let link = link(&site, RECEIVER).await;
    let path = format!("/gift-membership{}", link.split_once("/gift-membership").unwrap().1);
    let mut robin = site.stranger();
    let page = accept(&mut robin, &link, "1988").await;
    page.expect("has begun");
    let declared = "select count(*) from party_declarations d join people p on p.id = d.person_id
                    where p.email = $1::text::citext and d.replaced_on is null";
    let count: i64 = sqlx::query_scalar(declared).bind(RECEIVER).fetch_one(&site.pool).await.unwrap();
    assert_eq!(count, 1);

    give(&site, &[("receiver_email", "league@example.org")]).await;
    let second = self::link(&site, "league@example.org").await;
    let other = format!("/gift-membership{}", second.split_once("/gift-membership").unwrap().1);
    assert_ne!(path, other);
    let form = site.stranger().get(&other).await.form(&other);
    let form =
        form.fill("name", "Lee Gue").fill("dob_day", "3").fill("dob_month", "4").fill("dob_year", "1980");
    let form = form.fill("address_line1", "14 Mill Lane").fill("town", "Bury").fill("postcode", "bl9 0nd");
    let form = form.fill("other_party", "yes").fill("other_party_name", "Landlords’ League");
    let mut lee = site.stranger();
    let page = form.tick("declaration", "yes").submit(&mut lee).await;
    page.expect_status(422).expect("You cannot join us while you are a member of Landlords’ League");
    assert_eq!(page.form(&other).value("town"), Some("Bury"), "what was typed is kept");
    settle(&site).await;
}

#[tokio::test]
async fn officers_see_every_gift_and_how_far_it_is_but_not_what_was_written() {
    let site = Site::open().await;
    give(&site, &[("send_day", "25"), ("send_month", "12"), ("send_year", "2026")]).await;
    // One that nobody paid is nobody's business.
    send(&mut site.stranger(), &[("receiver_email", "kit@example.org")]).await.expect_status(303);
    let path = "/admin/gift-memberships";
    for email in ["treasurer@demo.test", "alex@demo.test"] {
        let mut officer = site.signed_in_as(email).await;
        let page = officer.get(path).await;
        let table = page.table("Gift memberships");
        assert_eq!(table.column("Given by").len(), 4);
        for (giver, status) in [
            ("Maya O’Hara", "To be sent on 25 December 2026"),
            ("Anwen Price", "Waiting until 15 December 2026"),
            ("Rosa Santos", "Accepted on 24 July 2026"),
            ("Kofi Mensah", "Refunded on 13 October 2026"),
        ] {
            assert_eq!(table.cell(giver, "Status"), status);
        }
        page.expect_not(RECEIVER).expect_not("You said that you would");
        page.follow(&mut officer, "Nia Morris").await.expect("Nia Morris");
    }
    site.signed_in_as("returning@demo.test").await.get(path).await.expect_status(403);
}

/// Fills in the form to join as somebody who is signed in, and pays. Stripe's id of what is paid regularly.
async fn go_on(site: &Site, browser: &mut Browser, by: PaidBy) -> String {
    let mut form = browser.get("/join").await.form("/join");
    for (name, value) in joiner("").iter().filter(|(name, _)| *name != "email") {
        form = form.fill(name, value);
    }
    let session = session_of(&form.submit_once(browser).await);
    site.app.stripe_stand_in().pay(&session, by).await.unwrap();
    settle(site).await;
    settle(site).await;
    subscription_of(site, RECEIVER).await
}

async fn next_payment(site: &Site, subscription: &str) -> String {
    let found = site.app.stripe().find_subscription(subscription).await.unwrap();
    found.current_period_end.unwrap().date_naive().to_string()
}

#[tokio::test]
async fn m3_whoever_goes_on_before_the_year_is_over_keeps_its_days() {
    for by in [PaidBy::Card, PaidBy::DirectDebit] {
        let site = Site::open().await;
        give(&site, &[]).await;
        accept(&mut site.stranger(), &link(&site, RECEIVER).await, "1988").await.expect("has begun");
        settle(&site).await;
        let mut own = signed_in_by_welcome(&site, RECEIVER).await;
        own.get("/join").await.expect("Your membership is paid until 20 November 2027. You don’t lose any");
        let subscription = go_on(&site, &mut own, by).await;
        if by == PaidBy::DirectDebit {
            // Nothing is put off before the money has come.
            assert_eq!(next_payment(&site, &subscription).await, "2026-12-21");
            let invoice: String = sqlx::query_scalar(
                "select id from stripe_stand_in.objects where kind = 'invoice' and hidden ->> 'debit' = 'processing' and id not like 'in_Seed%'",
            )
            .fetch_one(&site.pool)
            .await
            .unwrap();
            site.app.stripe_stand_in().settle_debit(&invoice, true).await.unwrap();
            settle(&site).await;
        }
        // The month that was paid for now, and 365 days.
        assert_eq!(next_payment(&site, &subscription).await, "2027-12-21", "{by:?}");
        night(&site).await;
        assert_eq!(next_payment(&site, &subscription).await, "2027-12-21");
        assert_eq!(standing(&site, RECEIVER).await, ("active".to_owned(), "member".to_owned()));
        let told = subjects(&site, RECEIVER).await;
        let told: Vec<_> = told.iter().filter(|subject| subject.starts_with("Your next payment")).collect();
        assert_eq!(told, ["Your next payment is on 21 December 2027"]);
        own.get("/membership").await.expect("£5 on 21 December 2027");
        site.app.clock().advance(Duration::days(395));
        site.app.stripe_stand_in().charge(&subscription).await.unwrap();
        settle(&site).await;
        if by == PaidBy::Card {
            assert_eq!(next_payment(&site, &subscription).await, "2028-01-21");
        }
    }
}

#[tokio::test]
async fn m3_a_gift_comes_after_what_is_paid_by_whoever_has_stopped_renewal() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    pay(&site, RECEIVER, PaidBy::Card).await;
    let subscription = subscription_of(&site, RECEIVER).await;
    let mut own = signed_in_by_welcome(&site, RECEIVER).await;
    own.get("/membership/end").await.form("/membership/end").submit(&mut own).await.expect("ends on");
    settle(&site).await;
    give(&site, &[]).await;
    let mails = site.mails_to(RECEIVER).await;
    let link = mails.iter().rfind(|mail| mail.subject.contains("as a gift to you")).unwrap();
    let link = link.link("/gift-membership/for/");
    accept(&mut site.stranger(), &link, "1988").await.expect("your year of membership has begun");
    settle(&site).await;
    // Paid until the 21st of December, and a year from then on.
    let ends: chrono::NaiveDate = sqlx::query_scalar(
        "select ends_on from memberships m join people p on p.id = m.person_id where p.email = $1::text::citext",
    )
    .bind(RECEIVER)
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!(ends.to_string(), "2027-12-20");
    let found = site.app.stripe().find_subscription(&subscription).await.unwrap();
    assert_eq!(found.status, breakthrough::kit::stripe::SubscriptionStatus::Canceled);
    assert_eq!(standing(&site, RECEIVER).await, ("active".to_owned(), "member".to_owned()));
}
