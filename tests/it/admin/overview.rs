//! What the desk shows first: figures, and what waits to be done.

use crate::{
    people::{DILYS, KWABENA, Someone, ZOE, add, pay},
    support::Site,
};

#[tokio::test]
async fn the_overview_says_what_the_tables_say() {
    let site = Site::open().await;
    let dilys = add(&site.pool, DILYS).await;
    add(&site.pool, ZOE).await;
    add(&site.pool, KWABENA).await;
    add(
        &site.pool,
        Someone {
            name: "Gone Girl",
            email: "gone@x.test",
            state: "ended",
            joined_on: "2026-02-01",
            ..KWABENA
        },
    )
    .await;
    pay(&site.pool, dilys, 1_234, "2026-11-03T10:00:00Z").await;
    pay(&site.pool, dilys, 4_321, "2026-10-31T23:59:00Z").await;
    // Summer time ended on 25 October: half past eleven in the evening before, in UTC, is October in London.
    pay(&site.pool, dilys, 1, "2026-09-30T23:30:00Z").await;
    let number = |query: &'static str| {
        let pool = site.pool.clone();
        async move { sqlx::query_scalar::<_, i64>(query).fetch_one(&pool).await.unwrap() }
    };
    let members = number("select count(*) from people where standing = 'member'").await;
    let joined = number("select count(*) from membership_periods where started_on >= '2026-11-01'").await;
    let left = number("select count(*) from membership_periods where ended_on >= '2026-11-01'").await;
    let open =
        number("select count(*) from membership_periods where ended_on is null or ended_on > '2026-11-21'")
            .await;
    let overdue = number("select count(*) from memberships where state = 'grace'").await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let page = officer.get("/admin").await;
    page.expect_status(200);
    let figures = page.select(".figures p");
    assert!(figures[0].starts_with(&format!("{members} members, ")), "{figures:?}");
    assert!(figures.contains(&format!("{joined} joined this month, {left} left")), "{figures:?}");
    let income = |from: &'static str, to: &'static str| {
        let pool = site.pool.clone();
        async move {
            let pence: i64 = sqlx::query_scalar(
                "select coalesce(sum(amount_pence), 0)::bigint from ledger where at >= $1::timestamptz and at < $2::timestamptz",
            )
            .bind(from.parse::<chrono::DateTime<chrono::Utc>>().unwrap())
            .bind(to.parse::<chrono::DateTime<chrono::Utc>>().unwrap())
            .fetch_one(&pool)
            .await
            .unwrap();
            breakthrough::kit::money::Money::from_pence(pence).to_string()
        }
    };
    let october = income("2026-09-30T23:00:00Z", "2026-11-01T00:00:00Z").await;
    let november = income("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z").await;
    assert!(figures.contains(&format!("{november} came in this month, {october} last month")), "{figures:?}");
    page.expect(&format!("{overdue} payment"));
    let months = page.table("Members, month by month");
    assert_eq!(months.column("Month")[0], "November 2026");
    assert_eq!(months.cell("November 2026", "Members at month end"), open.to_string());
    assert_eq!(page.table("Income by month").cell("October 2026", "Total"), october);
    let wales = number("select count(*) from people where standing = 'member' and region = 'wales'").await;
    assert_eq!(page.table("Members by region").cell("Wales", "Members"), wales.to_string());
    // Each picture has its words.
    assert_eq!(page.select("svg[role=img] > title").len(), 3);
    officer.get("/admin/members?state=grace").await.expect(KWABENA.name);
}

#[tokio::test]
async fn a_refused_email_is_found_from_the_overview() {
    let site = Site::open().await;
    sqlx::query(
        "insert into outbox (id, occasion, recipient, subject, text_body, html_body, written_at, refused)
         values (gen_random_uuid(), 'test:1', 'ana@demo.test', 'Your receipt', '', '', '2026-11-20T10:00:00Z', '550 no such mailbox'),
                (gen_random_uuid(), 'sign-in:1', 'nobody@demo.test', 'Sign in with 271828', '', '', '2026-11-20T11:00:00Z', '550 unknown'),
                (gen_random_uuid(), 'test:2', 'ana@demo.test', 'Long ago', '', '', '2026-09-20T11:00:00Z', '550 unknown')",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let overview = officer.get("/admin").await;
    let list = overview.follow(&mut officer, "2 emails were refused since last month").await;
    list.expect("Your receipt").expect("550 no such mailbox").expect("nobody@demo.test");
    list.expect_not("271828").expect_not("Long ago");
    list.follow(&mut officer, "Ana Silva").await.expect("ana@demo.test");
}
