//! Returns to the Electoral Commission: election periods.

use super::{
    cases::watch,
    sums::{accept_all, approve, book, book_card, empty},
};
use crate::support::{Browser, Page, Site};

const LIST: &str = "/admin/donations/returns";
const ELECTIONS: &str = "/admin/donations/elections";

/// Enters an election period by its days, like `2026-11-01`.
async fn enter(treasurer: &mut Browser, name: &str, from: &str, to: &str) -> Page {
    let mut form = treasurer.get(LIST).await.form(ELECTIONS).fill("name", name);
    for (field, day) in [("from", from), ("to", to)] {
        for (part, value) in ["year", "month", "day"].into_iter().zip(day.split('-')) {
            form = form.fill(&format!("{field}_{part}"), value);
        }
    }
    form.submit(treasurer).await
}

#[tokio::test]
async fn p8_in_an_election_period_each_week_has_a_return() {
    let site = Site::open().await;
    empty(&site).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    book(&site, "ana@demo.test", 1_118_001, "2026-11-10T12:00:00Z").await;
    book(&site, "ben@demo.test", 1_118_000, "2026-11-10T12:00:00Z").await;
    watch(&site).await;
    let page = treasurer.get(LIST).await;
    page.form(ELECTIONS)
        .submit(&mut treasurer)
        .await
        .expect_status(422)
        .expect("Enter the name of the election");
    let page = enter(&mut treasurer, "General election 2026", "2026-11-01", "2026-11-26").await;
    page.expect("General election 2026, week by week")
        .expect("Week from 8 November 2026 to 14 November 2026");
    let week = "/admin/donations/returns/weekly/2026-11-08";
    treasurer.get(week).await.expect("£11,180.01").expect("Received").expect("Due by 21 November 2026");
    approve(&mut treasurer, week).await.expect("Version 1, 1 row");
    treasurer.get("/admin/donations/returns/weekly/2026-11-09").await.expect_status(404);
}

#[tokio::test]
async fn p8_an_election_period_is_entered_once_and_a_wrong_one_is_taken_out_with_a_reason() {
    let site = Site::open().await;
    empty(&site).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    // Twice the same days, whatever it is called: one period.
    for name in ["By-election in Bury", "Bury"] {
        enter(&mut treasurer, name, "2026-11-01", "2026-11-14").await;
    }
    let page = enter(&mut treasurer, "General election", "2020-11-01", "2020-11-14").await;
    page.expect("By-election in Bury, week by week").expect_not("Bury, week by week General");
    let known = "select count(*) from election_periods";
    let count: i64 = sqlx::query_scalar(known).fetch_one(&site.pool).await.unwrap();
    assert_eq!(count, 2);
    enter(&mut treasurer, "General election", "1926-11-01", "1926-11-14")
        .await
        .expect_status(422)
        .expect("in the last 7 years");
    watch(&site).await;
    let waiting = "select count(*) from returns_due where kind = 'weekly' and starts_on < '2021-01-01'";
    let due = async || -> i64 { sqlx::query_scalar(waiting).fetch_one(&site.pool).await.unwrap() };
    let of = async |year: &str| -> String {
        let id = "select id::text from election_periods where starts_on::text like $1";
        sqlx::query_scalar(id).bind(format!("{year}-%")).fetch_one(&site.pool).await.unwrap()
    };
    let wrong = format!("{ELECTIONS}/{}/removal", of("2020").await);
    treasurer.get(LIST).await.form(&wrong).submit(&mut treasurer).await.expect_status(422).expect("Say why");
    let form = treasurer.get(LIST).await.form(&wrong).fill("reason", "Typed 2020 for 2026");
    form.submit(&mut treasurer).await.expect("is removed").expect_not("November 2020");
    assert_eq!(due().await, 0);
    treasurer.post_once(&wrong, &[("reason", "Again")]).await.expect_status(404);
    let log = "select detail ->> 'because' from audit_log where action = 'donation.election_removed'";
    let because: String = sqlx::query_scalar(log).fetch_one(&site.pool).await.unwrap();
    assert_eq!(because, "Typed 2020 for 2026");
    // One of which a week was filed stays.
    approve(&mut treasurer, &format!("{LIST}/weekly/2026-11-08")).await.expect("Version 1, nil");
    let filed = format!("{ELECTIONS}/{}/removal", of("2026").await);
    treasurer.post_once(&filed, &[("reason", "Not ours")]).await.expect_status(409).expect("has to stay");
    treasurer.get(LIST).await.expect("By-election in Bury");
}

