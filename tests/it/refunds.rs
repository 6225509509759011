//! Giving money back by an officer's word.

use breakthrough::kit::stripe::stand_in::PaidBy;
use uuid::Uuid;

use crate::{
    membership::{pay, settle, standing},
    support::{Browser, Page, Site},
};

const EMAIL: &str = "robin@example.org";

struct World {
    site: Site,
    subscription: String,
    /// The page of the payment.
    path: String,
}

/// A member who has paid £5, with the sum from which two people are needed.
async fn paid(alone: &str) -> World {
    let site = Site::open().await;
    sqlx::query("insert into settings (key, value, valid_from, source) values ('refund_alone_pence', $1, '2026-11-01', 'a test')")
        .bind(alone)
        .execute(&site.pool)
        .await
        .unwrap();
    site.app.reload_settings().await.unwrap();
    site.app.stripe_stand_in().hold();
    let subscription = pay(&site, EMAIL, PaidBy::Card).await;
    let payment: Uuid = sqlx::query_scalar("select id from ledger where subscription = $1")
        .bind(&subscription)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    World { path: format!("/admin/payments/lines/{payment}"), site, subscription }
}

impl World {
    async fn ask(&self, officer: &mut Browser, amount: &str, reason: &str) -> Page {
        let form = officer.get(&self.path).await.form(&format!("{}/refund", self.path));
        form.fill("amount", amount).fill("reason", reason).submit(officer).await
    }

    /// What came in and went out, in the order of the books.
    async fn books(&self) -> Vec<(String, i64)> {
        sqlx::query_as(
            "select kind, amount_pence from ledger where subscription = $1 order by array_position(array['payment', 'refund', 'refund_failed', 'dispute'], kind), amount_pence desc",
        )
        .bind(&self.subscription)
        .fetch_all(&self.site.pool)
        .await
        .unwrap()
    }

    async fn told(&self) -> usize {
        let mails = self.site.mails_to(EMAIL).await;
        mails.iter().filter(|mail| mail.subject.starts_with("We are returning")).count()
    }
}

fn line(kind: &str, pence: i64) -> (String, i64) {
    (kind.to_owned(), pence)
}

#[tokio::test]
async fn some_of_a_payment_goes_back_and_then_the_rest() {
    let world = paid("10000").await;
    let mut treasurer = world.site.signed_in_as("treasurer@demo.test").await;
    let person = world.site.person(EMAIL).await;
    let page = treasurer.get(&format!("/admin/members/{person}/payments")).await;
    page.follow(&mut treasurer, "Refund £5 of 21 November 2026")
        .await
        .expect("Payment of £5")
        .expect("Up to £5 can be refunded");

    world.ask(&mut treasurer, "2", "Paid too much").await.expect("£2 is on its way back");
    settle(&world.site).await;
    assert_eq!(world.books().await, [line("payment", 500), line("refund", -200)]);
    treasurer
        .get(&world.path)
        .await
        .expect("Sent back")
        .expect("Up to £3 can be refunded")
        .expect("Paid too much");
    let mail = world.site.mail_to(EMAIL).await;
    assert_eq!(mail.subject, "We are returning £2 to you");
    assert!(mail.text.contains("£2 of the £5 that you paid on 21 November 2026"), "{}", mail.text);
    assert!(!mail.text.contains("Paid too much"), "the reason is for officers");

    world.ask(&mut treasurer, "3.00", "All of it").await;
    settle(&world.site).await;
    assert_eq!(world.books().await.last(), Some(&line("refund", -300)));
    treasurer.get(&world.path).await.expect("All of this payment has already been returned");
    assert_eq!(world.told().await, 2);
    // A refund ends no membership by itself.
    assert_eq!(standing(&world.site, EMAIL).await.1, "member");
    let logged: Vec<String> =
        sqlx::query_scalar("select action from audit_log where action like 'payment.refund%' order by id")
            .fetch_all(&world.site.pool)
            .await
            .unwrap();
    assert_eq!(
        logged,
        ["payment.refund_asked", "payment.refunded", "payment.refund_asked", "payment.refunded"]
    );
}

#[tokio::test]
async fn above_the_sum_a_second_person_approves_or_declines() {
    let world = paid("499").await;
    let (mut treasurer, mut other) = (
        world.site.signed_in_as("treasurer@demo.test").await,
        world.site.signed_in_as("alex@demo.test").await,
    );
    world.ask(&mut treasurer, "5", "A mistake").await.expect("waiting for a second person");
    settle(&world.site).await;
    assert_eq!(world.books().await.len(), 1);
    other.get("/admin").await.expect("1 refund needs attention");
    let waiting = treasurer.get("/admin/payments/refunds").await;
    waiting.expect("Withdraw").expect_not("Approve");
    let id: Uuid = sqlx::query_scalar("select id from refunds").fetch_one(&world.site.pool).await.unwrap();
    let decide = format!("/admin/payments/refunds/{id}");
    treasurer.post_once(&decide, &[("decision", "approve")]).await.expect_status(409);
    other.post_once(&decide, &[("decision", "perhaps")]).await.expect_status(400);
    // A second refund cannot pass by the first.
    let form = [("amount", "1"), ("reason", "Another")];
    treasurer.post_once(&format!("{}/refund", world.path), &form).await.expect_status(409);

    other
        .get("/admin/payments/refunds")
        .await
        .form(&decide)
        .press("decision", "decline")
        .submit(&mut other)
        .await;
    settle(&world.site).await;
    assert_eq!((world.books().await.len(), world.told().await), (1, 0));

    world.ask(&mut treasurer, "5", "A mistake after all").await;
    let page = other.get("/admin/payments/refunds").await;
    let action = page
        .posted_forms()
        .into_iter()
        .map(|(action, _)| action)
        .find(|it| it.contains("/refunds/"))
        .unwrap();
    page.form(&action).press("decision", "approve").submit(&mut other).await.expect("Approved");
    other.post_once(&action, &[("decision", "approve")]).await.expect_status(409);
    settle(&world.site).await;
    assert_eq!(world.books().await, [line("payment", 500), line("refund", -500)]);
    treasurer.get(&world.path).await.expect("decided by");
    assert_eq!(world.told().await, 1);
}

