//! Money that goes back outside of Stripe: it leaves the books, and every sum.

use breakthrough::kit::stripe::stand_in::PaidBy;

use super::{case_of, cases::watch, send, session_of};
use crate::{
    membership::settle,
    support::{Browser, Page, Site},
};

const EMAIL: &str = "ben@demo.test";

async fn number(site: &Site) -> i64 {
    sqlx::query_scalar(
        "select m.number from memberships m join people p on p.id = m.person_id where p.email = $1::text::citext",
    )
    .bind(EMAIL)
    .fetch_one(&site.pool)
    .await
    .unwrap()
}

/// Enters a donation that did not come through Stripe.
async fn enter(site: &Site, treasurer: &mut Browser, (method, amount): (&str, &str)) -> Page {
    let path = format!("/admin/books/received/{}", number(site).await);
    let form = treasurer.get(&path).await.form(&path).fill("what", "gift").fill("method", method);
    let page = form.fill("amount", amount).fill("reference", "000123").submit(treasurer).await;
    site.work().await;
    page
}

/// What is left of somebody's payments of this year, as the cap counts it: what the form says they can still give.
async fn can_give(site: &Site) -> Option<String> {
    let page = site.signed_in_as(EMAIL).await.get("/donate").await;
    let words = page.words();
    let rest = words.split("You can give ").nth(1)?;
    rest.split(' ').next().map(str::to_owned)
}

/// The sum of each account of the books that is not nothing.
async fn books(site: &Site) -> Vec<(String, i64)> {
    sqlx::query_as(
        "select account, sum(pence)::bigint from book_postings group by 1 having sum(pence) <> 0 order by 1",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap()
}

fn moved(before: &[(String, i64)], after: &[(String, i64)]) -> Vec<(String, i64)> {
    let of = |all: &[(String, i64)], name: &str| all.iter().find(|it| it.0 == name).map_or(0, |it| it.1);
    let names: std::collections::BTreeSet<_> = before.iter().chain(after).map(|it| it.0.clone()).collect();
    let moved = names.into_iter().map(|name| (name.clone(), of(after, &name) - of(before, &name)));
    moved.filter(|it| it.1 != 0).collect()
}

fn account(name: &str, pence: i64) -> (String, i64) {
    (name.to_owned(), pence)
}

/// What /funding will say of this month.
async fn given(site: &Site) -> breakthrough::donations::Giving {
    let (from, until) = ("2026-11-01T00:00:00Z".parse().unwrap(), "2026-12-01T00:00:00Z".parse().unwrap());
    let mut db = site.pool.acquire().await.unwrap();
    breakthrough::donations::giving(&mut db, from, until).await.unwrap()
}

async fn refuse(treasurer: &mut Browser, case: &str) {
    let page = treasurer.get(case).await;
    page.form(&format!("{case}/refusal")).fill("why", "not_on_register").submit(treasurer).await;
}

async fn note_return(treasurer: &mut Browser, case: &str, method: &str) -> Page {
    let page = treasurer.get(case).await;
    let form = page.form(&format!("{case}/return")).fill("method", method).fill("to", "Ben");
    let form = form.fill("returned_day", "21").fill("returned_month", "11").fill("returned_year", "2026");
    form.submit(treasurer).await
}

#[tokio::test]
async fn m8_what_goes_back_by_hand_leaves_the_books_the_cap_the_members_page_and_the_funding() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let could = can_give(&site).await;
    let given = given(&site).await;
    for (method, back, accounts) in [
        ("cash", "cash", vec![account("donations", -75_000), account("refunds", 75_000)]),
        (
            "cheque",
            "transfer",
            vec![
                account("bank", -75_000),
                account("donations", -75_000),
                account("hand", 75_000),
                account("refunds", 75_000),
            ],
        ),
        (
            "transfer",
            "cheque",
            vec![
                account("bank", 75_000),
                account("donations", -75_000),
                account("hand", -75_000),
                account("refunds", 75_000),
            ],
        ),
    ] {
        let before = books(&site).await;
        enter(&site, &mut treasurer, (method, "750")).await.expect("recorded");
        watch(&site).await;
        assert_ne!(can_give(&site).await, could, "{method}");
        let case = case_of(&site, EMAIL).await;
        refuse(&mut treasurer, &case).await;
        treasurer.get("/admin").await.expect("1 refused donation has not been returned");
        // Without a way, by card, or before it came: nothing is booked.
        for (field, value, fault) in [
            ("method", "", "Choose how it was sent back"),
            ("method", "card", "Choose how it was sent back"),
            ("returned_day", "1", "Enter a date from 21 November 2026 to today"),
            ("returned_year", "2027", "Enter a date from 21 November 2026 to today"),
            ("to", "", "Enter who it was sent to"),
        ] {
            let page = treasurer.get(&case).await;
            let form = page.form(&format!("{case}/return")).fill("method", back).fill("to", "Ben");
            let form =
                form.fill("returned_day", "21").fill("returned_month", "11").fill("returned_year", "2026");
            form.fill(field, value).submit(&mut treasurer).await.expect_status(422).expect(fault);
        }
        note_return(&mut treasurer, &case, back).await.expect("The return is recorded");
        site.work().await;
        assert_eq!(moved(&before, &books(&site).await), accounts, "{method}");
        treasurer.get(&case).await.expect("Sent back on 21 November 2026");
        // Pressed again, it is not sent back twice.
        let fields = [
            ("method", back),
            ("to", "Ben"),
            ("returned_day", "21"),
            ("returned_month", "11"),
            ("returned_year", "2026"),
        ];
        treasurer.post_once(&format!("{case}/return"), &fields).await.expect_status(409);
        treasurer.get("/admin").await.expect_not("refused donation has not been returned");
        assert_eq!(can_give(&site).await, could, "{method}");
        // A day later, the next one has a case of its own.
        site.app.clock().advance(chrono::Duration::seconds(1));
    }
    let page = site.signed_in_as(EMAIL).await.get("/payments").await;
    page.expect("£7 in 2026").expect("Donation: refund").expect("-£750");
    assert_eq!(self::given(&site).await, given);
    // It is a row of the quarter, as sent back.
    treasurer
        .get("/admin/donations/returns/quarterly/2026-10-01")
        .await
        .expect("Refused and returned")
        .expect("£750");
}

