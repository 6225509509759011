//! Sums of one source: the cap, and returns to the Electoral Commission.

use breakthrough::kit::stripe::stand_in::PaidBy;
use chrono::Duration;

use super::{
    case_of,
    cases::{accept, set, watch},
    give, give_much, send, session_of, sum_of,
};
use crate::{
    membership::settle,
    support::{Browser, Site},
};

/// Books a payment that an officer entered, of a gift by a person of the demo party.
pub async fn book(site: &Site, email: &str, pence: i64, at: &str) {
    sqlx::query(
        "insert into ledger (id, kind, amount_pence, at, purpose_kind, purpose_id, person_id, method, entered_by, recorded_at)
         select gen_random_uuid(), 'payment', $2, $3::timestamptz, 'donation', gen_random_uuid(), p.id, 'transfer', o.id, now()
         from people p, people o where p.email = $1::text::citext and o.email = 'treasurer@demo.test'",
    )
    .bind(email)
    .bind(pence)
    .bind(at)
    .execute(&site.pool)
    .await
    .unwrap();
}

/// The same, paid by card.
pub async fn book_card(site: &Site, email: &str, (pence, kind): (i64, &str), intent: &str, at: &str) {
    sqlx::query(
        "insert into ledger (id, kind, stripe_id, payment_intent, method, amount_pence, at, purpose_kind, purpose_id, person_id, recorded_at)
         select gen_random_uuid(), $3, gen_random_uuid()::text, $4, 'card', $2, $5::timestamptz, 'donation', gen_random_uuid(), id, now()
         from people where email = $1::text::citext",
    )
    .bind(email)
    .bind(pence)
    .bind(kind)
    .bind(intent)
    .bind(at)
    .execute(&site.pool)
    .await
    .unwrap();
}

/// The demo party's own donations are out of the way.
pub async fn empty(site: &Site) {
    sqlx::query(
        "update donor_cases set outcome = 'accepted', decided_on = received_on where outcome is null",
    )
    .execute(&site.pool)
    .await
    .unwrap();
}

