//! The queue itself: how fast it is, who waits for whom, and what a job can do to it.

use std::{
    os::unix::process::ExitStatusExt,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use breakthrough::kit::{
    app::App,
    clock::Clock,
    db,
    queue::{self, Failure, Job, Jobs, Lane, Worker},
    random::Random,
};
use serde::{Deserialize, Serialize};

use crate::support::{Site, settings};

async fn push<J: Job>(site: &Site, jobs: &[J]) {
    let mut tx = site.pool.begin().await.unwrap();
    for job in jobs {
        queue::push(&mut tx, job).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn waiting(site: &Site) -> i64 {
    sqlx::query_scalar("select count(*) from graphile_worker._private_jobs where attempts < max_attempts")
        .fetch_one(&site.pool)
        .await
        .unwrap()
}

/// Runs a worker until `done`, and stops it in good order.
async fn work_until(worker: &Worker, mut done: impl AsyncFnMut() -> bool) -> Duration {
    let began = Instant::now();
    let looking = async {
        while !done().await {
            assert!(began.elapsed() < Duration::from_mins(1), "it takes too long");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let took = began.elapsed();
        worker.request_shutdown();
        took
    };
    let (ended, took) = tokio::join!(worker.run(), looking);
    ended.unwrap();
    took
}

#[derive(Debug, Serialize, Deserialize)]
struct Nothing {
    number: usize,
}

impl Job for Nothing {
    const NAME: &'static str = "test_nothing";

    async fn run(self, _: App) -> Result<(), Failure> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_do_not_wait_for_the_clock() {
    let site = Site::open().await;
    let worker = Jobs::default().with::<Nothing>().worker(&site.app).await.unwrap();
    let jobs: Vec<_> = (0..1_000).map(|number| Nothing { number }).collect();
    push(&site, &jobs).await;
    let took = work_until(&worker, async || waiting(&site).await == 0).await;
    // One a slot a second would take minutes.
    assert!(took < Duration::from_secs(10), "a thousand jobs that do nothing took {took:?}");
}

#[derive(Debug, Serialize, Deserialize)]
struct Slow {
    number: usize,
}

impl Job for Slow {
    const NAME: &'static str = "test_slow";

    async fn run(self, _: App) -> Result<(), Failure> {
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(())
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct SlowAtNight(Slow);

impl Job for SlowAtNight {
    const NAME: &'static str = "test_slow_at_night";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        self.0.run(app).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_waits_for_nothing() {
    let site = Site::open().await;
    site.work().await;
    let jobs = breakthrough::site::jobs().with::<Slow>().with::<SlowAtNight>();
    let worker = jobs.worker(&site.app).await.unwrap();
    push(&site, &(0..50).map(|number| Slow { number }).collect::<Vec<_>>()).await;
    push(&site, &(0..50).map(|number| SlowAtNight(Slow { number })).collect::<Vec<_>>()).await;
    let mut asked = None;
    let began = Instant::now();
    let mut took = None;
    work_until(&worker, async || {
        // Once every slot of the other lanes is taken.
        if asked.is_none() && began.elapsed() > Duration::from_millis(500) {
            let letter = breakthrough::kit::mail::Letter {
                subject: "Sign in".into(),
                text: "Here".into(),
                html: "Here".into(),
                reply_to: None,
            };
            let mut change = site.change().await;
            change.mail("test:in a hurry", &"waits@example.org".parse().unwrap(), letter);
            change.commit().await.unwrap();
            asked = Some(Instant::now());
        }
        let sent =
            "select count(*) from outbox where recipient = 'waits@example.org' and sent_at is not null";
        let sent: i64 = sqlx::query_scalar(sent).fetch_one(&site.pool).await.unwrap();
        if sent > 0 {
            took = asked.map(|asked| asked.elapsed());
        }
        took.is_some()
    })
    .await;
    assert!(took.unwrap() < Duration::from_secs(1), "the mail took {took:?}");
    worker.release().await.unwrap();
    sqlx::query("delete from graphile_worker._private_jobs").execute(&site.pool).await.unwrap();
}

/// Ends the process that runs it.
#[derive(Debug, Serialize, Deserialize)]
struct Poison {
    by: String,
}

impl Job for Poison {
    const NAME: &'static str = "test_poison";

    async fn run(self, _: App) -> Result<(), Failure> {
        match self.by.as_str() {
            "abort" => std::process::abort(),
            "overflow" => drop(overflow(0)),
            "kill" => {
                let me = rustix::process::getpid();
                rustix::process::kill_process(me, rustix::process::Signal::KILL).unwrap();
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
            "exit" => std::process::exit(7),
            _ => panic!("only this job panics"),
        }
        Ok(())
    }
}

#[expect(unconditional_recursion, reason = "that is what it is for")]
fn overflow(depth: u64) -> [u64; 512] {
    let below = std::hint::black_box(overflow(depth + 1));
    std::hint::black_box([below[0] + depth; 512])
}

#[derive(Debug, Serialize, Deserialize)]
struct Harmless {}

impl Job for Harmless {
    const NAME: &'static str = "test_harmless";

    async fn run(self, _: App) -> Result<(), Failure> {
        Ok(())
    }
}

/// Not a test: the worker that the test below starts in a process of its own. It ends once nothing waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by a test"]
#[expect(clippy::disallowed_methods, reason = "what the process that started it says")]
async fn a_worker_of_its_own() {
    let url = std::env::var("TEST_DATABASE").unwrap();
    let folder = std::env::var("TEST_FOLDER").unwrap();
    let config = settings(([127, 0, 0, 1], 1).into(), folder.as_ref()).check().unwrap();
    let pool = db::pool(&url, 8).unwrap();
    let app = App::new(config, pool.clone(), Clock::system(), Random::system()).await.unwrap();
    let worker = Jobs::default().with::<Poison>().with::<Harmless>().worker(&app).await.unwrap();
    let began = Instant::now();
    let looking = async {
        loop {
            let waiting: i64 = sqlx::query_scalar(
                "select count(*) from graphile_worker._private_jobs where attempts < max_attempts and run_at < now()",
            )
            .fetch_one(&pool)
            .await
            .unwrap();
            if waiting == 0 || began.elapsed() > Duration::from_secs(20) {
                return worker.request_shutdown();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (ended, ()) = tokio::join!(worker.run(), looking);
    ended.unwrap();
}

fn start(site: &Site) -> std::process::ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "queue::a_worker_of_its_own", "--ignored"])
        .env("TEST_DATABASE", &site.database_url)
        .env("TEST_FOLDER", site.folder())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_job_ends_the_program_twice() {
    for by in ["abort", "overflow", "kill", "exit"] {
        let site = Site::open().await;
        site.work().await;
        let poison = Poison { by: by.to_owned() };
        push(&site, &[Poison { by: by.to_owned() }]).await;
        let status = start(&site);
        assert!(!status.success(), "{by} ended it: {status}");
        if by == "kill" {
            assert_eq!(status.signal(), Some(9));
        }
        // An equal job is pushed meanwhile, as the clock and sweeps do, under a key and without.
        push(&site, &[Poison { by: by.to_owned() }]).await;
        let mut tx = site.pool.begin().await.unwrap();
        queue::push_keyed(&mut tx, &poison, "poison").await.unwrap();
        tx.commit().await.unwrap();
        push(&site, &[Harmless {}]).await;
        for _ in 0..2 {
            assert!(start(&site).success(), "{by} ended it twice");
        }
        assert_eq!(waiting(&site).await, 0, "everything else is done");

        let mut officer = site.signed_in_as("alex@demo.test").await;
        officer.get("/admin").await.expect("1 piece of background work failed");
        let page = officer.get("/admin/work").await;
        page.expect("test_poison").expect("Was running when the site stopped unexpectedly");
        let page = page.form("/admin/work").press("job", "test_poison").submit(&mut officer).await;
        page.expect("It is being tried again").expect("No failed work");
        assert!(!start(&site).success(), "the officer wanted it");
        assert!(start(&site).success());
        officer.get("/admin/work").await.expect("test_poison");
        sqlx::query("delete from crashed_jobs").execute(&site.pool).await.unwrap();
    }
}

/// The night's notices of a hundred members is a handful of jobs, and one that cannot be heard keeps no other waiting.
#[tokio::test]
async fn the_night_goes_through_many_in_one_job() {
    let site = Site::open().await;
    site.work().await;
    let alive: i64 = sqlx::query_scalar("select count(*) from subscriptions where state = 'active'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    assert!(alive > 100);
    let broken: String = sqlx::query_scalar(
        "update subscriptions set purpose_kind = 'ticket' where id = (select min(id) from subscriptions where state = 'active') returning id",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    push(&site, &[breakthrough::payments::Reconcile::default()]).await;
    let worker = breakthrough::site::jobs().worker(&site.app).await.unwrap();
    let mut most = 0;
    work_until(&worker, async || {
        let waiting = waiting(&site).await;
        most = most.max(waiting);
        let left: i64 = sqlx::query_scalar(
            "select count(*) from graphile_worker.jobs where task_identifier <> 'payments_notice' or last_error is null",
        )
        .fetch_one(&site.pool)
        .await
        .unwrap();
        left == 0
    })
    .await;
    assert!(most < 40, "{most} jobs at once");
    let failed: Vec<String> =
        sqlx::query_scalar("select key from graphile_worker.jobs").fetch_all(&site.pool).await.unwrap();
    assert_eq!(failed, [format!("nightly:{broken}")]);
    site.leaves_failed("payments_notice");
}

/// A set of mails costs as many statements as one.
#[tokio::test]
async fn a_set_of_mails_is_written_at_once() {
    let site = Site::open().await;
    let mut change = site.change().await;
    for number in 0..300 {
        let letter = breakthrough::kit::mail::Letter {
            subject: format!("Letter {number}"),
            text: "Text".into(),
            html: "<p>HTML".into(),
            reply_to: (number % 2 == 0).then(|| "answer@example.org".parse().unwrap()),
        };
        // Every third occasion comes twice.
        let occasion = format!("test:set:{}", number - number % 3 / 2);
        change.mail(occasion, &format!("reader{number}@example.org").parse().unwrap(), letter);
    }
    change.commit().await.unwrap();
    let (mails, answered): (i64, i64) = sqlx::query_as(
        "select count(*), count(reply_to) from outbox where occasion like 'test:set:%' and subject = 'Letter ' || substr(recipient, 7, position('@' in recipient) - 7)",
    )
    .fetch_one(&site.pool)
    .await
    .unwrap();
    assert_eq!((mails, answered), (200, 100));
    site.work().await;
    assert_eq!(site.mails_to("reader0@example.org").await.len(), 1);
}
