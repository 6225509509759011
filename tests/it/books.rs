//! The books: whatever happens to money, the accounts add up to nothing, and what is booked stays.

use std::collections::BTreeMap;

use breakthrough::{
    books::Account,
    kit::{progress::Progress, stripe::stand_in::PaidBy},
    payments,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use crate::{
    membership::join_as,
    support::{Browser, Site},
};

/// The sums of all accounts that are not empty.
async fn sums(site: &Site) -> BTreeMap<String, i64> {
    let sums: Vec<(String, i64)> =
        sqlx::query_as("select account, sum(pence)::bigint from book_postings group by 1")
            .fetch_all(&site.pool)
            .await
            .unwrap();
    let tallied: Vec<(String, i64)> = sqlx::query_as(
        "select part, sum(number)::bigint from tallies where what = 'books' group by 1 having sum(number) <> 0",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    let sums: BTreeMap<_, _> = sums.into_iter().filter(|(_, sum)| *sum != 0).collect();
    assert_eq!(tallied.into_iter().collect::<BTreeMap<_, _>>(), sums, "the tally follows the postings");
    sums
}

async fn count(site: &Site, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&site.pool).await.unwrap()
}

/// What may become of a payment.
#[derive(Clone, Debug)]
struct Payment {
    purpose: &'static str,
    method: Option<&'static str>,
    pence: i64,
    /// Days after 1 January 2026: in September or later, which the demo party has not closed.
    day: i64,
    back: Vec<(&'static str, i64)>,
}

fn payment() -> impl Strategy<Value = Payment> {
    let purpose = prop::sample::select(vec!["membership", "donation", "mug"]);
    let method = prop::option::of(prop::sample::select(vec![
        "card",
        "bacs_debit",
        "cash",
        "cheque",
        "transfer",
        "standing_order",
    ]));
    let kinds = prop::sample::select(vec!["refund", "refund_failed", "dispute", "dispute_won"]);
    let back = prop::collection::vec((kinds, 1_i64..100_000), 0..5);
    (purpose, method, 1_i64..10_000_000, 243_i64..320, back)
        .prop_map(|(purpose, method, pence, day, back)| Payment { purpose, method, pence, day, back })
}

impl Payment {
    /// The lines of the ledger: kind and pence.
    fn lines(&self) -> Vec<(&'static str, i64)> {
        let signed = |(kind, pence): &(&'static str, i64)| {
            (*kind, if matches!(*kind, "refund" | "dispute") { -pence } else { *pence })
        };
        [("payment", self.pence)].into_iter().chain(self.back.iter().map(signed)).collect()
    }

    fn accounts(&self, kind: &str) -> (&'static str, &'static str) {
        let money = match self.method {
            Some("cash" | "cheque") => "hand",
            Some("transfer" | "standing_order") => "bank",
            _ => "stripe",
        };
        let other = match (kind, self.purpose) {
            ("refund" | "refund_failed", _) => "refunds",
            ("dispute" | "dispute_won", _) => "disputes",
            (_, "membership" | "gift_membership") => "dues",
            (_, "donation") => "donations",
            _ => "other_income",
        };
        (money, other)
    }

    async fn book(&self, site: &Site) {
        let is_stripe = self.method.is_none_or(|method| ["card", "bacs_debit"].contains(&method));
        let lines = self.lines();
        let ids: Vec<_> = lines.iter().map(|_| site.app.random().opaque_id()).collect();
        let (kinds, pence): (Vec<_>, Vec<_>) = lines.into_iter().unzip();
        sqlx::query(
            "insert into ledger (id, kind, stripe_id, amount_pence, at, purpose_kind, purpose_id, method, recorded_at, entered_by)
             select id, kind, case when $7 then id::text end, pence, '2026-01-01 12:00Z'::timestamptz + $4 * interval '1 day', $5,
                    gen_random_uuid(), $6, now(), case when not $7 then (select id from people where email = 'treasurer@demo.test') end
             from unnest($1::uuid[], $2::text[], $3::bigint[]) as l(id, kind, pence)",
        )
        .bind(&ids)
        .bind(&kinds)
        .bind(&pence)
        .bind(i32::try_from(self.day).unwrap())
        .bind(self.purpose)
        .bind(self.method)
        .bind(is_stripe)
        .execute(&site.pool)
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn random_histories_add_up_to_nothing_in_every_entry_account_and_month() {
    let site = Site::open().await;
    let mut runner = TestRunner::deterministic();
    let mut expected = sums(&site).await;
    for _ in 0..40 {
        let history = prop::collection::vec(payment(), 1..8).new_tree(&mut runner).unwrap().current();
        for payment in &history {
            payment.book(&site).await;
            for (kind, pence) in payment.lines() {
                let (money, other) = payment.accounts(kind);
                *expected.entry(money.to_owned()).or_default() += pence;
                *expected.entry(other.to_owned()).or_default() -= pence;
            }
        }
        expected.retain(|_, sum| *sum != 0);
        assert_eq!(sums(&site).await, expected, "{history:?}");
    }
    let of_entries =
        "select count(*) from (select entry from book_postings group by entry having sum(pence) <> 0) wrong";
    assert_eq!(count(&site, of_entries).await, 0);
    let of_months = "select count(*) from (select key from tallies where what = 'books' group by key having sum(number) <> 0) wrong";
    assert_eq!(count(&site, of_months).await, 0);
    let lines = count(&site, "select count(*) from ledger").await;
    assert_eq!(
        count(&site, "select count(distinct line) from book_entries where source = 'line'").await,
        lines
    );
    let days = "select count(*) from book_entries e join ledger l on l.id = e.line
                where e.happened_on <> (l.at at time zone 'Europe/London')::date or e.day <> e.happened_on";
    assert_eq!(count(&site, days).await, 0, "each stands on its own day");
}

#[tokio::test]
async fn the_database_refuses_what_does_not_add_up_and_every_change() {
    let site = Site::open().await;
    let before = sums(&site).await;
    let entry = "with made as (insert into book_entries (day, happened_on, source, words, entered_by, key, recorded_at)
                 select '2026-11-01', '2026-11-01', 'entered', 'x', id, gen_random_uuid(), now() from people limit 1 returning number, day)";
    let of = |lines: &str| {
        format!(
            "{entry} insert into book_postings select number, day, account, pence from made, (values {lines}) l(account, pence)"
        )
    };
    for (statement, why) in [
        (of("('bank', 5), ('hand', -4)"), "add up to zero"),
        (of("('bank', 5)"), "add up to zero"),
        (of("('bank', 0), ('hand', 0)"), "book_postings_pence_check"),
        (of("('moon', 5), ('hand', -5)"), "book_postings_account_check"),
        (format!("{entry} select 1 from made"), "an entry has lines"),
        // Added to an entry that is there, even if it adds up.
        ("insert into book_postings select e.number, e.day, l.account, l.pence from (select number, day from book_entries limit 1) e, (values ('travel', 5), ('staff', -5)) l(account, pence)".to_owned(), "come together"),
        ("update book_postings set pence = -pence".to_owned(), "never changed"),
        ("delete from book_postings".to_owned(), "never changed"),
        ("truncate book_postings".to_owned(), "never changed"),
        ("update book_entries set words = 'y'".to_owned(), "never changed"),
        ("delete from book_entries".to_owned(), "never changed"),
        ("truncate book_entries cascade".to_owned(), "never changed"),
        ("truncate ledger cascade".to_owned(), "never changed"),
        ("update ledger set amount_pence = amount_pence + 1".to_owned(), "never changed"),
        ("update ledger set at = at + interval '1 day'".to_owned(), "never changed"),
        ("delete from ledger".to_owned(), "never changed"),
    ] {
        let refused = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.clone())).execute(&site.pool).await;
        let refused = refused.expect_err(&statement).to_string();
        assert!(refused.contains(why), "{statement}: {refused}");
    }
    sqlx::raw_sql(sqlx::AssertSqlSafe(of("('bank', 5), ('hand', -3), ('travel', -2)")))
        .execute(&site.pool)
        .await
        .unwrap();
    let mut after = before;
    for (account, pence) in [("bank", 5), ("hand", -3), ("travel", -2)] {
        *after.entry(account.to_owned()).or_default() += pence;
    }
    assert_eq!(sums(&site).await, after);
}

#[tokio::test]
async fn the_database_knows_every_account() {
    let site = Site::open().await;
    let check: String = sqlx::query_scalar(
        "select pg_get_constraintdef(oid) from pg_constraint where conname = 'book_postings_account_check'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    let mut known: Vec<_> = check.split('\'').skip(1).step_by(2).collect();
    let mut accounts = Account::ALL.map(Account::code);
    known.sort_unstable();
    accounts.sort_unstable();
    assert_eq!(known, accounts);
}

#[tokio::test]
async fn the_treasurer_reads_the_books_and_puts_right_what_is_wrong() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let page = treasurer.get("/admin/books").await;
    page.expect("Stripe balance").expect("Subscriptions").expect("Donations");
    let total = page.select("tfoot td");
    assert_eq!(total[1], total[2], "debits and credits are equal");

    let page = treasurer.get("/admin/books/accounts/dues?month=2026-11").await;
    page.expect("Payment, membership").expect("in_Seed");
    let entry = page.select("tbody th a")[0].clone();
    let page = treasurer.get(&format!("/admin/books/entries/{entry}")).await;
    page.expect("Stripe balance").expect("Subscriptions");
    let links = page.attributes("a", "href");
    assert!(
        links.iter().any(|link| link.starts_with("https://dashboard.stripe.com/test/invoices/in_Seed")),
        "{links:?}"
    );
    treasurer.get("/admin/books/entries/999999").await.expect_status(404);
    treasurer.get("/admin/books/accounts/moon").await.expect_status(404);

    let before = sums(&site).await;
    let page = treasurer.get("/admin/books/new").await;
    let filled = page
        .form("/admin/books/new")
        .fill("from", "opening")
        .fill("to", "bank")
        .fill("amount", "1,234.56")
        .fill("on_day", "2")
        .fill("words", "What the bank held")
        .fill("document", "Statement 7");
    filled.submit(&mut treasurer).await.expect("Entry added").expect("What the bank held");
    let mut after = before;
    *after.entry("bank".to_owned()).or_default() += 123_456;
    *after.entry("opening".to_owned()).or_default() -= 123_456;
    assert_eq!(sums(&site).await, after, "pressed twice, booked once");
    treasurer.get("/admin/books").await.expect("£1,234.56");
    let wrong = page.form("/admin/books/new").fill("from", "bank").fill("to", "bank").fill("amount", "0");
    let page = wrong.submit(&mut treasurer).await;
    page.expect_status(422)
        .expect("Choose a different account")
        .expect("Enter more than £0")
        .expect("Enter a description")
        .expect("Enter the document, or why there is none");

    let page = treasurer.get("/admin/books/spending").await;
    let spent = page
        .form("/admin/books/spending")
        .fill("to", "printing")
        .fill("amount", "99.50")
        .fill("words", "Leaflets")
        .fill("document", "Invoice 12");
    let page = spent.submit(&mut treasurer).await;
    page.expect("Spending recorded").expect("Leaflets").expect("Printing and post");
    *after.entry("bank".to_owned()).or_default() -= 9_950;
    *after.entry("printing".to_owned()).or_default() += 9_950;
    assert_eq!(sums(&site).await, after);

    // Who may not see payments sees no books.
    site.signed_in_as("returning@demo.test").await.get("/admin/books").await.expect_status(403);
}

/// What changed in each account since.
async fn moved(site: &Site, before: &BTreeMap<String, i64>) -> BTreeMap<String, i64> {
    let mut after = sums(site).await;
    for (account, sum) in before {
        *after.entry(account.clone()).or_default() -= sum;
    }
    after.retain(|_, sum| *sum != 0);
    after
}

fn expected(sums: &[(&str, i64)]) -> BTreeMap<String, i64> {
    sums.iter().map(|(account, sum)| ((*account).to_owned(), *sum)).collect()
}

async fn reconcile(site: &Site) -> payments::Report {
    let report = payments::reconcile(&site.app, &mut Progress::default()).await.unwrap();
    site.work().await;
    report
}

/// What Stripe has of us, by Stripe's own list.
const AT_STRIPE: &str = "select sum(amount_pence - fee_pence)::bigint from balance_transactions";

#[tokio::test]
async fn fees_and_payouts_come_from_stripe_s_balance_and_the_balance_agrees_to_the_penny() {
    let site = Site::open().await;
    let stripe = site.app.stripe_stand_in();
    stripe.hold();
    reconcile(&site).await;
    let before = sums(&site).await;
    assert_eq!(before["stripe"], count(&site, AT_STRIPE).await, "the demo's books agree with Stripe");
    assert!(before["fees"] > 0 && before["bank"] > 0 && !before.contains_key("unexplained"), "{before:?}");

    // £5 by card costs 28p, £5 by Direct Debit 20p. No webhook tells of it.
    let card = join_as(&site, "card@example.org").await;
    stripe.pay(&card, PaidBy::Card).await.unwrap();
    assert!(reconcile(&site).await.moved > 0);
    assert_eq!(moved(&site, &before).await, expected(&[("dues", -500), ("stripe", 472), ("fees", 28)]));
    let subscription: String =
        sqlx::query_scalar("select body ->> 'subscription' from stripe_stand_in.objects where id = $1")
            .bind(&card)
            .fetch_one(&site.pool)
            .await
            .unwrap();

    // Given back, which fails; then taken back by the bank, which costs £20.
    stripe.give_back(&subscription).await.unwrap();
    reconcile(&site).await;
    let returned = expected(&[("dues", -500), ("refunds", 500), ("stripe", -28), ("fees", 28)]);
    assert_eq!(moved(&site, &before).await, returned, "Stripe keeps its fee");
    stripe.fail_refund(&subscription).await.unwrap();
    reconcile(&site).await;
    assert_eq!(moved(&site, &before).await, expected(&[("dues", -500), ("stripe", 472), ("fees", 28)]));
    stripe.claim_back(&subscription).await.unwrap();
    reconcile(&site).await;
    let disputed = expected(&[("dues", -500), ("disputes", 500), ("stripe", -2028), ("fees", 2028)]);
    assert_eq!(moved(&site, &before).await, disputed);

    stripe.pay_out().await.unwrap();
    let report = reconcile(&site).await;
    assert_eq!(report.moved, 1);
    assert_eq!(sums(&site).await["stripe"], count(&site, AT_STRIPE).await);
    let paid_out = moved(&site, &before).await["bank"];
    assert!(paid_out > 0 && paid_out == -2028 - moved(&site, &before).await["stripe"]);

    // Twice changes nothing.
    let lines = count(&site, "select count(*) from book_postings").await;
    assert_eq!(reconcile(&site).await, payments::Report { moved: 0, ..report });
    assert_eq!(count(&site, "select count(*) from book_postings").await, lines);
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let page = treasurer.get("/admin/books/accounts/stripe").await;
    page.expect("Paid out to the bank").expect("Stripe’s fee for a payment").expect("comes to the same");
}

#[tokio::test]
async fn what_stripe_moved_without_a_receipt_is_to_be_explained_until_the_receipt_comes() {
    let site = Site::open().await;
    let before = sums(&site).await;
    let movement = |id: &'static str, category: &'static str, pence: i64, fee: i64, source: &'static str| {
        let statement = "insert into balance_transactions (id, category, amount_pence, fee_pence, at, source, payment_intent, recorded_at)
                         values ($1, $2, $3, $4, '2026-11-10T09:00:00Z', $5, 'pi_late', '2026-11-11T09:00:00Z')";
        sqlx::query(statement).bind(id).bind(category).bind(pence).bind(fee).bind(source).execute(&site.pool)
    };
    movement("txn_1", "charge", 1_000, 35, "ch_late").await.unwrap();
    movement("txn_2", "dispute", -1_000, 2_000, "du_late").await.unwrap();
    movement("txn_3", "fee", -150, 0, "fee_1").await.unwrap();
    movement("txn_4", "risk_reserved_funds", -70, 0, "rsv_1").await.unwrap();
    let unexplained = expected(&[("stripe", -2_255), ("fees", 2_185), ("unexplained", 70)]);
    assert_eq!(moved(&site, &before).await, unexplained);
    let receipts = "insert into ledger (id, kind, stripe_id, amount_pence, at, purpose_kind, purpose_id, method, payment_intent, recorded_at)
                    values (gen_random_uuid(), 'payment', 'in_late', 1000, '2026-11-10T09:00:00Z', 'membership', gen_random_uuid(), 'card', 'pi_late', now()),
                           (gen_random_uuid(), 'dispute', 'du_late', -1000, '2026-11-10T09:00:00Z', 'membership', gen_random_uuid(), 'card', 'pi_late', now())";
    sqlx::query(receipts).execute(&site.pool).await.unwrap();
    let explained = expected(&[
        ("stripe", -2_255),
        ("fees", 2_185),
        ("unexplained", 70),
        ("dues", -1_000),
        ("disputes", 1_000),
    ]);
    assert_eq!(moved(&site, &before).await, explained);
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let page = treasurer.get("/admin/books/accounts/unexplained?month=2026-11").await;
    page.expect("Explained by a later receipt").expect("At Stripe: risk reserved funds").expect("rsv_1");
    for statement in ["delete from balance_transactions", "update balance_transactions set fee_pence = 0"] {
        assert!(sqlx::query(statement).execute(&site.pool).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn a_closed_month_takes_nothing_more_and_late_news_stands_on_the_first_open_day() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    // The demo party has closed all but the last two that are over.
    let first = "2026-09";
    let closed = count(&site, "select count(*) from book_months").await;
    assert!(closed > 20, "{closed}");
    assert_eq!(count(&site, "select count(*) from book_months where month = '2026-08-01'").await, 1);
    // Only the first that is open, and only when it is over.
    for month in ["2026-10", "2026-11", "2030-01"] {
        let path = format!("/admin/books/months/{month}/closing");
        treasurer.post_once(&path, &[]).await.expect_status(409);
    }
    treasurer.post_once("/admin/books/months/2026-13/closing", &[]).await.expect_status(404);
    treasurer.get("/admin/books/months").await.expect("for good");
    treasurer.post(&format!("/admin/books/months/{first}/closing"), &[]).await.expect("is closed");
    treasurer.post(&format!("/admin/books/months/{first}/closing"), &[]).await.expect("is closed");
    assert_eq!(
        count(&site, "select count(*) from book_months").await,
        closed + 1,
        "pressed twice, closed once"
    );
    while let Some(button) =
        treasurer.get("/admin/books/months").await.attributes("main > form", "action").first()
    {
        treasurer.post_once(button, &[]).await.expect_status(303);
    }
    assert_eq!(count(&site, "select count(*) from book_months where month = '2026-10-01'").await, 1);
    assert_eq!(count(&site, "select count(*) from book_months where month > '2026-10-01'").await, 0);
    let page = treasurer.get("/admin/books?month=2026-10").await;
    page.expect("This month is closed");

    let of_october = "select sum(number)::bigint from tallies where what = 'books' and key = '2026-10-01' and part = 'dues'";
    let before = count(&site, of_october).await;
    let all = sums(&site).await;
    Payment {
        purpose: "membership",
        method: Some("card"),
        pence: 500,
        day: 290,
        back: vec![("refund", 500)],
    }
    .book(&site)
    .await;
    assert_eq!(count(&site, of_october).await, before);
    let late = "select count(*) from book_entries where day = '2026-11-01' and happened_on = '2026-10-18'";
    assert_eq!(count(&site, late).await, 2);
    assert_eq!(moved(&site, &all).await, expected(&[("dues", -500), ("refunds", 500)]));
    let entry: i64 =
        sqlx::query_scalar("select max(number) from book_entries").fetch_one(&site.pool).await.unwrap();
    let page = treasurer.get(&format!("/admin/books/entries/{entry}")).await;
    page.expect("1 November 2026").expect("18 October 2026");
    let refused = "insert into book_entries (day, happened_on, source, words, entered_by, key, recorded_at)
                   select '2026-10-31', '2026-10-31', 'entered', 'x', id, gen_random_uuid(), now() from people limit 1";
    let refused = sqlx::query(refused).execute(&site.pool).await.unwrap_err().to_string();
    assert!(refused.contains("closed"), "{refused}");
    for statement in ["delete from book_months", "update book_months set lines = 0", "truncate book_months"] {
        assert!(sqlx::query(statement).execute(&site.pool).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn whoever_books_while_a_month_is_closed_books_after_it() {
    let site = Site::open().await;
    let mut closing = site.pool.begin().await.unwrap();
    sqlx::raw_sql("select pg_advisory_xact_lock(7265005);
                   insert into book_months select '2026-10-01', now(), id, 0 from people where email = 'treasurer@demo.test'")
        .execute(&mut *closing)
        .await
        .unwrap();
    let payment = Payment { purpose: "membership", method: Some("card"), pence: 500, day: 290, back: vec![] };
    let booking = payment.book(&site);
    let commit = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        closing.commit().await.unwrap();
    };
    tokio::join!(booking, commit);
    let late = "select count(*) from book_entries where day = '2026-11-01' and happened_on = '2026-10-18'";
    assert_eq!(count(&site, late).await, 1);
}

#[tokio::test]
async fn a_month_is_downloaded_line_by_line_and_as_a_journal() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let file = treasurer.post_once("/admin/books/months/2026-10/export", &[("format", "csv")]).await;
    let mut reader = csv::Reader::from_reader(file.body.trim_start_matches('\u{FEFF}').as_bytes());
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let lines =
        count(&site, "select count(*) from book_postings where day >= '2026-10-01' and day < '2026-11-01'")
            .await;
    assert_eq!(i64::try_from(rows.len()).unwrap(), lines);
    let pence = |cell: &str| cell.replace('.', "").parse::<i64>().unwrap_or(0);
    let (debits, credits): (i64, i64) =
        rows.iter().fold((0, 0), |(d, c), row| (d + pence(&row[4]), c + pence(&row[5])));
    assert!(debits > 0 && debits == credits, "{debits} {credits}");
    assert!(rows.iter().all(|row| !row[7].is_empty()), "each has its reference");
    let file = treasurer.post_once("/admin/books/months/2026-10/export", &[("format", "xero")]).await;
    let mut reader = csv::Reader::from_reader(file.body.trim_start_matches('\u{FEFF}').as_bytes());
    let sums: Vec<i64> =
        reader.records().map(|row| row.unwrap()[5].replace('.', "").parse().unwrap()).collect();
    assert!(sums.len() > 2 && sums.iter().sum::<i64>() == 0, "{sums:?}");
    assert_eq!(count(&site, "select count(*) from audit_log where action = 'books.exported'").await, 2);
}

/// Sends a statement as a browser sends a file.
pub async fn upload(browser: &Browser, file: &str) -> reqwest::Response {
    let body = format!(
        "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"s.csv\"\r\nContent-Type: text/csv\r\n\r\n{file}\r\n--cut--\r\n"
    );
    let request = browser
        .raw(reqwest::Method::POST, "/admin/books/statement")
        .header("cookie", browser.cookie_header())
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "multipart/form-data; boundary=cut");
    request.body(body).send().await.unwrap()
}

pub async fn number_of(site: &Site, email: &str) -> i64 {
    sqlx::query_scalar("select m.number from memberships m join people p on p.id = m.person_id where p.email = $1::text::citext")
        .bind(email)
        .fetch_one(&site.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn cash_and_cheques_are_entered_once_and_show_on_the_members_own_page() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let before = sums(&site).await;
    let number = number_of(&site, "ana@demo.test").await;
    let found = treasurer.get("/admin/books/received?q=ana%40demo.test").await;
    found.expect("ana@demo.test");
    treasurer.get("/admin/books/received?q=zzqx").await.expect("No member found");
    let path = format!("/admin/books/received/{number}");
    treasurer.get("/admin/books/received/999999").await.expect_status(404);
    let page = treasurer.get(&path).await;
    let filled =
        page.form(&path).fill("method", "cheque").fill("amount", "7.50").fill("reference", "Cheque 000123");
    filled.submit(&mut treasurer).await.expect("recorded.");
    site.work().await;
    assert_eq!(
        moved(&site, &before).await,
        expected(&[("hand", 750), ("dues", -750)]),
        "pressed twice, booked once"
    );
    let page = treasurer.get(&path).await;
    let gift = page.form(&path).fill("what", "gift").fill("method", "cash").fill("amount", "20");
    let page = gift.submit(&mut treasurer).await;
    page.expect_status(422).expect("Enter the reference, or why there is none");
    let gift = page.form(&path).fill("reference", "None: from the collecting tin");
    gift.submit(&mut treasurer).await.expect("recorded.");
    site.work().await;
    assert_eq!(
        moved(&site, &before).await,
        expected(&[("hand", 2_750), ("dues", -750), ("donations", -2_000)])
    );
    assert_eq!(count(&site, "select count(*) from gifts where paid_at is not null and amount_pence = 2000 and declaration like 'Entered%'").await, 1);
    site.mail_to("ana@demo.test").await;
    // B1: cryptoassets are offered to say no to them.
    let page = treasurer.get(&path).await;
    let gift = page.form(&path).fill("what", "gift").fill("method", "crypto").fill("amount", "20");
    gift.submit(&mut treasurer).await.expect_status(422).expect("The law does not let us take cryptoassets");
    // Nobody may give more than the cap, however it comes: it is kept, and sent back. Cards come from Stripe.
    let gift = treasurer
        .get(&path)
        .await
        .form(&path)
        .fill("what", "gift")
        .fill("method", "cash")
        .fill("amount", "5000")
        .fill("reference", "Receipt 8");
    gift.submit(&mut treasurer).await.expect("recorded. A donation takes its donor over the annual limit");
    site.work().await;
    let card = treasurer.get(&path).await.form(&path).fill("method", "card").fill("amount", "5");
    card.submit(&mut treasurer).await.expect_status(422).expect("Choose how it was paid");
    site.signed_in_as("ana@demo.test")
        .await
        .get("/payments")
        .await
        .expect("Cheque")
        .expect("£7.50")
        .expect("Cash");
    // Whoever is paid until a day is paid for longer, once.
    let until = "update memberships set subscription = null, ends_on = '2026-11-30', amount_pence = 500, billing_interval = 'month'
                 where number = $1";
    sqlx::query(until).bind(number).execute(&site.pool).await.unwrap();
    let dues = treasurer.get(&path).await.form(&path).fill("method", "transfer").fill("amount", "10.50");
    let dues = dues.fill("reference", "SILVA DUES");
    dues.submit(&mut treasurer).await.expect("recorded.");
    site.work().await;
    let until: chrono::NaiveDate = sqlx::query_scalar("select ends_on from memberships where number = $1")
        .bind(number)
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert_eq!(until.to_string(), "2027-01-30", "two months of £5");
    let log = "select count(*) from audit_log where action = 'payment.received'";
    assert_eq!(count(&site, log).await, 4);
}

#[tokio::test]
async fn lines_of_the_bank_find_their_members_and_are_booked_once_however_often_they_are_uploaded() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let (ana, ben) = (number_of(&site, "ana@demo.test").await, number_of(&site, "ben@demo.test").await);
    let (name, dues): (String, i64) = sqlx::query_as(
        "select p.name, m.amount_pence from people p join memberships m on m.person_id = p.id where p.email = 'ana@demo.test'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    let before = sums(&site).await;
    let file = format!(
        "Date,Description,Amount\n03/11/2026,{name} M{ana} STO,{}.{:02}\n04/11/2026,BEN MEM {ben},3.33\n05/11/2026,PRINT SHOP,-40.00\n06/11/2026,STRIPE PAYOUT,100\n06/11/2026,WHO KNOWS,1\n",
        dues / 100,
        dues % 100
    );
    assert_eq!(upload(&treasurer, &file).await.status(), 303);
    assert_eq!(upload(&treasurer, &file).await.status(), 303);
    assert_eq!(count(&site, "select count(*) from bank_lines").await, 5, "uploaded twice, there once");
    let refused = upload(&treasurer, "When,What\n1,2\n").await;
    assert_eq!(refused.status(), 422);
    assert!(refused.text().await.unwrap().contains("No column is called “Date”"));
    assert_eq!(moved(&site, &before).await, BTreeMap::new(), "an upload books nothing");
    treasurer.get("/admin").await.expect("lines of bank statements need checking");

    let page = treasurer.get("/admin/books/statement").await;
    page.expect("by number and name").expect("by number");
    let ticked = page.attributes("input[type=checkbox][checked]", "value");
    let ids: BTreeMap<String, String> =
        sqlx::query_as::<_, (String, String)>("select words, id::text from bank_lines")
            .fetch_all(&site.pool)
            .await
            .unwrap()
            .into_iter()
            .collect();
    let id = |words: &str| ids.iter().find(|(line, _)| line.contains(words)).unwrap().1.clone();
    assert_eq!(ticked, [id("STO")], "only what is sure is ticked");
    let form = page
        .form("/admin/books/statement/lines")
        .tick("line[]", &id("BEN"))
        .tick("line[]", &id("PRINT"))
        .tick("line[]", &id("PAYOUT"))
        .fill(&format!("as-{}", id("PRINT")), "printing")
        .fill(&format!("as-{}", id("PAYOUT")), "known");
    form.submit(&mut treasurer).await;
    site.work().await;
    let booked = expected(&[("bank", dues + 333 - 4_000), ("dues", -dues - 333), ("printing", 4_000)]);
    assert_eq!(moved(&site, &before).await, booked);
    let method = "select count(*) from ledger where method = 'standing_order' and reference like '%STO'";
    assert_eq!(count(&site, method).await, 1);
    let page = treasurer.get("/admin/books/statement").await;
    page.expect("WHO KNOWS").expect_not("PRINT SHOP");
    // Whose is it? And a due of nobody books nothing at all.
    let form = page
        .form("/admin/books/statement/lines")
        .tick("line[]", &id("WHO"))
        .fill(&format!("as-{}", id("WHO")), "dues");
    form.submit(&mut treasurer).await.expect_status(422).expect("Enter whose it is");
    let form = page
        .form("/admin/books/statement/lines")
        .tick("line[]", &id("WHO"))
        .fill(&format!("as-{}", id("WHO")), "dues")
        .fill(&format!("member-{}", id("WHO")), "999999");
    form.submit(&mut treasurer).await.expect_status(422).expect("No member has the number 999999");
    upload(&treasurer, &file).await;
    assert_eq!(moved(&site, &before).await, booked);
    assert_eq!(count(&site, "select count(*) from bank_lines where settled_at is null").await, 1);
}
