//! The Stripe client and its stand-in, over a real listener: what one sends, the other understands, and both keep to
//! what Stripe promises. Each test leaves a recording in `target/stripe-recording/` for `tests/stripe/check.mjs`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Router, body::Bytes};
use breakthrough::kit::clock::Clock;
use breakthrough::kit::random::Random;
use breakthrough::kit::stripe::stand_in::{self, PaidBy, Seed, StandIn, install, seed_subscriptions};
use breakthrough::kit::stripe::{
    CheckoutMode, CheckoutStatus, Event, Interval, InvoiceStatus, Mode, NewCheckout, PaymentStatus, Stripe,
    StripeError, SubscriptionStatus,
};
use chrono::{DateTime, Duration, Utc};
use reqwest::redirect::Policy;
use scraper::{Html, Selector};
use sqlx::PgPool;

use crate::support::{Scratch, Site, scratch};

/// A tiny site: it mounts the stand-in and takes webhooks.
struct World {
    stripe: Stripe,
    stand_in: StandIn,
    clock: Clock,
    base: String,
    pool: PgPool,
    browser: reqwest::Client,
    taken: Arc<Taken>,
    name: &'static str,
    _database: Scratch,
}

#[derive(Default)]
struct Taken {
    events: Mutex<Vec<Event>>,
    /// Answers to give before taking anything.
    refusals: Mutex<Vec<u16>>,
    stripe: Mutex<Option<(Stripe, Clock)>>,
}

async fn webhook(State(taken): State<Arc<Taken>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if let Some(status) = taken.refusals.lock().unwrap().pop() {
        return StatusCode::from_u16(status).unwrap();
    }
    let (stripe, clock) = taken.stripe.lock().unwrap().clone().unwrap();
    let header = headers["stripe-signature"].to_str().unwrap();
    if stripe.verify(header, &body, clock.now()).is_err() {
        return StatusCode::BAD_REQUEST;
    }
    taken.events.lock().unwrap().push(Event::parse(&body).unwrap());
    StatusCode::OK
}

fn start() -> DateTime<Utc> {
    "2026-11-30T10:00:00Z".parse().unwrap()
}

impl World {
    /// Webhooks wait until the test asks for them.
    async fn new(name: &'static str) -> Self {
        let world = Self::sending(name).await;
        world.stand_in.hold();
        world
    }

    async fn sending(name: &'static str) -> Self {
        let database = scratch(8).await;
        let pool = database.pool.clone();
        install(&pool).await.unwrap();
        // The demo party pays too; here only the test does.
        sqlx::query("truncate stripe_stand_in.objects").execute(&pool).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let clock = Clock::set_to(start());
        let stand_in =
            StandIn::new(pool.clone(), &base, "whsec_test".into(), clock.clone(), Random::seeded(7)).unwrap();
        let taken = Arc::new(Taken::default());
        let site = Router::new().route("/webhooks/stripe", post(webhook)).with_state(taken.clone());
        let mut double = Router::new();
        for (_, path, handler) in stand_in::routes::<StandIn>() {
            double = double.route(path, handler);
        }
        let site = site.merge(double.with_state(stand_in.clone()));
        tokio::spawn(async move { axum::serve(listener, site).await });
        let stripe =
            Stripe::new(&"sk_test_1".into(), Some(&format!("{base}/dev/stripe")), vec!["whsec_test".into()])
                .unwrap();
        *taken.stripe.lock().unwrap() = Some((stripe.clone(), clock.clone()));
        let browser = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
        Self { stripe, stand_in, clock, base, pool, browser, taken, name, _database: database }
    }

    fn checkout(&self, mode: Mode) -> NewCheckout<'static> {
        NewCheckout {
            mode,
            amount_pence: 500,
            product_name: "Membership",
            customer: None,
            email: "ana@example.org",
            success_url: "http://site.test/join/done?session={CHECKOUT_SESSION_ID}",
            cancel_url: "http://site.test/join",
            metadata: BTreeMap::from([
                ("purpose".to_owned(), "membership".to_owned()),
                ("id".to_owned(), "0199-a&b=c".to_owned()),
            ]),
            expires_at: Some(self.clock.now() + Duration::hours(1)),
        }
    }

    /// A paid or pending monthly subscription: its session's id and its own.
    async fn subscribed(&self, key: &str, method: PaidBy) -> (String, String) {
        let monthly = Mode::Subscription { interval: Interval::Month };
        let session = self.stripe.create_checkout(key, &self.checkout(monthly)).await.unwrap();
        self.stand_in.pay(&session.id, method).await.unwrap();
        let subscription = self.stripe.find_checkout(&session.id).await.unwrap().subscription.unwrap();
        (session.id, subscription)
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.browser.get(format!("{}{path}", self.base)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Presses the button with these words on a page: its status and where it leads.
    async fn press(&self, path: &str, words: &str) -> (u16, String) {
        let (status, page) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {page}");
        let (action, body) = {
            let html = Html::parse_document(&page);
            let buttons = Selector::parse("form button").unwrap();
            let button = html
                .select(&buttons)
                .find(|button| button.text().collect::<String>().trim() == words)
                .unwrap_or_else(|| panic!("no button {words:?} on {path}: {page}"));
            let form = button
                .ancestors()
                .filter_map(scraper::ElementRef::wrap)
                .find(|element| element.value().name() == "form")
                .unwrap();
            let field = button.attr("name").map(|name| format!("{name}={}", button.attr("value").unwrap()));
            (form.attr("action").unwrap().to_owned(), field.unwrap_or_default())
        };
        let answer = self
            .browser
            .post(format!("{}{action}", self.base))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .unwrap();
        let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), location.unwrap_or_default())
    }

    /// The kinds of the webhooks that wait, in the order in which they came about; hands them over.
    async fn told(&self) -> Vec<String> {
        let mut kinds = Vec::new();
        for webhook in self.stand_in.waiting().await.unwrap() {
            assert!(self.stand_in.deliver(webhook.number).await.unwrap(), "{}", webhook.kind);
            kinds.push(webhook.kind);
        }
        kinds
    }

    async fn leave_recording(&self) {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/target/stripe-recording");
        std::fs::create_dir_all(folder).unwrap();
        let recording = self.stand_in.recording().await.unwrap();
        std::fs::write(format!("{folder}/{}.jsonl", self.name), recording).unwrap();
    }
}

