//! What a page costs beside a server that does nothing: the site and a bare axum server are run in turn on the same
//! machine, under the same load, with answers of the same size and the same `Accept-Encoding`. Judge by the
//! ratios: absolute figures tell as much about the machine as about the program. The goals stand beside the figures.
//!
//! `./bench` runs it with a release build; `PROFILE=dev ./bench --seconds 1` tries it out.

mod ballots;
mod money;
mod standing;
mod work;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use axum::{Router, body::Bytes, http::header, routing::get};
use breakthrough::{
    demo,
    kit::{
        app::App,
        clock::Clock,
        config::{Environment, RawConfig, Switch},
        db::{
            self,
            embedded::{Embedded, Options},
        },
        random::Random,
    },
};
use clap::Parser;
use reqwest::{Client, Response, StatusCode, redirect::Policy};

#[derive(Parser)]
struct Arguments {
    /// How long each page is measured
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// People in the party
    #[arg(long, default_value_t = 100_000, overrides_with = "people")]
    people: u32,
    /// Of the sizes of money, so many per cent
    #[arg(long, default_value_t = 100)]
    percent: u32,
    /// Only `pages`, only `work` or only `roll`; `money` and `ballots` are not measured unless they are asked for
    #[arg(long)]
    only: Option<String>,
    /// Connections that ask at the same time
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// What cargo passes to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
    /// Be the bare server: answer so many bytes
    #[arg(long, hide = true)]
    bare: Option<usize>,
    /// With this Content-Encoding
    #[arg(long, hide = true)]
    encoding: Option<String>,
    /// Be the mail server that takes everything
    #[arg(long, hide = true)]
    sink: bool,
    #[arg(long, hide = true)]
    listen: Option<SocketAddr>,
}

/// A page that is measured.
struct Page {
    what: &'static str,
    path: &'static str,
    who: Option<&'static str>,
    /// Of a bare server's CPU, in hundredths, at most.
    cpu: Option<u64>,
    /// Milliseconds of the party of a million for one answer, at most.
    wait: Option<u64>,
}

const fn page(what: &'static str, path: &'static str, who: Option<&'static str>) -> Page {
    Page { what, path, who, cpu: None, wait: None }
}

const OFFICER: Option<&str> = Some("alex@demo.test");

const PAGES: [Page; 11] = [
    Page { cpu: Some(130), ..page("questions, from memory", "/faq", None) },
    page("dashboard", "/dashboard", Some("ana@demo.test")),
    Page { wait: Some(100), ..page("officers' overview", "/admin", OFFICER) },
    Page { wait: Some(60), ..page("members, first page", "/admin/members", OFFICER) },
    Page { wait: Some(60), ..page("members, of a region", "/admin/members?region=london", OFFICER) },
    page("members, one found", "/admin/members?q=person77777%40example", OFFICER),
    page("members, hundreds found", "/admin/members?q=person77", OFFICER),
    page("members, too many found", "/admin/members?q=tomasz", OFFICER),
    page("members, two letters", "/admin/members?q=jo", OFFICER),
    Page {
        wait: Some(60),
        ..page("members, two words, few found", "/admin/members?q=person77777+isin", OFFICER)
    },
    Page { wait: Some(60), ..page("members, two words, many found", "/admin/members?q=tomasz+1ae", OFFICER) },
];

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new()?;
    match (arguments.bare, arguments.listen) {
        (None, Some(listen)) if arguments.sink => runtime.block_on(work::sink(listen)),
        (Some(size), Some(listen)) => runtime.block_on(bare(size, arguments.encoding, listen)),
        _ => runtime.block_on(compare(&arguments)),
    }
}

/// The same runtime, the same framework, and nothing else.
async fn bare(size: usize, encoding: Option<String>, listen: SocketAddr) -> Result<()> {
    let body = Bytes::from(vec![b'a'; size]);
    let encoding = encoding.unwrap_or_else(|| "identity".to_owned());
    let answer = move || {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
            (header::CONTENT_ENCODING, encoding.clone()),
        ];
        let body = body.clone();
        async move { (headers, body) }
    };
    let listener = tokio::net::TcpListener::bind(listen).await?;
    Ok(axum::serve(listener, Router::new().route("/", get(answer))).await?)
}

