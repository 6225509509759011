//! Returns to the Electoral Commission: election periods.

use super::{
    cases::watch,
    sums::{approve, book, empty},
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
    let page = enter(&mut treasurer, "General election", "1926-11-01", "1926-11-14").await;
    page.expect("By-election in Bury, week by week").expect_not("Bury, week by week General");
    let known = "select count(*) from election_periods";
    let count: i64 = sqlx::query_scalar(known).fetch_one(&site.pool).await.unwrap();
    assert_eq!(count, 2);
    watch(&site).await;
    let waiting = "select count(*) from returns_due where kind = 'weekly' and starts_on < '1927-01-01'";
    let due = async || -> i64 { sqlx::query_scalar(waiting).fetch_one(&site.pool).await.unwrap() };
    let of = async |year: &str| -> String {
        let id = "select id::text from election_periods where starts_on::text like $1";
        sqlx::query_scalar(id).bind(format!("{year}-%")).fetch_one(&site.pool).await.unwrap()
    };
    let wrong = format!("{ELECTIONS}/{}/removal", of("1926").await);
    treasurer.get(LIST).await.form(&wrong).submit(&mut treasurer).await.expect_status(422).expect("Say why");
    let form = treasurer.get(LIST).await.form(&wrong).fill("reason", "Typed 1926 for 2026");
    form.submit(&mut treasurer).await.expect("is removed").expect_not("1926");
    assert_eq!(due().await, 0);
    treasurer.post_once(&wrong, &[("reason", "Again")]).await.expect_status(404);
    let log = "select detail ->> 'because' from audit_log where action = 'donation.election_removed'";
    let because: String = sqlx::query_scalar(log).fetch_one(&site.pool).await.unwrap();
    assert_eq!(because, "Typed 1926 for 2026");
    // One of which a week was filed stays.
    approve(&mut treasurer, &format!("{LIST}/weekly/2026-11-08")).await.expect("Version 1, nil");
    let filed = format!("{ELECTIONS}/{}/removal", of("2026").await);
    treasurer.post_once(&filed, &[("reason", "Not ours")]).await.expect_status(409).expect("has to stay");
    treasurer.get(LIST).await.expect("By-election in Bury");
}