#[tokio::test]
async fn paying_a_subscription_by_card() {
    let world = World::new("card").await;
    let monthly = Mode::Subscription { interval: Interval::Month };
    let new = world.checkout(monthly);
    let session = world.stripe.create_checkout("join-1", &new).await.unwrap();
    assert_eq!((session.status, session.payment_status), (CheckoutStatus::Open, PaymentStatus::Unpaid));
    assert_eq!((session.mode, session.amount_total_pence), (CheckoutMode::Subscription, Some(500)));
    assert_eq!(session.metadata, new.metadata);
    assert_eq!(session.expires_at, start() + Duration::hours(1));
    assert_eq!(session.subscription, None);

    // The same key and wish give the same session; the same key with another wish is an error.
    assert_eq!(world.stripe.create_checkout("join-1", &new).await.unwrap(), session);
    let dearer = NewCheckout { amount_pence: 700, ..new.clone() };
    let error = world.stripe.create_checkout("join-1", &dearer).await.unwrap_err();
    assert_eq!(error.code(), Some("idempotency_error"));
    assert!(!error.is_transient());

    let address = session.url.clone().unwrap();
    let path = address.strip_prefix(&world.base).unwrap();
    let (_, page) = world.get(path).await;
    assert!(page.contains("£5 a month") && page.contains("Membership") && page.contains("ana@example.org"));
    let (status, location) = world.press(path, "Pay by card").await;
    assert_eq!((status, location), (303, format!("http://site.test/join/done?session={}", session.id)));

    let paid = world.stripe.find_checkout(&session.id).await.unwrap();
    assert_eq!((paid.status, paid.payment_status), (CheckoutStatus::Complete, PaymentStatus::Paid));
    assert_eq!(paid.url, None);
    let subscription = world.stripe.find_subscription(paid.subscription.as_deref().unwrap()).await.unwrap();
    assert_eq!(subscription.status, SubscriptionStatus::Active);
    assert_eq!((subscription.amount_pence, subscription.interval), (Some(500), Some(Interval::Month)));
    assert_eq!(subscription.metadata, new.metadata);
    assert_eq!(subscription.current_period_end, Some("2026-12-30T10:00:00Z".parse().unwrap()));
    assert_eq!(Some(subscription.customer.as_str()), paid.customer.as_deref());
    let invoice = world.stripe.find_invoice(subscription.latest_invoice.as_deref().unwrap()).await.unwrap();
    assert_eq!(paid.invoice.as_deref(), Some(invoice.id.as_str()));
    assert_eq!((invoice.status, invoice.amount_paid_pence), (InvoiceStatus::Paid, 500));
    assert_eq!(invoice.paid_at, Some(start()));
    assert_eq!(invoice.subscription.as_deref(), Some(subscription.id.as_str()));
    assert_eq!(invoice.metadata, new.metadata);
    assert_eq!(invoice.period_end, subscription.current_period_end);
    assert!(invoice.payment_intent.as_deref().is_some_and(|intent| intent.starts_with("pi_")));

    // Pressed again, or the page opened again: nothing more happens.
    assert_eq!(world.get(path).await.0, 200);
    assert!(world.stand_in.pay(&session.id, PaidBy::Card).await.is_err());
    assert_eq!(
        world.told().await,
        [
            "customer.subscription.created",
            "customer.subscription.updated",
            "invoice.paid",
            "checkout.session.completed"
        ]
    );
    let events = world.taken.events.lock().unwrap().clone();
    assert!(
        events
            .iter()
            .all(|event| event.api_version.as_deref() == Some(breakthrough::kit::stripe::API_VERSION))
    );
    world.leave_recording().await;
}

