//! How fast background work goes: jobs that do nothing, a sign-in mail while thousands of them wait, and an update
//! beside a bare loop that hands one ready mail to the same server over as many connections.

use std::{
    net::SocketAddr,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use breakthrough::{
    audit::{Actor, Change},
    kit::{
        app::App,
        clock::Clock,
        config::RawConfig,
        db,
        mail::Letter,
        queue::{self, Failure, Job, Lane},
        random::Random,
    },
    site,
};
use lettre::{
    address::Envelope,
    transport::smtp::{client::AsyncSmtpConnection, extension::ClientId},
};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::{Server, free_address, ratio, settings};

const JOBS: usize = 10_000;
/// What updates are sent over unless an officer sets another number.
const CONNECTIONS: usize = 4;
/// What a mail of the update weighs, about.
const SIZE: usize = 10_000;

#[derive(Serialize, Deserialize)]
struct Nothing {
    number: usize,
}

impl Job for Nothing {
    const NAME: &'static str = "bench_nothing";

    async fn run(self, _: App) -> Result<(), Failure> {
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct NothingAtNight(Nothing);

impl Job for NothingAtNight {
    const NAME: &'static str = "bench_nothing_at_night";
    const LANE: Lane = Lane::Long;

    async fn run(self, app: App) -> Result<(), Failure> {
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.0.run(app).await
    }
}

pub async fn measure(url: &str, folder: &Path) -> Result<()> {
    let address = free_address().await?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--sink", "--listen", &address.to_string()]);
    let sink = Server::start(command, address)?;
    while TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let pool = db::pool(url, 20)?;
    println!("\n{:<64} {:>10} {:>10}", "background work", "measured", "goal");
    queue(&pool, folder, address).await?;
    update(url, folder, &pool, &sink).await?;
    pool.close().await;
    Ok(())
}

fn say(what: &str, measured: impl std::fmt::Display, goal: &str) {
    println!("{what:<64} {measured:>10} {goal:>10}");
}

/// Jobs that do nothing, and a sign-in mail while the night's work fills its lane.
async fn queue(pool: &PgPool, folder: &Path, sink: SocketAddr) -> Result<()> {
    let raw = RawConfig { smtp_url: Some(format!("smtp://{sink}").into()), ..settings(folder) };
    let config = raw.check().map_err(|faults| anyhow::anyhow!("settings: {faults:?}"))?;
    let app = App::new(config, pool.clone(), Clock::system(), Random::system()).await?;
    let worker = site::jobs().with::<Nothing>().with::<NothingAtNight>().worker(&app).await?;
    let work = async {
        // What the demo party left.
        until(pool, "select count(*) = 0 from graphile_worker.jobs where run_at < now()").await?;
        let mut tx = pool.begin().await?;
        let jobs: Vec<_> = (0..JOBS).map(|number| (format!("bench:{number}"), Nothing { number })).collect();
        for some in jobs.chunks(1_000) {
            queue::push_all(&mut tx, some).await?;
        }
        let began = Instant::now();
        tx.commit().await?;
        let over =
            "select not exists (select from graphile_worker.jobs where task_identifier = 'bench_nothing')";
        until(pool, over).await?;
        say("jobs that do nothing, a second", rate(JOBS, began.elapsed()), ">= 1000");

        let mut tx = pool.begin().await?;
        for number in 0..1_000 {
            queue::push(&mut tx, &NothingAtNight(Nothing { number })).await?;
        }
        tx.commit().await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let mut slowest = Duration::ZERO;
        for number in 0..10 {
            let letter = Letter {
                subject: "Sign in".into(),
                text: "Here".into(),
                html: "Here".into(),
                reply_to: None,
            };
            let mut change = Change::begin_alone(&app, Actor::System).await?;
            change.mail(format!("bench:{number}"), &"ana@demo.test".parse()?, letter);
            let began = Instant::now();
            change.commit().await?;
            until(pool, "select not exists (select from outbox where sent_at is null)").await?;
            slowest = slowest.max(began.elapsed());
        }
        say("a sign-in mail while the night works, at most, ms", slowest.as_millis(), "<= 1000");
        sqlx::query("delete from graphile_worker._private_jobs where locked_at is null")
            .execute(pool)
            .await?;
        worker.request_shutdown();
        anyhow::Ok(())
    };
    let (ended, worked) = tokio::join!(worker.run(), work);
    worked?;
    ended
}

/// An update to everybody who agreed, and as many mails of its size by the bare loop: half of them before, half after,
/// since a machine has its moods.
async fn update(url: &str, folder: &Path, pool: &PgPool, sink: &Server) -> Result<()> {
    let address = sink.address;
    let readers: i64 = sqlx::query_scalar(
        "with sent as (
             insert into updates (id, subject, preheader, body, audience, state, written_by, created_at, changed_at, started_at)
             select gen_random_uuid(), 'News', '', $1, audience, 'paused', written_by, now(), now(), now() from updates limit 1
             returning id
         ), readers as (
             insert into deliveries (update_id, person_id, state)
             select sent.id, person_id, 'waiting' from sent, consents where purpose = 'email_updates' and withdrawn_at is null
             returning 1
         )
         select count(*) from readers",
    )
    .bind("We *meet* in [Bury](/events/bury) and talk about what comes next.\n\n".repeat(40))
    .fetch_one(pool)
    .await?;
    let readers = usize::try_from(readers)?;
    let half = readers / 2;
    // Warm, and long enough to know the size of a mail afterwards.
    let mut theirs = bare_loop(address, half, SIZE).await?;
    let (before, _) = taken(address).await?;
    sqlx::query("update updates set state = 'sending' where state = 'paused'").execute(pool).await?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_breakthrough"));
    command
        .arg("work")
        .env("DATABASE_URL", url)
        .env("APP_ENV", "development")
        .env("SECRET_KEY", "0123456789abcdef".repeat(4))
        .env("SMTP_URL", format!("smtp://{address}"))
        .env("RUST_LOG", "error")
        .current_dir(folder);
    let worker = Server::start(command, address)?;
    let wait = async |mails: usize| {
        let deadline = Instant::now() + Duration::from_mins(10);
        while taken(address).await?.0 < before + mails {
            ensure!(Instant::now() < deadline, "the update does not get on");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        anyhow::Ok(())
    };
    // Its letter is made and its connections are open.
    let head = readers / 20;
    wait(head).await?;
    let (began, ticks) = (Instant::now(), worker.ticks()?);
    let (first, _) = taken(address).await?;
    wait(readers).await?;
    let (ours, ticks) = (began.elapsed(), worker.ticks()? - ticks);
    let (last, size) = taken(address).await?;
    until(pool, "select not exists (select from updates where state = 'sending')").await?;
    drop(worker);
    ensure!(last == before + readers, "{} mails for {readers} readers", last - before);
    theirs += bare_loop(address, half, size).await?;
    let number = last - first;
    say(&format!("an update to {readers}, {size} bytes a mail, mails a second"), rate(number, ours), "");
    say("the bare lettre loop beside it, mails a second", rate(2 * half, theirs), "");
    say(
        &format!("the update, with {CONNECTIONS} connections each, bare loop = 1"),
        ratio(per_mail(theirs, 2 * half), per_mail(ours, number)),
        ">= 0.80",
    );
    say("CPU of the worker, microseconds a mail", ticks * 10_000 / number.max(1) as u64, "");
    Ok(())
}

fn per_mail(time: Duration, mails: usize) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX) / mails.max(1) as u64
}

fn rate(number: usize, time: Duration) -> u64 {
    number as u64 * 1_000 / u64::try_from(time.as_millis()).unwrap_or(1).max(1)
}

async fn until(pool: &PgPool, question: &'static str) -> Result<()> {
    let began = Instant::now();
    while !sqlx::query_scalar::<_, bool>(question).fetch_one(pool).await? {
        ensure!(began.elapsed() < Duration::from_mins(10), "{question}: it does not come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Hands the same mail over, over and over: what the library and the server allow.
async fn bare_loop(address: SocketAddr, mails: usize, size: usize) -> Result<Duration> {
    let head =
        "From: a@demo.test\r\nTo: b@demo.test\r\nSubject: News\r\nContent-Type: text/html\r\n\r\n".to_owned();
    let words = "<p style=\"margin:0 0 16px\">We meet in Bury and talk about it.</p>\r\n";
    let mail = head + &words.repeat(size / words.len());
    let mail: Arc<[u8]> = mail.into_bytes().into();
    let envelope = Envelope::new(Some("a@demo.test".parse()?), vec!["b@demo.test".parse()?])?;
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (mail, envelope) = (mail.clone(), envelope.clone());
        tasks.spawn(async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let mut smtp =
                AsyncSmtpConnection::connect_with_transport(Box::new(stream), &ClientId::default()).await?;
            for _ in 0..mails / CONNECTIONS {
                smtp.send(&envelope, &mail).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    Ok(began.elapsed())
}

/// How many mails the sink has taken, and the size of the last.
async fn taken(address: SocketAddr) -> Result<(usize, usize)> {
    let mut stream = BufReader::new(TcpStream::connect(address).await?);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    stream.write_all(b"TAKEN\r\n").await?;
    line.clear();
    stream.read_line(&mut line).await?;
    let mut figures = line.split_whitespace().skip(1).map(str::parse);
    Ok((figures.next().context("the sink's answer")??, figures.next().context("the sink's answer")??))
}

/// A mail server that takes everything and keeps nothing.
pub async fn sink(listen: SocketAddr) -> Result<()> {
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            stream.write_all(b"220 sink\r\n").await?;
            let mut line = Vec::new();
            loop {
                line.clear();
                if stream.read_until(b'\n', &mut line).await? == 0 {
                    return anyhow::Ok(());
                }
                let answer = match line.get(..4).context("a command")? {
                    b"EHLO" => "250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n".to_owned(),
                    b"DATA" => {
                        stream.write_all(b"354 go on\r\n").await?;
                        let mut size = 0;
                        while line != b".\r\n" {
                            line.clear();
                            size += stream.read_until(b'\n', &mut line).await?;
                        }
                        TAKEN.fetch_add(1, Ordering::Relaxed);
                        LAST.store(size, Ordering::Relaxed);
                        "250 taken\r\n".to_owned()
                    }
                    b"TAKE" => {
                        format!("250 {} {}\r\n", TAKEN.load(Ordering::Relaxed), LAST.load(Ordering::Relaxed))
                    }
                    b"QUIT" => "221 bye\r\n".to_owned(),
                    _ => "250 fine\r\n".to_owned(),
                };
                stream.write_all(answer.as_bytes()).await?;
            }
        });
    }
}
