//! The books: whatever happens to money, the accounts add up to nothing, and what is booked stays.

use std::collections::BTreeMap;

use breakthrough::books::Account;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use crate::support::Site;

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
    /// Days after 1 January 2026.
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
    (purpose, method, 1_i64..10_000_000, 0_i64..320, back)
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
            (_, "membership") => "dues",
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
    page.expect("Stripe balance").expect("Dues").expect("Donations");
    let total = page.select("tfoot td");
    assert_eq!(total[1], total[2], "debits and credits are equal");

    let page = treasurer.get("/admin/books/accounts/dues?month=2026-11").await;
    page.expect("Payment, membership").expect("in_Seed");
    let entry = page.select("tbody th a")[0].clone();
    let page = treasurer.get(&format!("/admin/books/entries/{entry}")).await;
    page.expect("Stripe balance").expect("Dues");
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
    filled.submit(&mut treasurer).await.expect("It is in the books").expect("What the bank held");
    let mut after = before;
    *after.entry("bank".to_owned()).or_default() += 123_456;
    *after.entry("opening".to_owned()).or_default() -= 123_456;
    assert_eq!(sums(&site).await, after, "pressed twice, booked once");
    treasurer.get("/admin/books").await.expect("£1,234.56");
    let wrong = page.form("/admin/books/new").fill("from", "bank").fill("to", "bank").fill("amount", "0");
    let page = wrong.submit(&mut treasurer).await;
    page.expect_status(422)
        .expect("Choose another account")
        .expect("Enter more than nothing")
        .expect("Say what this is");

    let page = treasurer.get("/admin/books/spending").await;
    let spent = page
        .form("/admin/books/spending")
        .fill("to", "printing")
        .fill("amount", "99.50")
        .fill("words", "Leaflets");
    let page = spent.submit(&mut treasurer).await;
    page.expect("The spending is in the books").expect("Leaflets").expect("Printing and post");
    *after.entry("bank".to_owned()).or_default() -= 9_950;
    *after.entry("printing".to_owned()).or_default() += 9_950;
    assert_eq!(sums(&site).await, after);

    // Who may not see payments sees no books.
    site.signed_in_as("returning@demo.test").await.get("/admin/books").await.expect_status(403);
}
