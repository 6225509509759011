//! What can go wrong, each with its remedy.

use std::io;
use std::path::{Path, PathBuf};

use super::{OLDEST, READY_WITHIN};

#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error(
        "no Postgres server was found. Install one ({}), or start with `./run`, which fetches it, \
         or set DATABASE_URL to a Postgres {} or newer",
        if cfg!(target_os = "macos") { "`brew install postgresql@17`" } else { "`apt-get install postgresql`" },
        OLDEST
    )]
    NotFound,
    #[error("no Postgres server that runs is in {}: PG_BIN must name the folder that holds `initdb`, `pg_ctl` and `postgres`", folder.display())]
    NotInFolder { folder: PathBuf },
    #[error(
        "only Postgres {found:?} was found, and the site needs {} or newer: start with PG_FETCH=npm ./run, which fetches one",
        OLDEST
    )]
    TooOld { found: Vec<u32> },
    #[error(
        "{} was made by Postgres {made_by}, which only Postgres {made_by} can open, and only {found:?} was found. \
         Install it (`apt-get install postgresql-{made_by}`), or move that folder away to begin with an empty database",
        cluster.display()
    )]
    OtherVersion { cluster: PathBuf, made_by: u32, found: Vec<u32> },
    #[error(
        "Postgres refuses to run as root, and there is no other user to run it: `adduser --system postgres`, or start as an ordinary user"
    )]
    NoLesserUser,
    #[error(
        "{} belongs to another user (id {owner}). Start the site as that user, or take the folder over with `chown -R`, \
         or choose another DATA_DIR",
        folder.display()
    )]
    NotYours { folder: PathBuf, owner: u32 },
    #[error(
        "there is a database in {}, but the user {user}, who runs Postgres, cannot write there. Nothing was started, so \
         that no empty one takes its place. Let that user in (`chmod o+x` on the folders above it), remove what is in \
         the way, or make room on the disk",
        folder.display()
    )]
    Shut { folder: PathBuf, user: String },
    #[error(
        "the database of this clone was in {}, which is gone. Nothing was started, so that no empty one takes its \
         place. Put it back, or remove {} to begin with an empty database",
        home.display(), note.display()
    )]
    Gone { home: PathBuf, note: PathBuf },
    #[error("another process has held {} for two minutes: end it, then start again", lock.display())]
    Busy { lock: PathBuf },
    #[error("{what} failed: {output}")]
    Step { what: String, output: String },
    #[error("the private Postgres did not answer within {} seconds; {} may say why", READY_WITHIN.as_secs(), log.display())]
    Silent { log: PathBuf },
    #[error("could not {doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("the private Postgres answered with an error: {0}")]
    Sql(#[from] sqlx::Error),
}

impl EmbeddedError {
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}
