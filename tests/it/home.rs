use reqwest::{Method, header};

use crate::support::Site;

/// The first flight of a connection.
const FLIGHT: usize = 14 * 1024;

#[tokio::test]
async fn the_home_page_says_who_we_are() {
    let site = Site::open().await;
    let page = site.stranger().get("/").await;
    page.expect_status(200).expect("a left party of working people and the young");
    for (door, words) in [("/join", "Join as a member"), ("/support", "Become a supporter")] {
        let found = page.select(&format!("main a[href='{door}']"));
        assert!(found.iter().any(|text| text == words), "{door}: {found:?}");
    }
    page.expect("What you get as a member").expect("How we make policy").expect("Whose money this is");
    page.expect("Conference 2027 will be in Manchester").expect("Questions people ask");
    assert_eq!(page.select("h1").len(), 1);
}

#[tokio::test]
async fn the_home_page_is_whole_with_one_article_or_none() {
    let site = Site::open().await;
    sqlx::query(
        "update content_items set published_at = null where kind = 'article' and slug not like 'conference%'",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let page = site.stranger().get("/").await;
    page.expect("What is happening").expect("Conference 2027");
    assert_eq!(page.select("section.plum .cards > li").len(), 1);
    sqlx::query("update content_items set published_at = null where kind = 'article'")
        .execute(&site.pool)
        .await
        .unwrap();
    site.app.pages().clear();
    site.stranger().get("/").await.expect_status(200).expect_not("What is happening").expect("Whose money");
    site.stranger().get("/news").await.expect_status(200).expect("News is on its way");
    site.stranger().get("/news/feed.xml").await.expect_status(200);
}

#[tokio::test]
async fn nobody_who_has_joined_is_asked_to_join() {
    let site = Site::open().await;
    let public = [
        "/",
        "/news",
        "/faq",
        "/faq/who-can-join",
        "/about",
        "/people",
        "/funding",
        "/donate",
        "/allies",
        "/contact",
    ];
    let asked = async |browser: &mut crate::support::Browser, path: &str| {
        let page = browser.get(path).await;
        page.expect_status(200);
        !page.select("a.button[href='/join']").is_empty()
    };
    let (mut stranger, mut supporter) = (site.stranger(), site.signed_in_as("sam@demo.test").await);
    let mut member = site.signed_in_as("ana@demo.test").await;
    for path in public {
        assert!(asked(&mut stranger, path).await, "{path} does not ask a stranger");
        assert!(asked(&mut supporter, path).await, "{path} does not ask a supporter");
        assert!(!asked(&mut member, path).await, "{path} asks a member to join");
    }
    // Nor where nobody is named yet.
    sqlx::query("update content_items set published_at = null where kind = 'profile'")
        .execute(&site.pool)
        .await
        .unwrap();
    sqlx::query("update election_offices set ended_on = started_on").execute(&site.pool).await.unwrap();
    site.app.pages().clear();
    assert!(!asked(&mut member, "/people").await);
    stranger.get("/people").await.expect("Nobody is named here yet");
}

#[tokio::test]
async fn everybody_who_signs_in_has_a_page() {
    let site = Site::open().await;
    for (email, words, not) in [
        ("ana@demo.test", "What you can do next", "officers’ desk"),
        ("sam@demo.test", "You get our news", "You have a vote on policy"),
        ("ben@demo.test", "You are not a member at the moment", "You have a vote on policy"),
        ("alex@demo.test", "Go to the officers’ desk", "You get our news."),
    ] {
        let page = site.signed_in_as(email).await.get("/dashboard").await;
        page.expect_status(200)
            .expect(words)
            .expect_not(not)
            .expect("Conference 2027")
            .expect("Your choices");
    }
    site.stranger().get("/dashboard").await.expect("Email me a link");
}

#[tokio::test]
async fn m14_anybody_sees_where_the_money_comes_from_and_no_name() {
    let site = Site::open().await;
    let mut db = site.pool.acquire().await.unwrap();
    let booked: i64 = sqlx::query_scalar(
        "select sum(amount_pence)::bigint from ledger
         where at >= '2026-10-01 00:00 Europe/London' and at < '2026-11-01 00:00 Europe/London'",
    )
    .fetch_one(&mut *db)
    .await
    .unwrap();
    let october = breakthrough::kit::money::Money::from_pence(booked).to_string();
    let page = site.stranger().get("/funding").await;
    page.expect("October 2026").expect(&october).expect("November 2025");
    // Gifts and spending of the twelve whole months, and nobody’s name.
    let (largest, spent): (i64, i64) = sqlx::query_as(
        "select (select max(amount_pence) from ledger where purpose_kind = 'donation' and kind = 'payment'
                 and at >= '2025-11-01 00:00 Europe/London' and at < '2026-11-01 00:00 Europe/London'),
                (select sum(pence)::bigint from book_postings where account = 'printing' and day >= '2025-11-01' and day < '2026-11-01')",
    )
    .fetch_one(&mut *db)
    .await
    .unwrap();
    let money = |pence| breakthrough::kit::money::Money::from_pence(pence).to_string();
    assert_eq!(page.table("Spending by heading").cell("Printing and post", "Spent"), money(spent));
    page.expect("The largest").expect(&money(largest)).expect("median");
    let names: Vec<String> =
        sqlx::query_scalar("select distinct name from gifts").fetch_all(&mut *db).await.unwrap();
    assert!(!names.is_empty() && names.iter().all(|name| !page.words().contains(name.as_str())));
    // The books refuse to be emptied.
    let emptied = "set session_replication_role = replica; truncate ledger cascade;
                   delete from tallies where what in ('income', 'books'); reset session_replication_role";
    sqlx::raw_sql(emptied).execute(&mut *db).await.unwrap();
    site.app.pages().clear();
    site.stranger().get("/funding").await.expect_status(200).expect_not("Month by month");
}