/// Opens cases for what was booked, and accepts them all on the day of their receipt.
pub async fn accept_all(site: &Site) {
    watch(site).await;
    sqlx::query(
        "update donor_cases set outcome = 'accepted', decided_on = received_on, register_on = received_on, register_name = name,
                register_address = '{\"lives\": \"abroad\", \"lines\": [\"12 rue de Rivoli\"], \"country\": \"France\"}', elector_number = 'BL2-417'
         where outcome is null",
    )
    .execute(&site.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn m15_the_cap_counts_fees_and_gifts_of_one_source_in_one_year() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    set(&site, "donation_cap_pence", "50000", "2026-01-01").await;
    let paid: i64 = sqlx::query_scalar(
        "select coalesce(sum(amount_pence), 0)::bigint from ledger l join people p on p.id = l.person_id
         where p.email = 'ana@demo.test' and at >= '2026-01-01Z'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert!(paid > 0, "Ana pays fees");
    // One fee more is to come this year.
    let left = (50_000 - paid - 500) / 100;
    let mut ana = site.signed_in_as("ana@demo.test").await;
    let page = ana.get("/donate").await;
    page.expect(&format!("You can give £{left} more"));
    send(&mut ana, "ana@demo.test", "own", &(left + 1).to_string())
        .await
        .expect_status(422)
        .expect(&format!("£{left} more"));
    // Two tabs: each would fit, both would not, and the later one counts.
    let first = session_of(&send(&mut ana, "ana@demo.test", "own", &left.to_string()).await);
    let second = session_of(&send(&mut ana, "ana@demo.test", "own", &(left - 1).to_string()).await);
    site.work().await;
    assert!(site.app.stripe_stand_in().pay(&first, PaidBy::Card).await.is_err(), "the first page is closed");
    site.app.stripe_stand_in().pay(&second, PaidBy::Card).await.unwrap();
    settle(&site).await;
    assert_eq!(sum_of(&site, "ana@demo.test").await, (left - 1) * 100);
    // The same answers sent twice are one gift, whose page stays open.
    set(&site, "donation_cap_pence", "100000", "2026-01-01").await;
    let page = session_of(&send(&mut ana, "ana@demo.test", "own", "390").await);
    assert_eq!(session_of(&send(&mut ana, "ana@demo.test", "own", "390").await), page);
    site.work().await;
    site.app.stripe_stand_in().pay(&page, PaidBy::Card).await.unwrap();
    settle(&site).await;
    // A new year, a new cap: in London's time.
    site.app.clock().advance(Duration::days(41));
    let mut ana = site.signed_in_as("ana@demo.test").await;
    session_of(&send(&mut ana, "ana@demo.test", "own", "500").await);
    site.work().await;
}

#[tokio::test]
async fn m15_two_records_of_one_person_share_one_cap_and_one_sum() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    give_much(&site, "one@example.org").await;
    give_much(&site, "two@example.org").await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    for email in ["one@example.org", "two@example.org"] {
        let case = case_of(&site, email).await;
        accept(&mut treasurer, &case).await.expect("Accepted");
    }
    let page = treasurer.get("/admin/donations/sources").await;
    let sums = page.table("Donors").column("Accepted");
    // The demo party's own is a third.
    assert_eq!(sums.iter().filter(|sum| *sum == "£600").count(), 3, "{sums:?}");
    let path = "/admin/donations/sources/merge";
    page.form(path).submit(&mut treasurer).await.expect_status(422).expect("Choose a record");
    let form = page.form(path).fill("source", "email:one@example.org").fill("into", "email:two@example.org");
    let page = form.fill("reason", "They told us").submit(&mut treasurer).await;
    page.expect("now count as one person").expect("They told us");
    assert!(page.table("Donors").column("Accepted").contains(&"£1,200".to_owned()));
    // The cap is one as well.
    set(&site, "donation_cap_pence", "130000", "2026-01-01").await;
    give(&site, "one@example.org", "101").await;
    assert_eq!(sum_of(&site, "one@example.org").await, 60_000, "it went back");
    let page = treasurer.get("/admin/donations/sources").await;
    page.form("/admin/donations/sources/separation").submit(&mut treasurer).await.expect("separate again");
    give(&site, "one@example.org", "101").await;
    assert_eq!(sum_of(&site, "one@example.org").await, 70_100);
}

pub async fn approve(treasurer: &mut Browser, path: &str) -> crate::support::Page {
    let page = treasurer.get(path).await;
    page.form(path).tick("approved", "yes").submit(treasurer).await
}

#[tokio::test]
async fn p10_a_return_is_frozen_and_what_changes_later_shows() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    empty(&site).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    // £6,000 and £5,181 of one person over two quarters; £11,180 of another; and a sum of last year.
    book(&site, "ana@demo.test", 600_000, "2026-03-31T12:00:00Z").await;
    book_card(&site, "ana@demo.test", (518_100, "payment"), "pi_x", "2026-07-01T12:00:00Z").await;
    book(&site, "ben@demo.test", 1_118_000, "2026-07-02T12:00:00Z").await;
    book(&site, "ben@demo.test", 50_001, "2025-12-31T23:59:00Z").await;
    accept_all(&site).await;
    let quarter = "/admin/donations/returns/quarterly/2026-07-01";
    let list = treasurer.get("/admin/donations/returns").await;
    let table = list.table("Quarters");
    assert_eq!(table.cell("July to September 2026", "Rows"), "2");
    assert_eq!(table.cell("July to September 2026", "Due by"), "30 October 2026");
    assert_eq!(table.cell("July to September 2026", "Status"), "Overdue");
    assert_eq!(table.cell("January to March 2026", "Rows"), "nil");
    assert_eq!(table.cell("October to December 2026", "Status"), "In progress");
    let page = treasurer.get(quarter).await;
    page.expect("12 rue de Rivoli, France").expect("£6,000").expect("£5,181").expect_not("£11,180");
    page.form(quarter).submit(&mut treasurer).await.expect_status(422).expect("Tick the box");
    let page = approve(&mut treasurer, quarter).await;
    page.expect("Approved and frozen").expect("Filed on 21 November 2026").expect("Approved by Theo Okafor");
    // The file, and its fingerprint.
    let action = page.attributes("form[action*='/returns/files/']", "action").remove(0);
    let file = treasurer.post_once(&action, &[]).await;
    let printed: String =
        sqlx::query_scalar("select encode(sha256(convert_to(file, 'UTF8')), 'hex') from donation_returns where starts_on = '2026-07-01'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    page.expect(&printed);
    assert!(file.body.contains("\"6000.00\"") && file.body.contains("\"BL2-417\""), "{}", file.body);
    for statement in
        ["update donation_returns set file = ''", "delete from donation_returns", "truncate donation_returns"]
    {
        assert!(sqlx::query(statement).execute(&site.pool).await.is_err(), "{statement}");
    }
    treasurer.post_once(quarter, &[("approved", "yes")]).await.expect_status(409);
    // What stands in it cannot be undone.
    let line: String = sqlx::query_scalar("select id::text from ledger where amount_pence = 518100")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    treasurer.post_once(&format!("/admin/donations/cases/{line}/undo"), &[]).await.expect_status(409);
    // Money that goes back later is a row of the next version, and a nil return is one as well.
    book_card(&site, "ana@demo.test", (-518_100, "dispute"), "pi_x", "2026-11-20T12:00:00Z").await;
    let page = treasurer.get(quarter).await;
    page.expect("Changed since it was filed")
        .expect("New: reversed, -£5,181")
        .expect("returned on 2026-11-20");
    let page = approve(&mut treasurer, quarter).await;
    page.expect("Version 2, 3 rows").expect("Version 1, 2 rows").expect_not("Changed since");
    let nil = "/admin/donations/returns/quarterly/2026-04-01";
    treasurer.get(nil).await.expect("A nil return");
    approve(&mut treasurer, nil).await.expect("Version 1, nil");
    // A quarter that runs is not approved, and neither is one with a donation past its last day.
    let running = "/admin/donations/returns/quarterly/2026-10-01";
    treasurer.get(running).await.expect("when the period is over");
    treasurer.post_once(running, &[("approved", "yes")]).await.expect_status(409);
    book(&site, "ben@demo.test", 60_000, "2026-02-02T12:00:00Z").await;
    watch(&site).await;
    let first = "/admin/donations/returns/quarterly/2026-01-01";
    treasurer
        .post_once(first, &[("approved", "yes")])
        .await
        .expect_status(409)
        .expect("past its last day and undecided");
    treasurer.get("/admin/donations/returns/quarterly/2026-01-02").await.expect_status(404);
}

#[tokio::test]
async fn b1_m11_cryptoassets_that_were_refused_are_followed_and_reported() {
    let site = Site::open().await;
    empty(&site).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    // From the books the way leads there.
    let page = treasurer.get("/admin/books/received/1").await;
    let form = page.form("/admin/books/received/1").fill("what", "gift").fill("method", "crypto");
    let page = form.fill("amount", "1200").submit(&mut treasurer).await;
    page.expect_status(422).expect("The law does not let us take cryptoassets");
    page.expect("Record it as a donation that we did not accept");
    let path = "/admin/donations/refusals";
    let page = treasurer.get(&format!("{path}/new?nature=crypto")).await;
    let form = page.form(path);
    assert_eq!(form.value("nature"), Some("crypto"));
    let form = form.fill("words", "0.02 bitcoin to the wallet on a leaflet").fill("value", "500.01");
    let form = form.fill("received_day", "1").fill("received_month", "9").fill("received_year", "2026");
    form.clone()
        .submit(&mut treasurer)
        .await
        .expect("£500.01, not accepted")
        .expect("Day 81: past the last day, 30");
    // Sent twice, it is one.
    form.submit(&mut treasurer).await.expect("£500.01, not accepted");
    let ids: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from donation_refusals where value_pence = 50001")
            .fetch_all(&site.pool)
            .await
            .unwrap();
    let [id] = ids[..] else { panic!("{ids:?}") };
    let one = format!("{path}/{id}");
    treasurer.get("/admin").await.expect("refused donation has not been returned");
    treasurer.get("/admin/donations/returns/quarterly/2026-10-01").await.expect_not("Cryptoassets");
    treasurer.get(path).await.expect("past the last day");
    let page = treasurer.get(&one).await;
    let form = page.form(&format!("{one}/return")).fill("how", "To the same wallet").fill("to", "Not known");
    let sent = form.fill("returned_day", "20").submit(&mut treasurer).await;
    sent.expect("The return is recorded").expect("Sent back");
    let fields = [
        ("returned_day", "20"),
        ("returned_month", "11"),
        ("returned_year", "2026"),
        ("how", "Again"),
        ("to", "Me"),
    ];
    treasurer.post(&format!("{one}/return"), &fields).await.expect_status(409);
    let page = treasurer.get("/admin/donations/returns/quarterly/2026-10-01").await;
    page.expect("Cryptoassets, like Bitcoin").expect("Refused and returned").expect("£500.01");
    // Once it is filed, it stays.
    site.app.clock().advance(Duration::days(45));
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    approve(&mut treasurer, "/admin/donations/returns/quarterly/2026-10-01")
        .await
        .expect("Approved and frozen");
    treasurer.post(&format!("{one}/removal"), &[]).await.expect_status(409).expect("has to stay");
    // One that was entered by mistake goes.
    let page = treasurer.get(&format!("{path}/new")).await;
    let form = page.form(path).fill("nature", "goods").fill("words", "Chairs").fill("value", "600");
    let form = form.fill("received_day", "2").fill("received_month", "1").fill("received_year", "2027");
    let page = form.submit(&mut treasurer).await;
    let gone = format!("{}/removal", page.path);
    page.form(&gone).submit(&mut treasurer).await.expect("entered by mistake").expect_not("Chairs");
}
