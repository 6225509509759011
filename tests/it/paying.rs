//! What is the same for whatever is paid for: the page that waits, the button pressed twice, the kinds of the books.

use std::time::Duration;

use breakthrough::kit::stripe::stand_in::PaidBy;

use crate::{
    donations,
    membership::{joiner, send_form},
    support::{Browser, Page, Site},
};

async fn count(site: &Site, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&site.pool).await.unwrap()
}

/// Fills in both rooms' forms; each room's first path, and the answer.
async fn both(browser: &mut Browser, email: &str) -> [(&'static str, Page); 2] {
    let join = send_form(browser, &joiner(email)).await;
    [("/join", join), ("/donate", donations::send(browser, email, "2500", "").await)]
}

/// The page to come back to, by what was paid for last.
async fn path_of(site: &Site, room: &str) -> String {
    let kind = if room == "/join" { "membership" } else { "donation" };
    sqlx::query_scalar(
        "select cancel_path from checkouts where purpose_kind = $1 and email = 'payer@example.org'
         order by created_at desc, id desc limit 1",
    )
    .bind(kind)
    .fetch_one(&site.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn both_rooms_wait_with_the_same_page_in_their_own_words() {
    // The stand-in works with the same single connection: whoever kept one while asking Stripe would wait for ever.
    let site = Site::open_with_connections(1).await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    for (room, sent) in both(&mut browser, "payer@example.org").await {
        let session = donations::session_of(&sent);
        let path = path_of(&site, room).await;
        assert!(path.starts_with(&format!("{room}/")), "{path}");
        let price = if room == "/join" { "£5 a month" } else { "£25" };
        let set = async |state: &str, session: Option<&str>| {
            sqlx::query("update checkouts set state = $2, stripe_session = $3 where cancel_path = $1")
                .bind(&path)
                .bind(state)
                .bind(session)
                .execute(&site.pool)
                .await
                .unwrap();
        };
        for (state, session, query, heading, words, button) in [
            ("open", Some(&*session), "", "You have not paid yet", price, Some("Go on to payment")),
            ("open", Some(&session), "?paid=yes", "One moment", price, None),
            (
                "expired",
                Some(&session),
                "?paid=yes",
                "The payment page was closed",
                "Nothing has",
                Some("Try again"),
            ),
            ("failed", Some(&session), "", "Your payment did not go through", price, Some("Try again")),
            ("pending", Some(&session), "", "One moment", price, None),
            ("paid", Some(&session), "", "One moment", price, None),
            ("wanted", None, "", "We cannot reach our payment provider", "your fault", Some("Try again")),
            ("expired", None, "", "We cannot reach our payment provider", "your fault", Some("Try again")),
            ("expired", None, "?refused=yes", "We cannot take this payment", "our side", None),
        ] {
            set(state, session).await;
            let page = browser.get(&format!("{path}{query}")).await;
            page.expect_status(200).expect(heading).expect(words);
            assert_eq!(page.attributes("meta[name=robots]", "content"), ["noindex"]);
            let title = if heading == "One moment" { heading } else { "Your " };
            assert!(page.select("title")[0].starts_with(title), "{:?}", page.select("title"));
            let again = format!("main form[action=\"{path}/payment\"] button");
            assert_eq!(page.select(&again), button.into_iter().collect::<Vec<_>>(), "{room} {state}");
            let look = page.attributes("main .button", "href");
            let waits = heading == "One moment";
            assert_eq!(look.contains(&format!("{path}?paid=yes")), waits, "{room} {state}: {look:?}");
        }
        set("open", Some(&session)).await;
        let open = browser.get(&path).await;
        let anew = open.attributes("main a", "href").contains(&"/join".to_owned());
        assert_eq!(anew, room == "/join", "only what can be given anew is offered");
        browser.get(&format!("{room}/018f0000-0000-7000-8000-000000000000")).await.expect_status(404);
    }
    site.expect_no_jobs().await;
}

#[tokio::test]
async fn two_presses_are_one_payment_whatever_is_paid_for() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let (mut one, mut two) = (site.stranger(), site.stranger());
    for ((room, first), (_, second)) in {
        let (first, second) =
            tokio::join!(both(&mut one, "payer@example.org"), both(&mut two, "payer@example.org"));
        first.into_iter().zip(second)
    } {
        let session = donations::session_of(&first);
        assert_eq!(session, donations::session_of(&second), "{room}: one page at Stripe");
        let pay = format!("{}/payment", path_of(&site, room).await);
        let (first, second) = tokio::join!(one.post_once(&pay, &[]), two.post_once(&pay, &[]));
        for pressed in [first, second] {
            pressed.expect_status(303);
            assert_eq!(donations::session_of(&pressed), session, "{room}: the open page is used again");
        }
        site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
        crate::membership::settle(&site).await;
        let page = one.post(&pay, &[]).await;
        page.expect("You have paid already").expect("Thank you");
    }
    let wishes = "select count(*) from checkouts where email = 'payer@example.org'";
    assert_eq!(count(&site, wishes).await, 2, "one for each room");
    let asked = "select count(distinct headers ->> 'idempotency-key') from stripe_stand_in.requests
                 where path = '/v1/checkout/sessions'";
    assert_eq!(count(&site, asked).await, 2);
    site.expect_no_jobs().await;
}

#[tokio::test]
async fn a_page_that_waits_keeps_no_connection() {
    let site = Site::open_with_connections(1).await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    for (room, sent) in both(&mut browser, "payer@example.org").await {
        donations::session_of(&sent);
        let path = format!("{}?paid=yes", path_of(&site, room).await);
        let mut visitor = site.stranger();
        let waiting = tokio::spawn(async move { visitor.get(&path).await });
        let mut free = 0;
        while !waiting.is_finished() {
            drop(site.pool.acquire().await.unwrap());
            free += 1;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        waiting.await.unwrap().expect("One moment");
        assert!(free > 3, "{room}: the only connection was free {free} times");
    }
}