#[tokio::test]
async fn m8_a_card_gift_whose_refund_failed_goes_back_by_bank_and_is_not_refunded_again() {
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    let mut browser = site.signed_in_as(EMAIL).await;
    let could = can_give(&site).await;
    let form =
        send(&mut browser, EMAIL, "own", "750").await.form("/donate").fill("address_line1", "1 Mill Lane");
    let session =
        session_of(&form.fill("town", "Bury").fill("postcode", "BL9 0ND").submit_once(&mut browser).await);
    site.app.stripe_stand_in().pay(&session, PaidBy::Card).await.unwrap();
    settle(&site).await;
    let case = case_of(&site, EMAIL).await;
    let before = books(&site).await;
    // Stripe does not know the payment, and says no; after some days the site gives up.
    sqlx::query("update stripe_stand_in.objects set id = 'x' || id where id = (select l.payment_intent from donor_cases c join ledger l on l.id = c.line where c.email = $1::text::citext)")
        .bind(EMAIL)
        .execute(&site.pool)
        .await
        .unwrap();
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    refuse(&mut treasurer, &case).await;
    site.leaves_failed("payments_give_back");
    site.work().await;
    site.app.clock().advance(chrono::Duration::days(4));
    watch(&site).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    note_return(&mut treasurer, &case, "transfer").await.expect("The return is recorded");
    site.work().await;
    assert_eq!(moved(&before, &books(&site).await), [account("bank", -75_000), account("refunds", 75_000)]);
    assert_eq!(can_give(&site).await, could);
    // Stripe knows it again: what has gone back by hand is not refunded as well.
    sqlx::query("update stripe_stand_in.objects set id = substr(id, 2) where id like 'xpi%'")
        .execute(&site.pool)
        .await
        .unwrap();
    let intent: String = sqlx::query_scalar(
        "select l.payment_intent from donor_cases c join ledger l on l.id = c.line where c.email = $1::text::citext",
    )
    .bind(EMAIL)
    .fetch_one(&site.pool)
    .await
    .unwrap();
    let mut db = site.pool.acquire().await.unwrap();
    breakthrough::kit::queue::push(
        &mut db,
        &breakthrough::payments::GiveBack { payment_intent: intent.clone() },
    )
    .await
    .unwrap();
    drop(db);
    settle(&site).await;
    let refunds: i64 = sqlx::query_scalar("select count(*) from stripe_stand_in.objects where id like 're_%' and body ->> 'payment_intent' = $1")
        .bind(&intent)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(refunds, 0);
}