#[tokio::test]
async fn public_pages_fit_in_the_first_flight() {
    let site = Site::open().await;
    let stranger = site.stranger();
    let size = async |path: &str| {
        let request = stranger.raw(Method::GET, path).header(header::ACCEPT_ENCODING, "br");
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "br", "{path}");
        response.bytes().await.unwrap().len()
    };
    let style = size(breakthrough::kit::assets::url("site.css")).await;
    for path in [
        "/",
        "/faq",
        "/faq/who-leads-breakthrough",
        "/about",
        "/people",
        "/allies",
        "/funding",
        "/privacy",
        "/accessibility",
        "/news",
        "/contact",
        "/join",
        "/support",
        "/donate",
        "/sign-in",
    ] {
        let all = style + size(path).await;
        assert!(all <= FLIGHT, "{path} and its stylesheet take {all} bytes");
    }
}

#[tokio::test]
async fn the_sitemap_names_every_door() {
    let site = Site::open().await;
    let page = site.stranger().get("/sitemap.xml").await;
    page.expect_status(200);
    for path in [
        "/join",
        "/support",
        "/donate",
        "/faq",
        "/news",
        "/people",
        "/allies",
        "/contact",
        "/faq/who-leads-breakthrough",
        "/privacy",
    ] {
        let place = format!("<loc>http://{}{path}</loc>", site.address);
        assert!(page.body.contains(&place), "{place} is missing in {}", page.body);
    }
}

#[tokio::test]
async fn what_is_nearly_an_address_leads_to_it_with_its_query() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    for (asked, to) in [
        ("/faq/?q=fees", "/faq?q=fees"),
        ("/Join", "/join"),
        ("/DONATE?amount=5", "/donate?amount=5"),
        ("/join.", "/join"),
        ("/privacy/,", "/privacy"),
        ("/Support%22)", "/support"),
        ("/News/Feed.xml", "/news/feed.xml"),
        ("/FAQ/who-funds-you", "/faq/who-funds-you"),
        ("/faq/Who-Funds-You.?a=b", "/faq/who-funds-you?a=b"),
        ("/pages/privacy?a=b", "/privacy?a=b"),
        ("/Account/", "/account"),
        ("/sign-in/link/abc.", "/sign-in/link/abc"),
        ("/sign-in/link/abc%E2%80%9D)", "/sign-in/link/abc"),
        ("/support/confirm/abc=?a=b", "/support/confirm/abc?a=b"),
        ("/gift-membership/for/abc%3E", "/gift-membership/for/abc"),
    ] {
        let page = browser.get_once(asked).await;
        assert_eq!((page.status.as_u16(), page.location.as_deref()), (308, Some(to)), "{asked}");
    }
    for asked in [
        "/gift-membership/for/abc",
        "/donate/xyz",
        "/join/xyz",
        "/nothing",
        "/nothing/",
        "/Nothing.",
        "//evil.test/",
        "//join",
        "/privacy/x",
        "/faq/nothing.",
    ] {
        browser.get_once(asked).await.expect_status(404);
    }
    browser.post_once("/Join", &[]).await.expect_status(404);
    let page = browser.get_once("/.well-known/change-password").await;
    assert_eq!((page.status.as_u16(), page.location.as_deref()), (303, Some("/account#password")));
    let page = site.signed_in_as("ana@demo.test").await.get("/account").await;
    assert_eq!(page.select("#password").len(), 1);
    assert_eq!(browser.get("/").await.headers["strict-transport-security"], "max-age=63072000");
}
