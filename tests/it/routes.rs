//! The route table: what it says, and whether it is true. Every path is tried with bad input too.

use breakthrough::{accounts::Access, site};
use reqwest::Method;

use crate::support::{Browser, Site};

/// A path with something in place of each parameter.
fn filled(path: &str, with: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { with } else { part }).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn the_table_is_as_written_down() {
    let site = Site::open().await;
    let mut lines: Vec<String> = site::table(&site.app)
        .iter()
        .map(|line| match line.access {
            Access::Cached(tables) => {
                [&[line.method.as_str(), line.path, "Cached"], tables].concat().join(" ")
            }
            access => format!("{} {} {access:?}", line.method, line.path),
        })
        .collect();
    lines.sort();
    let written = include_str!("routes.txt").trim();
    let now = lines.join("\n");
    if written != now {
        let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/routes.txt");
        std::fs::write(path, format!("{now}\n")).unwrap();
        panic!("the routes changed; if that is meant, copy {path} to tests/it/routes.txt");
    }
}

/// Deals lines out to several walkers that are on their way at the same time.
async fn walk<T>(lines: impl IntoIterator<Item = T>, walker: impl AsyncFn(Vec<T>)) {
    let mut lanes: [Vec<T>; 4] = std::array::from_fn(|_| Vec::new());
    for (number, line) in lines.into_iter().enumerate() {
        lanes[number % 4].push(line);
    }
    let [one, two, three, four] = lanes;
    tokio::join!(walker(one), walker(two), walker(three), walker(four));
}

#[tokio::test]
async fn guarded_paths_open_only_to_those_they_are_for() {
    let site = Site::open().await;
    for (who, email) in [("stranger", ""), ("supporter", "sam@demo.test"), ("member", "ana@demo.test")] {
        let enter = async || match email {
            "" => site.stranger(),
            email => site.signed_in_as(email).await,
        };
        walk(site::table(&site.app), async |lines| {
            let mut browser = enter().await;
            for line in lines {
                let path = filled(line.path, NOBODY);
                let open = match line.access {
                    Access::SignedIn => who != "stranger",
                    Access::Member | Access::SecretBallot => who == "member",
                    Access::Officer(_) => false,
                    Access::Public | Access::Cached(_) | Access::Machine | Access::Development => continue,
                };
                let mut tries = 0;
                let (status, to) = loop {
                    let page = match line.method {
                        Method::GET => browser.get_once(&path).await,
                        _ => browser.post_once(&path, &[]).await,
                    };
                    let (status, to) = (page.status.as_u16(), page.location.unwrap_or_default());
                    let asked_in = status == 401 || (status == 303 && to.starts_with("/sign-in"));
                    // Another may have walked over "sign out everywhere" just now.
                    if who == "stranger" || !asked_in || tries == 3 {
                        break (status, to);
                    }
                    tries += 1;
                    browser = enter().await;
                };
                let refused = status == 403 || status == 401 || (status == 303 && to.starts_with("/sign-in"));
                assert_eq!(!refused, open, "{} {path} answered {status} {to} to a {who}", line.method);
            }
        })
        .await;
    }
    site.work().await;
}

const STRANGE: [&str; 10] = [
    "%00",
    "/%01",
    "/%09/evil.example",
    "/%5Cevil.example",
    "%F0%9F%8C%B9",
    "%E2%80%AEabc",
    "'%20or%201=1--",
    "%3Cscript%3E",
    "..%2f..%2fetc",
    "-1",
];

#[tokio::test]
async fn no_address_breaks_the_site() {
    let site = Site::open().await;
    let officer = site.signed_in_as("alex@demo.test").await;
    let long = "a".repeat(3_000);
    let mut paths = Vec::new();
    for line in site::table(&site.app).iter().filter(|line| line.method == Method::GET) {
        paths.extend(STRANGE.iter().chain([&long.as_str()]).map(|with| filled(line.path, with)));
        for with in STRANGE {
            let path = filled(line.path, NOBODY);
            let names =
                ["q", "page", "region", "sort", "state", "after", "next", "request", "month", "kind", "how"];
            let query: Vec<String> = names.iter().map(|name| format!("{name}={with}")).collect();
            paths.push(format!("{path}?{}", query.join("&")));
            paths.push(format!("{path}?q={with}&q={with}&page=99999999999999999999"));
        }
    }
    paths.dedup();
    walk(paths, async |paths| {
        let mut officer = officer.clone();
        for path in paths {
            let page = officer.get_once(&path).await;
            assert!(page.status.as_u16() < 500, "GET {path} answered {}", page.status);
            let to = page.location.unwrap_or_default();
            assert!(!to.starts_with("//") && !to.contains(['\\', '\t']), "GET {path} leads to {to:?}");
        }
    })
    .await;
}

const FORM: &str = "application/x-www-form-urlencoded";