#[tokio::test]
async fn m8_any_payment_can_be_sent_back_by_hand_in_parts_and_never_more_than_is_left() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let path = format!("/admin/books/received/{}", number(&site).await);
    let form = treasurer.get(&path).await.form(&path).fill("what", "dues").fill("method", "cash");
    form.fill("amount", "12.34").fill("reference", "1").submit(&mut treasurer).await.expect("recorded");
    site.work().await;
    let line: String =
        sqlx::query_scalar("select id::text from ledger where amount_pence = 1234 and method = 'cash'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    let page = format!("/admin/payments/lines/{line}");
    let action = format!("{page}/return");
    let before = books(&site).await;
    let send = async |treasurer: &mut Browser, amount: &str, twice: bool| {
        let form =
            treasurer.get(&page).await.form(&action).fill("returned_amount", amount).fill("method", "cash");
        let form = form.fill("returned_day", "21").fill("returned_month", "11").fill("returned_year", "2026");
        if twice {
            form.clone().submit_once(treasurer).await;
        }
        form.submit(treasurer).await
    };
    for (amount, fault) in [
        ("0", "Enter more than £0"),
        ("-1", "There is a problem"),
        ("1e3", "There is a problem"),
        ("", "Enter how much was sent back"),
        ("£1,2", "There is a problem"),
    ] {
        send(&mut treasurer, amount, false).await.expect_status(422).expect(fault);
    }
    send(&mut treasurer, "12.35", false).await.expect_status(409).expect("less than that left");
    // The same form twice is one return.
    send(&mut treasurer, "10", true).await.expect("The return is in the books");
    send(&mut treasurer, "2.35", false).await.expect_status(409).expect("less than that left");
    send(&mut treasurer, "2.34", false).await.expect("The return is in the books");
    treasurer.get(&page).await.expect_not("Record the return").expect("has already been returned");
    site.work().await;
    assert_eq!(moved(&before, &books(&site).await), [account("hand", -1_234), account("refunds", 1_234)]);
    let receipt = site.signed_in_as(EMAIL).await.get(&format!("/payments/{line}")).await;
    receipt.expect("-£10").expect("-£2.34");
    // Only who may refund records it.
    let mut member = site.signed_in_as("ana@demo.test").await;
    assert_ne!(member.post_once(&action, &[]).await.status, 200);
    assert_ne!(member.get(&page).await.status, 200);
    treasurer
        .post("/admin/payments/lines/00000000-0000-0000-0000-000000000001/return", &[])
        .await
        .expect_status(404);
}

#[tokio::test]
async fn m11_what_comes_by_hand_above_the_limit_is_kept_refused_and_sent_back() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    super::cases::set(&site, "donation_cap_pence", "90000", "2026-01-01").await;
    let could = can_give(&site).await;
    let before = books(&site).await;
    // A case of its own, whatever way it came.
    for method in ["cheque", "cash", "transfer", "standing_order"] {
        let said = enter(&site, &mut treasurer, (method, "990")).await;
        said.expect("Send it back, and record that under Donor checks");
        let case = case_of(&site, EMAIL).await;
        treasurer.get(&case).await.expect("Above the party’s annual limit").expect("To be sent back by hand");
        treasurer.get("/admin").await.expect("1 refused donation has not been returned");
        assert_eq!(can_give(&site).await, could, "{method} does not use the limit up");
        note_return(&mut treasurer, &case, "transfer").await.expect("The return is recorded");
        treasurer.get("/admin").await.expect_not("refused donation has not been returned");
        site.app.clock().advance(chrono::Duration::seconds(1));
    }
    let quarter = treasurer.get("/admin/donations/returns/quarterly/2026-10-01").await;
    assert_eq!(quarter.words().matches("Refused and returned").count(), 4);
    let mails = site.mails_to(EMAIL).await;
    assert!(mails.iter().all(|mail| !mail.subject.contains("Thank you for your donation of £990")));
    // One too small for a case is followed as well.
    enter(&site, &mut treasurer, ("cash", "480")).await;
    enter(&site, &mut treasurer, ("cash", "490")).await.expect("Send it back");
    let line: String =
        sqlx::query_scalar("select id::text from ledger where amount_pence = 49000 and method = 'cash'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    treasurer.get("/admin/donations").await.expect("Above the annual limit; to be sent back by hand");
    let page = format!("/admin/payments/lines/{line}");
    let form = treasurer.get(&page).await.form(&format!("{page}/return")).fill("method", "cash");
    let form = form.fill("returned_day", "21").fill("returned_month", "11").fill("returned_year", "2026");
    form.submit(&mut treasurer).await.expect("The return is in the books");
    treasurer.get("/admin/donations").await.expect_not("to be sent back by hand");
    treasurer.get("/admin").await.expect_not("refused donation has not been returned");
    site.work().await;
    let sums: i64 = moved(&before, &books(&site).await)
        .iter()
        .filter(|it| it.0 != "bank" && it.0 != "hand")
        .map(|it| it.1)
        .sum();
    assert_eq!(sums, -48_000, "only what is kept is income");
}
