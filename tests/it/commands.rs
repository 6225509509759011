//! The commands as an operator runs them: the real program, its answers and its exit codes.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use breakthrough::{
    accounts::Access,
    kit::db::embedded::{Embedded, Options},
};

use crate::support::{
    Browser, Site, empty,
    program::{Running, free_address, program, run},
};

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("commands-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[tokio::test]
async fn routes_prints_the_table_and_needs_no_database() {
    let site = Site::open().await;
    let mut command = program(&folder("routes"), Some("postgres://nobody@127.0.0.1:1/none"));
    command.arg("routes");
    let output = run(command).await;
    assert!(output.status.success(), "{}", words(&output.stderr));
    let printed = words(&output.stdout);
    let lines: Vec<Vec<&str>> = printed.lines().map(|line| line.split_whitespace().collect()).collect();
    let table = breakthrough::site::table(&site.app);
    assert_eq!(lines.len(), table.len());
    for line in table {
        let access = match line.access {
            Access::Officer(permission) => vec!["officer".to_owned(), format!("{permission:?}")],
            Access::Cached(tables) => [&["cached"], tables].concat().into_iter().map(str::to_owned).collect(),
            other => vec![format!("{other:?}").to_lowercase()],
        };
        let found = lines.iter().any(|words| {
            words[0] == line.method.as_str() && words[1] == line.path && words[2..] == access[..]
        });
        assert!(found, "{} {} {access:?} is not printed", line.method, line.path);
    }
}

#[tokio::test]
async fn check_says_what_is_wrong_and_what_to_do() {
    let site = Site::open().await;
    let mut command = program(site.folder(), Some(&site.database_url));
    command.arg("check");
    let output = run(command).await;
    let said = words(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said} {}", words(&output.stderr));
    for part in ["configuration", "Postgres 15 or newer", "schema up to date", "way out for mail"] {
        assert!(said.lines().any(|line| line == format!("ok      {part}")), "{said}");
    }
    let mut command = program(site.folder(), Some("postgres://nobody@127.0.0.1:1/none"));
    command.args(["check", "--smtp-url", "smtp://127.0.0.1:1"]);
    let output = run(command).await;
    let said = words(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for remedy in ["check DATABASE_URL and that Postgres runs", "check SMTP_URL"] {
        assert!(said.lines().any(|line| line.starts_with("wrong") && line.contains(remedy)), "{said}");
    }
    // One migration behind.
    sqlx::query("delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)")
        .execute(&site.pool)
        .await
        .unwrap();
    let mut command = program(site.folder(), Some(&site.database_url));
    command.arg("check");
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output.stdout).contains("wrong   schema up to date: run `breakthrough migrate`"));
}

#[tokio::test]
async fn production_refuses_to_start_and_names_every_fault() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_breakthrough"));
    command.env_clear().env("APP_ENV", "production").arg("serve");
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(1));
    let said = words(&output.stderr);
    for name in ["PUBLIC_URL", "SECRET_KEY", "DATABASE_URL", "SMTP_URL", "MAIL_FROM", "STRIPE_SECRET_KEY"] {
        assert!(said.contains(name), "{name}: {said}");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_breakthrough"));
    command.env_clear().arg("serv");
    assert_eq!(run(command).await.status.code(), Some(2), "wrong usage");
}

#[tokio::test]
async fn the_link_of_a_new_officer_works_once() {
    let site = Site::open().await;
    let mut command = program(site.folder(), Some(&site.database_url));
    command.args(["officer", "add", "new@example.org", "--name", "Nell Byrne", "--role", "administrator"]);
    command.args(["--public-url", &format!("http://{}", site.address)]);
    let output = run(command).await;
    assert!(output.status.success(), "{}", words(&output.stderr));
    let link = words(&output.stdout).trim().to_owned();
    let path =
        link.strip_prefix(&format!("http://{}", site.address)).unwrap_or_else(|| panic!("{link}")).to_owned();
    // The program's clock is the real one; the site's stands still at another time.
    sqlx::query("update sign_in_requests set expires_at = $1")
        .bind(site.app.clock().now() + chrono::Duration::days(2))
        .execute(&site.pool)
        .await
        .unwrap();
    let mut browser = site.stranger();
    let page = browser.get(&path).await;
    page.expect("Welcome, Nell Byrne");
    page.form(&path).submit(&mut browser).await.expect_status(200);
    browser.get("/admin/officers").await.expect_status(200).expect("Nell Byrne");
    site.stranger().post(&path, &[]).await.expect_status(410);
    let mut command = program(site.folder(), Some(&site.database_url));
    command.args(["officer", "add", "new@example.org", "--name", "Nell", "--role", "organiser"]);
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(words(&output.stderr).contains("An organiser needs a region"), "{}", words(&output.stderr));
}