async fn compare(arguments: &Arguments) -> Result<()> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    eprintln!("Making a party of {} ...", arguments.people);
    let embedded = Embedded::start_with(&folder, &Options { fsync: false, ..Options::default() }).await?;
    fill(&embedded, &folder, arguments.people).await?;
    let wanted = |what: &str| arguments.only.as_deref().is_none_or(|only| only == what);
    let mut result = Ok(());
    if wanted("pages") {
        result = measure_all(arguments, &embedded, &folder).await;
    }
    if wanted("work") && result.is_ok() {
        result = work::measure(embedded.url(), &folder).await;
    }
    if wanted("roll") && result.is_ok() {
        result = standing::measure(embedded.url(), arguments.people).await;
    }
    if arguments.only.as_deref() == Some("money") {
        result = money::measure(embedded.url(), &folder, arguments.percent).await;
    }
    if arguments.only.as_deref() == Some("ballots") {
        result = ballots::measure(arguments, embedded.url(), &folder).await;
    }
    embedded.stop().await?;
    let _ = std::fs::remove_dir_all(&folder);
    result
}

async fn fill(embedded: &Embedded, folder: &Path, people: u32) -> Result<()> {
    let pool = db::pool(embedded.url(), 4)?;
    db::migrate(&pool).await?;
    let config = settings(folder).check().map_err(|faults| anyhow::anyhow!("settings: {faults:?}"))?;
    let app = App::new(config, pool.clone(), Clock::system(), Random::system()).await?;
    let mut tx = pool.begin().await?;
    demo::load(&app, &mut tx, breakthrough::accounts::Rooms(breakthrough::site::ROOMS)).await?;
    tx.commit().await?;
    let mut db = pool.acquire().await?;
    let fill = include_str!("fill.sql").replace("100000", &people.to_string());
    sqlx::raw_sql(sqlx::AssertSqlSafe(fill)).execute(&mut *db).await?;
    sqlx::raw_sql("vacuum analyze").execute(&mut *db).await?;
    drop(db);
    pool.close().await;
    Ok(())
}

fn settings(folder: &Path) -> RawConfig {
    RawConfig {
        app_env: Environment::Development,
        listen: SocketAddr::from(([127, 0, 0, 1], 1)),
        public_url: None,
        database_url: None,
        data_dir: folder.to_owned(),
        secret_key: Some("0123456789abcdef".repeat(4).into()),
        audit_key: None,
        smtp_url: None,
        mail_from: Some("Breakthrough <hello@breakthrough.test>".into()),
        dkim_domain: None,
        dkim_selector: None,
        dkim_key_file: None,
        stripe_secret_key: None,
        stripe_webhook_secret: None,
        stripe_api_base: None,
        trusted_proxies: String::new(),
        dev_rate_limits: Switch::Off,
        pg_bin: None,
    }
}

/// A server in a process of its own, stopped when it is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(mut command: Command, address: SocketAddr) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { child: command.spawn()?, address })
    }

    /// Waits until it answers.
    async fn ready(self, client: &Client, path: &str) -> Result<Self> {
        for _ in 0..300 {
            if client.get(self.url(path)).send().await.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                return Ok(self);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("a server did not start")
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Processor time so far, in the kernel's ticks: user and system (proc(5), fields 14 and 15).
    fn ticks(&self) -> Result<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))
            .context("this benchmark reads /proc and needs Linux")?;
        // The second field is the program's name in brackets and may hold anything.
        let fields: Vec<&str> =
            stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect()).unwrap_or_default();
        let field = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok());
        field(11).zip(field(12)).map(|(user, system)| user + system).context("/proc/PID/stat is cut off")
    }
}

async fn free_address() -> Result<SocketAddr> {
    Ok(tokio::net::TcpListener::bind("127.0.0.1:0").await?.local_addr()?)
}