#[tokio::test]
async fn a_second_subscription_reuses_the_customer() {
    let world = World::new("customer").await;
    let (session, first) = world.subscribed("one", PaidBy::Card).await;
    let customer = world.stripe.find_checkout(&session).await.unwrap().customer.unwrap();
    let yearly = Mode::Subscription { interval: Interval::Year };
    let again = NewCheckout { customer: Some(&customer), ..world.checkout(yearly) };
    let session = world.stripe.create_checkout("two", &again).await.unwrap();
    world.stand_in.pay(&session.id, PaidBy::Card).await.unwrap();
    let second = world.stripe.find_checkout(&session.id).await.unwrap().subscription.unwrap();
    let second = world.stripe.find_subscription(&second).await.unwrap();
    assert_eq!(second.customer, customer);
    assert_ne!(second.id, first);
    assert_eq!(second.current_period_end, Some("2027-11-30T10:00:00Z".parse().unwrap()));

    let stranger = NewCheckout { customer: Some("cus_nobody"), ..world.checkout(yearly) };
    let error = world.stripe.create_checkout("three", &stranger).await.unwrap_err();
    assert!(error.is_missing(), "{error}");
    world.leave_recording().await;
}

/// Another price is charged with the next period; another interval as well, the present one being called a trial.
#[tokio::test]
async fn a_price_changes_with_the_next_period() {
    let world = World::new("price").await;
    let (_, id) = world.subscribed("join", PaidBy::Card).await;
    world.told().await;
    let before = world.stripe.find_subscription(&id).await.unwrap();
    let dearer = world.stripe.set_price("rate:1", &id, 1250, Interval::Month).await.unwrap();
    assert_eq!((dearer.amount_pence, dearer.status), (Some(1250), SubscriptionStatus::Active));
    assert_eq!(dearer.current_period_end, before.current_period_end);
    assert_eq!(world.told().await, ["customer.subscription.updated"]);
    // Asked for again, with its key or another: it is so already.
    for key in ["rate:1", "rate:2"] {
        assert_eq!(world.stripe.set_price(key, &id, 1250, Interval::Month).await.unwrap(), dearer);
    }
    assert!(world.told().await.is_empty());
    let yearly = world.stripe.set_price("rate:3", &id, 10_000, Interval::Year).await.unwrap();
    assert_eq!((yearly.interval, yearly.status), (Some(Interval::Year), SubscriptionStatus::Trialing));
    assert_eq!(yearly.current_period_end, before.current_period_end);
    world.told().await;
    world.stand_in.charge(&id).await.unwrap();
    let after = world.stripe.find_subscription(&id).await.unwrap();
    assert_eq!(after.status, SubscriptionStatus::Active);
    let invoice = world.stripe.find_invoice(after.latest_invoice.as_deref().unwrap()).await.unwrap();
    assert_eq!(invoice.amount_paid_pence, 10_000);
    // The next payment comes later, and the period after it is a whole one.
    let later = after.current_period_end.unwrap() + Duration::days(65);
    let put_off = world.stripe.set_next_payment("carry:1", &id, later).await.unwrap();
    assert_eq!((put_off.current_period_end, put_off.status), (Some(later), SubscriptionStatus::Trialing));
    assert_eq!(put_off.amount_pence, Some(10_000));
    for wrong in [start() - Duration::days(1), start() + Duration::days(800)] {
        assert!(world.stripe.set_next_payment(&format!("carry:{wrong}"), &id, wrong).await.is_err());
    }
    assert!(world.stripe.set_price("rate:4", &id, 29, Interval::Month).await.is_err());
    assert!(
        world.stripe.set_price("rate:5", "sub_nobody", 500, Interval::Month).await.unwrap_err().is_missing()
    );
    world.leave_recording().await;
}

#[tokio::test]
async fn a_declined_card_leaves_the_page_open_for_another_try() {
    let world = World::new("declined").await;
    let monthly = Mode::Subscription { interval: Interval::Month };
    let session = world.stripe.create_checkout("join", &world.checkout(monthly)).await.unwrap();
    let path = format!("/dev/stripe/pay/{}", session.id);
    let (status, location) = world.press(&path, "Card is declined").await;
    assert_eq!(status, 303);
    let (_, page) = world.get(&location).await;
    assert!(page.contains("Your card was declined."));
    assert_eq!(world.stripe.find_checkout(&session.id).await.unwrap().status, CheckoutStatus::Open);
    assert_eq!(world.press(&path, "Cancel and go back").await, (303, "http://site.test/join".to_owned()));
    assert_eq!(world.press(&location, "Pay by card").await.0, 303);
    assert_eq!(world.stripe.find_checkout(&session.id).await.unwrap().payment_status, PaymentStatus::Paid);
    assert_eq!(world.told().await[0], "payment_intent.payment_failed");
    world.leave_recording().await;
}

