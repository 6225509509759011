//! The command `breakthrough count`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use super::{Candidate, Election, Lots, Method, Report, Terms, blt, count};

/// Wrong usage, and ballot files that can't be counted.
const WRONG: u8 = 2;

/// Count a ballot file (BLT), without any database.
#[derive(Debug, clap::Args)]
pub struct CountArgs {
    /// The ballot file, or - for standard input
    file: String,
    /// The rules to count by
    #[arg(long, value_enum)]
    method: Method,
    /// How many places to fill (the alternative vote always fills one)
    #[arg(long, default_value = "from-file", value_name = "N|from-file")]
    seats: Seats,
    /// The order of lots for ties, as drawn: candidate numbers, first lot first
    #[arg(long, value_name = "3,1,2", value_delimiter = ',', conflicts_with = "lot_seed")]
    lots: Option<Vec<usize>>,
    /// A published text from which the order of lots follows (by SHA-256)
    #[arg(long, value_name = "TEXT")]
    lot_seed: Option<String>,
    /// The number of the candidate that stands for "re-open nominations"
    #[arg(long, value_name = "NUMBER")]
    reopen: Option<usize>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One JSON object
    Json,
    /// A count sheet to read out
    Text,
    /// A table for a spreadsheet
    Csv,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seats {
    FromFile,
    Given(usize),
}

impl std::str::FromStr for Seats {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "from-file" {
            return Ok(Self::FromFile);
        }
        match text.parse() {
            Ok(seats) if seats > 0 => Ok(Self::Given(seats)),
            _ => Err("give a number of places from 1, or from-file"),
        }
    }
}

/// Runs the command: the result on standard output, or one message on standard error and
/// exit 2. Nothing is printed before the whole count is done.
pub fn command(args: &CountArgs) -> ExitCode {
    let printed = match counted(args) {
        Ok(report) => print(&report, args.format),
        Err(message) => {
            // With standard error gone there is nobody left to tell.
            let _ = writeln!(io::stderr(), "{}: {message}", args.file);
            return ExitCode::from(WRONG);
        }
    };
    if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn counted(args: &CountArgs) -> Result<Report, String> {
    let input: Box<dyn Read> = if args.file == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(&args.file).map_err(|error| format!("can't be opened: {error}"))?)
    };
    let election = blt::read(input).map_err(|error| error.to_string())?;
    let terms = terms(args, &election)?;
    let report = count(&election, args.method, &terms);
    // Without a single valid paper a lot would decide everything, which no rule means.
    if report.valid_votes == 0 && election.standing().count() > terms.seats {
        return Err(format!(
            "none of the {} ballots is valid, so nobody can be elected; each must begin with a first preference for a candidate who stands, such as `1 3 2 0`",
            report.invalid_votes
        ));
    }
    Ok(report)
}

fn terms(args: &CountArgs, election: &Election) -> Result<Terms, String> {
    let seats = match (args.seats, args.method) {
        (Seats::FromFile, _) => election.seats(),
        (Seats::Given(seats), Method::Irv) if seats > 1 => {
            return Err(
                "--seats: the alternative vote fills one place; give 1, or another --method".to_owned()
            );
        }
        (Seats::Given(seats), _) if seats > election.candidates() => {
            return Err(format!(
                "--seats {seats}: there are only {} candidates; give at most that many",
                election.candidates()
            ));
        }
        (Seats::Given(seats), _) => seats,
    };
    let lots = match (&args.lots, &args.lot_seed) {
        (Some(order), _) => Lots::given(order, election.candidates(), election.standing())
            .map_err(|error| format!("--lots: {error}"))?,
        (None, Some(seed)) => Lots::from_seed(seed, election.names()),
        (None, None) => Lots::file_order(election.candidates()),
    };
    let reopen = args
        .reopen
        .map(|number| {
            let candidate = number.checked_sub(1).and_then(Candidate::at);
            candidate.filter(|candidate| !election.is_withdrawn(*candidate)).ok_or_else(|| {
                format!("--reopen {number}: no such candidate stands; give a number of the file")
            })
        })
        .transpose()?;
    Ok(Terms { seats, lots, reopen })
}

fn print(report: &Report, format: Format) -> io::Result<()> {
    let text = match format {
        Format::Json => report.to_json()? + "\n",
        Format::Text => report.to_text(),
        Format::Csv => report.to_csv(),
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
