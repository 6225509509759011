//! What somebody with bad intentions sends to the running program. All of it stays on this machine and ends by itself.

use std::{net::SocketAddr, time::Duration};

use reqwest::{Method, Response, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::{Instant, sleep, timeout},
};

use crate::{
    membership::joiner,
    routes::written,
    support::{
        Browser, Page, Site,
        program::{Running, free_address, program},
        scratch,
    },
};

/// A site that believes whatever address a request says it comes from.
async fn behind_a_proxy() -> Site {
    Site::open_with(|settings| settings.trusted_proxies = "127.0.0.1".into()).await
}

/// Sends a form from an address of choice.
async fn post_from(browser: &Browser, address: &str, path: &str, fields: &[(&str, &str)]) -> Response {
    let request = browser.raw(Method::POST, path).header("x-forwarded-for", address);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.body(serde_html_form::to_string(fields).unwrap());
    request.header("sec-fetch-site", "same-origin").send().await.unwrap()
}

fn code_in(text: &str) -> String {
    let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
    text.split_whitespace().find(is_code).expect("a code").to_owned()
}

#[tokio::test]
async fn guessing_codes_ends_after_a_few_for_each_account_and_its_owner_hears_of_it() {
    let site = behind_a_proxy().await;
    let thief = site.stranger();
    let mut guesses = 0;
    let mut right = Vec::new();
    for number in 0..4 {
        let fields = [("email", "sam@demo.test"), ("how", "link")];
        let asked = post_from(&thief, &format!("198.51.{number}.1"), "/sign-in", &fields).await;
        let location = asked.headers()["location"].to_str().unwrap().to_owned();
        let request = location.rsplit('=').next().unwrap().to_owned();
        right.push((request.clone(), code_in(&site.mail_to("sam@demo.test").await.text)));
        for guess in 0..4 {
            let code = format!("{guess:06}");
            let fields = [("request", request.as_str()), ("code", &code)];
            let from = format!("203.0.{number}.{guess}");
            let answer = post_from(&thief, &from, "/sign-in/code", &fields).await;
            assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
            guesses += 1;
        }
    }
    assert_eq!(guesses, 16);
    let used: i64 =
        sqlx::query_scalar("select sum(tries) from sign_in_requests").fetch_one(&site.pool).await.unwrap();
    assert_eq!(used, 10, "the rest was not even looked at");
    for (request, code) in &right {
        let fields = [("request", request.as_str()), ("code", code)];
        let answer = post_from(&thief, "192.0.2.1", "/sign-in/code", &fields).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "the right code too");
    }
    let mails = site.mails_to("sam@demo.test").await;
    let told: Vec<_> =
        mails.iter().filter(|mail| mail.subject == "Wrong sign-in codes for your account").collect();
    assert_eq!(told.len(), 1);
    // The owner still comes in by the link, and the next day by a code.
    let link = mails[0].link("/sign-in/link/");
    assert_eq!(post_from(&site.stranger(), "192.0.2.9", &link, &[]).await.status(), StatusCode::SEE_OTHER);
    site.app.clock().advance(chrono::Duration::days(1));
    let mut sam = site.stranger();
    let page = sam.post("/sign-in", &[("email", "sam@demo.test"), ("how", "link")]).await;
    let code = code_in(&site.mail_to("sam@demo.test").await.text);
    page.form("/sign-in/code").fill("code", &code).submit(&mut sam).await;
    sam.get("/account").await.expect("sam@demo.test");
}