#[tokio::test]
async fn a_direct_debit_is_on_its_way_and_then_paid() {
    let world = World::new("debit_paid").await;
    let monthly = Mode::Subscription { interval: Interval::Month };
    let session = world.stripe.create_checkout("join", &world.checkout(monthly)).await.unwrap();
    let path = format!("/dev/stripe/pay/{}", session.id);
    assert_eq!(world.press(&path, "Pay by Direct Debit").await.0, 303);
    let pending = world.stripe.find_checkout(&session.id).await.unwrap();
    assert_eq!((pending.status, pending.payment_status), (CheckoutStatus::Complete, PaymentStatus::Unpaid));
    let subscription =
        world.stripe.find_subscription(pending.subscription.as_deref().unwrap()).await.unwrap();
    assert_eq!(subscription.status, SubscriptionStatus::Active);
    let invoice = world.stripe.find_invoice(pending.invoice.as_deref().unwrap()).await.unwrap();
    assert_eq!((invoice.status, invoice.amount_paid_pence, invoice.paid_at), (InvoiceStatus::Open, 0, None));
    assert!(!world.told().await.contains(&"invoice.paid".to_owned()));
    // Money that has not come cannot be given back.
    let error = world.stripe.refund("refund", invoice.payment_intent.as_deref().unwrap()).await.unwrap_err();
    assert_eq!(error.code(), Some("payment_intent_unexpected_state"));

    world.clock.advance(Duration::days(5));
    assert_eq!(world.press("/dev/stripe", "The debit is paid").await, (303, "/dev/stripe".to_owned()));
    assert_eq!(world.told().await, ["invoice.paid", "checkout.session.async_payment_succeeded"]);
    let paid = world.stripe.find_invoice(&invoice.id).await.unwrap();
    assert_eq!((paid.status, paid.paid_at), (InvoiceStatus::Paid, Some(start() + Duration::days(5))));
    assert_eq!(world.stripe.find_checkout(&session.id).await.unwrap().payment_status, PaymentStatus::Paid);
    assert!(world.stand_in.settle_debit(&invoice.id, true).await.is_err());

    // The next debit is on its way for days as well.
    world.stand_in.charge(&subscription.id).await.unwrap();
    assert_eq!(world.told().await, ["customer.subscription.updated"]);
    assert!(world.stand_in.charge(&subscription.id).await.is_err());
    let next = world.stripe.find_subscription(&subscription.id).await.unwrap().latest_invoice.unwrap();
    world.stand_in.settle_debit(&next, true).await.unwrap();
    assert_eq!(world.told().await, ["invoice.paid"]);
    world.leave_recording().await;
}

#[tokio::test]
async fn a_direct_debit_that_fails() {
    let world = World::new("debit_failed").await;
    let (session, subscription) = world.subscribed("join", PaidBy::DirectDebit).await;
    world.told().await;
    assert_eq!(world.press("/dev/stripe", "The debit fails").await.0, 303);
    assert_eq!(
        world.told().await,
        ["invoice.payment_failed", "customer.subscription.updated", "checkout.session.async_payment_failed"]
    );
    let failed = world.stripe.find_subscription(&subscription).await.unwrap();
    assert_eq!(failed.status, SubscriptionStatus::PastDue);
    let invoice = world.stripe.find_invoice(failed.latest_invoice.as_deref().unwrap()).await.unwrap();
    assert_eq!((invoice.status, invoice.attempt_count), (InvoiceStatus::Open, 1));
    assert_eq!(invoice.next_payment_attempt, Some(start() + Duration::days(3)));
    assert_eq!(world.stripe.find_checkout(&session).await.unwrap().payment_status, PaymentStatus::Unpaid);
    world.leave_recording().await;
}

#[tokio::test]
async fn renewals_succeed_fail_recover_and_end() {
    let world = World::new("renewals").await;
    let (_, id) = world.subscribed("join", PaidBy::Card).await;
    world.told().await;
    assert_eq!(world.press("/dev/stripe", "Charge the next period").await.0, 303);
    assert_eq!(world.told().await, ["customer.subscription.updated", "invoice.paid"]);
    let renewed = world.stripe.find_subscription(&id).await.unwrap();
    assert_eq!(renewed.current_period_end, Some("2027-01-30T10:00:00Z".parse().unwrap()));

    assert_eq!(world.press("/dev/stripe", "Renewal fails").await.0, 303);
    assert_eq!(
        world.told().await,
        ["customer.subscription.updated", "invoice.payment_failed", "customer.subscription.updated"]
    );
    assert_eq!(world.stripe.find_subscription(&id).await.unwrap().status, SubscriptionStatus::PastDue);
    // The charge that failed is tried again and works: no further period is billed.
    world.stand_in.charge(&id).await.unwrap();
    assert_eq!(world.told().await, ["invoice.paid", "customer.subscription.updated"]);
    let recovered = world.stripe.find_subscription(&id).await.unwrap();
    assert_eq!(recovered.status, SubscriptionStatus::Active);
    // 30 January has no counterpart in February.
    assert_eq!(recovered.current_period_end, Some("2027-02-28T10:00:00Z".parse().unwrap()));
    assert_eq!(world.stripe.list_invoices(Some(&id), None).await.unwrap().items.len(), 3);

    for _ in 0..4 {
        world.stand_in.fail_charge(&id).await.unwrap();
    }
    let ended = world.stripe.find_subscription(&id).await.unwrap();
    assert_eq!((ended.status, ended.ended_at), (SubscriptionStatus::Canceled, Some(start())));
    let invoice = world.stripe.find_invoice(ended.latest_invoice.as_deref().unwrap()).await.unwrap();
    assert_eq!((invoice.attempt_count, invoice.next_payment_attempt), (4, None));
    assert_eq!(world.told().await.last().map(String::as_str), Some("customer.subscription.deleted"));
    assert!(world.stand_in.charge(&id).await.is_err());
    world.leave_recording().await;
}

