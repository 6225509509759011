//! A worker whose database goes away for a while.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use breakthrough::kit::db::embedded::{Embedded, Options};
use sqlx::{Connection, PgConnection};

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Gives the worker something to do and waits until it is done.
async fn works(url: &str) {
    let began = Instant::now();
    loop {
        let mut db = PgConnection::connect(url).await.unwrap();
        let waiting: Result<i64, _> = sqlx::query_scalar(
            "select count(*) from graphile_worker.jobs where task_identifier = 'supporters_tidy'",
        )
        .fetch_one(&mut db)
        .await;
        if waiting.is_ok_and(|waiting| waiting == 0) {
            return;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "nobody works");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn add_job(url: &str) {
    let mut db = PgConnection::connect(url).await.unwrap();
    sqlx::query("select graphile_worker.add_job('supporters_tidy', '{}'::json)")
        .execute(&mut db)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_worker_outlives_the_database_s_absence() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("outage-{}", std::process::id()));
    let options = Options { fsync: false, ..Options::default() };
    let server = Embedded::start_with(&folder, &options).await.unwrap();
    let url = server.url().to_owned();
    let program = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_breakthrough"));
        command
            .env("DATABASE_URL", &url)
            .env("DATA_DIR", folder.join("data"))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    };
    assert!(program().arg("migrate").status().unwrap().success());
    let mut worker = Running(program().arg("work").spawn().unwrap());
    add_job(&url).await;
    works(&url).await;

    server.stop().await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let server = Embedded::start_with(&folder, &options).await.unwrap();
    add_job(&url).await;
    works(&url).await;
    assert!(worker.0.try_wait().unwrap().is_none(), "it is the same process");

    drop(worker);
    server.stop().await.unwrap();
    let _ = std::fs::remove_dir_all(&folder);
}
