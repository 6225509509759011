//! What a page may cost: one connection, four queries, none for a public page that is in memory. And what happens
//! when the database is away.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use breakthrough::{
    demo,
    kit::{
        app::App,
        clock::Clock,
        db::{
            self,
            embedded::{Embedded, Options},
        },
        random::Random,
    },
    site,
};
use tracing::{Event, Metadata, Subscriber, span};

use crate::support::{Browser, Site, noon, settings};

/// Counts the statements that sqlx reports on this thread.
#[derive(Clone, Default)]
pub struct Statements(Arc<AtomicUsize>);

impl Statements {
    /// Counts from here to the end of the test. A second listener is there because tracing, with one alone, asks
    /// whichever thread comes first to a place in the code whether it is listened to, and that may be another test's.
    pub fn listen(&self) -> (tracing::Dispatch, tracing::subscriber::DefaultGuard) {
        let other = tracing::Dispatch::new(Self::default());
        (other, tracing::subscriber::set_default(self.clone()))
    }

    pub fn take(&self) -> usize {
        // A test on another thread may have been the first to come by a place that reports, and nobody listened there.
        tracing::callsite::rebuild_interest_cache();
        self.0.swap(0, Ordering::SeqCst)
    }
}

/// Whether a statement only opens or closes a transaction.
struct Begins(bool);

impl tracing::field::Visit for Begins {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        let text = format!("{value:?}").to_lowercase();
        let text = text.trim_start_matches('"');
        self.0 |= field.name() == "summary" && (text.starts_with("begin") || text.starts_with("commit"));
    }
}

