//! A request to a secret ballot leaves nothing that ties a person or a time to it.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use breakthrough::{
    accounts::{Access, Member, Room, Rooms, Routes},
    kit::{db::Db, form::Form},
    site,
};
use sqlx::PgPool;

use crate::support::{Browser, Site, log::Log};

/// Handlers as a ballot has them: one that answers, one that logs and fails, one that panics.
static PAPERS: Room = Room {
    routes: |_| {
        let secret = Access::SecretBallot;
        Routes::new()
            .get(secret, "/papers/{id}", |Member(who): Member, mut db: Db| async move {
                sqlx::query("select 1").execute(&mut *db).await.unwrap();
                tracing::error!(person = %who.person_id, "what a careless handler says");
                "a ballot paper"
            })
            .post(secret, "/papers/{id}", |_: Member, _: Db, _: Form| async { "cast" })
            .get(secret, "/papers/{id}/broken", || async {
                tracing::error!("it breaks");
                StatusCode::INTERNAL_SERVER_ERROR
            })
            .get(secret, "/papers/{id}/panic", panics)
            .get(Access::Member, "/open/{id}", || async {
                tracing::error!("what is said elsewhere");
                "an open page"
            })
    },
    ..Room::new("papers")
};

#[expect(clippy::panic, reason = "this is what it is about")]
async fn panics() -> &'static str {
    panic!("at a ballot")
}

/// A fingerprint of each table there is, the queue's too.
async fn whole_database(pool: &PgPool) -> BTreeMap<String, Option<String>> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('%I.%I', schemaname, tablename) from pg_tables
         where schemaname not in ('pg_catalog', 'information_schema')",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert!(tables.len() > 20, "{tables:?}");
    let mut found = BTreeMap::new();
    for table in tables {
        let ask = format!("select md5(string_agg(t::text, E'\\n' order by t::text)) from {table} t");
        let print = sqlx::query_scalar(sqlx::AssertSqlSafe(ask)).fetch_one(pool).await.unwrap();
        found.insert(table, print);
    }
    found
}

#[tokio::test]
async fn a_secret_ballot_leaves_no_trace_of_who_was_there_and_when() {
    let log = Log::default();
    let _here = log.listen();
    let rooms: Vec<&'static Room> = site::ROOMS.iter().copied().chain([&PAPERS]).collect();
    let site = Site::open_with_rooms(Rooms(rooms.leak())).await;
    let mut ana = site.signed_in_as("ana@demo.test").await;
    let mut sam = site.signed_in_as("sam@demo.test").await;
    sqlx::query("update sessions set last_seen_at = last_seen_at - interval '20 minutes'")
        .execute(&site.pool)
        .await
        .unwrap();
    let before = whole_database(&site.pool).await;
    // A page's files are no secret, but asking for them must not date the page.
    ana.get(breakthrough::kit::assets::url("site.css")).await.expect_status(200);
    log.take();

    ana.get("/papers/1").await.expect_status(200);
    ana.post("/papers/1", &[("choice", "yes")]).await.expect_status(200);
    ana.get("/papers/1/broken").await.expect_status(500);
    ana.get("/papers/1/panic").await.expect_status(500);
    sam.get("/papers/1").await.expect_status(403);
    let mut stranger: Browser = site.stranger();
    let asked = stranger.get_once("/papers/1").await;
    assert_eq!(
        asked.location.as_deref(),
        Some("/sign-in"),
        "the ballot's address would be kept with the request"
    );
    // From another site it is refused as any other form is.
    let foreign = ana.raw(reqwest::Method::POST, "/papers/1").header("sec-fetch-site", "cross-site");
    let foreign = foreign.header("content-type", "application/x-www-form-urlencoded").body("choice=no");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    let said = log.take();
    assert_eq!(said, "", "the log tells of a secret ballot");
    assert_eq!(before, whole_database(&site.pool).await);

    // The same would show anywhere else.
    log.take();
    ana.get("/open/1").await.expect_status(200);
    assert!(log.take().contains("what is said elsewhere"));
    assert_ne!(before["public.sessions"], whole_database(&site.pool).await["public.sessions"]);
}
