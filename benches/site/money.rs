//! Money and members in large numbers: `reconcile stripe` over 100,000 subscriptions and an import of 100,000 lines, each
//! beside its limit of memory, and the close of a month of 1,000,000 lines.

use std::{
    fmt::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use breakthrough::kit::db;
use reqwest::{Client, StatusCode, header, redirect::Policy};
use sqlx::PgPool;

use super::{Server, free_address, sign_in};

const SUBSCRIPTIONS: u32 = 100_000;
/// Of these no payment is in the books yet.
const NEW: u32 = 500;
/// Two lines each.
const PAYMENTS: u32 = 500_000;
/// Of a file of members.
const LINES: u32 = 100_000;

/// `percent` of the sizes above are measured: all of them unless it is only tried.
pub async fn measure(url: &str, folder: &Path, percent: u32) -> Result<()> {
    let sized = |whole: u32| (whole / 100 * percent).max(100);
    let (subscriptions, payments, lines) = (sized(SUBSCRIPTIONS), sized(PAYMENTS), sized(LINES));
    let pool = db::pool(url, 4)?;
    eprintln!("Making {subscriptions} subscriptions at the stand-in ...");
    let known = subscriptions - sized(NEW).min(subscriptions);
    run(&pool, include_str!("money.sql"), &[("100000", subscriptions), ("99500", known)]).await?;
    let address = free_address().await?;
    let client = Client::builder().redirect(Policy::none()).build()?;
    let base = format!("http://{address}");
    let command = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_breakthrough"));
        command
            .args(["--listen", &address.to_string(), "--public-url", &base])
            .args(arguments)
            .env("DATABASE_URL", url)
            .env("APP_ENV", "development")
            .env("DEV_RATE_LIMITS", "off")
            .env("RUST_LOG", "error")
            .current_dir(folder);
        command
    };
    let site = Server::start(command(&["serve", "--no-worker", "--bare"]), address)?
        .ready(&client, "/readyz")
        .await?;
    println!("\n{:<64} {:>12} {:>10}", "money", "measured", "goal");
    let new = subscriptions - known;
    for what in [format!("first, with {new} new"), "again, nothing new".to_owned()] {
        let (memory, time) = watch(command(&["reconcile", "stripe"])).await?;
        say(
            &format!("reconcile stripe, {subscriptions} subscriptions ({what}): memory"),
            format!("{memory} MB"),
            "< 150 MB",
        );
        say("  time", format!("{} s", time.as_secs()), "");
    }
    // A tenth first: memory does not grow with the file.
    for lines in [lines / 10, lines] {
        let path = folder.join(format!("members-{lines}.csv"));
        std::fs::write(&path, members(lines)?)?;
        let path = path.to_str().context("the folder's name cannot be said")?;
        let (memory, time) = watch(command(&["import", "members", path])).await?;
        say(&format!("import members, {lines} lines: memory"), format!("{memory} MB"), "< 200 MB");
        say("  time", format!("{} s", time.as_secs()), "");
    }
    eprintln!("Making a month of {} lines ...", payments * 2);
    run(&pool, MONTH, &[("500000", payments)]).await?;
    let cookie = sign_in(&client, &site, "treasurer@demo.test").await?;
    let month: String =
        sqlx::query_scalar("select to_char(now() - interval '1 month', 'YYYY-MM')").fetch_one(&pool).await?;
    let post = async |path: String, body: &'static str| {
        let began = Instant::now();
        let request = client
            .post(site.url(&path))
            .header(header::COOKIE, &cookie)
            .header("sec-fetch-site", "same-origin");
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        let answer = request.send().await?;
        let status = answer.status();
        let size = answer.bytes().await?.len();
        anyhow::Ok((status, size, began.elapsed()))
    };
    let (status, _, time) = post(format!("/admin/books/months/{month}/closing"), "").await?;
    ensure!(status == StatusCode::SEE_OTHER, "closing answered {status}");
    say(
        &format!("closing a month of {} lines", payments * 2),
        format!("{} ms", time.as_millis()),
        "< 10000 ms",
    );
    let (status, size, time) = post(format!("/admin/books/months/{month}/export"), "format=csv").await?;
    ensure!(status == StatusCode::OK, "the export answered {status}");
    say("its export as CSV", format!("{} s", time.as_secs()), "");
    say("  size", format!("{} MB", size / 1_000_000), "");
    pool.close().await;
    Ok(())
}

/// A list with the heads of our own template. No two files have a member in common.
fn members(lines: u32) -> Result<String> {
    let letters = |number: u32| -> String {
        number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
    };
    let mut file = "Email address,Full name,Postcode,Joined on,Stopped emails\n".to_owned();
    for number in 0..lines {
        let name = format!("{}x{}", letters(lines), letters(number));
        writeln!(file, "{name}@example.test,Sam {name},BL9 0ND,2024-02-01,No")?;
    }
    Ok(file)
}

fn say(what: &str, measured: impl std::fmt::Display, goal: &str) {
    println!("{what:<64} {measured:>12} {goal:>10}");
}

async fn run(pool: &PgPool, statements: &str, numbers: &[(&str, u32)]) -> Result<()> {
    let mut text = statements.to_owned();
    for (written, number) in numbers {
        text = text.replace(written, &number.to_string());
    }
    sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(pool).await?;
    sqlx::raw_sql("vacuum analyze").execute(pool).await?;
    Ok(())
}

/// The last month alone is left to be closed, with so many payments of it.
const MONTH: &str = "
insert into ledger (id, kind, stripe_id, amount_pence, at, purpose_kind, purpose_id, method, recorded_at)
select gen_random_uuid(), 'payment', 'in_Month' || n, 500, date_trunc('month', now()) - interval '20 days', 'membership', gen_random_uuid(), 'card', now()
from generate_series(1, 500000) n;
insert into book_months select m::date, now(), (select id from people where email = 'treasurer@demo.test'), 0
from generate_series((select date_trunc('month', coalesce((select max(month) + interval '1 month' from book_months), min(day))) from book_postings),
                     date_trunc('month', now()) - interval '2 months', interval '1 month') m;";

/// Runs a program to its end, within an hour. Returns the most memory it had, in MB, and how long it took.
async fn watch(mut command: Command) -> Result<(u64, Duration)> {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    loop {
        if let Some(ended) = child.try_wait()? {
            ensure!(ended.success(), "it ended with {ended}");
            return Ok((most / 1024, began.elapsed()));
        }
        if let Ok(text) = std::fs::read_to_string(&status) {
            let kilobytes =
                text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
            most = most.max(kilobytes.unwrap_or("0").parse().context("the kernel's figure is no number")?);
        }
        if began.elapsed() > Duration::from_hours(1) {
            child.kill()?;
            child.wait()?;
            anyhow::bail!("it did not end within an hour");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