impl Subscriber for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut begins = Begins(false);
        event.record(&mut begins);
        if !begins.0 {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[tokio::test]
async fn a_signed_in_page_takes_one_connection_and_four_queries() {
    let statements = Statements::default();
    let _here = statements.listen();
    // A page that needed a second connection would wait for it in vain.
    let site = Site::open_with_connections(1).await;
    let one = async |query: &'static str| -> uuid::Uuid {
        sqlx::query_scalar(query).fetch_one(&site.pool).await.unwrap()
    };
    let sent = format!("/admin/updates/{}", one("select id from updates where state = 'finished'").await);
    let draft = format!("/admin/updates/{}", one("select id from updates where state = 'draft'").await);
    let person =
        format!("/admin/members/{}", one("select id from people where email = 'ana@demo.test'").await);
    let money = format!("{person}/payments");
    let question =
        format!("/admin/faq/{}", one("select id from content_items where slug = 'who-funds-you'").await);
    let mut faults = Vec::new();
    for (email, paths) in [
        ("ana@demo.test", vec!["/dashboard", "/membership", "/account"]),
        (
            "alex@demo.test",
            vec![
                "/admin",
                "/admin/members",
                "/admin/supporters",
                "/admin/payments",
                "/admin/updates",
                "/admin/updates/notices",
                &sent,
                &draft,
                &person,
                &money,
                "/admin/money",
                "/admin/money/joining",
                "/admin/payments/alerts/dispute",
                "/admin/donations/returns",
                "/admin/audit?person=ana",
                "/admin/emails",
                "/admin/officers",
                "/admin/settings",
                "/admin/settings/imprint",
                "/admin/news",
                "/admin/faq",
                &question,
            ],
        ),
    ] {
        let mut browser = site.signed_in_as(email).await;
        for path in paths {
            if *path == person {
                // The first look at somebody's record in a day is written down.
                browser.get_once(path).await.expect_status(200);
            }
            statements.take();
            browser.get_once(path).await.expect_status(200);
            let queries = statements.take();
            assert!(queries > 0, "{path} was not counted");
            // The fifth are the filters that an officer keeps for the list.
            // On the dashboard two ask for votes that are open, and whether this member's waits for its lot; one for
            // elections in which they stand.
            let most = match path {
                "/admin/members" | "/admin/supporters" => 5,
                "/dashboard" => 7,
                _ => 4,
            };
            if queries > most {
                faults.push(format!("{path} takes {queries} queries"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test]
async fn a_public_page_costs_no_query_once_it_is_known() {
    let statements = Statements::default();
    let _here = statements.listen();
    let site = Site::open().await;
    let mut browser = site.stranger();
    for path in ["/", "/faq", "/faq/who-funds-you", "/join", "/support", "/donate", "/news", "/sign-in"] {
        browser.get(path).await.expect_status(200);
        statements.take();
        let page = browser.get_once(path).await;
        assert_eq!((page.status.as_u16(), statements.take()), (200, 0), "{path}");
        let tag = page.headers["etag"].clone();
        let again =
            browser.raw(reqwest::Method::GET, path).header("if-none-match", tag).send().await.unwrap();
        assert_eq!(again.status(), 304, "{path}");
        let small = browser
            .raw(reqwest::Method::GET, path)
            .header("accept-encoding", "br, gzip")
            .send()
            .await
            .unwrap();
        assert_eq!(small.headers()["content-encoding"], "br", "{path}");
    }
}

#[tokio::test]
async fn a_later_page_of_a_list_costs_no_query_once_it_is_known() {
    let statements = Statements::default();
    let _here = tracing::subscriber::set_default(statements.clone());
    let site = Site::open().await;
    sqlx::query(
        "insert into content_items (id, kind, slug, position, words, published_at, changed_at)
         select gen_random_uuid(), kind, slug || '-' || n, position, words, published_at, changed_at
         from (select * from content_items where kind = 'article' and published_at is not null limit 1) a, generate_series(1, 20) n",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let mut browser = site.stranger();
    browser.get("/news?page=2").await.expect_status(200);
    statements.take();
    browser.get("/news?page=2").await.expect_status(200);
    assert_eq!(statements.take(), 0);
    // Made-up queries are not kept, and are no page of another.
    let (first, second) = (browser.get("/news").await.body, browser.get("/news?page=2").await.body);
    assert_ne!(first, second);
    browser.get("/news?page=02").await.expect_status(200);
    assert!(statements.take() > 0);
}

#[tokio::test]
async fn signing_in_again_takes_one_connection() {
    let site = Site::open_with_connections(1).await;
    let mut browser = site.signed_in_as("ana@demo.test").await;
    for how in ["password", "link"] {
        let fields = [("email", "ana@demo.test"), ("password", demo::PASSWORD), ("how", how)];
        browser.post("/sign-in", &fields).await.expect_status(200);
    }
    let page = browser.get("/account").await;
    let form = page.form("/account/password").fill("password_new", "orange ladders sing");
    form.submit(&mut browser).await.expect("Your password is set");
    site.work().await;
}

#[tokio::test]
async fn without_postgres_there_is_a_plain_page_and_it_comes_back_by_itself() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("outage");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let options = || Options { fsync: false, ..Options::default() };
    let embedded = Embedded::start_with(&folder, &options()).await.unwrap();
    let pool = db::pool(embedded.url(), 4).unwrap();
    db::migrate(&pool).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = settings(address, &folder).check().unwrap();
    let app = App::new(config, pool.clone(), Clock::set_to(noon()), Random::seeded(7)).await.unwrap();
    let mut tx = pool.begin().await.unwrap();
    demo::load(&app, &mut tx, breakthrough::accounts::Rooms(breakthrough::site::ROOMS)).await.unwrap();
    tx.commit().await.unwrap();
    let service = site::router(&app).unwrap().into_make_service_with_connect_info::<std::net::SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });

    let mut member = Browser::new(address);
    let fields =
        [("email", "ana@demo.test"), ("password", demo::PASSWORD), ("how", "password"), ("next", "/account")];
    member.post("/sign-in", &fields).await.expect("Your account");
    let mut stranger = Browser::new(address);
    stranger.get("/faq").await.expect_status(200);

    embedded.stop().await.unwrap();
    member.get("/account").await.expect_status(503).expect("We will be right back");
    stranger.get("/faq").await.expect_status(200);
    stranger.get("/healthz").await.expect_status(200);
    assert_eq!(stranger.get("/readyz").await.status.as_u16(), 503);
    stranger
        .post("/sign-in", &fields)
        .await
        .expect_status(503)
        .expect("cannot tell whether what you sent was saved");

    let embedded = Embedded::start_with(&folder, &options()).await.unwrap();
    // Connections that died with the server are found out one by one.
    for _ in 0..50 {
        if member.get("/account").await.status.as_u16() == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    member.get("/account").await.expect_status(200).expect("Your account");
    stranger.get("/readyz").await.expect_status(200);
    pool.close().await;
    embedded.stop().await.unwrap();
}

#[tokio::test]
async fn a_known_address_costs_as_much_as_an_unknown_one() {
    let statements = Statements::default();
    let _here = statements.listen();
    let site = Site::open().await;
    site.app.stripe_stand_in().hold();
    // Nobody, members, a former one, a supporter, officers.
    let emails = [
        "nobody@example.org",
        "ana@demo.test",
        "ben@demo.test",
        "sam@demo.test",
        "alex@demo.test",
        "organiser@demo.test",
    ];
    let mut browser = site.stranger();
    let mut costs = std::collections::BTreeMap::<&str, std::collections::BTreeMap<&str, usize>>::new();
    let mut note = |what, email, queries: usize| {
        // A connection that was idle for a while is asked whether it still lives: the lesser of two counts.
        let least = costs.entry(what).or_default().entry(email).or_insert(queries);
        *least = queries.min(*least);
    };
    for email in emails.into_iter().chain(emails) {
        let typed = crate::membership::joiner(email);
        let joining: Vec<_> = typed.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let give =
            [("sum", "own"), ("amount", "5"), ("name", "Ana"), ("email", email), ("declaration", "yes")];
        let sign_up = [
            ("email", email),
            ("name", "Ana"),
            ("postcode", "M1 1AE"),
            ("old_enough", "yes"),
            ("email_updates", "yes"),
        ];
        let link = [("email", email), ("how", "link")];
        let password = [("email", email), ("password", "orange ladders never sing")];
        for (path, what, fields) in [
            ("/join", "joining", joining.as_slice()),
            ("/donate", "giving", &give),
            ("/support", "signing up", &sign_up),
            ("/sign-in", "a password", &password),
            ("/sign-in", "a link", &link),
        ] {
            statements.take();
            let page = browser.post_once(path, fields).await;
            note(what, email, statements.take());
            if what == "a link" {
                let request = page.location.unwrap().rsplit('=').next().unwrap().to_owned();
                for what in ["a code", "another code"] {
                    statements.take();
                    let fields = [("request", request.as_str()), ("code", "000000")];
                    browser.post_once("/sign-in/code", &fields).await.expect_status(422);
                    note(what, email, statements.take());
                }
            }
        }
    }
    for (what, queries) in &costs {
        let nobodys = queries["nobody@example.org"];
        assert!(nobodys > 1 && queries.values().all(|one| *one == nobodys), "{what}: {queries:?}");
    }
    site.work().await;
}
