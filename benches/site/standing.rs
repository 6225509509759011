//! How long the roll of a day takes: where everybody stood, and who may vote.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use breakthrough::kit::db;

const DAYS: [&str; 3] = ["2022-03-01", "2025-01-01", "2026-11-21"];

pub async fn measure(url: &str, people: u32) -> Result<()> {
    let pool = db::pool(url, 1)?;
    println!("\n{:<32} {:>9} {:>9} {:>9}", "roll of a day", "ms", "members", "voters");
    for day in DAYS {
        let began = Instant::now();
        let (known, voters): (i64, i64) = sqlx::query_as(
            "select count(*), count(*) filter (where no_vote is null) from membership_standing($1::text::date, 30, 16)",
        )
        .bind(day)
        .fetch_one(&pool)
        .await?;
        let took = began.elapsed();
        println!("{day:<32} {:>9} {known:>9} {voters:>9}", took.as_millis());
        ensure!(
            people > 1_000_000 || took < Duration::from_secs(10),
            "the goal is 10 s for 1,000,000 members"
        );
    }
    pool.close().await;
    Ok(())
}
