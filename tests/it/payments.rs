//! Money: webhooks in every order, the books, what officers see of them.

use breakthrough::{
    kit::{
        progress::Progress,
        stripe::{signature, stand_in::PaidBy},
    },
    payments,
};
use reqwest::{Method, header};

use crate::{
    membership::{join_as, joiner, pay, sent_to_pay, settle, standing},
    support::Site,
};

/// Hands a body to the webhook with a signature made by `secret`.
pub async fn post_event(site: &Site, secret: &str, body: &str) -> u16 {
    let sign = signature::sign(&secret.into(), body.as_bytes(), site.app.clock().now());
    let request = site.stranger().raw(Method::POST, "/webhooks/stripe").header("stripe-signature", sign);
    request.body(body.to_owned()).send().await.unwrap().status().as_u16()
}

pub const SECRET: &str = "whsec_stand_in";

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
    assert_eq!((outcome.as_str(), note.as_str()), ("ignored", "of a kind that we do not use"));
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
            "from the other mode, live or test",
        ),
        (
            "evt_d",
            "charge.refunded",
            "false",
            r#"{"id":"ch_1","object":"charge","amount":5,"amount_refunded":5,"currency":"gbp","payment_intent":"pi_foreign","customer":"cus_foreign"}"#,
            "unknown to Stripe",
        ),
        ("evt_e", "charge.refunded", "false", r#"{"id":7}"#, "no charge could be found in it"),
        ("evt_f", "charge.dispute.created", "false", "null", "unknown to Stripe"),
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
    let long = "x".repeat(3_000);
    for body in [
        "[]".to_owned(),
        r#"{"id":"evt_\u0000","type":"invoice.paid"}"#.to_owned(),
        r#"{"id":"evt_\ud800","type":"invoice.paid"}"#.to_owned(),
        format!(r#"{{"id":"{long}","type":"invoice.paid"}}"#),
        format!(r#"{{"id":{}1{}}}"#, "[".repeat(5_000), "]".repeat(5_000)),
    ] {
        assert_eq!(post_event(&site, SECRET, &body).await, 200, "{}", &body[..body.len().min(60)]);
    }
    // What cannot be stored or looked up is left out, and the rest is kept.
    for (number, rest) in [
        r#""type":"invoice.paid","data":{"object":{"id":"in_\u0000","object":"invoice"}}"#.to_owned(),
        r#""type":"invoice\u0000.paid""#.to_owned(),
        r#""type":"invoice.paid","api_version":"\u0000","created":-99999999999999"#.to_owned(),
        r#""type":"invoice.paid","created":9223372036854775807"#.to_owned(),
        r#""type":"invoice.paid","created":8000000000000"#.to_owned(),
        format!(r#""type":"charge.dispute.created","data":{{"object":{{"id":"{long}","object":"dispute","payment_intent":"{long}"}}}}"#),
        format!(r#""type":"{long}""#),
    ]
    .iter()
    .enumerate()
    {
        let body = format!(r#"{{"id":"evt_odd{number}",{rest}}}"#);
        assert_eq!(post_event(&site, SECRET, &body).await, 200, "{number}");
    }
    site.work().await;
    let odd = "select count(*) from stripe_events where id like 'evt_odd%' and outcome = 'ignored'";
    assert_eq!(sqlx::query_scalar::<_, i64>(odd).fetch_one(&site.pool).await.unwrap(), 7);
    site.signed_in_as("treasurer@demo.test").await.get("/admin/payments/events").await.expect_status(200);
}

/// One person's lines in the books: kind and pence.
pub async fn lines_of(site: &Site, email: &str) -> Vec<(String, i64)> {
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
        let how: Option<String> = sqlx::query_scalar(
            "select method from ledger l join people p on p.id = l.person_id where p.email = $1::text::citext",
        )
        .bind(&email)
        .fetch_one(&site.pool)
        .await
        .unwrap();
        assert_eq!(how.as_deref(), Some("card"), "{turn}");
        assert_eq!(site.mails_to(&email).await.len(), 1, "{turn}: one welcome");
    }
}

#[tokio::test]
async fn without_any_webhook_the_comparison_puts_things_right_and_twice_changes_nothing() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let session = join_as(&site, "silent@example.org").await;
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    let books = "select count(*) from ledger";
    let before = count(&site, books).await;
    let first = payments::reconcile(&site.app, &mut Progress::default()).await.unwrap();
    site.work().await;
    assert_eq!(standing(&site, "silent@example.org").await.0, "active");
    assert_eq!(count(&site, books).await, before + 1, "the demo's books agree with the stand-in");
    let second = payments::reconcile(&site.app, &mut Progress::default()).await.unwrap();
    assert!(first.moved > 0);
    assert_eq!(payments::Report { moved: 0, ..first }, second);
    site.work().await;
    assert_eq!(count(&site, books).await, before + 1);
}

#[tokio::test]
async fn m16_refunds_and_claims_are_lines_of_their_own() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let subscription = pay(&site, "refunded@example.org", PaidBy::Card).await;
    site.app.stripe_stand_in().give_back(&subscription).await.unwrap();
    settle(&site).await;
    let expected = [("payment".to_owned(), 500), ("refund".to_owned(), -500)];
    assert_eq!(lines_of(&site, "refunded@example.org").await, expected);
    // The same events again book nothing.
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
    assert!(refunds.column("What").iter().all(|what| what.contains("Refund")));
    assert!(refunds.column("Amount").iter().all(|amount| amount.starts_with("-£")));
    let gifts = treasurer.get("/admin/payments?purpose=donation").await.column("What");
    assert!(gifts.iter().all(|what| what.contains("Donation")), "{gifts:?}");
    let found = treasurer.get("/admin/payments?q=ana@demo.test&month=2026-11").await.column("Who");
    assert!(found.iter().all(|who| who.contains("Ana Silva")), "{found:?}");
    treasurer.get("/admin/payments?q=nobody-at-all").await.expect("No payments here");
    treasurer.get("/admin/payments?q=%25").await.expect("No payments here");
    for unread in ["month=soon", "month=2026-13", "kind=%F0%9F%8C%B9", "kind=zzz", "purpose=zzz"] {
        let page = treasurer.get(&format!("/admin/payments?{unread}")).await;
        page.expect_status(400).expect("We could not read this address").expect_not("in total");
    }
    treasurer.get("/admin/payments?page=-3").await.expect_status(200);
    treasurer.get("/admin/books/accounts/bank?month=2026-13").await.expect_status(400);

    let file = treasurer.post_once("/admin/payments/export", &[("purpose", "donation")]).await;
    let total: i64 =
        sqlx::query_scalar("select sum(amount_pence)::bigint from ledger where purpose_kind = 'donation'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    let mut reader = csv::Reader::from_reader(file.body.trim_start_matches('\u{feff}').as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert!(file.body.starts_with('\u{feff}') && file.body.ends_with("\r\n"));
    assert!(rows.iter().all(|row| !row[3].is_empty()), "everybody has a name");
    let sum: i64 = rows.iter().map(|row| row[5].replace('.', "").parse::<i64>().unwrap()).sum();
    assert_eq!(sum, total, "to the penny");
    assert_eq!(count(&site, "select count(*) from audit_log where action = 'payment.exported'").await, 1);
    treasurer.get("/admin/payments/events").await.expect("There are no events like this");

    let mut member = site.signed_in_as("ana@demo.test").await;
    member.get("/admin/payments").await.expect_status(403);
    member.post_once("/admin/payments/export", &[]).await.expect_status(403);
}

#[tokio::test]
async fn income_by_month_adds_up_to_the_books() {
    let site = Site::open().await;
    let mut db = site.pool.acquire().await.unwrap();
    let today = site.app.clock().today();
    let months = payments::income_by_month(&mut db, today - chrono::Months::new(36), today).await.unwrap();
    assert_eq!(months.len(), 37);
    let sum: i64 = months.iter().map(|month| month.income.total().pence()).sum();
    let books: i64 =
        sqlx::query_scalar("select sum(amount_pence)::bigint from ledger").fetch_one(&mut *db).await.unwrap();
    let old: i64 = sqlx::query_scalar(
        "select coalesce(sum(amount_pence), 0)::bigint from ledger where at < '2023-11-01T00:00:00Z'",
    )
    .fetch_one(&mut *db)
    .await
    .unwrap();
    assert_eq!(sum, books - old);
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
    // A stranger may have made the second: the first stays open until one of them is paid for.
    site.app.stripe_stand_in().pay(&first, PaidBy::Card).await.unwrap();
    settle(&site).await;
    assert!(
        site.app.stripe_stand_in().pay(&second, PaidBy::Card).await.is_err(),
        "the second page is closed"
    );
    assert_eq!(standing(&site, "twotabs@example.org").await.0, "active");
}

#[tokio::test]
async fn readme_names_what_the_endpoint_at_stripe_must_send() {
    let readme = include_str!("../../README.md");
    for event in payments::EVENTS {
        assert!(readme.contains(&format!("`{event}`")), "README does not name {event}");
    }
    assert!(readme.contains(breakthrough::kit::stripe::API_VERSION));
}

pub async fn run_job<J: breakthrough::kit::queue::Job>(site: &Site, job: &J) {
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

#[tokio::test]
async fn a_refund_that_failed_is_followed_by_another() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let subscription = pay(&site, "closed@example.org", PaidBy::Card).await;
    let stand_in = site.app.stripe_stand_in();
    stand_in.give_back(&subscription).await.unwrap();
    stand_in.fail_refund(&subscription).await.unwrap();
    // The failure is heard of before the refund.
    let mut waiting = stand_in.waiting().await.unwrap();
    waiting.reverse();
    for webhook in waiting {
        assert!(stand_in.deliver(webhook.number).await.unwrap());
        site.work().await;
    }
    let mut lines = lines_of(&site, "closed@example.org").await;
    lines.sort();
    let payment = ("payment".to_owned(), 500);
    let (refund, failed) = (("refund".to_owned(), -500), ("refund_failed".to_owned(), 500));
    assert_eq!(lines, [payment.clone(), refund.clone(), failed.clone()]);
    stand_in.give_back(&subscription).await.unwrap();
    settle(&site).await;
    let mut lines = lines_of(&site, "closed@example.org").await;
    lines.sort();
    assert_eq!(lines, [payment, refund.clone(), refund, failed]);
}

async fn outcome(site: &Site, kind: &str) -> String {
    sqlx::query_scalar("select outcome from stripe_events where kind = $1 order by received_at desc limit 1")
        .bind(kind)
        .fetch_one(&site.pool)
        .await
        .unwrap()
}

/// Delivers the waiting webhooks of one kind.
async fn deliver(site: &Site, kind: &str) {
    for webhook in site.app.stripe_stand_in().waiting().await.unwrap() {
        if webhook.kind == kind {
            assert!(site.app.stripe_stand_in().deliver(webhook.number).await.unwrap());
        }
    }
    site.work().await;
}

#[tokio::test]
async fn money_that_went_back_before_it_was_booked_waits_and_every_night_is_another_try() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let subscription = pay(&site, "early@example.org", PaidBy::Card).await;
    site.app.clock().advance(chrono::Duration::days(1));
    site.app.stripe_stand_in().charge(&subscription).await.unwrap();
    site.app.stripe_stand_in().claim_back(&subscription).await.unwrap();
    deliver(&site, "charge.dispute.created").await;
    assert_eq!(outcome(&site, "charge.dispute.created").await, "failed");
    // Its tries are used up: officers see that, and the night gives it new ones.
    sqlx::query("update graphile_worker._private_jobs set attempts = max_attempts")
        .execute(&site.pool)
        .await
        .unwrap();
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    treasurer.get("/admin/payments/events").await.expect("payments_process_event : 1");
    site.app.clock().advance(chrono::Duration::hours(2));
    run_job(&site, &payments::Reconcile::default()).await;
    assert_eq!(outcome(&site, "charge.dispute.created").await, "done");
    let lines = lines_of(&site, "early@example.org").await;
    let payment = ("payment".to_owned(), 500);
    assert_eq!(lines, [payment.clone(), payment, ("dispute".to_owned(), -500)]);
    assert_eq!(standing(&site, "early@example.org").await.0, "active");
    treasurer.get("/admin/payments/events").await.expect_not("given up");
}

#[tokio::test]
async fn money_that_goes_back_from_somebody_yet_unknown_waits_for_its_payment() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let session = join_as(&site, "first@example.org").await;
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    let subscription: String =
        sqlx::query_scalar("select body ->> 'subscription' from stripe_stand_in.objects where id = $1")
            .bind(&session)
            .fetch_one(&site.pool)
            .await
            .unwrap();
    site.app.stripe_stand_in().claim_back(&subscription).await.unwrap();
    deliver(&site, "charge.dispute.created").await;
    assert_eq!(outcome(&site, "charge.dispute.created").await, "ignored", "not known to be ours");
    deliver(&site, "checkout.session.completed").await;
    assert_eq!(outcome(&site, "charge.dispute.created").await, "done");
    let lines = lines_of(&site, "first@example.org").await;
    assert_eq!(lines, [("payment".to_owned(), 500), ("dispute".to_owned(), -500)]);
}

#[tokio::test]
async fn a_gift_that_went_back_is_ours_by_what_stands_beside_it_and_an_event_sent_again_is_tried_again() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.stranger();
    let form =
        browser.get("/donate").await.form("/donate").fill("name", "Ida").fill("email", "ida@example.org");
    let to = form.tick("declaration", "yes").submit_once(&mut browser).await.location.unwrap();
    let session = to.rsplit('/').next().unwrap();
    site.app.stripe_stand_in().pay(session, PaidBy::Card).await.unwrap();
    let intent: String =
        sqlx::query_scalar("select body ->> 'payment_intent' from stripe_stand_in.objects where id = $1")
            .bind(session)
            .fetch_one(&site.pool)
            .await
            .unwrap();
    site.app.stripe().refund("by hand", &intent).await.unwrap();
    let refunded = site.app.stripe_stand_in().waiting().await.unwrap();
    let refunded = refunded.iter().find(|webhook| webhook.kind == "charge.refunded").unwrap().number;
    deliver(&site, "charge.refunded").await;
    assert_eq!(outcome(&site, "charge.refunded").await, "failed", "the payment is not in the books yet");
    deliver(&site, "checkout.session.completed").await;
    assert!(site.app.stripe_stand_in().deliver(refunded).await.unwrap());
    site.work().await;
    assert_eq!(outcome(&site, "charge.refunded").await, "done");
    let left = count(
        &site,
        "select sum(l.amount_pence)::bigint from ledger l join gifts g on g.id = l.purpose_id where g.email = 'ida@example.org'",
    );
    assert_eq!(left.await, 0);
    // The treasurer sees who gave, though they have no account.
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let page = treasurer.get("/admin/payments?q=ida@example").await;
    page.expect("ida@example.org");
    assert_eq!(page.select("tbody th bdi")[0], "Ida");
    // And finds them by their name.
    treasurer.get("/admin/payments?q=ida").await.expect("ida@example.org");
    treasurer.get("/admin/payments?q=%25").await.expect("No payments here");
    treasurer.get("/admin/payments?q=_").await.expect_not("Ida");
    let file = treasurer.post_once("/admin/payments/export", &[("q", "ida@example")]).await;
    assert_eq!(file.body.matches("ida@example.org").count(), 2, "{}", file.body);
}

