//! The commands `breakthrough verify` and `breakthrough ballot`, which need neither database nor network.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use rand::{SeedableRng as _, rngs::StdRng};

use super::{
    board::Signed,
    codes::{TrackingCode, VoterMark},
    keys::{BoardKey, CountKey, CountSecretKey},
    shares::{Share, combine, divide},
    verify::{Asked, Step, verify},
};
use crate::kit::random::Random;

/// Wrong usage, and files that aren't what they should be.
const WRONG: u8 = 2;

/// Verify the published files of a ballot in eight steps; needs no database and no network.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// The folder with the files
    folder: PathBuf,
    /// Your tracking code, to see your paper
    #[arg(long)]
    code: Option<TrackingCode>,
    /// The six digits that you chose, which must stand on it
    #[arg(long, requires = "code")]
    mark: Option<VoterMark>,
    /// The board key as it was printed, to make sure that the files are the party's
    #[arg(long, value_name = "HEX")]
    key: Option<BoardKey>,
    /// A file with entries of the board, one a line, as you kept them while the ballot was open
    #[arg(long, value_name = "FILE")]
    heads: Option<PathBuf>,
}

/// Keys of secret ballots; needs no database and no network.
#[derive(Debug, clap::Subcommand)]
pub enum BallotCommand {
    /// Make a count key and divide it among trustees
    Keygen {
        /// How many trustees get a share
        #[arg(long)]
        shares: u8,
        /// How many of them open the papers together
        #[arg(long)]
        need: u8,
        /// The folder for the public key and the shares
        #[arg(long)]
        out: PathBuf,
    },
    /// Put the count key together after the close, and print it
    Combine {
        /// The public key file
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The file with a trustee's share, as often as shares are needed
        #[arg(long = "share", value_name = "FILE", required = true)]
        shares: Vec<PathBuf>,
    },
}

/// Prints the steps as they pass. 1 if one fails, or if the papers aren't public; 2 if there is no bundle to verify.
pub fn verify_command(args: VerifyArgs) -> ExitCode {
    let heads = match args.heads.as_deref().map(heads).transpose() {
        Ok(heads) => heads.unwrap_or_default(),
        Err(message) => return wrong(&message),
    };
    if !args.folder.is_dir() {
        return wrong(&format!("{}: there is no such folder", args.folder.display()));
    }
    let asked = Asked { code: args.code, mark: args.mark, key: args.key, heads };
    let verified = verify(&*args.folder, &asked, |step, words| line(step, "right", words));
    match verified {
        Ok(true) => {
            print("This bundle is right.");
            ExitCode::SUCCESS
        }
        Ok(false) => {
            print(
                "The papers of this ballot are with its scrutineers, so that only they can repeat the other steps.",
            );
            ExitCode::FAILURE
        }
        Err(fault) => {
            line(fault.step, "WRONG", &fault.to_string());
            ExitCode::FAILURE
        }
    }
}

fn heads(path: &Path) -> Result<Vec<Signed>, String> {
    let text = read(path)?;
    let entry = |(at, line)| {
        Signed::from_json(line).map_err(|error| format!("{}, line {}: {error}", path.display(), at + 1))
    };
    text.lines().enumerate().map(entry).collect()
}

fn line(step: Step, verdict: &str, words: &str) {
    print(&format!("{} of 8  {verdict}  {:<12} {words}", step.number(), step.name()));
}

/// A reader who has gone away is no fault of the bundle.
fn print(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

fn wrong(message: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{message}");
    ExitCode::from(WRONG)
}

/// Runs a command about keys: 1 if a file can't be written, 2 for wrong usage or shares that don't open.
pub fn ballot_command(command: BallotCommand) -> ExitCode {
    match command {
        BallotCommand::Keygen { shares, need, out } => {
            let random = Random::system();
            let mut rng = StdRng::from_seed(random.bytes());
            let secret = CountSecretKey::generate(&mut rng);
            let (key, divided) = match divide(&secret, shares, need, &mut rng) {
                Ok(made) => made,
                Err(error) => return wrong(&error.to_string()),
            };
            match write(&out, &key, &divided) {
                Ok(public) => {
                    print(&format!(
                        "{} is the public key, for the site. Give each share-N.txt to one trustee and delete it here; any {need} of {shares} open the papers.",
                        public.display()
                    ));
                    ExitCode::SUCCESS
                }
                Err(error) => {
                    let _ = writeln!(io::stderr(), "{}: {error}", out.display());
                    ExitCode::FAILURE
                }
            }
        }
        BallotCommand::Combine { key, shares } => match combined(&key, &shares) {
            Ok(secret) => {
                print(&secret.text());
                ExitCode::SUCCESS
            }
            Err(message) => wrong(&message),
        },
    }
}

/// Writes nothing if one of the files is there already: it may be the only copy of a key in use.
fn write(folder: &Path, key: &CountKey, divided: &[Share]) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let public = folder.join("count-key.json");
    let shares: Vec<PathBuf> =
        divided.iter().map(|share| folder.join(format!("share-{}.txt", share.number()))).collect();
    if let Some(there) = shares.iter().chain([&public]).find(|path| path.exists()) {
        let what = format!("{} is there already; give another folder", there.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
    }
    for (path, share) in shares.iter().zip(divided) {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(path)?
            .write_all(share.to_file(u8::try_from(divided.len()).unwrap_or(u8::MAX)).as_bytes())?;
    }
    fs::File::create_new(&public)?.write_all(key.to_file().as_bytes())?;
    Ok(public)
}

fn combined(key: &Path, shares: &[PathBuf]) -> Result<CountSecretKey, String> {
    let key = CountKey::from_file(&read(key)?).map_err(|error| format!("{}: {error}", key.display()))?;
    let shares: Result<Vec<Share>, String> = shares
        .iter()
        .map(|path| read(path)?.parse().map_err(|error| format!("{}: {error}", path.display())))
        .collect();
    combine(&key, &shares?).map_err(|error| error.to_string())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: can't be read: {error}", path.display()))
}
