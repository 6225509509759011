//! What the program says, heard by a test.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

/// Everything that is logged on this thread while it is held, at the loudest.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What speaks for the test's own browser is left out.
const FILTER: &str = "trace,hyper_util=off,reqwest=off,hyper=off,axum::serve=off,mio=off,scraper=off,html5ever=off,selectors=off";

impl Log {
    /// Listens until the guard is dropped.
    pub fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let to = self.clone();
        let subscriber =
            tracing_subscriber::fmt().with_env_filter(FILTER).with_writer(move || to.clone()).finish();
        tracing::subscriber::set_default(subscriber)
    }

    /// What was said since the last time.
    pub fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}