#[tokio::test]
async fn migrate_runs_from_several_places_and_demo_only_into_nothing() {
    let database = empty(2).await;
    let migrate = || {
        let mut command = program(&database.folder, Some(&database.url));
        command.arg("migrate");
        run(command)
    };
    let (one, two, three) = tokio::join!(migrate(), migrate(), migrate());
    for output in [one, two, three, migrate().await] {
        assert!(output.status.success(), "{}", words(&output.stderr));
    }
    let demo = || {
        let mut command = program(&database.folder, Some(&database.url));
        command.arg("demo");
        run(command)
    };
    let (one, two) = tokio::join!(demo(), demo());
    let (loaded, refused) = if one.status.success() { (one, two) } else { (two, one) };
    assert!(loaded.status.success(), "{}", words(&loaded.stderr));
    assert_eq!(refused.status.code(), Some(1));
    assert!(words(&refused.stderr).contains("this one has people in it"), "{}", words(&refused.stderr));
}

async fn people(folder: &Path) -> i64 {
    let embedded = Embedded::start_with(folder, &Options::default()).await.unwrap();
    let pool = sqlx::PgPool::connect(embedded.url()).await.unwrap();
    let people = sqlx::query_scalar("select count(*) from people").fetch_one(&pool).await.unwrap();
    pool.close().await;
    embedded.stop().await.unwrap();
    people
}

#[tokio::test]
async fn a_first_start_loads_the_demo_and_so_does_the_next_if_the_first_was_killed() {
    let folder = folder("first");
    let address = free_address();
    let serve = |more: &[&str]| {
        let mut command = program(&folder, None);
        command.args(["serve", "--no-worker", "--listen", &address.to_string()]).args(more);
        command
    };
    let bare = Running::start(serve(&["--bare"]), "Stop with Ctrl-C").await;
    assert!(
        !bare.said.contains("demo.test") && bare.said.contains("breakthrough officer add"),
        "{}",
        bare.said
    );
    Browser::new(address).get("/").await.expect_status(200);
    assert_eq!(bare.stop().await, Some(0));
    assert_eq!(people(&folder).await, 0);
    // The cluster is there and nobody in it, as after a start that was killed.
    let full = Running::start(serve(&[]), "Stop with Ctrl-C").await;
    assert!(full.said.contains("alex@demo.test") && full.said.contains("/dev/mail"), "{}", full.said);
    let mut browser = Browser::new(address);
    // Without a worker the mail is written and waits.
    let page = browser.get("/sign-in").await;
    let page =
        page.form("/sign-in").fill("email", "ana@demo.test").press("how", "link").submit(&mut browser).await;
    page.expect("Check your email");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let mails = || std::fs::read_dir(folder.join("mail")).map_or(0, Iterator::count);
    assert_eq!(mails(), 0);
    let mut command = program(&folder, None);
    command.arg("work");
    let worker = command.stderr(Stdio::null()).spawn().unwrap();
    let worker = Running { child: worker, said: String::new() };
    for _ in 0..300 {
        if mails() > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(mails() > 0, "the worker sends it");
    assert_eq!(worker.stop().await, Some(0));
    assert_eq!(full.stop().await, Some(0));
    let people = people(&folder).await;
    assert!(people > 500, "{people}");
    let _ = std::fs::remove_dir_all(&folder);
}

#[tokio::test]
async fn a_worker_hears_of_changed_settings() {
    let site = Site::open().await;
    let mut command = program(site.folder(), Some(&site.database_url));
    command.arg("work");
    let worker = Running { child: command.stderr(Stdio::null()).spawn().unwrap(), said: String::new() };
    let mut listens = false;
    for _ in 0..300 {
        listens = sqlx::query_scalar(
            "select exists (select from pg_stat_activity where datname = current_database() and query ilike 'listen%changed%')",
        )
        .fetch_one(&site.pool)
        .await
        .unwrap();
        if listens {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(worker.stop().await, Some(0));
    assert!(listens, "the worker listens for changes");
}

/// The question that the image asks of itself, as it stands in the Dockerfile.
#[tokio::test]
async fn the_health_check_of_the_image_tells_life_from_death() {
    let dockerfile = include_str!("../../Dockerfile");
    let line = dockerfile.lines().find(|line| line.starts_with("HEALTHCHECK")).unwrap();
    let (_, asked) = line.split_once("CMD ").unwrap();
    let asked: Vec<String> = serde_json::from_str(asked).unwrap();
    let ask = |address: std::net::SocketAddr| {
        let mut command = Command::new(&asked[0]);
        command.args(&asked[1..]).env("LISTEN", address.to_string()).stderr(Stdio::null());
        run(command)
    };
    let site = Site::open().await;
    assert!(ask(site.address).await.status.success());
    assert!(!ask(free_address()).await.status.success());
}
