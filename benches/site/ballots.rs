//! Votes in large numbers: the roll of the whole party, votes cast through HTTP beside bare inserts of the same size, and
//! the close, opening and count of 200,000 papers.

use std::{
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use breakthrough::{
    audit::{Actor, Change},
    ballots::{
        CountPapers, Draft, Electorate, Held, Times, TurnBallots, add, announce,
        counting::Method,
        demo,
        proof::{Choice, Kind},
    },
    kit::{app::App, clock::Clock, db, queue::Job, random::Random},
};
use chrono::{Days, SubsecRound};
use reqwest::{Client, StatusCode, header, redirect::Policy};
use sqlx::PgPool;
use tokio::{sync::Semaphore, task::JoinSet};
use uuid::Uuid;

use super::{Arguments, Server, free_address, ratio, settings, sign_in};

const PAPERS: usize = 200_000;
/// Votes a second, while the delays are measured.
const RATE: u32 = 200;
const STEADY_VOTES: usize = 12_000;
/// For so long; a lot is closed once meanwhile, as each minute.
const STEADY: Duration = Duration::from_mins(1);
/// Connections over which they come.
const LINES: usize = 60;
/// Votes that are cast as fast as they go.
const FAST: usize = 2_000;

pub async fn measure(arguments: &Arguments, url: &str, folder: &Path) -> Result<()> {
    let pool = db::pool(url, 20)?;
    println!("\n{:<64} {:>12} {:>10}", "votes", "measured", "goal");
    let now = Clock::system().now().trunc_subsecs(0);
    // Two days for objections, and the roll of the day before.
    let past = Clock::set_to(now - Days::new(3));
    let app = application(folder, &pool, past.clone()).await?;
    let draft = draft(&past);
    let mut change = Change::begin_alone(&app, Actor::System).await?;
    let (id, slug) = add(&mut change, &draft, None, None).await?;
    change.commit().await?;
    let mut change = Change::begin_alone(&app, Actor::System).await?.in_turn();
    announce(&mut change, id).await?;
    change.commit().await?;
    let began = Instant::now();
    turn(&app).await?;
    let took = began.elapsed();
    let size: i32 = one(&pool, "select roll_size from ballots where id = $1", id).await?;
    say(
        &format!("freezing a roll of {size}, and telling them"),
        format!("{} ms", took.as_millis()),
        "< 20000 ms",
    );
    ensure!(took < Duration::from_secs(20), "the goal is 20 s for 1,000,000 members");

    let address = free_address().await?;
    let client = Client::builder().redirect(Policy::none()).pool_max_idle_per_host(200).build()?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_breakthrough"));
    command
        .args(["--listen", &address.to_string(), "--public-url", &format!("http://{address}")])
        .args(["serve", "--no-worker", "--bare"])
        .env("DATABASE_URL", url)
        .env("APP_ENV", "development")
        .env("DEV_RATE_LIMITS", "off")
        .env("SECRET_KEY", "0123456789abcdef".repeat(4))
        .env("RUST_LOG", "error")
        .current_dir(folder);
    let site = Arc::new(Server::start(command, address)?.ready(&client, "/readyz").await?);
    let officers = [
        sign_in(&client, &site, "returning@demo.test").await?,
        sign_in(&client, &site, "alex@demo.test").await?,
    ];
    let app = application(folder, &pool, Clock::system()).await?;
    let took = agree(&client, &site, &officers, id, "open").await?;
    say("opening it", format!("{} ms", took.as_millis()), "");

    let voters = voters(&pool, id, FAST + FAST / 4 + STEADY_VOTES).await?;
    let booth = Arc::new(Booth { client: client.clone(), site: site.clone(), slug: slug.clone() });
    fast(arguments, &booth, &voters[..FAST + FAST / 4], &pool).await?;
    steady(&app, &booth, &voters[FAST + FAST / 4..]).await?;

    eprintln!("Filling the box with {PAPERS} papers ...");
    let mut db = pool.acquire().await?;
    let inside: i64 = one(&pool, "select count(*) from ballot_papers where ballot_id = $1", id).await?;
    demo::fill_box(&app, &mut db, id, PAPERS.saturating_sub(usize::try_from(inside)?)).await?;
    drop(db);
    sqlx::raw_sql("vacuum analyze").execute(&pool).await?;
    sqlx::query("update ballots set closes_at = now() where id = $1").bind(id).execute(&pool).await?;
    let began = Instant::now();
    turn(&app).await?;
    let closed = began.elapsed();
    let papers: i64 = one(&pool, "select count(*) from ballot_papers where ballot_id = $1", id).await?;
    say(&format!("closing a vote of {papers} papers"), format!("{} ms", closed.as_millis()), "");
    agree(&client, &site, &officers, id, "count").await?;
    let began = Instant::now();
    let (looks, opened) = count(&app, &pool, id).await?;
    let counted = began.elapsed();
    say("opening and counting them", format!("{} ms", counted.as_millis()), "");
    say("  of that, opening", format!("{} ms", opened.as_millis()), "");
    say("  all three", format!("{} ms", (closed + counted).as_millis()), "< 60000 ms");
    say("  times that its page showed another number of opened papers", looks, ">= 2");
    agree(&client, &site, &officers, id, "declare").await?;
    let path = site.url(&format!("/ballots/{slug}"));
    let mut times = Vec::new();
    for _ in 0..11 {
        let began = Instant::now();
        super::ask(&client, &path, None).await?.bytes().await?;
        times.push(began.elapsed());
    }
    say("its result page, the first time", format!("{} ms", times[0].as_millis()), "");
    times.sort_unstable();
    say("  from memory", format!("{} µs", times[5].as_micros()), "");
    pool.close().await;
    Ok(())
}

fn say(what: &str, measured: impl std::fmt::Display, goal: &str) {
    println!("{what:<64} {measured:>12} {goal:>10}");
}

async fn application(folder: &Path, pool: &PgPool, clock: Clock) -> Result<App> {
    let config = settings(folder).check().map_err(|faults| anyhow::anyhow!("settings: {faults:?}"))?;
    App::new(config, pool.clone(), clock, Random::system()).await
}

async fn one<T>(pool: &PgPool, query: &'static str, id: Uuid) -> Result<T>
where
    T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    Ok(sqlx::query_scalar(query).bind(id).fetch_one(pool).await?)
}

fn draft(clock: &Clock) -> Draft {
    let opens_at = clock.now() + Days::new(3);
    let names = ["Ada", "Ben", "Cai", "Dee", "Eve", "Fay", "Gil", "Hal", "Ivy"];
    Draft {
        title: "A committee of five".to_owned(),
        question: "Who should be on it?".to_owned(),
        kind: Kind::Ranked { method: Method::ScottishStv, seats: 5, reopen: false, most_ranks: None },
        options: names.map(|name| Choice { name: name.into(), statement: String::new() }).into(),
        electorate: Electorate::default(),
        times: Times { roll_on: clock.today() - Days::new(1), opens_at, closes_at: opens_at + Days::new(7) },
        held: Held::Site,
    }
}

/// Both officers agree to a step. Returns how long the second waited for it.
async fn agree(
    client: &Client,
    site: &Server,
    officers: &[String; 2],
    id: Uuid,
    step: &str,
) -> Result<Duration> {
    let mut took = Duration::ZERO;
    for cookie in officers {
        let began = Instant::now();
        let path = site.url(&format!("/admin/ballots/{id}/approvals/{step}"));
        let (status, body) = post(client, &path, cookie, String::new()).await?;
        ensure!(status == StatusCode::SEE_OTHER, "agreeing to {step} was answered {status}: {body}");
        took = began.elapsed();
    }
    Ok(took)
}

async fn post(client: &Client, url: &str, cookie: &str, body: String) -> Result<(StatusCode, String)> {
    let request = client.post(url).header(header::COOKIE, cookie).header("sec-fetch-site", "same-origin");
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
    let answer = request.send().await?;
    Ok((answer.status(), answer.text().await?))
}

/// So many people of the roll, signed in. Returns their cookies.
async fn voters(pool: &PgPool, id: Uuid, many: usize) -> Result<Vec<String>> {
    let made = sqlx::query(
        "insert into sessions (id, token_hash, person_id, browser, created_at, last_seen_at, expires_at)
         select gen_random_uuid(), sha256(convert_to('voter-' || n, 'UTF8')), person_id, 'bench', now(), now(), now() + interval '1 day'
         from (select person_id, row_number() over () as n from ballot_roll where ballot_id = $1 limit $2) r",
    );
    let made = made.bind(id).bind(i64::try_from(many)?).execute(pool).await?.rows_affected();
    ensure!(
        made == many as u64,
        "only {made} people are on the roll, and {many} are needed: make the party larger"
    );
    sqlx::raw_sql("vacuum analyze").execute(pool).await?;
    Ok((1..=many).map(|n| format!("session=voter-{n}")).collect())
}

struct Booth {
    client: Client,
    site: Arc<Server>,
    slug: String,
}

impl Booth {
    /// The second page, with a paper filled in. Returns the body that casts it.
    async fn check(&self, cookie: &str) -> Result<String> {
        let url = self.site.url(&format!("/ballots/{}/vote", self.slug));
        let filled = "rank_1=1&rank_2=3&rank_5=2&rank_9=4&mark=123456".to_owned();
        let (status, page) = post(&self.client, &url, cookie, filled).await?;
        ensure!(status == StatusCode::OK, "the second page was answered {status}: {page}");
        let state = page.split("name=\"state\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        Ok(format!("state={}", state.context("the second page has no state")?))
    }

    async fn cast(&self, cookie: &str, state: String) -> Result<()> {
        let url = self.site.url(&format!("/ballots/{}/vote/cast", self.slug));
        let (status, page) = post(&self.client, &url, cookie, state).await?;
        ensure!(status == StatusCode::SEE_OTHER, "a vote was answered {status}: {page}");
        Ok(())
    }
}

/// Papers that are ready, cast by as many connections as fast as they go, beside bare inserts of rows of the same size.
async fn fast(arguments: &Arguments, booth: &Arc<Booth>, voters: &[String], pool: &PgPool) -> Result<()> {
    let mut ready = Vec::with_capacity(voters.len());
    for cookie in voters {
        ready.push((cookie.clone(), booth.check(cookie).await?));
    }
    let ready = Arc::new(Mutex::new(ready));
    let next = move || ready.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let cast = async |many: usize| {
        let began = Instant::now();
        let done = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..arguments.connections {
            let (booth, next, done) = (booth.clone(), next.clone(), done.clone());
            tasks.spawn(async move {
                while done.fetch_add(1, Ordering::Relaxed) < many {
                    let Some((cookie, state)) = next() else { break };
                    booth.cast(&cookie, state).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(task) = tasks.join_next().await {
            task??;
        }
        anyhow::Ok(began.elapsed())
    };
    cast(FAST / 4).await?;
    let ours = cast(FAST).await?;
    let theirs = inserts(arguments, pool).await?;
    let rate =
        |time: Duration| FAST as u64 * 1_000 / u64::try_from(time.as_millis().max(1)).unwrap_or(u64::MAX);
    say("votes a second, as fast as they go", rate(ours), "");
    say("bare inserts of that size a second", rate(theirs), "");
    let (ours, theirs) = (ours.as_millis(), theirs.as_millis());
    say("  a vote, insert = 1", ratio(u64::try_from(ours)?, u64::try_from(theirs)?), "");
    Ok(())
}

async fn inserts(arguments: &Arguments, pool: &PgPool) -> Result<Duration> {
    let size: i32 =
        sqlx::query_scalar("select length(sealed) from ballot_incoming limit 1").fetch_one(pool).await?;
    sqlx::raw_sql(
        "create table bare (id uuid primary key, voter bytea not null unique, body bytea not null)",
    )
    .execute(pool)
    .await?;
    let began = Instant::now();
    let done = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..arguments.connections {
        let (pool, done) = (pool.clone(), done.clone());
        tasks.spawn(async move {
            let (body, random) = (vec![7u8; usize::try_from(size)?], Random::system());
            while done.fetch_add(1, Ordering::Relaxed) < FAST {
                let voter = random.opaque_id();
                sqlx::query("insert into bare values ($1, $2, $3)")
                    .bind(voter)
                    .bind(voter.as_bytes().as_slice())
                    .bind(&body)
                    .execute(&pool)
                    .await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    Ok(began.elapsed())
}

/// So many votes each second, both pages of each, whether or not those before have been answered: a slow answer delays no
/// other and is not hidden. The lot is closed once meanwhile.
async fn steady(app: &App, booth: &Arc<Booth>, voters: &[String]) -> Result<()> {
    let mut tasks = JoinSet::new();
    let mut clock = tokio::time::interval(Duration::from_secs(1) / RATE);
    let began = Instant::now();
    let lot = {
        let app = app.clone();
        tokio::spawn(async move {
            tokio::time::sleep(STEADY * 3 / 4).await;
            let began = Instant::now();
            turn(&app).await?;
            anyhow::Ok(began.elapsed())
        })
    };
    // A server takes only so many connections from one address. Waiting for one is part of the delay.
    let lines = Arc::new(Semaphore::new(LINES));
    for cookie in voters {
        clock.tick().await;
        let (booth, cookie, lines) = (booth.clone(), cookie.clone(), lines.clone());
        tasks.spawn(async move {
            let began = Instant::now();
            let _line = lines.acquire().await?;
            let state = booth.check(&cookie).await?;
            let checked = began.elapsed();
            let began = Instant::now();
            booth.cast(&cookie, state).await?;
            anyhow::Ok((checked, began.elapsed()))
        });
    }
    let (mut checks, mut casts) = (Vec::new(), Vec::new());
    while let Some(task) = tasks.join_next().await {
        let (checked, cast) = task??;
        checks.push(checked);
        casts.push(cast);
    }
    let took = began.elapsed();
    checks.sort_unstable();
    casts.sort_unstable();
    let rate = voters.len() as u64 * 1_000 / u64::try_from(took.as_millis())?;
    say(&format!("votes a second for {} s", STEADY.as_secs()), rate, ">= 195");
    let at = |times: &[Duration], part: usize| times[(times.len() - 1) * part / 1_000].as_millis();
    for (what, times, goal) in [("  the second page", &checks, ""), ("  casting", &casts, "< 250 ms")] {
        say(&format!("{what}: middle one"), format!("{} ms", at(times, 500)), "");
        say(&format!("{what}: p99"), format!("{} ms", at(times, 990)), goal);
        say(&format!("{what}: longest"), format!("{} ms", at(times, 1_000)), "");
    }
    say("  closing a lot meanwhile", format!("{} ms", lot.await??.as_millis()), "");
    Ok(())
}

async fn turn(app: &App) -> Result<()> {
    TurnBallots::default().run(app.clone()).await.map_err(|failure| anyhow::anyhow!("{failure:?}"))
}

/// Counts, and looks at the progress meanwhile. Returns how many numbers were seen, and when the last of them was.
async fn count(app: &App, pool: &PgPool, id: Uuid) -> Result<(usize, Duration)> {
    let began = Instant::now();
    let mut opened = Duration::ZERO;
    let app = app.clone();
    let task = tokio::spawn(async move { CountPapers { ballot: id }.run(app).await });
    let mut seen = Vec::new();
    while !task.is_finished() {
        let number: i32 = one(pool, "select opened_papers from ballots where id = $1", id).await?;
        if seen.last() != Some(&number) {
            seen.push(number);
            opened = began.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    task.await?.map_err(|failure| anyhow::anyhow!("{failure:?}"))?;
    Ok((seen.len(), opened))
}
