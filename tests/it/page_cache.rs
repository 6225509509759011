//! Pages that are kept in memory: each says which tables it reads, and is dropped when one of them changes.

use std::collections::BTreeSet;

use breakthrough::{accounts::Access, site};

use crate::support::Site;

/// Every page that is kept, with the tables it declares.
fn kept(site: &Site) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    site::table(&site.app).into_iter().filter_map(|line| match line.access {
        Access::Cached(tables) => Some((line.path, tables)),
        _ => None,
    })
}

async fn run(site: &Site, sql: String) {
    sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&site.pool).await.unwrap();
}

/// A real address for a path: one that answers.
async fn address(site: &Site, path: &str) -> String {
    if path.starts_with("/pictures/") {
        let shown = site.stranger().get("/people").await.attributes("main img", "src");
        return shown.first().expect("a picture").clone();
    }
    if path.starts_with("/ballots/") {
        return path.replace("{slug}", "leader-of-the-party");
    }
    if path.starts_with("/elections/") {
        // One whose candidates everybody sees.
        let (slug, id): (String, uuid::Uuid) = sqlx::query_as(
            "select e.slug, n.id from elections e join election_nominations n on n.election_id = e.id
             where e.judged_at is not null and n.stands limit 1",
        )
        .fetch_one(&site.pool)
        .await
        .unwrap();
        return path.replace("{slug}", &slug).replace("{id}", &id.to_string());
    }
    let slugs: Vec<String> =
        sqlx::query_scalar("select slug from content_slugs").fetch_all(&site.pool).await.unwrap();
    for slug in slugs {
        let address = path.replace("{slug}", &slug);
        if site.stranger().get_once(&address).await.status == 200 {
            return address;
        }
    }
    panic!("no page at {path} answers");
}

#[tokio::test]
async fn a_kept_page_reads_no_table_that_it_does_not_declare() {
    // On the one connection there is, as somebody who may read the declared tables and nothing else.
    let site = Site::open_with_connections(1).await;
    // The demo party has no page but those with an address of their own.
    let copy = "with item as (
                    insert into content_items (id, kind, slug, position, words, published_at, changed_at)
                    select gen_random_uuid(), kind, 'our-rules', position, words, published_at, changed_at
                    from content_items where slug = 'about' returning id)
                insert into content_slugs (kind, slug, item_id) select 'page', 'our-rules', id from item";
    run(&site, copy.to_owned()).await;
    let mut pages = Vec::new();
    for (path, tables) in kept(&site) {
        pages.push((address(&site, path).await, tables));
    }
    let database: String =
        sqlx::query_scalar("select current_database()::text").fetch_one(&site.pool).await.unwrap();
    let reader = format!("reader_of_{database}");
    run(&site, format!("create role {reader}")).await;
    let mut faults = Vec::new();
    for (path, tables) in pages {
        run(&site, format!("revoke all on all tables in schema public from {reader}")).await;
        for table in tables {
            run(&site, format!("grant select on {table} to {reader}")).await;
        }
        site.app.pages().clear();
        run(&site, format!("set role {reader}")).await;
        let status = site.stranger().get_once(&path).await.status;
        let mut needless = Vec::new();
        for table in tables {
            run(&site, "reset role".to_owned()).await;
            run(&site, format!("revoke select on {table} from {reader}")).await;
            site.app.pages().clear();
            run(&site, format!("set role {reader}")).await;
            if site.stranger().get_once(&path).await.status == 200 {
                needless.push(*table);
            }
            let role: String =
                sqlx::query_scalar("select current_user::text").fetch_one(&site.pool).await.unwrap();
            assert_eq!(role, reader, "the connection was changed for another");
            run(&site, "reset role".to_owned()).await;
            run(&site, format!("grant select on {table} to {reader}")).await;
        }
        run(&site, "reset role".to_owned()).await;
        if status != 200 {
            faults.push(format!("{path} reads more than {tables:?}"));
        }
        if !needless.is_empty() {
            faults.push(format!("{path} does not read {needless:?}"));
        }
    }
    run(&site, format!("drop owned by {reader}")).await;
    run(&site, format!("drop role {reader}")).await;
    assert!(faults.is_empty(), "{faults:#?}");
}

#[tokio::test]
async fn only_who_is_signed_in_or_has_a_sentence_to_read_goes_past_the_memory() {
    let site = Site::open().await;
    let kept = async |cookie: &str| {
        let request = site.stranger().raw(reqwest::Method::GET, "/news").header("cookie", cookie);
        let response = request.send().await.unwrap();
        response.headers()["cache-control"].to_str().unwrap().starts_with("public")
    };
    for cookie in [
        "x=1",
        "session=x",
        "session=",
        "flash=x.y",
        "__Host-session=x; theme=dark",
        "a=b; session=0123456789abcdef",
    ] {
        assert!(kept(cookie).await, "{cookie}");
    }
    let mut ana = site.signed_in_as("ana@demo.test").await;
    let cookie = ana.cookie_header();
    assert!(!kept(&cookie).await);
    ana.get("/news").await.expect("Your page");
    // A session that has ended makes nobody special.
    run(&site, "delete from sessions".to_owned()).await;
    assert!(kept(&cookie).await);
    let flash = breakthrough::kit::flash::redirect(&site.app, "/news", "Read this");
    let flash = flash.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!(!kept(&flash).await);
}

#[tokio::test]
async fn every_declared_table_tells_of_its_changes_and_no_other_does() {
    let site = Site::open().await;
    let mut declared: BTreeSet<String> =
        kept(&site).flat_map(|(_, tables)| tables).map(|table| (*table).to_owned()).collect();
    declared.insert("settings".to_owned());
    assert_eq!(
        declared.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "above_limit",
            "ballot_rulings",
            "ballots",
            "book_entries",
            "book_postings",
            "content_items",
            "content_slugs",
            "donor_cases",
            "donor_merges",
            "election_answers",
            "election_nominations",
            "election_offices",
            "election_posts",
            "election_questions",
            "elections",
            "gifts",
            "ledger",
            "picture_files",
            "settings"
        ]
    );
    let told: Vec<(String, String)> = sqlx::query_as(
        "select event_object_table::text, string_agg(event_manipulation, ' ' order by event_manipulation)
         from information_schema.triggers where action_statement like '%notify_changed()' group by 1 order by 1",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    let expected: Vec<_> =
        declared.into_iter().map(|table| (table, "DELETE INSERT UPDATE".to_owned())).collect();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_line_in_the_books_shows_in_the_funding_and_drops_no_other_page() {
    let site = Site::open().await;
    site.listen().await;
    let mut stranger = site.stranger();
    let funding = stranger.get("/funding").await.body;
    let people = stranger.get("/people").await.body;
    // A change that nobody is told of: the page shows it only if it was dropped.
    run(&site, "alter table content_items disable trigger content_items_changed".to_owned()).await;
    run(&site, "update content_items set words = jsonb_set(words, '{role}', '\"Unheard\"')".to_owned()).await;
    run(&site, "update memberships set state = state".to_owned()).await;
    let line = "insert into ledger (id, kind, amount_pence, at, purpose_kind, purpose_id, method, entered_by, recorded_at)
                select gen_random_uuid(), 'payment', 9876500, '2026-10-05T12:00:00Z', 'donation', gen_random_uuid(), 'transfer', id, now()
                from people limit 1";
    run(&site, line.to_owned()).await;
    stranger.soon("/funding", |page| page.body != funding).await;
    assert_eq!(stranger.get("/people").await.body, people, "/people was dropped for nothing");
}
