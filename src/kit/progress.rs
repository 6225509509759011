//! How far long work is, on the terminal of whoever waits for it.

use std::{
    io::{IsTerminal, Write},
    time::{Duration, Instant},
};

use super::money::grouped;

const CELLS: usize = 30;
const PAUSE: Duration = Duration::from_millis(100);

/// A bar on standard error, drawn over itself. Where nobody looks, as in a job or a pipe, it draws nothing.
#[derive(Debug, Default)]
pub struct Progress {
    shows: bool,
    drawn: Option<Instant>,
}

impl Progress {
    pub fn on_terminal() -> Self {
        Self { shows: std::io::stderr().is_terminal(), drawn: None }
    }

    /// So many are done, of about so many.
    pub fn step(&mut self, what: &str, done: usize, expected: usize) {
        if self.shows && self.drawn.is_none_or(|at| at.elapsed() > PAUSE) {
            self.drawn = Some(Instant::now());
            draw(&bar(what, done, expected));
        }
    }

    /// Clears the line for what is printed next.
    pub fn end(&mut self) {
        if self.drawn.take().is_some() {
            draw("");
        }
    }
}

fn draw(line: &str) {
    // A terminal that is gone is no reason to stop.
    let mut out = std::io::stderr().lock();
    let _ = write!(out, "\r\x1b[2K{line}").and_then(|()| out.flush());
}

/// `[#####.....] 1,000 of about 2,000 invoices`; without an end in sight, only the number.
fn bar(what: &str, done: usize, expected: usize) -> String {
    let number = |number: usize| grouped(number as u64);
    if expected < done || expected == 0 {
        return format!("{} {what}", number(done));
    }
    let full = done * CELLS / expected;
    let (full, rest) = ("#".repeat(full), ".".repeat(CELLS - full));
    format!("[{full}{rest}] {} of about {} {what}", number(done), number(expected))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_grows_and_never_overflows() {
        for (done, expected, shown) in [
            (0, 2_000, "[..............................] 0 of about 2,000 invoices"),
            (1_000, 2_000, "[###############...............] 1,000 of about 2,000 invoices"),
            (2_000, 2_000, "[##############################] 2,000 of about 2,000 invoices"),
            (2_001, 2_000, "2,001 invoices"),
            (7, 0, "7 invoices"),
        ] {
            assert_eq!(bar("invoices", done, expected), shown);
        }
    }
}
