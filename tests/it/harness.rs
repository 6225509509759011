//! What every test relies on: nothing of it is left behind, and a forgotten job is noticed.

use std::{panic::AssertUnwindSafe, path::Path, process::Command};

use crate::support::{Site, removed_with_this_process};

async fn sign_in_by_link(site: &Site) {
    let fields = [("email", "ana@demo.test"), ("how", "link")];
    site.stranger().post("/sign-in", &fields).await.expect_status(200);
}

/// Ends a site as the end of a test would, and says what the test would have failed with.
fn end(site: Site) -> Option<String> {
    let ended = std::panic::catch_unwind(AssertUnwindSafe(|| drop(site)));
    ended.err().map(|panic| *panic.downcast().unwrap())
}

#[tokio::test]
async fn a_test_that_forgets_a_job_fails() {
    let site = Site::open().await;
    sign_in_by_link(&site).await;
    let fault = end(site).unwrap();
    assert!(fault.contains("(\"mail_send\", Waiting"), "{fault}");
}

#[tokio::test]
async fn a_test_names_no_job_that_it_does_not_leave() {
    let site = Site::open().await;
    sign_in_by_link(&site).await;
    site.work().await;
    site.leaves_failed("mail_send");
    assert!(end(site).unwrap().contains("(\"mail_send\", Failed)"));
}

#[test]
fn a_run_takes_its_server_and_its_files_with_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ended-run-{}", std::process::id()));
    let cluster = folder.join("postgres/cluster");
    std::fs::create_dir_all(&cluster).unwrap();
    let mut server = Command::new("sleep").arg("600").spawn().unwrap();
    std::fs::write(cluster.join("postmaster.pid"), format!("{}\n{}\n", server.id(), cluster.display()))
        .unwrap();
    let mut remover = removed_with_this_process(&cluster, &folder);
    assert!(server.try_wait().unwrap().is_none() && folder.exists());
    // As the end of this process would.
    drop(remover.stdin.take());
    assert!(!server.wait().unwrap().success());
    remover.wait().unwrap();
    assert!(!folder.exists());
}
