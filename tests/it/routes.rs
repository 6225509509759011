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
        .map(|line| format!("{} {} {:?}", line.method, line.path, line.access))
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

#[tokio::test]
async fn guarded_paths_open_only_to_those_they_are_for() {
    let site = Site::open().await;
    let mut people = [
        ("stranger", site.stranger()),
        ("supporter", site.signed_in_as("sam@demo.test").await),
        ("member", site.signed_in_as("ana@demo.test").await),
    ];
    for line in site::table(&site.app) {
        let path = filled(line.path, "00000000-0000-0000-0000-000000000000");
        for (who, browser) in &mut people {
            let page = match line.method {
                Method::GET => browser.get_once(&path).await,
                _ => browser.post_once(&path, &[]).await,
            };
            let (status, to) = (page.status.as_u16(), page.location.clone().unwrap_or_default());
            let refused = status == 403 || status == 401 || (status == 303 && to.starts_with("/sign-in?"));
            let open = match line.access {
                Access::SignedIn => *who != "stranger",
                Access::Member => *who == "member",
                Access::Officer(_) => false,
                Access::Public | Access::Cached | Access::Machine | Access::Development => continue,
            };
            assert_eq!(!refused, open, "{} {path} answered {status} {to} to a {who}", line.method);
        }
        // Walking over "sign out" and "end this session" must not end the walk.
        for (email, index) in [("sam@demo.test", 1), ("ana@demo.test", 2)] {
            if people[index].1.get_once("/account").await.status != 200 {
                people[index].1 = site.signed_in_as(email).await;
            }
        }
    }
}

const STRANGE: [&str; 7] =
    ["%00", "%F0%9F%8C%B9", "%E2%80%AEabc", "'%20or%201=1--", "%3Cscript%3E", "..%2f..%2fetc", "-1"];

#[tokio::test]
async fn no_address_breaks_the_site() {
    let site = Site::open().await;
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let long = "a".repeat(3_000);
    for line in site::table(&site.app).iter().filter(|line| line.method == Method::GET) {
        let mut paths: Vec<String> =
            STRANGE.iter().chain([&long.as_str()]).map(|with| filled(line.path, with)).collect();
        for with in STRANGE {
            let path = filled(line.path, "00000000-0000-0000-0000-000000000000");
            let names = ["q", "page", "region", "sort", "state", "after", "next", "request", "month", "kind"];
            let query: Vec<String> = names.iter().map(|name| format!("{name}={with}")).collect();
            paths.push(format!("{path}?{}", query.join("&")));
            paths.push(format!("{path}?q={with}&q={with}&page=99999999999999999999"));
        }
        paths.dedup();
        for path in paths {
            let page = officer.get_once(&path).await;
            assert!(page.status.as_u16() < 500, "GET {path} answered {}", page.status);
        }
    }
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
    for line in site::table(&site.app).iter().filter(|line| line.method == Method::POST) {
        if line.path.contains("sessions") || line.path.contains("sign-out") {
            continue;
        }
        let officer = site.signed_in_as("alex@demo.test").await;
        let path = filled(line.path, "00000000-0000-0000-0000-000000000000");
        let large = format!("name={}", "x".repeat(1024 * 1024)).into_bytes();
        let repeated =
            "name=a&name=b&email=a@b.cc&email=c@d.ee&title=x&title=y&region=london&region=wales".into();
        let strange = "name=%00&email=%E2%80%AE&title=%F0%9F%8C%B9&body=%3Cscript%3E&amount=99999999999999999999&page=-1&version=x".into();
        for (what, kind, body) in [
            ("nothing", FORM, Vec::new()),
            ("no UTF-8", FORM, b"name=%ff%fe\xff\xfe&email=%c3%28".to_vec()),
            ("repeated fields", FORM, repeated),
            ("strange values", FORM, strange),
            ("JSON", "application/json", b"{\"name\": 1}".to_vec()),
            ("no form at all", "text/plain", b"\x00\x01\x02".to_vec()),
        ] {
            let status = send(&officer, &path, kind, body).await;
            assert!(status < 500, "POST {path} with {what} answered {status}");
        }
        if line.access != Access::Machine && line.access != Access::Development {
            let status = send(&officer, &path, FORM, large).await;
            assert!(
                (400..500).contains(&status) || status == 303,
                "POST {path} with a megabyte answered {status}"
            );
        }
    }
}
