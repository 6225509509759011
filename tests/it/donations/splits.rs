//! Signs that one gift was split to stay below the law's sum.

use chrono::Duration;

use super::{
    cases::watch,
    send, session_of,
    sums::{book, book_card},
};
use crate::{
    membership::settle,
    support::{Browser, Site},
};

const PATH: &str = "/admin/donations/splits";

/// What the demo party has is looked into.
async fn dismiss_all(treasurer: &mut Browser) {
    for _ in 0..2 {
        let page = treasurer.get(PATH).await;
        page.form(PATH).fill("reason", "Known to us").submit(treasurer).await;
    }
    treasurer.get(PATH).await.expect("Nothing to look into");
}

#[tokio::test]
async fn m3_payments_just_below_the_sum_and_close_together_are_shown() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let path = "/admin/donations/splits";
    let page = treasurer.get(path).await;
    page.expect("£930 in 2 payments, one donor").expect("Callum Reid").expect("£880 in 2 payments, one card");
    for _ in 0..2 {
        let page = treasurer.get(path).await;
        page.form(path).fill("reason", "Known to us").submit(&mut treasurer).await;
    }
    treasurer.get(path).await.expect("Nothing to look into");
    // Alone, too small, too large, too far apart: none is a sign.
    for (email, pence, at) in [
        ("ana@demo.test", 40_000, "2026-06-01T12:00:00Z"),
        ("ana@demo.test", 39_999, "2026-06-02T12:00:00Z"),
        ("ana@demo.test", 50_001, "2026-06-03T12:00:00Z"),
        ("ana@demo.test", 50_000, "2026-07-02T12:00:00Z"),
        ("ben@demo.test", 45_000, "2026-06-02T12:00:00Z"),
    ] {
        book(&site, email, pence, at).await;
    }
    treasurer.get("/admin/donations/splits").await.expect("Nothing to look into");
    book(&site, "ana@demo.test", 50_000, "2026-07-01T12:00:00Z").await;
    let page = treasurer.get("/admin/donations/splits").await;
    page.expect("£1,400 in 3 payments, one donor").expect_not("Nothing to look into");
    page.form(path).submit(&mut treasurer).await.expect_status(422).expect("Say what you found");
    let page = page.form(path).fill("reason", "Rent of the hall, paid back").submit(&mut treasurer).await;
    page.expect("Nothing to look into").expect("Rent of the hall");
    // One more like these, and all are shown again.
    book(&site, "ana@demo.test", 41_000, "2026-07-20T12:00:00Z").await;
    treasurer.get(path).await.expect("£1,810 in 4 payments");
    // One address, two people.
    sqlx::query("update memberships set personal = jsonb_set(personal, '{address}', (select m.personal -> 'address' from memberships m
                 join people p on p.id = m.person_id where p.email = 'ana@demo.test'))
                 where person_id = (select id from people where email = 'ben@demo.test')")
        .execute(&site.pool)
        .await
        .unwrap();
    treasurer.get(path).await.expect("one address").expect("£2,260 in 5 payments");
}

#[tokio::test]
async fn m3_payments_of_several_people_by_one_card_are_shown() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let path = "/admin/donations/splits";
    for _ in 0..2 {
        let page = treasurer.get(path).await;
        page.form(path).fill("reason", "Known to us").submit(&mut treasurer).await;
    }
    // By one card: just below the sum, below what is looked at, and above. By a card of their own: another.
    for (email, pounds, holder) in [
        ("one@example.org", "450", "rich@example.org"),
        ("two@example.org", "399.99", "rich@example.org"),
        ("three@example.org", "420", "three@example.org"),
    ] {
        let session = session_of(&send(&mut site.stranger(), email, "own", pounds).await);
        site.app.stripe_stand_in().pay_by_card_of(&session, holder).await.unwrap();
    }
    settle(&site).await;
    watch(&site).await;
    treasurer.get(path).await.expect("Nothing to look into");
    let session = session_of(&send(&mut site.stranger(), "four@example.org", "own", "500").await);
    site.app.stripe_stand_in().pay_by_card_of(&session, "rich@example.org").await.unwrap();
    settle(&site).await;
    watch(&site).await;
    treasurer.get(path).await.expect("£950 in 2 payments, one card");
    // Only what may be a part is asked for, and forgotten in time.
    let kept = "select count(*) from donation_cards c join ledger l on l.id = c.line join gifts g on g.id = l.purpose_id
                where g.email::text like '%@example.org'";
    let count: i64 = sqlx::query_scalar(kept).fetch_one(&site.pool).await.unwrap();
    assert_eq!(count, 3);
    site.app.clock().advance(Duration::days(401));
    watch(&site).await;
    let count: i64 =
        sqlx::query_scalar("select count(*) from donation_cards").fetch_one(&site.pool).await.unwrap();
    assert_eq!(count, 0);
}