const SECOND: &str = "/admin/donations/returns/quarterly/2026-04-01";
const THIRD: &str = "/admin/donations/returns/quarterly/2026-07-01";

/// The sums of a return's rows, with what each row is.
fn rows(page: &Page) -> Vec<(String, String)> {
    let table = page.table("Rows of the return");
    table.column("Type").into_iter().zip(table.column("Amount")).collect()
}

fn row(what: &str, amount: &str) -> (String, String) {
    (what.to_owned(), amount.to_owned())
}

#[tokio::test]
async fn p10_a_reversal_after_filing_is_followed_by_another_gift() {
    let site = Site::open().await;
    empty(&site).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    // Two sources, each £6,000 and £5,181 in the second quarter, filed with all four.
    for (email, intent) in [("ana@demo.test", "pi_r"), ("ben@demo.test", "pi_d")] {
        book_card(&site, email, (600_000, "payment"), intent, "2026-05-10T12:00:00Z").await;
        book(&site, email, 518_100, "2026-06-10T12:00:00Z").await;
    }
    accept_all(&site).await;
    approve(&mut treasurer, SECOND).await.expect("Version 1, 4 rows");
    // The first of each goes back; what they give next is measured as a further sum, and nothing is filed twice.
    for (email, intent, next) in [("ana@demo.test", "pi_r", 620_000), ("ben@demo.test", "pi_d", 230_000)] {
        book_card(&site, email, (-600_000, "refund"), intent, "2026-07-15T12:00:00Z").await;
        book(&site, email, next, "2026-08-10T12:00:00Z").await;
    }
    book(&site, "sam@demo.test", 230_000, "2026-08-10T12:00:00Z").await;
    accept_all(&site).await;
    let third = treasurer.get(THIRD).await;
    let mut found = rows(&third);
    found.sort();
    assert_eq!(found, [row("Accepted", "£2,300"), row("Accepted", "£6,200")]);
    treasurer.get(SECOND).await.expect("Changed since it was filed").expect("New: reversed, -£6,000");
    approve(&mut treasurer, SECOND).await.expect("Version 2, 6 rows");
    let mut again = rows(&treasurer.get(THIRD).await);
    again.sort();
    assert_eq!(again, found, "whichever is filed first");
}

