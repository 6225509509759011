//! What is the same for whatever is paid for: the page that waits, the button pressed twice, the kinds of the books.

use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use breakthrough::{
    accounts::{Access, PurposeKind, Room, Rooms, Routes},
    audit::{Actor, Change},
    kit::{
        app::App, db::Db, email_address::EmailAddress, error::Result, money::Money, stripe::stand_in::PaidBy,
        visit::Visit,
    },
    payments::{
        self, CheckoutState, Purpose,
        leading::{self, Payable, Progress, Words},
    },
    site,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    donations,
    membership::{joiner, send_form, settle},
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
            ("open", Some(&*session), "", "You have not paid yet", price, Some("Continue to payment")),
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
        let anew = open.attributes("main a", "href").contains(&format!("{path}/again"));
        assert_eq!(anew, room == "/join", "only what can be given anew is offered");
        browser.get(&format!("{room}/018f0000-0000-7000-8000-000000000000")).await.expect_status(404);
    }
    site.work().await;
}

#[tokio::test]
async fn a_page_is_closed_by_a_payment_and_not_by_somebody_who_knows_the_address() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let (mut owner, mut stranger) = (site.stranger(), site.stranger());
    let own = both(&mut owner, "payer@example.org").await;
    let mut leeds = joiner("Payer@Example.org");
    leeds.iter_mut().filter(|(name, _)| *name == "town").for_each(|(_, town)| *town = "Leeds".to_owned());
    let others = [
        send_form(&mut stranger, &leeds).await,
        donations::send(&mut stranger, "PAYER@example.org", "own", "7").await,
    ];
    site.work().await;
    let state = async |session: &str| -> String {
        sqlx::query_scalar("select state from checkouts where stripe_session = $1")
            .bind(session)
            .fetch_one(&site.pool)
            .await
            .unwrap()
    };
    for ((room, own), other) in own.iter().zip(&others) {
        let (own, other) = (donations::session_of(own), donations::session_of(other));
        assert_ne!(own, other);
        assert_eq!((state(&own).await, state(&other).await), ("open".into(), "open".into()), "{room}");
        site.app.stripe_stand_in().pay(&own, PaidBy::Card).await.unwrap();
        settle(&site).await;
        assert_eq!((state(&own).await, state(&other).await), ("paid".into(), "expired".into()), "{room}");
        let at_stripe: String =
            sqlx::query_scalar("select status from stripe_stand_in.objects where id = $1")
                .bind(&other)
                .fetch_one(&site.pool)
                .await
                .unwrap();
        assert_eq!(at_stripe, "expired", "{room}: nobody can pay there any more");
    }
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
        page.expect("You have already paid").expect("Thank you");
    }
    let wishes = "select count(*) from checkouts where email = 'payer@example.org'";
    assert_eq!(count(&site, wishes).await, 2, "one for each room");
    let asked = "select count(distinct headers ->> 'idempotency-key') from stripe_stand_in.requests
                 where path = '/v1/checkout/sessions'";
    assert_eq!(count(&site, asked).await, 2);
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
    site.work().await;
}

/// A kind that only this test has: `src` does not know of it.
const TICKETS: PurposeKind = PurposeKind {
    code: "ticket",
    name: "Ticket",
    paid: "for a ticket",
    income: "Tickets",
    source: "from tickets to our events",
};

static TICKET_OFFICE: Room = Room {
    routes: |_| {
        Routes::new()
            .post(Access::Public, "/tickets", buy)
            .get(Access::Public, "/tickets/{ticket}", leading::show::<Ticket>)
            .post(Access::Public, "/tickets/{ticket}/payment", leading::pay::<Ticket>)
    },
    purposes: &[TICKETS],
    ..Room::new("tickets")
};

struct Ticket;

async fn wish(change: &mut Change<'_>, id: Uuid) -> Result<Uuid> {
    let email: EmailAddress = "visitor@example.org".parse().unwrap();
    let wish = payments::Wish {
        purpose: Ticket::purpose(id),
        amount: Money::from_pence(1_250),
        every: None,
        product: "A ticket",
        name: "A Visitor",
        email: &email,
        page: &Ticket::path(id),
    };
    payments::wish(change, &wish).await
}

async fn buy(State(app): State<App>, mut db: Db) -> Result<Response> {
    let id = app.random().opaque_id();
    let mut change = Change::begin(&app, &mut db, Actor::System).await?;
    let checkout = wish(&mut change, id).await?;
    change.commit().await?;
    drop(db);
    leading::lead::<Ticket>(&app, id, checkout).await
}

impl Payable for Ticket {
    const PAID_ALREADY: &'static str = "You have your ticket.";

    fn purpose(id: Uuid) -> Purpose {
        Purpose::new(TICKETS, id)
    }

    fn path(id: Uuid) -> String {
        format!("/tickets/{id}")
    }

    async fn find(_: &mut PgConnection, _: Uuid) -> Result<Self> {
        Ok(Self)
    }

    async fn wish_again(change: &mut Change<'_>, id: Uuid) -> Result<Option<Uuid>> {
        wish(change, id).await.map(Some)
    }

    fn progress(&self, checkout: Option<CheckoutState>) -> Option<Progress> {
        (checkout? == CheckoutState::Paid).then_some(Progress::Settled)
    }