async fn send(browser: &Browser, path: &str, kind: &str, body: Vec<u8>) -> u16 {
    let request =
        browser.raw(Method::POST, path).header("sec-fetch-site", "same-origin").header("content-type", kind);
    request.body(body).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn no_form_breaks_the_site() {
    let site =
        Site::open_with(|settings| settings.dev_rate_limits = breakthrough::kit::config::Switch::Off).await;
    let signed_in = site.signed_in_as("alex@demo.test").await;
    let mut lines = site::table(&site.app);
    lines.retain(|line| {
        line.method == Method::POST && !line.path.contains("sessions") && !line.path.contains("sign-out")
    });
    let large = format!("name={}", "x".repeat(1024 * 1024)).into_bytes();
    let bodies: [(&str, &str, &[u8]); 7] = [
        ("nothing", FORM, b""),
        ("no UTF-8", FORM, b"name=%ff%fe\xff\xfe&email=%c3%28"),
        ("repeated fields", FORM, b"name=a&name=b&email=a@b.cc&email=c@d.ee&title=x&title=y&region=london&region=wales"),
        ("strange values", FORM, b"name=%00&email=%E2%80%AE&title=%F0%9F%8C%B9&body=%3Cscript%3E&amount=99999999999999999999&page=-1&version=x&how=%01&next=/%09/evil.example"),
        ("control characters", FORM, b"email=ana@demo.test&how=link&next=/%01&password=x"),
        ("JSON", "application/json", b"{\"name\": 1}"),
        ("no form at all", "text/plain", b"\x00\x01\x02"),
    ];
    walk(lines, async |lines| {
        let mut officer = signed_in.clone();
        for line in lines {
            let path = filled(line.path, NOBODY);
            for (what, kind, body) in bodies {
                let status = send(&officer, &path, kind, body.to_vec()).await;
                assert!(status < 500, "POST {path} with {what} answered {status}");
            }
            if line.access != Access::Machine && line.access != Access::Development {
                let status = send(&officer, &path, FORM, large.clone()).await;
                assert!(
                    (400..500).contains(&status) || status == 303,
                    "POST {path} with a megabyte answered {status}"
                );
            }
            officer.get_once("/account").await.expect_status(200);
        }
    })
    .await;
    site.work().await;
}

/// Method, path and access of every line that is written down.
pub fn written() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    include_str!("routes.txt").lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?, words.next()?, words.next()?))
    })
}

const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

#[tokio::test]
async fn no_form_can_be_sent_from_another_site() {
    let site = Site::open().await;
    let officer = site.signed_in_as("alex@demo.test").await;
    let mut tried = 0;
    for (method, path, access) in written() {
        if method != "POST" || access == "Machine" {
            continue;
        }
        // A browser that says so itself, an older one that names the origin only, and one that says nothing.
        for headers in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[],
        ] {
            let mut request = officer.raw(Method::POST, &filled(path, NOBODY)).header("content-type", FORM);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let status = request.body("").send().await.unwrap().status();
            assert_eq!(status, 403, "POST {path} with {headers:?}");
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried}");
    officer.raw(Method::GET, "/account").send().await.unwrap().error_for_status().unwrap();
}

#[tokio::test]
async fn every_answer_forbids_what_is_not_ours() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    for (_, path, _) in written().filter(|(method, ..)| *method == "GET") {
        let page = officer.get_once(&filled(path, NOBODY)).await;
        let policy = page.headers.get("content-security-policy").map(|value| value.to_str().unwrap());
        let policy = policy.unwrap_or_else(|| panic!("{path} has no policy"));
        let parts: Vec<_> = policy.split(';').map(str::trim).collect();
        for part in ["default-src 'none'", "base-uri 'none'"] {
            assert!(parts.contains(&part), "{path}: {policy}");
        }
        assert!(
            policy.contains("frame-ancestors 'none'") || policy.contains("frame-ancestors 'self'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe-eval") && !policy.contains('*'), "{path}: {policy}");
        // A mail is shown as it would be in a mailbox, which knows no style sheets of ours.
        let mail = path == "/dev/mail/{id}/html" || path == "/admin/updates/{id}/preview";
        assert!(mail || !policy.contains("unsafe-inline"), "{path}: {policy}");
        assert!(!policy.contains("script-src 'unsafe"), "{path}: {policy}");
        assert_eq!(page.headers["x-content-type-options"], "nosniff", "{path}");
    }
}

