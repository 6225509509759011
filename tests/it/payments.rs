//! Money: webhooks in every order, the books, what officers see of them.

use breakthrough::{
    kit::stripe::{signature, stand_in::PaidBy},
    payments,
};
use reqwest::{Method, header};

use crate::{
    membership::{join_as, joiner, pay, sent_to_pay, settle, standing},
    support::Site,
};

/// Hands a body to the webhook with a signature made by `secret`.
async fn post_event(site: &Site, secret: &str, body: &str) -> u16 {
    let sign = signature::sign(&secret.into(), body.as_bytes(), site.app.clock().now());
    let request = site.stranger().raw(Method::POST, "/webhooks/stripe").header("stripe-signature", sign);
    request.body(body.to_owned()).send().await.unwrap().status().as_u16()
}

const SECRET: &str = "whsec_stand_in";

async fn count(site: &Site, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&site.pool).await.unwrap()
}

#[tokio::test]
async fn only_what_stripe_signed_is_kept_and_each_event_once() {
    let site = Site::open().await;
    let body =
        r#"{"id":"evt_1","object":"event","type":"moon.rose","livemode":false,"data":{"object":{"id":"x"}}}"#;
    let before = count(&site, "select count(*) from stripe_events").await;
    assert_eq!(post_event(&site, "whsec_wrong", body).await, 400);
    for header_value in ["", "t=1,v1=00", "t=1792584000,v0=abc", "nonsense"] {
        let request = site
            .stranger()
            .raw(Method::POST, "/webhooks/stripe")
            .header("stripe-signature", header_value)
            .header(header::CONTENT_TYPE, "application/json");
        assert_eq!(request.body(body).send().await.unwrap().status(), 400, "{header_value}");
    }
    // A body changed by one byte after signing.
    let sign = signature::sign(&SECRET.into(), body.as_bytes(), site.app.clock().now());
    let request = site.stranger().raw(Method::POST, "/webhooks/stripe").header("stripe-signature", sign);
    assert_eq!(request.body(body.replace("evt_1", "evt_2")).send().await.unwrap().status(), 400);
    assert_eq!(count(&site, "select count(*) from stripe_events").await, before);

    for _ in 0..3 {
        assert_eq!(post_event(&site, SECRET, body).await, 200);
    }
    assert_eq!(count(&site, "select count(*) from stripe_events").await, before + 1);
    site.work().await;
    let (outcome, note): (String, String) =
        sqlx::query_as("select outcome, note from stripe_events where id = 'evt_1'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    assert_eq!((outcome.as_str(), note.as_str()), ("ignored", "of a kind that does not concern us"));
    site.expect_no_jobs().await;
}

#[tokio::test]
async fn foreign_unreadable_and_live_events_are_kept_and_ignored() {
    let site = Site::open().await;
    for (id, kind, livemode, object, why) in [
        (
            "evt_a",
            "customer.subscription.updated",
            "false",
            r#"{"id":"sub_foreign","object":"subscription"}"#,
            "unknown to Stripe",
        ),
        ("evt_b", "invoice.paid", "false", r#"{"id":"../charges","object":"invoice"}"#, "unknown to Stripe"),
        (
            "evt_c",
            "invoice.paid",
            "true",
            r#"{"id":"in_1","object":"invoice"}"#,
            "of the other mode, live or test",
        ),
        (
            "evt_d",
            "charge.refunded",
            "false",
            r#"{"id":"ch_1","object":"charge","amount":5,"amount_refunded":5,"currency":"gbp","payment_intent":"pi_foreign","customer":"cus_foreign"}"#,
            "not from this site",
        ),
        ("evt_e", "charge.refunded", "false", r#"{"id":7}"#, "no charge could be read in it"),
        ("evt_f", "charge.dispute.created", "false", "null", "no dispute could be read in it"),
        ("evt_g", "checkout.session.completed", "false", "{}", "unknown to Stripe"),
    ] {
        let body =
            format!(r#"{{"id":"{id}","type":"{kind}","livemode":{livemode},"data":{{"object":{object}}}}}"#);
        assert_eq!(post_event(&site, SECRET, &body).await, 200, "{id}");
        site.work().await;
        let note: Option<String> =
            sqlx::query_scalar("select note from stripe_events where id = $1 and outcome = 'ignored'")
                .bind(id)
                .fetch_one(&site.pool)
                .await
                .unwrap();
        assert_eq!(note.as_deref(), Some(why), "{id}");
    }
    // Signed, but nothing that could be kept under a name.
    assert_eq!(post_event(&site, SECRET, "[]").await, 200);
    site.expect_no_jobs().await;
}

/// One person's lines in the books: kind and pence.
async fn lines_of(site: &Site, email: &str) -> Vec<(String, i64)> {
    sqlx::query_as(
        "select l.kind, l.amount_pence from ledger l join people p on p.id = l.person_id
         where p.email = $1::text::citext order by l.at, l.amount_pence desc",
    )
    .bind(email)
    .fetch_all(&site.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn webhooks_in_any_order_and_twice_come_to_the_same() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    for (number, turn) in
        ["as they happened", "backwards", "the last one first, then all twice"].iter().enumerate()
    {
        let email = format!("order{number}@example.org");
        let session = join_as(&site, &email).await;
        site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
        let mut waiting: Vec<_> = site
            .app
            .stripe_stand_in()
            .waiting()
            .await
            .unwrap()
            .iter()
            .map(|webhook| webhook.number)
            .collect();
        assert!(waiting.len() >= 4, "{waiting:?}");
        match number {
            1 => waiting.reverse(),
            2 => {
                waiting.rotate_right(1);
                waiting = [waiting.clone(), waiting].concat();
            }
            _ => {}
        }
        for webhook in waiting {
            assert!(site.app.stripe_stand_in().deliver(webhook).await.unwrap(), "{turn}");
            site.work().await;
        }
        assert_eq!(standing(&site, &email).await, ("active".to_owned(), "member".to_owned()), "{turn}");
        assert_eq!(lines_of(&site, &email).await, [("payment".to_owned(), 500)], "{turn}");
        assert_eq!(site.mails_to(&email).await.len(), 1, "{turn}: one welcome");
    }
    site.expect_no_jobs().await;
}

#[tokio::test]
async fn without_any_webhook_the_comparison_puts_things_right_and_twice_changes_nothing() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let session = join_as(&site, "silent@example.org").await;
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    let books = "select count(*) from ledger";
    let before = count(&site, books).await;
    let first = payments::reconcile(&site.app).await.unwrap();
    site.work().await;
    assert_eq!(standing(&site, "silent@example.org").await.0, "active");
    assert_eq!(count(&site, books).await, before + 1, "the demo's books agree with the stand-in");
    let second = payments::reconcile(&site.app).await.unwrap();
    assert_eq!(first, second);
    site.work().await;
    assert_eq!(count(&site, books).await, before + 1);
    site.expect_no_jobs().await;
}

#[tokio::test]
async fn refunds_and_claims_are_lines_of_their_own() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let subscription = pay(&site, "refunded@example.org", PaidBy::Card).await;
    site.app.stripe_stand_in().give_back(&subscription).await.unwrap();
    settle(&site).await;
    let expected = [("payment".to_owned(), 500), ("refund".to_owned(), -500)];
    assert_eq!(lines_of(&site, "refunded@example.org").await, expected);
    // The same news again books nothing.
    let events: Vec<i64> =
        site.app.stripe_stand_in().webhooks(20).await.unwrap().iter().map(|it| it.number).collect();
    for event in events {
        site.app.stripe_stand_in().deliver(event).await.unwrap();
    }
    site.work().await;
    assert_eq!(lines_of(&site, "refunded@example.org").await, expected);

    let claimed = pay(&site, "claimed@example.org", PaidBy::Card).await;
    site.app.stripe_stand_in().claim_back(&claimed).await.unwrap();
    settle(&site).await;
    let lines = lines_of(&site, "claimed@example.org").await;
    assert_eq!(lines, [("payment".to_owned(), 500), ("dispute".to_owned(), -500)]);
    site.expect_no_jobs().await;
}

#[tokio::test]
async fn the_treasurer_filters_the_books_and_takes_them_along() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let all = count(&site, "select count(*) from ledger").await;
    assert!(all > 1_500, "{all} lines in the demo");
    let page = treasurer.get("/admin/payments").await;
    page.expect_status(200).expect("Page 1").expect("received");
    assert_eq!(page.select("tbody tr").len(), 50);
    treasurer.get("/admin/payments?page=2").await.expect_status(200).expect("Page 2");
    let refunds = treasurer.get("/admin/payments?kind=refund").await;
    assert!(refunds.select("tbody tr").iter().all(|row| row.contains("Refund") && row.contains("-£")));
    let gifts = treasurer.get("/admin/payments?purpose=donation").await;
    assert!(gifts.select("tbody tr").iter().all(|row| row.contains("Gift")));
    let found = treasurer.get("/admin/payments?q=ana@demo.test&month=2026-11").await;
    assert!(
        found.select("tbody tr").iter().all(|row| row.contains("Ana Silva")),
        "{:?}",
        found.select("tbody tr")
    );
    treasurer.get("/admin/payments?q=nobody-at-all").await.expect("No payments here");
    treasurer.get("/admin/payments?q=%25").await.expect("No payments here");
    treasurer.get("/admin/payments?month=soon&kind=%F0%9F%8C%B9&page=-3").await.expect_status(200);

    let file = treasurer.get("/admin/payments.csv?purpose=donation").await;
    let total: i64 =
        sqlx::query_scalar("select sum(amount_pence)::bigint from ledger where purpose_kind = 'donation'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    let mut reader = csv::Reader::from_reader(file.body.as_bytes());
    let sum: i64 =
        reader.records().map(|record| record.unwrap()[4].replace('.', "").parse::<i64>().unwrap()).sum();
    assert_eq!(sum, total, "to the penny");
    assert_eq!(count(&site, "select count(*) from audit_log where action = 'payments.exported'").await, 1);
    treasurer.get("/admin/payments/events").await.expect("No event is in this state");

    let mut member = site.signed_in_as("ana@demo.test").await;
    member.get("/admin/payments").await.expect_status(403);
    member.get("/admin/payments.csv").await.expect_status(403);
}

#[tokio::test]
async fn income_by_month_adds_up_to_the_books() {
    let site = Site::open().await;
    let mut db = site.pool.acquire().await.unwrap();
    let today = site.app.clock().today();
    let months = payments::income_by_month(&mut db, today - chrono::Months::new(36), today).await.unwrap();
    assert_eq!(months.len(), 37);
    let sum: i64 = months.iter().map(|month| month.total().pence()).sum();
    let books: i64 =
        sqlx::query_scalar("select sum(amount_pence)::bigint from ledger").fetch_one(&mut *db).await.unwrap();
    let old: i64 = sqlx::query_scalar(
        "select coalesce(sum(amount_pence), 0)::bigint from ledger where at < '2023-11-01T00:00:00Z'",
    )
    .fetch_one(&mut *db)
    .await
    .unwrap();
    assert_eq!(sum, books - old);
    // A payment in the last minutes of a month in London's summer belongs to that month there, not in UTC's.
    let (year, _) = payments::income_since(&mut db, "2020-01-01T00:00:00Z".parse().unwrap()).await.unwrap();
    assert!(year.pence() > 0);
}

#[tokio::test]
async fn an_old_page_cannot_pay_a_second_time() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    let first = sent_to_pay(&site, &mut browser, &joiner("twotabs@example.org")).await;
    // Another address in the second tab: another application by the same payer.
    let mut changed = joiner("twotabs@example.org");
    changed.retain(|(name, _)| *name != "town");
    changed.push(("town", "Leeds".to_owned()));
    let second = sent_to_pay(&site, &mut browser, &changed).await;
    assert_ne!(first, second);
    settle(&site).await;
    assert!(site.app.stripe_stand_in().pay(&first, PaidBy::Card).await.is_err(), "the first page is closed");
    site.app.stripe_stand_in().pay(&second, PaidBy::Card).await.unwrap();
    settle(&site).await;
    assert_eq!(standing(&site, "twotabs@example.org").await.0, "active");
    site.expect_no_jobs().await;
}

#[tokio::test]
async fn readme_names_what_the_endpoint_at_stripe_must_send() {
    let readme = include_str!("../../README.md");
    for event in payments::EVENTS {
        assert!(readme.contains(&format!("`{event}`")), "README does not name {event}");
    }
    assert!(readme.contains(breakthrough::kit::stripe::API_VERSION));
}

async fn run_job<J: breakthrough::kit::queue::Job>(site: &Site, job: &J) {
    let mut tx = site.pool.begin().await.unwrap();
    breakthrough::kit::queue::push(&mut tx, job).await.unwrap();
    tx.commit().await.unwrap();
    site.work().await;
}

#[tokio::test]
async fn a_refund_that_is_tried_again_is_asked_for_afresh() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    pay(&site, "again@example.org", PaidBy::Card).await;
    let intent: String = sqlx::query_scalar(
        "select payment_intent from ledger l join people p on p.id = l.person_id where p.email = 'again@example.org'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    for _ in 0..3 {
        run_job(&site, &payments::GiveBack { payment_intent: intent.clone() }).await;
        site.app.clock().advance(chrono::Duration::seconds(5));
    }
    let keys = count(
        &site,
        "select count(distinct headers ->> 'idempotency-key') from stripe_stand_in.requests where path = '/v1/refunds'",
    );
    assert_eq!(keys.await, 3, "Stripe repeats a saved error to the same key");
    settle(&site).await;
    let refunded = [("payment".to_owned(), 500), ("refund".to_owned(), -500)];
    assert_eq!(lines_of(&site, "again@example.org").await, refunded, "and yet it is paid back once");
    site.expect_no_jobs().await;
}

#[tokio::test]
async fn one_session_that_stripe_does_not_know_keeps_no_other_waiting() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    join_as(&site, "first@example.org").await;
    sqlx::query("update checkouts set stripe_session = 'cs_test_nobody' where email = 'first@example.org'")
        .execute(&site.pool)
        .await
        .unwrap();
    site.app.clock().advance(chrono::Duration::minutes(1));
    let session = join_as(&site, "second@example.org").await;
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    site.app.clock().advance(chrono::Duration::minutes(15));
    run_job(&site, &payments::CatchUp::default()).await;
    let states: Vec<String> = sqlx::query_scalar(
        "select state from checkouts where email in ('first@example.org', 'second@example.org') order by email",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    assert_eq!(states, ["expired", "paid"]);
    assert_eq!(standing(&site, "second@example.org").await.0, "active");
    site.expect_no_jobs().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_brings_payments_in_line_with_stripe() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let session = join_as(&site, "command@example.org").await;
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_breakthrough"));
    command
        .args(["reconcile", "stripe"])
        .env("DATABASE_URL", &site.database_url)
        .env("DATA_DIR", site.folder())
        .env("SECRET_KEY", "0123456789abcdef".repeat(4))
        .env("LISTEN", site.address.to_string())
        .env("PUBLIC_URL", &site.app.config().public_url);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("subscriptions and") && said.contains("invoices compared"), "{said}");
    site.work().await;
    assert_eq!(standing(&site, "command@example.org").await.0, "active");
}
