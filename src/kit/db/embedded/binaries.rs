//! Where the server's programs are. The system's own come first, the newest of them; then whatever
//! the search path has; last those that `./run` fetched into the data folder.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::account::Account;
use super::{EmbeddedError, OLDEST};

/// Folders that hold one folder for each version: where they are, how their names begin, and where
/// the programs are inside. `./run` looks in the same places.
const PLACES: [(&str, &str, &str); 8] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr/lib", "postgresql", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/Library/PostgreSQL", "", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
];

/// A folder with `initdb`, `pg_ctl` and `postgres` that the server's user can run.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    folder: PathBuf,
}

impl Binaries {
    /// The first usable set. `only` leaves the search out; `made_by` is the major version that made
    /// the cluster, since no other can open it.
    pub(super) fn find(
        only: Option<&Path>,
        data_dir: &Path,
        home: &Path,
        account: &Account,
        made_by: Option<u32>,
    ) -> Result<Self, EmbeddedError> {
        let folders = match only {
            Some(folder) => vec![folder.to_owned()],
            None => candidates(data_dir),
        };
        let mut seen = Vec::new();
        for folder in folders {
            if !is_complete(&folder) {
                continue;
            }
            let (folder, major) = match version(&folder, account) {
                Ok(major) => (folder, major),
                // Fetched programs in a clone that the server's user may not enter: give it a copy.
                Err(error)
                    if error.kind() == io::ErrorKind::PermissionDenied && folder.starts_with(data_dir) =>
                {
                    let copy = copy_into(home, &folder, account)?;
                    let major = version(&copy, account).map_err(EmbeddedError::io("run", &copy))?;
                    (copy, major)
                }
                Err(error) => {
                    tracing::debug!(folder = %folder.display(), %error, "these Postgres programs do not run");
                    continue;
                }
            };
            if made_by.map_or(major >= OLDEST, |wanted| wanted == major) {
                return Ok(Self { folder });
            }
            seen.push(major);
        }
        match (made_by, only) {
            (Some(made_by), _) if !seen.is_empty() => {
                Err(EmbeddedError::OtherVersion { cluster: home.join("cluster"), made_by, found: seen })
            }
            (_, Some(folder)) if seen.is_empty() => {
                Err(EmbeddedError::NotInFolder { folder: folder.to_owned() })
            }
            _ if !seen.is_empty() => Err(EmbeddedError::TooOld { found: seen }),
            _ => Err(EmbeddedError::NotFound),
        }
    }

    pub(super) fn tool(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn candidates(data_dir: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<(u32, PathBuf)> = Vec::new();
    for (parent, prefix, inside) in PLACES {
        for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
            if let Some(rest) = entry.file_name().to_str().and_then(|name| name.strip_prefix(prefix)) {
                folders.push((first_number(rest).unwrap_or(0), entry.path().join(inside)));
            }
        }
    }
    let mut folders = highest_first(folders);
    folders.extend(on_search_path());
    folders.push(data_dir.join("pg/bin"));
    folders
}

fn highest_first(mut folders: Vec<(u32, PathBuf)>) -> Vec<PathBuf> {
    folders.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    folders.into_iter().map(|(_, folder)| folder).collect()
}

/// Asks the shell, and follows links to the folder that holds all the programs.
fn on_search_path() -> Option<PathBuf> {
    let answer = Command::new("sh").args(["-c", "command -v initdb"]).output().ok()?;
    let program = std::fs::canonicalize(String::from_utf8(answer.stdout).ok()?.trim()).ok()?;
    program.parent().map(Path::to_owned)
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|tool| folder.join(tool).is_file())
}

/// The major version, asked of the program itself, as the user who will run it.
fn version(folder: &Path, account: &Account) -> io::Result<u32> {
    let answer = account.command(folder.join("postgres")).arg("--version").current_dir("/").output()?;
    let text = String::from_utf8_lossy(&answer.stdout);
    parse_version(&text).ok_or_else(|| {
        io::Error::other(format!(
            "no version in `{}{}`",
            text.trim(),
            String::from_utf8_lossy(&answer.stderr).trim()
        ))
    })
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-1)` is 15.
fn parse_version(text: &str) -> Option<u32> {
    text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit())).and_then(first_number)
}

/// `@17` and `16-1` hold 17 and 16.
pub(super) fn first_number(text: &str) -> Option<u32> {
    let digits: String =
        text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn copy_into(home: &Path, folder: &Path, account: &Account) -> Result<PathBuf, EmbeddedError> {
    let copy = home.join("pg");
    let source = folder.parent().unwrap_or(folder);
    let bin = copy.join(folder.file_name().unwrap_or_default());
    if !is_complete(&bin) {
        tracing::info!(from = %source.display(), to = %copy.display(), "copying the Postgres programs to where their user may run them");
        super::home::remove_tree(&copy)?;
        let unfinished = home.join("pg.new");
        super::home::remove_tree(&unfinished)?;
        // -P keeps the libraries' links as links.
        let done = Command::new("cp").args(["-R", "-P"]).arg(source).arg(&unfinished).status();
        if !done.map_err(EmbeddedError::io("copy", source))?.success() {
            return Err(EmbeddedError::Step {
                what: "copying the Postgres programs".to_owned(),
                output: String::new(),
            });
        }
        super::home::hand_over_tree(&unfinished, account)?;
        std::fs::rename(&unfinished, &copy).map_err(EmbeddedError::io("rename", &unfinished))?;
    }
    Ok(bin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_names_and_answers() {
        for (text, number) in
            [("15", Some(15)), ("@17", Some(17)), ("16-1", Some(16)), ("", None), ("main", None)]
        {
            assert_eq!(first_number(text), number, "{text}");
        }
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-1.pgdg120+1)\n"), Some(15));
        assert_eq!(parse_version("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_version("not found"), None);
    }

    #[test]
    fn the_highest_version_comes_first_by_number_not_by_letter() {
        let folder = |version: u32| (version, PathBuf::from(format!("/pg/{version}")));
        let sorted = highest_first(vec![folder(9), folder(17), folder(0), folder(15)]);
        assert_eq!(sorted, ["/pg/17", "/pg/15", "/pg/9", "/pg/0"].map(PathBuf::from));
    }

    #[test]
    fn a_folder_without_the_programs_is_named() {
        let own = Account::Own { uid: 1 };
        let nothing = Path::new("/nowhere/bin");
        let error =
            Binaries::find(Some(nothing), Path::new("/d"), Path::new("/d/postgres"), &own, None).unwrap_err();
        assert!(error.to_string().contains("/nowhere/bin"), "{error}");
    }
}