#[tokio::test]
async fn strangers_use_up_no_tries_of_an_address_they_know() {
    let site = behind_a_proxy().await;
    let (thief, owner) = (site.stranger(), site.stranger());
    let wrong = [("email", "ana@demo.test"), ("password", "wrong"), ("how", "password")];
    let link = [("email", "ana@demo.test"), ("how", "link")];
    for (fields, status) in [(wrong.as_slice(), 422), (&link, 303)] {
        for _ in 0..10 {
            assert_eq!(post_from(&thief, "203.0.113.1", "/sign-in", fields).await.status(), status);
        }
        assert_eq!(post_from(&thief, "203.0.113.1", "/sign-in", fields).await.status(), 429);
        assert_eq!(post_from(&owner, "198.51.100.1", "/sign-in", fields).await.status(), status);
    }
    let joining: Vec<_> = joiner("ana@demo.test");
    let mut joining: Vec<_> = joining.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let give = [
        ("sum", "own"),
        ("amount", "5"),
        ("name", "Ana"),
        ("email", "ana@demo.test"),
        ("declaration", "yes"),
    ];
    let sign_up = [
        ("email", "ana@demo.test"),
        ("name", "Ana"),
        ("postcode", "M1 1AE"),
        ("old_enough", "yes"),
        ("email_updates", "yes"),
    ];
    let towns: Vec<_> = (0..10).map(|number| format!("Town {number}")).collect();
    for (path, fields, tries) in [("/donate", give.as_slice(), 10), ("/support", &sign_up, 5)] {
        for _ in 0..tries {
            assert_eq!(post_from(&thief, "203.0.113.1", path, fields).await.status(), 303, "{path}");
        }
        assert_eq!(post_from(&thief, "203.0.113.1", path, fields).await.status(), 429, "{path}");
        assert_eq!(post_from(&owner, "198.51.100.1", path, fields).await.status(), 303, "{path}");
    }
    for town in &towns {
        joining.retain(|(name, _)| *name != "town");
        joining.push(("town", town));
        assert_eq!(post_from(&thief, "203.0.113.2", "/join", &joining).await.status(), 303);
    }
    assert_eq!(post_from(&thief, "203.0.113.2", "/join", &joining).await.status(), 429);
    assert_eq!(post_from(&owner, "198.51.100.2", "/join", &joining).await.status(), 303);
    site.work().await;
}

#[tokio::test]
async fn pages_with_secrets_are_kept_nowhere() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    browser.post("/sign-in", &[("email", "ana@demo.test"), ("how", "link")]).await;
    let link = site.mail_to("ana@demo.test").await.link("/sign-in/link/");
    let nobody = "00000000-0000-4000-8000-000000000000";
    for path in [
        link.as_str(),
        &format!("/sign-in/check?request={nobody}"),
        &format!("/join/{nobody}"),
        &format!("/donate/{nobody}"),
        "/support/confirm/x",
        "/unsubscribe/x",
    ] {
        let page = browser.get_once(path).await;
        let kept = page.headers.get("cache-control").map(|value| value.to_str().unwrap().to_owned());
        assert!(kept.as_deref().is_some_and(|kept| kept.contains("no-store")), "{path}: {kept:?}");
    }
    for fields in [[("email", "x"), ("how", "link")], [("email", "ana@demo.test"), ("password", "wrong")]] {
        let page = browser.post_once("/sign-in", &fields).await;
        assert_eq!(page.headers["cache-control"], "private, no-store");
    }
}

#[tokio::test]
async fn a_long_address_is_copied_nowhere() {
    let site = Site::open().await;
    let mut browser = site.stranger();
    for (path, status) in [
        (format!("/{}/", "a".repeat(21_000)), 414),
        (format!("/{}/", "%C3%A9".repeat(342)), 414),
        (format!("/faq?q={}", "a".repeat(8_192)), 414),
        (format!("/account?next={}", "a".repeat(8_000)), 303),
        (format!("/faq/{}/", "a".repeat(2_000)), 308),
        (format!("/faq?q={}", "a".repeat(3_000)), 200),
    ] {
        let page = browser.get_once(&path).await;
        assert_eq!(page.status.as_u16(), status, "{} bytes", path.len());
        assert!(page.location.is_none_or(|location| location.len() <= 2_048), "{} bytes", path.len());
    }
    browser.get(&format!("/{}", "a".repeat(9_000))).await.expect("That address is too long");
}

