//! The real program, run as an operator runs it.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// The program with nothing set but what is said here.
pub fn program(folder: &Path, database: Option<&str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_breakthrough"));
    command.env_clear().env("SECRET_KEY", KEY).arg("--data-dir").arg(folder);
    for name in ["PATH", "HOME", "USER"] {
        #[expect(clippy::disallowed_methods, reason = "the program finds Postgres and its user by these")]
        if let Ok(value) = std::env::var(name) {
            command.env(name, value);
        }
    }
    if let Some(url) = database {
        command.env("DATABASE_URL", url);
    }
    command
}

/// Runs it off the test's own thread: the site under test answers there.
pub async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// A running program, stopped as a service manager would stop it.
pub struct Running {
    pub child: Child,
    pub said: String,
}

impl Running {
    /// Starts it and reads what it says until it has said `ready`.
    pub async fn start(mut command: Command, ready: &'static str) -> Self {
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let read = tokio::task::spawn_blocking(move || {
            let mut child = child;
            let mut lines = BufReader::new(child.stderr.take().unwrap());
            let mut said = String::new();
            while !said.contains(ready) {
                assert!(lines.read_line(&mut said).unwrap() > 0, "it ended: {said}");
            }
            // What it says later must find a reader.
            std::thread::spawn(move || lines.read_to_end(&mut Vec::new()));
            Self { child, said }
        });
        tokio::time::timeout(Duration::from_mins(2), read).await.expect("it says that it is ready").unwrap()
    }

    /// Its exit code.
    pub async fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        tokio::task::spawn_blocking(move || self.child.wait().unwrap().code()).await.unwrap()
    }
}

/// A test that fails leaves nothing running.
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An address that nobody listens on.
pub fn free_address() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