#[tokio::test]
async fn m3_only_what_went_back_whole_takes_the_flag_off() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    dismiss_all(&mut treasurer).await;
    let at = |day: u32| format!("2026-11-{day:02}T12:00:00Z");
    for (day, intent) in [(1, "pi_a"), (2, "pi_b")] {
        book_card(&site, "ana@demo.test", (45_000, "payment"), intent, &at(day)).await;
    }
    for (pence, kind, shown) in [
        (-100, "refund", Some("£900 in 2 payments")),
        (-44_800, "refund", Some("£900 in 2 payments")),
        (-100, "dispute", None),
        (100, "dispute_won", Some("£900 in 2 payments")),
    ] {
        book_card(&site, "ana@demo.test", (pence, kind), "pi_b", &at(3)).await;
        let page = treasurer.get(PATH).await;
        match shown {
            Some(words) => page.expect(words),
            None => page.expect("Nothing to look into"),
        };
    }
    // A refund of all of it that failed, and one that did not.
    book_card(&site, "ben@demo.test", (45_000, "payment"), "pi_c", &at(1)).await;
    book_card(&site, "ben@demo.test", (45_000, "payment"), "pi_d", &at(2)).await;
    book_card(&site, "ben@demo.test", (-45_000, "refund"), "pi_d", &at(3)).await;
    treasurer.get(PATH).await.expect_not("Ben");
    book_card(&site, "ben@demo.test", (45_000, "refund_failed"), "pi_d", &at(4)).await;
    treasurer.get(PATH).await.expect("Ben");
}

#[tokio::test]
async fn m3_what_nobody_has_looked_into_is_a_card_on_the_treasurers_desk() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    treasurer.get("/admin/money").await.expect("Possible split donations").expect("£1,810");
    dismiss_all(&mut treasurer).await;
    treasurer.get("/admin/money").await.expect_not("Possible split donations");
    for day in ["01", "02"] {
        book(&site, "ana@demo.test", 45_000, &format!("2026-11-{day}T12:00:00Z")).await;
    }
    watch(&site).await;
    treasurer.get("/admin").await.expect("1 possible split donation has to be looked into");
    treasurer.get("/admin/money").await.expect("Possible split donations").expect("£900");
}

#[tokio::test]
async fn m3_a_household_of_guests_is_seen_by_the_address_that_is_asked_for() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    dismiss_all(&mut treasurer).await;
    let asks = async |pounds: &str| {
        let form =
            site.stranger().get("/donate").await.form("/donate").fill("sum", "own").fill("amount", pounds);
        let form =
            form.fill("name", "Maya Hall").fill("email", "maya@example.org").tick("declaration", "yes");
        form.submit_once(&mut site.stranger()).await
    };
    for (pounds, why) in [
        ("399.99", None),
        ("400", Some("we ask for it from £400 on")),
        ("450", Some("we ask for it from £400 on")),
        ("500", Some("we ask for it from £400 on")),
        ("500.01", Some("the law requires it above £500")),
    ] {
        let page = asks(pounds).await;
        match why {
            Some(why) => page.expect_status(422).expect(why),
            None => page.expect_status(303),
        };
    }
    // Two people, two cards, one address, written in two ways; and a third who lives elsewhere.
    for (email, line) in [
        ("one@example.org", "1 Mill Lane"),
        ("two@example.org", "1, mill lane"),
        ("three@example.org", "2 Mill Lane"),
    ] {
        let form =
            site.stranger().get("/donate").await.form("/donate").fill("sum", "own").fill("amount", "450");
        let form = form.fill("name", "Maya Hall").fill("email", email).tick("declaration", "yes");
        let form = form.fill("address_line1", line).fill("town", "Bury").fill("postcode", "BL9 0ND");
        let session = session_of(&form.submit_once(&mut site.stranger()).await);
        site.app.stripe_stand_in().pay_by_card_of(&session, email).await.unwrap();
    }
    settle(&site).await;
    watch(&site).await;
    treasurer.get(PATH).await.expect("£900 in 2 payments, one address").expect_not("in 3 payments");
}