#[tokio::test]
async fn cancelling_and_giving_money_back() {
    let world = World::new("cancelled").await;
    let (_, id) = world.subscribed("join", PaidBy::Card).await;
    let subscription = world.stripe.find_subscription(&id).await.unwrap();
    let invoice = world.stripe.find_invoice(subscription.latest_invoice.as_deref().unwrap()).await.unwrap();
    let intent = invoice.payment_intent.unwrap();
    world.told().await;

    let refund = world.stripe.refund("refund-1", &intent).await.unwrap();
    assert_eq!((refund.amount_pence, refund.status.as_deref()), (500, Some("succeeded")));
    assert_eq!(world.stripe.refund("refund-1", &intent).await.unwrap(), refund);
    let error = world.stripe.refund("refund-2", &intent).await.unwrap_err();
    assert_eq!(error.code(), Some("charge_already_refunded"));
    assert!(world.stripe.refund("refund-3", "pi_nobody").await.unwrap_err().is_missing());

    let ended = world.stripe.cancel_subscription("cancel-1", &id).await.unwrap();
    assert_eq!((ended.status, ended.canceled_at), (SubscriptionStatus::Canceled, Some(start())));
    assert!(world.stripe.cancel_subscription("cancel-1", &id).await.unwrap_err().is_missing());
    assert_eq!(world.told().await, ["charge.refunded", "customer.subscription.deleted"]);
    let charge = world.taken.events.lock().unwrap().iter().find_map(Event::charge).unwrap();
    let charge = world.stripe.find_charge(&charge).await.unwrap();
    assert_eq!(charge.payment_intent.as_deref(), Some(intent.as_str()));
    assert_eq!(world.stripe.list_refunds(Some(&intent), None).await.unwrap().items, [refund]);

    let (_, other) = world.subscribed("join-2", PaidBy::DirectDebit).await;
    let open = world.stripe.find_subscription(&other).await.unwrap().latest_invoice.unwrap();
    world.stand_in.settle_debit(&open, true).await.unwrap();
    world.told().await;
    world.stand_in.claim_back(&other).await.unwrap();
    assert_eq!(world.told().await, ["charge.dispute.created", "charge.dispute.closed"]);
    let dispute =
        world.taken.events.lock().unwrap().iter().rev().find_map(|event| event.object_id.clone()).unwrap();
    let dispute = world.stripe.find_dispute(&dispute).await.unwrap();
    assert_eq!((dispute.amount_pence, dispute.status.as_str()), (500, "lost"));
    assert_eq!((dispute.withdrawn_at, dispute.reinstated_at), (Some(start()), None));
    assert_eq!(world.stripe.list_disputes(None).await.unwrap().items, std::slice::from_ref(&dispute));
    assert!(world.stripe.list_disputes(Some(&dispute.id)).await.unwrap().items.is_empty());
    // All of it moves the balance, and what is left goes to the bank.
    world.stand_in.pay_out().await.unwrap_err();
    let moved = world.stripe.list_balance_transactions(None).await.unwrap().items;
    assert!(moved.iter().all(|moved| moved.source.is_some() && moved.currency == "gbp"), "{moved:?}");
    let of = |category: &str| moved.iter().find(|moved| moved.category == category).unwrap();
    assert_eq!((of("dispute").amount_pence, of("dispute").fee_pence), (-dispute.amount_pence, 2_000));
    assert_eq!(of("dispute").source.as_deref(), Some(dispute.id.as_str()));
    assert_eq!(of("charge").payment_intent, dispute.payment_intent);
    let first = &moved[0];
    let rest = world.stripe.list_balance_transactions(Some(&first.id)).await.unwrap().items;
    assert_eq!(rest, moved[1..]);
    assert!(world.stripe.find_dispute("du_nobody").await.unwrap_err().is_missing());
    assert!(world.stand_in.give_back(&other).await.is_err());
    world.leave_recording().await;
}

