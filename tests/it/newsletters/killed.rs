//! A worker that is killed (-9) while it sends to two thousand.

use std::{
    collections::HashMap,
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::{Site, smtp::Sink};

const READERS: i64 = 2_000;
/// Four connections, each with as many mails in hand as it sends in a moment, 64 at most.
const IN_HAND: i64 = 4 * 64;

/// The program itself, as a worker alone.
fn worker(site: &Site, smtp: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_breakthrough"))
        .arg("work")
        .env("DATABASE_URL", &site.database_url)
        .env("DATA_DIR", site.folder())
        .env("SMTP_URL", smtp)
        .env("SECRET_KEY", "0123456789abcdef".repeat(4))
        .env("PUBLIC_URL", &site.app.config().public_url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

async fn count(site: &Site, state: &str) -> i64 {
    sqlx::query_scalar("select count(*) from deliveries where state = $1")
        .bind(state)
        .fetch_one(&site.pool)
        .await
        .unwrap()
}

/// Waits until the server has taken so many mails. It fails rather than hang.
async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !done().await {
        assert!(began.elapsed() < Duration::from_mins(2), "{what} did not come");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_worker_sends_nothing_twice_and_forgets_nobody() {
    let sink = Sink::start(&["--pipelining"]);
    let site = super::open().await;
    sqlx::query("delete from consents").execute(&site.pool).await.unwrap();
    sqlx::query(
        "with added as (
             insert into people (id, email, name, standing, created_at)
             select gen_random_uuid(), 'reader' || n || '@example.org', 'Reader ' || n, 'supporter', now() from generate_series(1, $1) n
             returning id)
         insert into consents (id, person_id, purpose, wording, source, given_at)
         select gen_random_uuid(), id, 'email_updates', 'yes', 'test', now() from added",
    )
    .bind(READERS)
    .execute(&site.pool)
    .await
    .unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let draft = super::write(&mut officer, "To everybody", &["supporters"], &[]).await.path;
    super::send(&mut officer, &draft).await.expect("2,000 people");
    for part in [1, 2] {
        let mut killed = worker(&site, &sink.address());
        let target = part * 500;
        until("the first mails", async || sink.accepted().len() >= target).await;
        killed.kill().unwrap();
        let status = killed.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "it was killed and did not end by itself");
    }
    let mut last = worker(&site, &sink.address());
    until("the end", async || {
        let state: String =
            sqlx::query_scalar("select state from updates").fetch_one(&site.pool).await.unwrap();
        state == "finished"
    })
    .await;
    let mut arrived: HashMap<String, usize> = HashMap::new();
    for (to, _) in sink.accepted() {
        *arrived.entry(to).or_default() += 1;
    }
    let twice: Vec<_> = arrived.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "sent twice: {twice:?}");
    let (sent, uncertain) = (count(&site, "sent").await, count(&site, "uncertain").await);
    assert_eq!(sent + uncertain, READERS, "everybody is accounted for");
    assert!(uncertain <= 2 * IN_HAND, "{uncertain} uncertain after two kills");
    // Whoever is said to have got it has; whoever has not is listed.
    let said: Vec<String> = sqlx::query_scalar(
        "select p.email::text from deliveries d join people p on p.id = d.person_id where d.state = 'sent'",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    assert!(said.iter().all(|email| arrived.contains_key(email)));
    let page = officer.get(&draft).await;
    page.expect("2,000").expect("Sent");
    if uncertain > 0 {
        page.expect(&format!("Send again to all {uncertain}"));
    }
    // Asked to stop, it goes quietly, and leaves nothing in hand.
    rustix::process::kill_process(rustix::process::Pid::from_child(&last), rustix::process::Signal::TERM)
        .unwrap();
    assert!(last.wait().unwrap().success());
    assert_eq!(count(&site, "sending").await, 0);
    // The killed workers' jobs are theirs until they are missed. Whoever takes them up finds nothing to do. What the
    // clock gave to the worker meanwhile did not reach the stand-in for Stripe, which answers in this process only.
    sqlx::query(
        "update graphile_worker._private_jobs set locked_at = null, locked_by = null, run_at = now()",
    )
    .execute(&site.pool)
    .await
    .unwrap();
    let taken = sink.accepted().len();
    site.work().await;
    assert_eq!(sink.accepted().len(), taken);
}
