//! Counting: published results, properties of any count, a second counter, bad files.
//!
//! Cases and expected results lie in `tests/counting/`.

mod command;
mod draw;
mod properties;
mod published;
mod reader;

mod recount;
mod reopen;
mod ties;

use breakthrough::ballots::counting::{Election, Method, Report, Terms, blt, count};

const METHODS: [Method; 4] = [Method::ScottishStv, Method::Ers97, Method::Meek, Method::Irv];

/// How many units a vote has under a method.
const fn units(method: Method) -> u128 {
    match method {
        Method::ScottishStv => 100_000,
        Method::Ers97 => 100,
        Method::Meek => 1_000_000_000,
        Method::Irv => 1,
    }
}

fn read(text: &str) -> Election {
    blt::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text:?}"))
}

fn written(election: &Election) -> String {
    let mut out = Vec::new();
    blt::write(election, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn counted(election: &Election, method: Method) -> Report {
    count(election, method, &Terms::of(election))
}

/// A file under `tests/counting`.
fn path(name: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/counting").join(name)
}