#[tokio::test]
async fn wishes_that_nobody_paid_and_bodies_of_old_events_are_forgotten() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    pay(&site, "kept@example.org", PaidBy::Card).await;
    let session = join_as(&site, "forgotten@example.org").await;
    site.app.stripe_stand_in().expire(&session).await.unwrap();
    settle(&site).await;
    site.app.clock().advance(chrono::Duration::days(31));
    run_job(&site, &payments::TidyPayments::default()).await;
    let emails: Vec<String> = sqlx::query_scalar(
        "select email::text from checkouts where email::text like '%@example.org' and return_path <> '/'",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    assert_eq!(emails, ["kept@example.org"]);
    let full = "select count(*) from stripe_events where body <> ''";
    assert!(count(&site, full).await > 0);
    site.app.clock().advance(chrono::Duration::days(60));
    run_job(&site, &payments::TidyPayments::default()).await;
    assert_eq!(count(&site, full).await, 0);
    assert!(count(&site, "select count(*) from stripe_events").await > 0, "so that none counts twice");
}

#[tokio::test]
async fn a_wish_that_stripe_refuses_is_not_called_a_matter_of_minutes() {
    let refuse = axum::Router::new().fallback(|| async {
        let body = r#"{"error":{"type":"invalid_request_error","code":"email_invalid","message":"Invalid: x@example.org"}}"#;
        (axum::http::StatusCode::BAD_REQUEST, body)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, refuse).await });
    let site = Site::open_with(|settings| settings.stripe_api_base = Some(base)).await;
    let mut browser = site.stranger();
    let sent = crate::membership::send_form(&mut browser, &joiner("x@example.org")).await;
    let page = browser.get(&sent.location.unwrap()).await;
    page.expect("Something is wrong on our side").expect_not("few minutes").expect_not("Try again");
    site.work().await;
}