#[tokio::test]
async fn a_payout_fails_and_a_dispute_is_answered() {
    let world = World::new("payouts").await;
    let (_, card) = world.subscribed("join", PaidBy::Card).await;
    world.told().await;
    assert!(world.stand_in.fail_payout().await.is_err(), "nothing was paid out");
    assert_eq!(world.press("/dev/stripe", "Pay out the balance").await.0, 303);
    assert_eq!(world.press("/dev/stripe", "The last payout fails").await.0, 303);
    assert_eq!(world.told().await, ["payout.failed"]);
    let newest = || {
        let events = world.taken.events.lock().unwrap();
        events.last().and_then(|event| event.object_id.clone()).unwrap()
    };
    // £5 less the fee, and in the balance again.
    let payout = world.stripe.find_payout(&newest()).await.unwrap();
    assert_eq!((payout.amount_pence, payout.status.as_str()), (472, "failed"));
    assert_eq!(payout.failure.as_deref(), Some("The bank account has been closed."));
    assert!(world.stripe.find_payout("po_nobody").await.unwrap_err().is_missing());
    let moved = world.stripe.list_balance_transactions(None).await.unwrap().items;
    assert_eq!((moved[0].category.as_str(), moved[0].amount_pence), ("payout_reversal", 472));

    world.stand_in.question(&card).await.unwrap();
    assert_eq!(world.told().await, ["charge.dispute.created"]);
    let dispute = world.stripe.find_dispute(&newest()).await.unwrap();
    assert_eq!(dispute.status, "needs_response");
    assert_eq!(dispute.due_by, Some(start() + Duration::days(7)));
    world.stand_in.decide_dispute(&card, true).await.unwrap();
    assert_eq!(world.told().await, ["charge.dispute.closed"]);
    let won = world.stripe.find_dispute(&newest()).await.unwrap();
    assert_eq!((won.status.as_str(), won.reinstated_at), ("won", Some(start())));
    assert!(world.stand_in.decide_dispute(&card, false).await.is_err(), "decided already");
    world.leave_recording().await;
}

#[tokio::test]
async fn sessions_expire_by_call_and_by_time() {
    let world = World::new("expiry").await;
    let monthly = Mode::Subscription { interval: Interval::Month };
    let first = world.stripe.create_checkout("one", &world.checkout(monthly)).await.unwrap();
    let expired = world.stripe.expire_checkout("expire-one", &first.id).await.unwrap();
    assert_eq!((expired.status, expired.url), (CheckoutStatus::Expired, None));
    let error = world.stripe.expire_checkout("expire-one-again", &first.id).await.unwrap_err();
    assert!(matches!(error, StripeError::Refused { status: 400, .. }), "{error}");

    let second = world.stripe.create_checkout("two", &world.checkout(monthly)).await.unwrap();
    world.clock.advance(Duration::hours(2));
    assert!(world.stand_in.pay(&second.id, PaidBy::Card).await.is_err());
    let (status, page) = world.get(&format!("/dev/stripe/pay/{}", second.id)).await;
    assert!(status == 200 && page.contains("too old") && !page.contains("Pay by card"));
    assert_eq!(world.stripe.find_checkout(&second.id).await.unwrap().status, CheckoutStatus::Expired);
    assert_eq!(world.told().await, ["checkout.session.expired", "checkout.session.expired"]);

    let third = world.stripe.create_checkout("three", &world.checkout(monthly)).await.unwrap();
    assert_eq!(world.press("/dev/stripe", "Expire").await.0, 303);
    assert_eq!(world.stripe.find_checkout(&third.id).await.unwrap().status, CheckoutStatus::Expired);
    assert!(world.stripe.find_checkout("cs_test_nobody").await.unwrap_err().is_missing());
    assert_eq!(world.get("/dev/stripe/pay/cs_test_nobody").await.0, 404);
    world.leave_recording().await;
}

#[tokio::test]
async fn one_off_payments_are_by_card_alone() {
    let world = World::new("one_off").await;
    let gift = NewCheckout { amount_pence: 2500, product_name: "Donation", ..world.checkout(Mode::OneOff) };
    let session = world.stripe.create_checkout("gift", &gift).await.unwrap();
    let path = format!("/dev/stripe/pay/{}", session.id);
    let (_, page) = world.get(&path).await;
    assert!(page.contains("Donation: £25<") && !page.contains("Direct Debit"));
    assert!(world.stand_in.pay(&session.id, PaidBy::DirectDebit).await.is_err());
    world.press(&path, "Pay by card").await;
    let paid = world.stripe.find_checkout(&session.id).await.unwrap();
    assert_eq!((paid.payment_status, paid.mode), (PaymentStatus::Paid, CheckoutMode::OneOff));
    assert_eq!((paid.subscription, paid.invoice), (None, None));
    assert_eq!(world.told().await, ["checkout.session.completed"]);
    let intent = paid.payment_intent.as_deref().unwrap();
    // The card is told apart without its number: another holder's is another.
    let card = world.stripe.find_card(intent).await.unwrap().unwrap();
    let session = world.stripe.create_checkout("lent", &gift).await.unwrap();
    world.stand_in.pay_by_card_of(&session.id, "somebody@example.org").await.unwrap();
    let lent = world.stripe.find_checkout(&session.id).await.unwrap().payment_intent.unwrap();
    assert_ne!(world.stripe.find_card(&lent).await.unwrap(), Some(card));
    assert!(world.stripe.find_card("pi_nobody").await.unwrap_err().is_missing());
    world.told().await;
    let refund = world.stripe.refund("back", intent).await.unwrap();
    assert_eq!(refund.amount_pence, 2500);

    let tiny = NewCheckout { amount_pence: 29, ..world.checkout(Mode::OneOff) };
    let error = world.stripe.create_checkout("tiny", &tiny).await.unwrap_err();
    assert_eq!(error.code(), Some("amount_too_small"));
    let soon =
        NewCheckout { expires_at: Some(start() + Duration::minutes(29)), ..world.checkout(Mode::OneOff) };
    assert!(world.stripe.create_checkout("soon", &soon).await.is_err());
    world.leave_recording().await;
}