#[tokio::test]
async fn addresses_of_what_does_not_exist_yet_answer_404() {
    let site = Site::open().await;
    let mut stranger = site.stranger();
    for path in [
        "/policies",
        "/events",
        "/events/calendar.ics",
        "/debates",
        "/proposals",
        "/elections",
        "/teams",
        "/candidates",
    ] {
        if written().any(|(_, known, _)| known == path) {
            continue;
        }
        stranger.get(path).await.expect_status(404);
        for page in ["/", "/faq"] {
            assert!(
                stranger.get(page).await.attributes("nav a", "href").iter().all(|href| href != path),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn production_has_no_development_pages() {
    let site = Site::open_with(|settings| {
        settings.app_env = breakthrough::kit::config::Environment::Production;
        settings.public_url = Some("https://party.example".into());
        settings.database_url = Some("postgres://elsewhere/party".into());
        settings.smtp_url = Some("smtp://127.0.0.1:1".into());
        let key = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        settings.secret_key = Some(key.into());
        settings.stripe_secret_key = Some("sk_live_0123456789abcdefghij".into());
        settings.stripe_webhook_secret = Some("whsec_0123456789abcdefghij".into());
    })
    .await;
    let mut stranger = site.stranger();
    let mut tried = 0;
    for (method, path, _) in written().filter(|(_, path, _)| path.starts_with("/dev")) {
        let path = filled(path, "1");
        match method {
            "GET" => stranger.get_once(&path).await.expect_status(404),
            _ => stranger.post_once(&path, &[]).await.expect_status(404),
        };
        tried += 1;
    }
    assert!(tried >= 8);
}

/// Every row of every table of ours, counted and hashed; what a refused form must leave as it was.
async fn everything(site: &Site) -> Vec<(String, String)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'
         and table_name not in ('rate_limits', 'sessions', 'audit_sights', 'audit_log', '_sqlx_migrations') order by 1",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    let mut all = Vec::new();
    for table in tables {
        let sql = format!(
            "select md5(coalesce(string_agg(md5(t::text), '' order by md5(t::text)), '')) from {table} t"
        );
        let hash: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&site.pool).await.unwrap();
        all.push((table, hash));
    }
    all
}

/// Opens the pages of real people and things and sends each of their forms back with nonsense in every field.
#[tokio::test]
async fn no_form_of_a_real_thing_breaks_the_site_or_is_half_taken() {
    let site =
        Site::open_with(|settings| settings.dev_rate_limits = breakthrough::kit::config::Switch::Off).await;
    let one = async |sql: &'static str| -> String {
        sqlx::query_scalar::<_, uuid::Uuid>(sql).fetch_one(&site.pool).await.unwrap().to_string()
    };
    let member = one("select p.id from people p join memberships m on m.person_id = p.id where m.state = 'active' and p.email::text not like '%@demo.test' limit 1").await;
    let supporter = one(
        "select id from people where standing = 'supporter' and email::text not like '%@demo.test' limit 1",
    )
    .await;
    let mut pages = vec![
        format!("/admin/members/{member}"),
        format!("/admin/members/{member}/details"),
        format!("/admin/members/{member}/end"),
        format!("/admin/members/{member}/notes"),
        format!("/admin/members/{member}/suspension"),
        format!("/admin/members/{supporter}"),
        format!("/admin/supporters/{supporter}/details"),
        "/admin/officers".into(),
        "/admin/updates/new".into(),
        "/admin/settings/site_name".into(),
        "/admin/settings/member_min_age".into(),
        "/account".into(),
        "/membership/details".into(),
        "/membership/end".into(),
        "/join".into(),
        "/support".into(),
        "/donate".into(),
        "/contact".into(),
    ];
    for (folder, kind) in [
        ("news", "article"),
        ("pages", "page"),
        ("profiles", "profile"),
        ("allies", "ally"),
        ("faq", "question"),
        ("faq/groups", "group"),
    ] {
        let id: uuid::Uuid =
            sqlx::query_scalar("select id from content_items where kind = $1 order by position limit 1")
                .bind(kind)
                .fetch_one(&site.pool)
                .await
                .unwrap();
        pages.push(format!("/admin/{folder}/{id}"));
        pages.push(format!("/admin/{folder}/new"));
    }
    let updates: Vec<uuid::Uuid> =
        sqlx::query_scalar("select id from updates").fetch_all(&site.pool).await.unwrap();
    for id in updates {
        pages.push(format!("/admin/updates/{id}"));
    }
    let nonsense = ["\0", "\u{202E}abc", "🌹", "99999999999999999999999", "-1", "' or 1=1 --", "<script>"];
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let (mut refused, mut before) = (0, everything(&site).await);
    for path in pages {
        let page = officer.get(&path).await;
        assert!(page.status.as_u16() == 200, "GET {path} answered {}", page.status);
        for (action, names) in page.posted_forms() {
            if names.is_empty() || action.starts_with("/sign-out") || action == "/account/password" {
                continue;
            }
            for value in nonsense {
                let fields: Vec<_> = names.iter().map(|name| (name.as_str(), value)).collect();
                let answer = officer.post_once(&action, &fields).await;
                let status = answer.status.as_u16();
                assert!(
                    // A form that asks for a preview gets one.
                    status == 303 || status == 200 || (400..500).contains(&status),
                    "POST {action} with {value:?} everywhere answered {status}"
                );
                let after = everything(&site).await;
                if status != 303 {
                    assert_eq!(before, after, "POST {action} with {value:?} answered {status} and wrote");
                    refused += 1;
                }
                before = after;
            }
        }
    }
    assert!(refused > 100, "{refused}");
}