#[tokio::test]
async fn p10_donors_joined_after_filing_are_one_in_every_return_and_nothing_is_filed_twice() {
    let site = Site::open().await;
    empty(&site).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    book(&site, "ana@demo.test", 1_200_000, "2026-05-10T12:00:00Z").await;
    book(&site, "ben@demo.test", 223_001, "2026-08-10T12:00:00Z").await;
    book(&site, "sam@demo.test", 600_000, "2026-05-10T12:00:00Z").await;
    book(&site, "alex@demo.test", 518_001, "2026-06-10T12:00:00Z").await;
    accept_all(&site).await;
    approve(&mut treasurer, SECOND).await.expect("Version 1, 1 row");
    approve(&mut treasurer, THIRD).await.expect("Version 1, nil");
    let join = async |source: &str, into: &str| {
        sqlx::query(
            "insert into donor_merges (source, into_source, reason, merged_by, merged_at)
             select 'person:' || s.id, 'person:' || i.id, 'x', s.id, now() from people s, people i
             where s.email = $1::text::citext and i.email = $2::text::citext",
        )
        .bind(source)
        .bind(into)
        .execute(&site.pool)
        .await
        .unwrap();
    };
    // Whoever was reported gave a further sum, under another record.
    join("ben@demo.test", "ana@demo.test").await;
    treasurer.get(SECOND).await.expect_not("Changed since it was filed");
    let page = treasurer.get(THIRD).await;
    page.expect("Changed since it was filed").expect("New: accepted, £2,230.01");
    // Two records below the sum are above it together: in the quarter that was filed without them.
    join("alex@demo.test", "sam@demo.test").await;
    let page = treasurer.get(SECOND).await;
    page.expect("Changed since it was filed")
        .expect("New: accepted, £6,000")
        .expect("New: accepted, £5,180.01");
    approve(&mut treasurer, SECOND).await.expect("Version 2, 3 rows");
    approve(&mut treasurer, THIRD).await.expect("Version 2, 1 row");
    // Parted again, what was filed stays.
    sqlx::query("delete from donor_merges").execute(&site.pool).await.unwrap();
    treasurer.get(SECOND).await.expect_not("Changed since it was filed");
    treasurer.get(THIRD).await.expect_not("Changed since it was filed");
}

/// How many returns wait.
async fn due(site: &Site) -> Vec<String> {
    watch(site).await;
    sqlx::query_scalar("select starts_on::text from returns_due order by 1")
        .fetch_all(&site.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn p6_an_old_receipt_asks_for_the_return_of_its_own_quarter_and_for_no_other() {
    let site = Site::open().await;
    empty(&site).await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let before = due(&site).await;
    // However old what an officer enters is: nothing is due for days before this site.
    for (pence, at) in [
        (2_000, "1900-01-01T12:00:00Z"),
        (50_000, "2019-12-31T12:00:00Z"),
        (50_001, "2020-02-29T12:00:00Z"),
        (750_000, "2022-06-01T12:00:00Z"),
        (2_000, "2023-01-01T12:00:00Z"),
    ] {
        book(&site, "ana@demo.test", pence, at).await;
        sqlx::query(
            "update donor_cases set outcome = 'accepted', decided_on = received_on where outcome is null",
        )
        .execute(&site.pool)
        .await
        .unwrap();
        assert_eq!(due(&site).await, before, "{at}");
    }
    // One that had to be reported is.
    book(&site, "ben@demo.test", 750_001, "2022-06-01T12:00:00Z").await;
    watch(&site).await;
    sqlx::query(
        "update donor_cases set outcome = 'accepted', decided_on = received_on where outcome is null",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let now = due(&site).await;
    let new: Vec<_> = now.iter().filter(|day| !before.contains(day)).collect();
    assert_eq!(new, ["2022-04-01"]);
    let page = treasurer.get(LIST).await;
    assert_eq!(page.table("Quarters").cell("April to June 2022", "Status"), "Overdue");
    page.expect_not("2021");
}

#[tokio::test]
async fn what_is_entered_by_hand_is_of_the_last_seven_years() {
    let site = Site::open().await;
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let path = "/admin/books/received/1";
    for (day, taken) in [
        (["21", "11", "2026"], true),
        (["21", "11", "2019"], true),
        (["20", "11", "2019"], false),
        (["22", "11", "2026"], false),
        (["1", "1", "1900"], false),
        (["29", "2", "2019"], false),
        (["31", "12", "2018"], false),
    ] {
        let mut form = treasurer.get(path).await.form(path).fill("what", "gift").fill("method", "cash");
        form = form.fill("amount", "5").fill("reference", "1");
        for (field, value) in ["on_day", "on_month", "on_year"].into_iter().zip(day) {
            form = form.fill(field, value);
        }
        let page = form.submit(&mut treasurer).await;
        page.expect_status(if taken { 200 } else { 422 });
    }
    site.work().await;
}