async fn measure_all(arguments: &Arguments, embedded: &Embedded, folder: &Path) -> Result<()> {
    let client = Client::builder().redirect(Policy::none()).build()?;
    let address = free_address().await?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_breakthrough"));
    command
        .args(["--listen", &address.to_string(), "serve", "--no-worker"])
        .env("DATABASE_URL", embedded.url())
        .env("APP_ENV", "development")
        .env("DEV_RATE_LIMITS", "off")
        .env("RUST_LOG", "error")
        .current_dir(folder);
    let site = Server::start(command, address)?.ready(&client, "/readyz").await?;
    println!(
        "\n{:<32} {:>13} {:>9} {:>14} {:>9} {:>9} {:>8}",
        "page", "CPU, bare = 1", "goal", "rate, bare = 1", "alone, ms", "goal", "bytes"
    );
    for Page { what, path, who, cpu, wait } in PAGES {
        let cookie = match who {
            Some(email) => Some(sign_in(&client, &site, email).await?),
            None => None,
        };
        let first = ask(&client, &site.url(path), cookie.as_deref()).await?;
        let encoding = first.headers().get(header::CONTENT_ENCODING).and_then(|v| v.to_str().ok());
        let encoding = encoding.unwrap_or("identity").to_owned();
        let size = first.bytes().await?.len();
        let alone = alone(&client, &site.url(path), cookie.as_deref()).await?;

        let address = free_address().await?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args([
            "--bare",
            &size.to_string(),
            "--encoding",
            &encoding,
            "--listen",
            &address.to_string(),
        ]);
        let bare = Server::start(command, address)?.ready(&client, "/").await?;
        // In turn, and more than once: a machine has its moods.
        let (mut ours, mut theirs) = (Measured::default(), Measured::default());
        for _ in 0..ROUNDS {
            ours += measure(arguments, &client, &site, path, cookie.as_deref()).await?;
            theirs += measure(arguments, &client, &bare, "/", None).await?;
        }
        println!(
            "{what:<32} {:>13} {:>9} {:>14} {:>9} {:>9} {size:>8}",
            ratio(ours.ticks * theirs.answers, theirs.ticks * ours.answers),
            cpu.map(|most| format!("<= {}", ratio(most, 100))).unwrap_or_default(),
            ratio(ours.answers, theirs.answers),
            alone.as_millis(),
            wait.map(|most| format!("<= {most}")).unwrap_or_default(),
        );
    }
    println!(
        "\nCPU is that of the web process for each answer; what Postgres uses shows in the rate. Alone: the middle one of {TIMES}
answers, asked one after the other; its goals are those of a party of 1,000,000."
    );
    Ok(())
}

const ROUNDS: u32 = 3;
const TIMES: usize = 21;

/// How long one answer takes, when nobody else asks.
async fn alone(client: &Client, url: &str, cookie: Option<&str>) -> Result<Duration> {
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let began = Instant::now();
        ask(client, url, cookie).await?.bytes().await?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times[TIMES / 2])
}

/// Two figures after the point, without floating point.
fn ratio(above: u64, below: u64) -> String {
    if below == 0 {
        return "unmeasured".to_owned();
    }
    let hundredths = above * 100 / below;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

async fn sign_in(client: &Client, site: &Server, email: &str) -> Result<String> {
    let form = [("email", email), ("password", demo::PASSWORD), ("how", "password"), ("next", "/account")];
    let answer = client
        .post(site.url("/sign-in"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(serde_html_form::to_string(form)?)
        .send()
        .await?;
    let cookie = answer.headers().get(header::SET_COOKIE).context("signing in gave no cookie")?;
    Ok(cookie.to_str()?.split(';').next().unwrap_or_default().to_owned())
}

/// One request; anything but 200 is a fault, not a fast answer.
async fn ask(client: &Client, url: &str, cookie: Option<&str>) -> Result<Response> {
    let mut request = client.get(url).header(header::ACCEPT_ENCODING, "br, gzip");
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    let answer = request.send().await?;
    ensure!(answer.status() == StatusCode::OK, "{url} answered {}", answer.status());
    Ok(answer)
}

#[derive(Default)]
struct Measured {
    answers: u64,
    ticks: u64,
}

impl std::ops::AddAssign for Measured {
    fn add_assign(&mut self, other: Self) {
        self.answers += other.answers;
        self.ticks += other.ticks;
    }
}

async fn measure(
    arguments: &Arguments,
    client: &Client,
    server: &Server,
    path: &str,
    cookie: Option<&str>,
) -> Result<Measured> {
    load(arguments.connections, Duration::from_millis(500), client, server, path, cookie).await?;
    let before = server.ticks()?;
    let seconds = Duration::from_secs(arguments.seconds) / ROUNDS;
    let answers = load(arguments.connections, seconds, client, server, path, cookie).await?;
    Ok(Measured { answers, ticks: server.ticks()? - before })
}

/// So many connections, each asking again as soon as it has been answered. Returns the number of answers.
async fn load(
    connections: usize,
    time: Duration,
    client: &Client,
    server: &Server,
    path: &str,
    cookie: Option<&str>,
) -> Result<u64> {
    let answers = Arc::new(AtomicU64::new(0));
    let until = Instant::now() + time;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let (client, url, cookie, answers) =
            (client.clone(), server.url(path), cookie.map(str::to_owned), answers.clone());
        tasks.spawn(async move {
            while Instant::now() < until {
                ask(&client, &url, cookie.as_deref()).await?.bytes().await?;
                answers.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        });
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    Ok(answers.load(Ordering::Relaxed))
}