/// Puts a line into the books that no page makes yet. `what` are the columns and values that differ.
async fn line(site: &Site, columns: &str, values: &str) -> Result<(), sqlx::Error> {
    let statement = format!(
        "insert into ledger (id, kind, amount_pence, at, purpose_kind, purpose_id, recorded_at, {columns})
         values (gen_random_uuid(), 'payment', 1234, '2026-11-20T10:00:00Z', 'donation', gen_random_uuid(),
                 '2026-11-20T10:00:00Z', {values})"
    );
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&site.pool).await.map(|_| ())
}

#[tokio::test]
async fn a_line_is_stripes_or_an_officers_and_no_mixture() {
    let site = Site::open().await;
    let officer = "(select id from people where email = 'treasurer@demo.test')";
    for (columns, values, holds) in [
        ("stripe_id, method", "'in_x', 'card'".to_owned(), true),
        ("stripe_id", "'in_y'".to_owned(), true),
        ("stripe_id, method", "'in_x', 'card'".to_owned(), false),
        ("stripe_id, method", "'in_z', 'cash'".to_owned(), false),
        ("stripe_id, method, entered_by", format!("'in_z', 'card', {officer}"), false),
        ("method, entered_by, reference", format!("'cheque', {officer}, 'No. 000123'"), true),
        ("method, entered_by", format!("'standing_order', {officer}"), true),
        ("method, entered_by", format!("'standing_order', {officer}"), true),
        ("method, entered_by", format!("'card', {officer}"), false),
        ("method", "'cash'".to_owned(), false),
        ("entered_by", officer.to_owned(), false),
        ("method, entered_by, payment_intent", format!("'transfer', {officer}, 'pi_x'"), false),
    ] {
        assert_eq!(line(&site, columns, &values).await.is_ok(), holds, "{columns}: {values}");
    }
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let page = treasurer.get("/admin/payments?month=2026-11&purpose=donation").await;
    let rows = page.select("tbody tr");
    let cheque = rows.iter().find(|row| row.contains("No. 000123")).expect("the cheque is listed");
    assert!(cheque.contains("Cheque") && cheque.contains("£12.34"), "{cheque}");
    assert!(rows.iter().any(|row| row.contains("Standing order")), "{rows:?}");
    let file = treasurer.post_once("/admin/payments/export", &[("month", "2026-11")]).await;
    let mut reader = csv::Reader::from_reader(file.body.trim_start_matches('\u{feff}').as_bytes());
    let cheques = reader.records().map(Result::unwrap).filter(|record| &record[6] == "Cheque");
    assert_eq!(
        cheques.map(|record| (record[5].to_owned(), record[7].to_owned())).collect::<Vec<_>>(),
        [("12.34".to_owned(), String::new())]
    );
}