    fn words(&self) -> Words {
        Words {
            title: "Your ticket",
            confirmed: "your ticket".to_owned(),
            price: "£12.50".to_owned(),
            mail: "we’ll email you",
            form: None,
        }
    }

    fn settled(self, _: Visit, _: Option<CheckoutState>) -> Response {
        "Here is your ticket".into_response()
    }
}

#[tokio::test]
async fn another_kind_is_paid_for_booked_and_shown_without_a_change_elsewhere() {
    let rooms: Vec<&'static Room> = site::ROOMS.iter().copied().chain([&TICKET_OFFICE]).collect();
    let site = Site::open_with_rooms(Rooms(Vec::leak(rooms))).await;
    site.app.stripe_stand_in().hold();

    // Bought, waited for, and there.
    let mut browser = site.stranger();
    let session = donations::session_of(&browser.post_once("/tickets", &[]).await);
    let path: String = sqlx::query_scalar("select cancel_path from checkouts where purpose_kind = 'ticket'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    browser.get(&path).await.expect("You have not paid yet").expect("£12.50");
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    for webhook in site.app.stripe_stand_in().waiting().await.unwrap() {
        assert!(site.app.stripe_stand_in().deliver(webhook.number).await.unwrap());
    }
    site.work().await;
    browser.get(&path).await.expect("Here is your ticket");
    let booked = "select sum(amount_pence)::bigint from ledger where purpose_kind = 'ticket'";
    assert_eq!(count(&site, booked).await, 1_250);

    // `reactions.rs` does not know the kind: the notice waits with its reason, and officers are told in the end.
    let reason = "select count(*) from graphile_worker._private_jobs
                  where last_error like '%no room hears of payments of the kind `ticket`%'";
    assert_eq!(count(&site, reason).await, 2, "the session changed, and money came");
    sqlx::query(
        "update graphile_worker._private_jobs set attempts = max_attempts where last_error is not null",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    treasurer
        .get("/admin/payments/events")
        .await
        .expect("Some jobs were given up")
        .expect("payments_notice : 2");

    // The treasurer's list and file.
    let page = treasurer.get("/admin/payments?purpose=ticket").await;
    let rows = page.select("tbody tr");
    assert!(rows.len() == 1 && rows[0].contains("Ticket") && rows[0].contains("£12.50"), "{rows:?}");
    assert!(page.select("select[name=purpose] option").contains(&"Ticket".to_owned()));
    let file = treasurer.post_once("/admin/payments/export", &[("purpose", "ticket")]).await;
    assert!(file.body.contains("Ticket") && file.body.contains("12.50"), "{}", file.body);

    // The overview, its chart, its table; and the payer's own timeline.
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let page = officer.get("/admin").await;
    let table = "section[aria-label=\"Income by month\"]";
    let heads = page.select(&format!("{table} th[scope=col]"));
    assert_eq!(heads, ["Month", "Membership", "Gift memberships", "Donations", "Tickets", "Total"]);
    let this_month = &page.select(&format!("{table} tbody tr"))[0];
    assert!(this_month.contains("November 2026") && this_month.contains("£12.50"), "{this_month}");
    page.expect("Tickets").expect("membership, gift memberships, donations and tickets");
    let ana = "update ledger set person_id = (select id from people where email = 'ana@demo.test') where purpose_kind = 'ticket'";
    sqlx::query(ana).execute(&site.pool).await.unwrap();
    let ana = site.person("ana@demo.test").await;
    officer.get(&format!("/admin/members/{ana}/activity")).await.expect("Paid £12.50 for a ticket by card");
    officer.get(&format!("/admin/members/{ana}/payments")).await.expect("Ticket").expect("£12.50");
    site.signed_in_as("ana@demo.test").await.get("/payments").await.expect("Ticket");

    // The public page of the last whole months.
    site.app.clock().advance(chrono::Duration::days(15));
    site.app.pages().clear();
    let page = site.stranger().get("/funding").await;
    page.expect("£12.50 from tickets to our events").expect("Tickets");
    assert_eq!(page.table("Income by month").cell("November 2026", "Tickets"), "£12.50");
    // Nobody hears of it: no room of this test says what follows from a ticket.
    site.leaves_failed("payments_notice");
}

#[tokio::test]
async fn money_of_a_kind_that_nobody_declares_stays_in_the_sums() {
    let site = Site::open().await;
    sqlx::query(
        "insert into ledger (id, kind, stripe_id, amount_pence, at, purpose_kind, purpose_id, recorded_at)
         values (gen_random_uuid(), 'payment', 'pi_old', 777, '2026-10-05T10:00:00Z', 'raffle', gen_random_uuid(), '2026-10-05T10:00:00Z')",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let page = site.stranger().get("/funding").await;
    page.expect("£7.77 from other sources");
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    treasurer.get("/admin/payments?q=pi_old").await.expect("Other").expect("£7.77");
    treasurer.get("/admin/payments?purpose=nonsense").await.expect_status(400).expect("Start again");
    for wrong in ["Raffle", "", "raffle-2", "raf fle"] {
        let written = sqlx::query(
            "insert into ledger (id, kind, stripe_id, amount_pence, at, purpose_kind, purpose_id, recorded_at)
             select gen_random_uuid(), kind, 'pi_wrong', amount_pence, at, $1, purpose_id, recorded_at
             from ledger where stripe_id = 'pi_old'",
        );
        assert!(written.bind(wrong).execute(&site.pool).await.is_err(), "{wrong}");
    }
}
