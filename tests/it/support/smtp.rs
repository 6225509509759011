//! A real SMTP server for a test (tests/smtp/sink.py), which ends with it.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

static NEXT: AtomicU32 = AtomicU32::new(0);

pub struct Sink {
    child: Child,
    pub port: u16,
    pub folder: PathBuf,
}

/// A file beside the sink.
pub fn file(name: &str) -> String {
    format!("{}/tests/smtp/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[expect(clippy::disallowed_methods, reason = "the test run says which Python has the mail server")]
fn python() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python");
    let python = std::env::var("BREAKTHROUGH_TEST_PYTHON").map_or(own, PathBuf::from);
    assert!(
        python.exists(),
        "{} is missing. Run ./test, or: python3 -m venv target/venv && target/venv/bin/pip install -r tests/smtp/requirements.txt",
        python.display()
    );
    python
}

/// Runs one of the scripts beside the sink. Its output, if it succeeds.
pub fn run(script: &str, arguments: &[&Path]) -> Option<String> {
    let output = Command::new(python()).arg(file(script)).args(arguments).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

impl Sink {
    pub fn start(arguments: &[&str]) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("smtp-{number}"));
        let _ = std::fs::remove_dir_all(&folder);
        let mut child = Command::new(python())
            .arg(file("sink.py"))
            .arg(&folder)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|_| panic!("the mail server did not start: {line:?}"));
        Self { child, port, folder }
    }

    pub fn address(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// Who got mail, in the order in which it was accepted: recipient and Message-ID.
    pub fn accepted(&self) -> Vec<(String, String)> {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        log.lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(to, id)| (to.to_owned(), id.to_owned()))
            .collect()
    }

    /// The newest mail as it came over the wire.
    pub fn newest(&self) -> PathBuf {
        let mut files: Vec<_> = std::fs::read_dir(&self.folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "eml"))
            .collect();
        files.sort();
        files.pop().expect("no mail arrived")
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
