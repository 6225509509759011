//! What was given, as everybody reads it on /funding.

use super::sums::{book, book_card, empty};
use crate::support::{Page, Site};

/// A site with no gifts of the demo party in the period: they are moved before it.
async fn quiet() -> Site {
    let site = Site::open().await;
    empty(&site).await;
    sqlx::raw_sql(
        "set session_replication_role = replica; delete from gift_payments; delete from donor_cases; delete from donation_cards;
         delete from ledger where purpose_kind = 'donation'; delete from tallies where what = 'income' and part = 'donation'; reset session_replication_role",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    site
}

async fn funding(site: &Site) -> Page {
    site.app.pages().clear();
    site.stranger().get("/funding").await
}

/// Donors, donations, median and largest.
async fn given(site: &Site) -> [String; 4] {
    let page = funding(site).await;
    let cell = |row: &str| {
        let html = page.select("section[aria-label='Donations in twelve months'] tr");
        let found = html.iter().find_map(|words| words.strip_prefix(row).map(|rest| rest.trim().to_owned()));
        found.unwrap_or_default()
    };
    [cell("People who gave"), cell("Donations"), cell("The one in the middle (median)"), cell("The largest")]
}

/// A gift by a guest, in pence, each of its payments on a day.
async fn gift(site: &Site, email: &str, pence: i64, days: &[&str]) {
    let id = site.app.random().opaque_id();
    sqlx::query(
        "insert into gifts (id, name, email, amount_pence, declaration, created_at, paid_at, needs_check, billing_interval)
         values ($1, 'A guest', $2::text::citext, $3, 'x', $4::date, $4::date, false, $5)",
    )
    .bind(id)
    .bind(email)
    .bind(pence)
    .bind(chrono::NaiveDate::parse_from_str(days[0], "%Y-%m-%d").unwrap())
    .bind((days.len() > 1).then_some("month"))
    .execute(&site.pool)
    .await
    .unwrap();
    for day in days {
        sqlx::query(
            "insert into ledger (id, kind, stripe_id, payment_intent, method, amount_pence, at, purpose_kind, purpose_id, recorded_at)
             select gen_random_uuid(), 'payment', $1::text || $3, 'pi_' || $1::text || $3, 'card', $2, ($3 || 'T12:00:00Z')::timestamptz, 'donation', $1, now()",
        )
        .bind(id)
        .bind(pence)
        .bind(*day)
        .execute(&site.pool)
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn m14_donors_donations_median_and_largest_are_of_the_twelve_whole_months_payment_by_payment() {
    let site = quiet().await;
    assert_eq!(given(&site).await, ["", "", "", ""], "nobody");
    gift(&site, "one@example.org", 2_000, &["2026-03-10"]).await;
    assert_eq!(given(&site).await, ["1", "1", "£20", "£20"], "one");
    gift(&site, "two@example.org", 5_000, &["2026-03-11"]).await;
    assert_eq!(given(&site).await, ["2", "2", "£20", "£50"], "of two in the middle, the lower");
    gift(&site, "two@example.org", 3_000, &["2026-03-12"]).await;
    assert_eq!(given(&site).await, ["2", "3", "£30", "£50"], "one donor gives twice");
    // Just outside: the last second of October 2025 and the first of November 2026.
    book(&site, "ana@demo.test", 99_900, "2025-10-31T23:59:59Z").await;
    book(&site, "ana@demo.test", 99_900, "2026-11-01T00:00:00Z").await;
    assert_eq!(given(&site).await, ["2", "3", "£30", "£50"]);
    book(&site, "ana@demo.test", 6_000, "2025-11-01T00:00:00Z").await;
    book(&site, "ana@demo.test", 7_000, "2026-10-31T23:59:59Z").await;
    assert_eq!(given(&site).await, ["3", "5", "£50", "£70"]);
    // A regular gift counts payment by payment, whenever it began: two of these four are in the period.
    gift(&site, "monthly@example.org", 41_600, &["2025-09-10", "2025-10-10", "2025-11-10", "2026-10-10"])
        .await;
    assert_eq!(given(&site).await, ["4", "7", "£60", "£416"]);
    // What went back is none: in part, and whole.
    let intent = "pi_refunds";
    book_card(&site, "sam@demo.test", (80_000, "payment"), intent, "2026-02-01T12:00:00Z").await;
    assert_eq!(given(&site).await, ["5", "8", "£60", "£800"]);
    book_card(&site, "sam@demo.test", (-79_000, "refund"), intent, "2026-11-02T12:00:00Z").await;
    assert_eq!(given(&site).await, ["5", "8", "£50", "£416"]);
    book_card(&site, "sam@demo.test", (-1_000, "dispute"), intent, "2026-11-03T12:00:00Z").await;
    assert_eq!(given(&site).await, ["4", "7", "£60", "£416"]);
}

#[tokio::test]
async fn m14_joined_donors_count_once_and_what_is_refused_does_not_count() {
    let site = quiet().await;
    for (email, pence) in
        [("one@example.org", 2_000), ("two@example.org", 3_000), ("three@example.org", 90_000)]
    {
        gift(&site, email, pence, &["2026-03-10"]).await;
    }
    assert_eq!(given(&site).await, ["3", "3", "£30", "£900"]);
    let join = "insert into donor_merges (source, into_source, reason, merged_by, merged_at)
                select 'email:one@example.org', 'email:two@example.org', 'x', id, now() from people where email = 'treasurer@demo.test'";
    sqlx::query(join).execute(&site.pool).await.unwrap();
    assert_eq!(given(&site).await, ["2", "3", "£30", "£900"]);
    // Somebody who has an account since is the account.
    sqlx::query("update people set email = 'one@example.org' where email = 'ben@demo.test'")
        .execute(&site.pool)
        .await
        .unwrap();
    assert_eq!(given(&site).await, ["3", "3", "£30", "£900"]);
    let line: uuid::Uuid =
        sqlx::query_scalar("select id from ledger where amount_pence = 90000 and purpose_kind = 'donation'")
            .fetch_one(&site.pool)
            .await
            .unwrap();
    super::cases::watch(&site).await;
    sqlx::query("update donor_cases set outcome = 'refused', why = 'unidentified', decided_on = '2026-11-01' where line = $1")
        .bind(line)
        .execute(&site.pool)
        .await
        .unwrap();
    assert_eq!(given(&site).await, ["2", "2", "£20", "£30"]);
    sqlx::query("insert into above_limit (line, noted_at) select id, now() from ledger where amount_pence = 3000 and purpose_kind = 'donation'")
        .execute(&site.pool)
        .await
        .unwrap();
    assert_eq!(given(&site).await, ["1", "1", "£20", "£20"]);
}

#[tokio::test]
async fn m14_income_that_the_treasurer_enters_is_in_its_month_and_drops_the_page() {
    let site = Site::open().await;
    site.listen().await;
    // The demo party has closed months.
    sqlx::raw_sql(
        "set session_replication_role = replica; delete from book_months; reset session_replication_role",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let mut stranger = site.stranger();
    let before = stranger.get("/funding").await;
    before.expect_not("Other income");
    let october = |page: &Page| page.table("Income by month").cell("October 2026", "Total").to_owned();
    let pence = |words: String| breakthrough::kit::money::Money::parse(&words).unwrap().pence();
    let enter = async |account: &str, pence: i64, day: &str| {
        let sql = "with e as (insert into book_entries (day, happened_on, source, words, entered_by, key, recorded_at)
                              select $3::date, $3::date, 'entered', 'Stall', id, gen_random_uuid(), now() from people where email = 'treasurer@demo.test'
                              returning number, day)
                   insert into book_postings (entry, day, account, pence)
                   select number, day, side.account, side.pence from e cross join (values ('hand', $2), ($1, -$2)) as side (account, pence)";
        sqlx::query(sql)
            .bind(account)
            .bind(pence)
            .bind(chrono::NaiveDate::parse_from_str(day, "%Y-%m-%d").unwrap())
            .execute(&site.pool)
            .await
            .unwrap();
    };
    enter("other_income", 123_456, "2026-10-15").await;
    enter("other_income", 100, "2026-11-15").await;
    enter("other_income", 100, "2025-10-31").await;
    enter("printing", 5_000, "2026-10-15").await;
    let page = stranger.soon("/funding", |page| page.body.contains("£1,234.56")).await;
    assert_eq!(page.table("Income by month").cell("October 2026", "Other income"), "£1,234.56");
    assert_eq!(page.table("Income by month").cell("September 2026", "Other income"), "£0");
    assert_eq!(pence(october(&page)) - pence(october(&before)), 123_456);
    page.expect("£1,234.56 from other sources");
    // Taken back by another entry.
    enter("other_income", -123_456, "2026-10-16").await;
    stranger.soon("/funding", |page| !page.body.contains("£1,234.56")).await;
}