#[tokio::test]
async fn two_clicks_at_once_make_one_subscription() {
    let world = World::new("two_clicks").await;
    let monthly = Mode::Subscription { interval: Interval::Month };
    let new = world.checkout(monthly);
    let (one, two) =
        tokio::join!(world.stripe.create_checkout("join", &new), world.stripe.create_checkout("join", &new));
    let session = one.unwrap();
    assert_eq!(session, two.unwrap());
    let (one, two) = tokio::join!(
        world.stand_in.pay(&session.id, PaidBy::Card),
        world.stand_in.pay(&session.id, PaidBy::DirectDebit)
    );
    assert_eq!(i32::from(one.is_ok()) + i32::from(two.is_ok()), 1);
    assert_eq!(world.stripe.list_subscriptions(None).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn webhooks_reach_the_site_are_tried_again_and_can_be_repeated() {
    let world = World::sending("webhooks").await;
    // The first one is refused once, and comes again.
    world.taken.refusals.lock().unwrap().push(503);
    world.subscribed("join", PaidBy::Card).await;
    // The stand-in writes down an answer a moment after it was given.
    for _ in 0..300 {
        let webhooks = world.stand_in.webhooks(10).await.unwrap();
        if webhooks.iter().filter(|webhook| webhook.status == Some(200)).count() == 4 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let mut kinds: Vec<_> =
        world.taken.events.lock().unwrap().iter().map(|event| event.kind.clone()).collect();
    kinds.sort();
    assert_eq!(
        kinds,
        [
            "checkout.session.completed",
            "customer.subscription.created",
            "customer.subscription.updated",
            "invoice.paid"
        ]
    );
    let webhooks = world.stand_in.webhooks(10).await.unwrap();
    assert!(webhooks.iter().all(|webhook| webhook.status == Some(200)), "{webhooks:?}");
    assert_eq!(webhooks.iter().map(|webhook| webhook.tries).sum::<i32>(), 5);

    world.press("/dev/stripe", "Send again").await;
    let events = world.taken.events.lock().unwrap();
    assert_eq!(events.len(), 5);
    assert!(events[..4].iter().any(|event| event.id == events[4].id), "sent again under the same id");
}

#[tokio::test]
async fn a_site_that_refuses_is_shown_on_the_desk() {
    let world = World::new("refused").await;
    world.subscribed("join", PaidBy::Card).await;
    let first = world.stand_in.waiting().await.unwrap()[0].number;
    world.taken.refusals.lock().unwrap().push(500);
    assert!(!world.stand_in.deliver(first).await.unwrap());
    let (_, desk) = world.get("/dev/stripe").await;
    assert!(desk.contains("Answer: 500") && desk.contains("Not sent yet."), "{desk}");
    // Held webhooks can be handed over without the network, too.
    let signed = world.stand_in.signed(first).await.unwrap();
    assert_eq!(world.stripe.verify(&signed.header, signed.body.as_bytes(), start()), Ok(()));
    assert!(world.stripe.verify(&signed.header, b"{}", start()).is_err());
}

#[tokio::test]
async fn the_api_refuses_what_stripe_refuses() {
    let world = World::new("refusals").await;
    let call = async |method: reqwest::Method,
                      path: &str,
                      key: &str,
                      version: &str,
                      idempotency: &str,
                      body: &'static str| {
        let request = world.browser.request(method, format!("{}/dev/stripe/v1/{path}", world.base));
        let answer = request
            .header("authorization", format!("Bearer {key}"))
            .header("stripe-version", version)
            .header("idempotency-key", idempotency)
            .body(body)
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let version = breakthrough::kit::stripe::API_VERSION;
    let (get, post) = (reqwest::Method::GET, reqwest::Method::POST);
    for (method, path, key, version, idempotency, body, status, words) in [
        (get.clone(), "subscriptions/sub_1", "sk_live_1", version, "", "", 401, "Invalid API Key"),
        (get.clone(), "subscriptions/sub_1", "sk_test_1", "2019-01-01", "", "", 400, "Stripe-Version"),
        (get.clone(), "subscriptions/sub_1", "sk_test_1", version, "", "", 404, "resource_missing"),
        (get.clone(), "widgets", "sk_test_1", version, "", "", 404, "Unrecognized request URL"),
        (get.clone(), "subscriptions?colour=red", "sk_test_1", version, "", "", 400, "parameter_unknown"),
        (get, "subscriptions?starting_after=sub_1", "sk_test_1", version, "", "", 400, "resource_missing"),
        (post.clone(), "refunds", "sk_test_1", version, "", "payment_intent=pi_1", 400, "Idempotency-Key"),
        (post.clone(), "refunds", "sk_test_1", version, "k1", "", 400, "parameter_missing"),
        (post.clone(), "refunds", "sk_test_1", version, "k2", "payment_intnt=pi_1", 400, "parameter_unknown"),
        (
            post.clone(),
            "checkout/sessions",
            "sk_test_1",
            version,
            "k3",
            "mode=subscribe",
            400,
            "Invalid mode",
        ),
        (post, "checkout/sessions", "sk_test_1", version, "k4", "mode=subscription", 400, "does not fit"),
    ] {
        let (got, answer) = call(method, path, key, version, idempotency, body).await;
        assert_eq!(got, status, "{path} {body}: {answer}");
        assert!(answer.contains(words) && answer.contains(r#""error""#), "{path}: {answer}");
    }
}

#[tokio::test]
async fn a_restart_forgets_nothing_and_lists_go_page_by_page() {
    let world = World::new("seeded").await;
    let seeds: Vec<Seed> = (0..250)
        .map(|number| Seed {
            key: format!("demo{number}"),
            email: format!("demo{number}@example.org"),
            name: "A Member".into(),
            product_name: "Membership".into(),
            amount_pence: 300,
            interval: if number % 2 == 0 { Interval::Month } else { Interval::Year },
            method: if number % 3 == 0 { PaidBy::DirectDebit } else { PaidBy::Card },
            started_at: start() - Duration::days(400 + number),
            paid_periods: 3,
            status: match number {
                0 => SubscriptionStatus::PastDue,
                1 => SubscriptionStatus::Canceled,
                _ => SubscriptionStatus::Active,
            },
            metadata: BTreeMap::from([("member".to_owned(), number.to_string())]),
        })
        .collect();
    let mut db = world.pool.acquire().await.unwrap();
    let before = std::time::Instant::now();
    let seeded = seed_subscriptions(&mut db, &world.base, &seeds).await.unwrap();
    assert!(before.elapsed() < std::time::Duration::from_secs(10));
    // Again, as when the demo is loaded twice: the same objects.
    assert_eq!(seed_subscriptions(&mut db, &world.base, &seeds).await.unwrap(), seeded);

    install(&world.pool).await.unwrap();
    let mut ids = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = world.stripe.list_subscriptions(after.as_deref()).await.unwrap();
        ids.extend(page.items.iter().map(|subscription| subscription.id.clone()));
        after = ids.last().cloned();
        if !page.more {
            break;
        }
    }
    assert_eq!(ids.len(), 250);
    assert_eq!(ids[0], "sub_Seeddemo0", "newest first");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 250);

    for (index, status) in
        [(0, SubscriptionStatus::PastDue), (1, SubscriptionStatus::Canceled), (2, SubscriptionStatus::Active)]
    {
        let known = &seeded[index];
        let subscription = world.stripe.find_subscription(&known.subscription).await.unwrap();
        assert_eq!(subscription.status, status);
        assert_eq!(subscription.current_period_end, Some(known.current_period_end));
        let invoices = world.stripe.list_invoices(Some(&known.subscription), None).await.unwrap().items;
        let paid: Vec<_> = invoices.iter().filter(|invoice| invoice.status == InvoiceStatus::Paid).collect();
        assert_eq!(paid.len(), 3);
        assert_eq!(paid[2].payment_intent.as_deref(), Some(known.paid[0].payment_intent.as_str()));
        assert_eq!(known.failed_invoice.is_some(), index == 0);
    }
    // What was seeded lives on like everything else.
    world.stripe.refund("back", &seeded[2].paid[0].payment_intent).await.unwrap();
    world.stand_in.charge(&seeded[2].subscription).await.unwrap();
    let (_, desk) = world.get("/dev/stripe?search=demo77%40").await;
    assert!(desk.contains("demo77@example.org") && !desk.contains("demo78@example.org"));
    world.leave_recording().await;
}

#[tokio::test]
async fn inside_the_site_people_pay_and_the_client_reaches_it() {
    let site = Site::open().await;
    let (stripe, stand_in) = (site.app.stripe(), site.app.stripe_stand_in());
    stand_in.hold();
    let new = NewCheckout {
        mode: Mode::Subscription { interval: Interval::Year },
        amount_pence: 6000,
        product_name: "Membership",
        customer: None,
        email: "ana@example.org",
        success_url: &site.app.link("/healthz?session={CHECKOUT_SESSION_ID}"),
        cancel_url: &site.app.link("/join"),
        metadata: BTreeMap::new(),
        expires_at: None,
    };
    let session = stripe.create_checkout("join", &new).await.unwrap();
    let mut browser = site.stranger();
    let path = format!("/dev/stripe/pay/{}", session.id);
    assert_eq!(session.url, Some(site.app.link(&path)));
    let page = browser.get(&path).await;
    page.expect_status(200).expect("Membership: £60 a year").expect("No money moves here");
    let page = page.form(&path).press("choice", "card").submit(&mut browser).await;
    page.expect_status(200);
    assert_eq!(page.path, format!("/healthz?session={}", session.id));
    assert_eq!(stripe.find_checkout(&session.id).await.unwrap().payment_status, PaymentStatus::Paid);
    assert_eq!(stand_in.waiting().await.unwrap().len(), 4);

    // The site's error pages leave the API's answers alone, and the stand-in's pages say what went wrong.
    assert!(stripe.find_subscription("sub_nobody").await.unwrap_err().is_missing());
    browser.get("/dev/stripe/pay/cs_test_nobody").await.expect_status(404).expect("No such checkout.session");
    browser.get("/dev/stripe").await.expect_status(200).expect("ana@example.org: £60 a year, active");
}