#[tokio::test]
async fn a_refund_that_fails_is_shown_and_tried_again_without_paying_twice() {
    let world = paid("10000").await;
    let (site, stand_in) = (&world.site, world.site.app.stripe_stand_in());
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    world.ask(&mut treasurer, "5", "Asked for it").await;
    settle(site).await;
    stand_in.fail_refund(&world.subscription).await.unwrap();
    settle(site).await;
    let sums = [line("payment", 500), line("refund", -500), line("refund_failed", 500)];
    assert_eq!(world.books().await, sums);
    let page = treasurer.get(&world.path).await;
    page.expect("Failed").expect("The payer’s bank would not accept it");
    treasurer.get("/admin").await.expect("1 refund needs attention");
    let retry =
        page.posted_forms().into_iter().map(|(action, _)| action).find(|it| it.ends_with("/retry")).unwrap();
    // Pressed twice on the page as it was: one try.
    for status in [303, 409] {
        let form = page.form(&retry);
        assert_eq!(form.submit_once(&mut treasurer).await.status, status);
    }
    settle(site).await;
    assert_eq!(world.books().await.iter().map(|(_, pence)| pence).sum::<i64>(), 0);
    treasurer
        .get(&world.path)
        .await
        .expect("Sent back")
        .expect("All of this payment has already been returned");

    // Stripe has it, and its answer was lost: another try finds it instead of sending it twice.
    sqlx::query("update refunds set state = 'sending', stripe_id = null").execute(&site.pool).await.unwrap();
    treasurer.get(&world.path).await.form(&retry).submit(&mut treasurer).await.expect("asking Stripe again");
    settle(site).await;
    assert_eq!(world.books().await.len(), 4);
    treasurer.get(&world.path).await.expect("Sent back");
}

#[tokio::test]
async fn what_cannot_go_back_is_said() {
    let world = paid("10000").await;
    let mut treasurer = world.site.signed_in_as("treasurer@demo.test").await;
    for (amount, status, says) in [
        ("", 422, "Enter how much to refund"),
        ("0", 422, "Enter more than £0"),
        ("-5", 422, "Enter"),
        ("1e3", 422, "Enter"),
        ("5,00", 422, "point"),
        ("5.01", 409, "There is less than that left"),
    ] {
        let page = world.ask(&mut treasurer, amount, "A mistake").await;
        page.expect_status(status).expect(says);
        let form = page.form(&format!("{}/refund", world.path));
        assert_eq!((form.value("amount"), form.value("reason")), (Some(amount), Some("A mistake")));
    }
    world.ask(&mut treasurer, "1", "").await.expect_status(422).expect("Enter the reason for the refund");
    assert_eq!(world.books().await.len(), 1);
    // Taken back by the bank in the meantime: Stripe will not send it as well.
    world.site.app.stripe_stand_in().claim_back(&world.subscription).await.unwrap();
    world.ask(&mut treasurer, "5", "A mistake").await;
    settle(&world.site).await;
    treasurer.get(&world.path).await.expect("The payer’s bank has already taken this payment back");
    assert_eq!(world.books().await, [line("payment", 500), line("dispute", -500)]);
    assert_eq!(world.told().await, 0);
    for (email, status) in [("organiser@demo.test", 403), ("ana@demo.test", 403)] {
        let mut browser = world.site.signed_in_as(email).await;
        assert_eq!(browser.get(&world.path).await.status, status, "{email}");
    }
    treasurer.get("/admin/payments/lines/00000000-0000-4000-8000-000000000000").await.expect_status(404);
}

#[tokio::test]
async fn several_refunds_of_one_payment_count_together_against_what_one_person_may_return() {
    // £2 by one person, of £5.
    for (asked, last) in [
        (vec!["1", "1"], "is on its way back"),
        (vec!["1", "1.01"], "is waiting for a second person"),
        (vec!["2", "0.01"], "is waiting for a second person"),
        (vec!["0.90", "1", "1"], "is waiting for a second person"),
        (vec!["2.01"], "is waiting for a second person"),
        (vec!["0.50", "0.50", "0.50", "0.50", "0.01"], "is waiting for a second person"),
    ] {
        let world = paid("200").await;
        let mut treasurer = world.site.signed_in_as("treasurer@demo.test").await;
        for (number, amount) in asked.iter().enumerate() {
            let page = world.ask(&mut treasurer, amount, "A mistake").await;
            page.expect(if number + 1 == asked.len() { last } else { "is on its way back" });
            settle(&world.site).await;
        }
    }
}
