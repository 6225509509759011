//! The program; see [`breakthrough::command_line`].

use std::process::ExitCode;

use breakthrough::command_line::{Arguments, main as run};
use clap::Parser;

fn main() -> ExitCode {
    run(Arguments::parse())
}