#[tokio::test]
async fn the_log_holds_no_letter_code_or_link_however_much_it_is_asked_for() {
    let scratch = scratch(1).await;
    let address = free_address();
    let log = scratch.folder.join("log");
    for (ask, environment) in [("trace", "development"), ("debug,lettre=trace,sqlx=trace", "development")] {
        let mut command = program(&scratch.folder, Some(&scratch.url));
        command.args(["serve", "--bare", "--listen", &address.to_string()]);
        command.env("RUST_LOG", ask).env("APP_ENV", environment);
        let mut child = command
            .stdout(std::process::Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let mut browser = Browser::new(address);
        for _ in 0..600 {
            if TcpStream::connect(address).await.is_ok() {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        let (password, email) = ("orange ladders never sing", "ben@demo.test");
        browser.post("/sign-in", &[("email", email), ("password", password)]).await.expect_status(422);
        browser.post("/sign-in", &[("email", email), ("how", "link")]).await.expect("Check your email");
        let mut mail = None;
        for _ in 0..400 {
            let caught = browser.get("/dev/mail").await.attributes("main a[href^='/dev/mail/']", "href");
            if let Some(newest) = caught.first() {
                mail = Some(browser.get(newest).await.words());
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        let mail = mail.expect("the mail goes out");
        let token =
            mail.split("/sign-in/link/").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        let link = format!("/sign-in/link/{token}");
        browser.get(&link).await.form(&link).submit(&mut browser).await;
        browser.get("/account").await.expect(email);
        // Asked, not killed: the job of the mail may be a moment behind the mail.
        let pid = child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        child.wait().unwrap();
        let said = std::fs::read_to_string(&log).unwrap();
        assert!(said.contains("request"), "it logs: {said}");
        for secret in [code_in(&mail).as_str(), &token, password, email, "Use this link to sign in"] {
            let line = said.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{secret} is in the log asked for by {ask}");
        }
        let _ = std::fs::remove_dir_all(scratch.folder.join("mail"));
    }
}

/// Holds a person's row until something else waits for it.
async fn hold<'c>(site: &'c Site, email: &str) -> sqlx::Transaction<'c, sqlx::Postgres> {
    let mut tx = site.pool.begin().await.unwrap();
    sqlx::query("select from people where email = $1::text::citext for update")
        .bind(email)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx
}

async fn until_somebody_waits(site: &Site) {
    for _ in 0..500 {
        let waits: bool = sqlx::query_scalar(
            "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')",
        )
        .fetch_one(&site.pool)
        .await
        .unwrap();
        if waits {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody waits");
}

#[tokio::test]
async fn nobody_signs_in_past_a_change_of_password() {
    let site = Site::open().await;
    // The password was right when it was checked, and another one stands by the time the session would begin.
    let mut tx = hold(&site, "ana@demo.test").await;
    let fields =
        [("email", "ana@demo.test"), ("password", breakthrough::demo::PASSWORD), ("how", "password")];
    let mut late = site.stranger();
    let (page, ()): (Page, ()) = tokio::join!(late.post_once("/sign-in", &fields), async {
        until_somebody_waits(&site).await;
        let hash = breakthrough::accounts::hash_password("orange ladders sing".into()).await.unwrap();
        let change =
            sqlx::query("update people set password_hash = $1 where email = 'ana@demo.test'").bind(hash);
        change.execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    });
    page.expect_status(422).expect("the password is wrong");

    // Ten at once, by password and by link, while their owner changes it: none is left signed in.
    let owner = site.signed_in_as("sam@demo.test").await;
    site.stranger().post("/sign-in", &[("email", "sam@demo.test"), ("how", "link")]).await;
    let link = site.mail_to("sam@demo.test").await.link("/sign-in/link/");
    let mut all = tokio::task::JoinSet::new();
    for number in 0..10 {
        let (mut thief, link) = (site.stranger(), link.clone());
        all.spawn(async move {
            let fields =
                [("email", "sam@demo.test"), ("password", breakthrough::demo::PASSWORD), ("how", "password")];
            let (path, fields) =
                if number == 5 { (link.as_str(), &[][..]) } else { ("/sign-in", &fields[..]) };
            thief.post_once(path, fields).await;
        });
    }
    let mut changing = owner.clone();
    all.spawn(async move {
        sleep(Duration::from_millis(100)).await;
        let fields = [("password_new", "orange ladders sing")];
        changing.post("/account/password", &fields).await.expect("Your password is set");
    });
    all.join_all().await;
    let left: i64 = sqlx::query_scalar(
        "select count(*) from sessions s join people p on p.id = s.person_id where p.email = 'sam@demo.test'",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!(left, 1, "sessions beside the owner's");
    site.work().await;
}

/// Connects from an address of the loopback network that is not the visitors'.
async fn connect(to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.66:0".parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

/// Whether the other side has closed, without sending anything.
async fn is_closed(stream: &mut TcpStream) -> bool {
    matches!(timeout(Duration::from_millis(20), stream.read(&mut [0; 16])).await, Ok(Ok(0) | Err(_)))
}

#[tokio::test]
async fn half_a_request_is_not_waited_for_and_does_not_keep_the_process_from_stopping() {
    let scratch = scratch(1).await;
    let address = free_address();
    let mut command = program(&scratch.folder, Some(&scratch.url));
    command.args(["serve", "--no-worker", "--bare", "--listen", &address.to_string()]);
    let running = Running::start(command, "Stop with Ctrl-C").await;

    let mut halves = Vec::new();
    for _ in 0..400 {
        let mut half = connect(address).await;
        let _ = half.write_all(b"GET /faq HTTP/1.1\r\nHost: x\r\nX-Slow: ").await;
        halves.push(half);
    }
    let mut visitor = Browser::new(address);
    assert_eq!(visitor.get("/faq").await.status, StatusCode::OK);
    let mut open = 0;
    for half in &mut halves {
        open += usize::from(!is_closed(half).await);
    }
    assert!((1..=256).contains(&open), "{open} connections of one address are open");

    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(18) {
        for half in &mut halves {
            let _ = half.write_all(b"z").await;
        }
        sleep(Duration::from_secs(1)).await;
    }
    let mut open = 0;
    for half in &mut halves {
        open += usize::from(!is_closed(half).await);
    }
    assert_eq!(open, 0, "half heads are still waited for");
    let mut head = connect(address).await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000));
    let _ = head.write_all(long.as_bytes()).await;
    let mut answer = [0; 12];
    let _ = timeout(Duration::from_secs(5), head.read(&mut answer)).await.expect("an end or an answer");
    assert!(answer == [0; 12] || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));

    let mut half = connect(address).await;
    half.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    let mut idle = connect(address).await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut upload = connect(address).await;
    let start = b"POST /contact HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nname=\r\n";
    upload.write_all(start).await.unwrap();
    let began = Instant::now();
    assert_eq!(running.stop().await, Some(0));
    assert!(began.elapsed() < Duration::from_secs(10), "it took {:?} to stop", began.elapsed());
}

/// Sends the head of a form and the beginning of a body that never ends.
async fn begin_upload(to: SocketAddr, path: &str, cookie: &str) -> TcpStream {
    let mut upload = connect(to).await;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {to}\r\nOrigin: http://{to}\r\nSec-Fetch-Site: same-origin\r\n\
         Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Transfer-Encoding: chunked\r\n\r\n5\r\nname=\r\n"
    );
    upload.write_all(head.as_bytes()).await.unwrap();
    upload
}

#[tokio::test]
async fn an_upload_that_never_ends_holds_nothing_that_others_need() {
    let scratch = scratch(1).await;
    let address = free_address();
    let mut command = program(&scratch.folder, Some(&scratch.url));
    command.args(["serve", "--no-worker", "--bare", "--listen", &address.to_string()]);
    let running = Running::start(command, "Stop with Ctrl-C").await;
    let mut ana = Browser::new(address);
    let password = breakthrough::demo::PASSWORD;
    let signed_in =
        [("email", "ana@demo.test"), ("password", password), ("how", "password"), ("next", "/account")];
    ana.post("/sign-in", &signed_in).await.expect_status(200);

    let mut uploads = Vec::new();
    for number in 0..90 {
        // Paths for strangers, for the signed-in, and for machines; as a stranger, as Ana, as nobody known.
        let path = ["/contact", "/account/password", "/webhooks/stripe", "/join", "/nowhere"][number % 5];
        let cookie = [ana.cookie_header(), String::new(), "session=x".to_owned()][number % 3].clone();
        uploads.push(begin_upload(address, path, &cookie).await);
    }
    let began = Instant::now();
    for path in ["/readyz", "/faq?q=fees", "/join", "/membership", "/dashboard"] {
        ana.get(path).await.expect_status(200);
    }
    assert!(began.elapsed() < Duration::from_secs(10), "others wait: {:?}", began.elapsed());

    // Each ends with an answer, while it still sends.
    let mut answer = [0; 12];
    while began.elapsed() < Duration::from_secs(35) {
        for upload in &mut uploads {
            let _ = upload.write_all(b"1\r\nz\r\n").await;
        }
        sleep(Duration::from_secs(1)).await;
    }
    for upload in &mut uploads {
        let read =
            timeout(Duration::from_secs(1), upload.read(&mut answer)).await.expect("an answer or an end");
        assert!(read.is_err() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(running.stop().await, Some(0));
}

/// Who presses what with which fields, the line that the audit log gains, and how many mails are written.
type Press<'a> = (&'a Browser, String, &'a [(&'a str, &'a str)], &'a str, i64);

#[tokio::test]
async fn what_is_pressed_eight_times_at_once_is_done_once() {
    let site = Site::open().await;
    let id = async |what: &'static str| -> String {
        sqlx::query_scalar(what).fetch_one(&site.pool).await.unwrap()
    };
    let ana = id("select id::text from people where email = 'ana@demo.test'").await;
    let sam = id("select id::text from people where email = 'sam@demo.test'").await;
    let office = id("select o.id::text from officers o join people p on p.id = o.person_id where p.email = 'returning@demo.test'").await;
    let question = id("select id::text from content_items where slug = 'who-funds-you'").await;
    let alex = site.signed_in_as("alex@demo.test").await;
    let mut stranger = site.stranger();
    let page = stranger.get("/support").await;
    let form =
        page.form("/support").fill("email", "nia@example.org").fill("name", "Nia").fill("postcode", "M1 1AE");
    form.tick("old_enough", "yes").tick("email_updates", "yes").submit(&mut stranger).await;
    let confirm = site.mail_to("nia@example.org").await.link("/support/confirm/");
    let member = format!("/admin/members/{ana}");
    let until =
        [("until_day", "15"), ("until_month", "12"), ("until_year", "2026"), ("reason", "Complaint 7")];
    let change = [("name", "Samuel Whitlock"), ("email", "samuel@demo.test"), ("postcode", "M1 1AE")];
    let new = [("email", "new@example.org"), ("name", "New Officer"), ("role", "editor")];
    let setting = [
        ("value", "7"),
        ("from_day", "1"),
        ("from_month", "12"),
        ("from_year", "2026"),
        ("source", "vote of today"),
    ];
    let update = [("subject", "Once"), ("body", "Hello"), ("to[]", "members")];
    let article = [("title", "Once"), ("summary", "s"), ("body", "b")];
    let profile = [("name", "Once"), ("role", "Twice")];
    let publication = format!("/admin/faq/{question}/publication");
    let presses: &[Press] = &[
        (&alex, "/admin/officers".into(), &new, "officer.added", 1),
        (&alex, format!("/admin/officers/{office}/end"), &[], "officer.ended", 0),
        (&alex, format!("{member}/suspension"), &until, "membership.suspended", 1),
        (&alex, format!("{member}/suspension/end"), &[], "membership.suspension_lifted", 1),
        (&alex, format!("{member}/notes"), &[("words", "Called. Will write.")], "membership.note_added", 0),
        (
            &alex,
            format!("{member}/end"),
            &[("reason", "left"), ("words", "By letter")],
            "membership.ended",
            1,
        ),
        (&alex, format!("/admin/supporters/{sam}/details"), &change, "person.changed", 1),
        (&alex, "/admin/settings/grace_days".into(), &setting, "setting.changed", 0),
        (&alex, format!("{publication}/end"), &[], "content.unpublished", 0),
        (&alex, publication, &[], "content.published", 0),
        (&alex, format!("/admin/faq/{question}/deletion"), &[], "content.deleted", 0),
        (&alex, "/admin/updates".into(), &update, "update.written", 0),
        (&alex, "/admin/news/new".into(), &article, "content.added", 0),
        (&alex, "/admin/profiles/new".into(), &profile, "content.added", 0),
        (&stranger, confirm, &[], "supporter.signed_up", 1),
    ];
    for (browser, path, fields, action, mails) in presses {
        site.app.clock().advance(chrono::Duration::minutes(1));
        let before: (i64, i64) =
            sqlx::query_as("select (select max(id) from audit_log), (select count(*) from outbox)")
                .fetch_one(&site.pool)
                .await
                .unwrap();
        // What edits a record says which version of it was on the page.
        let form_at = if path == "/admin/updates" { "/admin/updates/new" } else { path };
        let page = (*browser).clone().get_once(form_at).await;
        let hidden = |name: &'static str| {
            let value = page.attributes(&format!("input[name={name}]"), "value").into_iter().next();
            value.map(|value| (name.to_owned(), value))
        };
        let hidden: Vec<_> = ["version", "key"].into_iter().filter_map(hidden).collect();
        let mut all = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (mut browser, path) = ((*browser).clone(), path.clone());
            let mut fields: Vec<_> =
                fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
            fields.extend(hidden.clone());
            all.spawn(async move {
                let fields: Vec<_> =
                    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                browser.post_once(&path, &fields).await.status.as_u16()
            });
        }
        let statuses = all.join_all().await;
        assert!(statuses.iter().all(|status| [200, 303, 409].contains(status)), "{path}: {statuses:?}");
        let lines: i64 = sqlx::query_scalar("select count(*) from audit_log where id > $1 and action = $2")
            .bind(before.0)
            .bind(action)
            .fetch_one(&site.pool)
            .await
            .unwrap();
        assert_eq!(lines, 1, "{action}: {statuses:?}");
        let all: i64 = sqlx::query_scalar("select count(*) from outbox").fetch_one(&site.pool).await.unwrap();
        assert_eq!(all - before.1, *mails, "mails after {action}");
    }
    site.work().await;
}

#[tokio::test]
async fn two_who_cannot_both_be_right_are_told_so() {
    let site = Site::open().await;
    let twice = "insert into people (id, name, email, created_at) select gen_random_uuid(), 'Two', 'two@example.org', now() from generate_series(1, 2)";
    let error = sqlx::query(twice).execute(&site.pool).await.unwrap_err();
    let answer = axum::response::IntoResponse::into_response(breakthrough::kit::error::Error::from(error));
    assert_eq!(answer.status(), StatusCode::CONFLICT);
    // One waits for the other in a circle.
    let mut holds = (hold(&site, "ana@demo.test").await, hold(&site, "sam@demo.test").await);
    let wants = "select from people where email = $1::text::citext for update";
    let (one, two) = tokio::join!(
        sqlx::query(wants).bind("sam@demo.test").execute(&mut *holds.0),
        sqlx::query(wants).bind("ana@demo.test").execute(&mut *holds.1),
    );
    let error = one.err().or(two.err()).expect("one of them is broken off");
    let answer = axum::response::IntoResponse::into_response(breakthrough::kit::error::Error::from(error));
    assert_eq!(answer.status(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn only_pages_that_are_the_same_for_all_are_kept_by_anybody() {
    let site = Site::open().await;
    let mut alex = site.signed_in_as("alex@demo.test").await;
    let mut stranger = site.stranger();
    for (_, path, access) in written().filter(|(method, path, _)| *method == "GET" && !path.contains('{')) {
        for (who, browser) in [("alex", &mut alex), ("a stranger", &mut stranger)] {
            let page = browser.get_once(path).await;
            let kept = page.headers.get("cache-control").map(|value| value.to_str().unwrap().to_owned());
            let is_kept = !kept.as_deref().is_some_and(|kept| kept.contains("no-store"));
            assert_eq!(is_kept, access == "Cached" && who != "alex", "{path} for {who}: {kept:?}");
        }
    }
}

/// Answers that pile up behind a visitor who reads a few bytes at a time.
#[tokio::test]
async fn whoever_hardly_reads_is_not_waited_for() {
    const ASKED: usize = 200;
    let site = Site::open().await;
    let one = site.stranger().get("/faq").await.body.len();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2_048).unwrap();
    let mut slow = socket.connect(site.address).await.unwrap();
    slow.write_all("GET /faq HTTP/1.1\r\nHost: x\r\n\r\n".repeat(ASKED).as_bytes()).await.unwrap();
    let began = Instant::now();
    let (mut few, mut read) = ([0; 10], 0);
    while began.elapsed() < Duration::from_secs(45) {
        read += slow.read(&mut few).await.unwrap_or(0);
        sleep(Duration::from_millis(300)).await;
    }
    // What was on its way arrives; the rest was never sent.
    let mut all = vec![0; 65_536];
    while let Ok(Ok(bytes @ 1..)) = timeout(Duration::from_secs(20), slow.read(&mut all)).await {
        read += bytes;
    }
    assert!(read < ASKED * one, "all was sent: {read} bytes");
}
