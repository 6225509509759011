//! Two lock files keep several processes of one clone apart. `starting.lock` is held alone while a
//! server is made, started or stopped; `users.lock` is shared by all who use it. The system lets go
//! of both when a process dies, however it dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::EmbeddedError;
use super::account::Account;

const PATIENCE: Duration = Duration::from_mins(2);
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Debug, Clone)]
pub(super) struct Locks {
    folder: PathBuf,
}

impl Locks {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// Waits until nobody else starts or stops the server. Dropping the file lets go.
    pub(super) async fn starting(&self, account: &Account) -> Result<File, EmbeddedError> {
        let path = self.folder.join("starting.lock");
        let file = open(&path, account)?;
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                match file.try_lock() {
                    Ok(()) => return Ok(()),
                    Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
                    Err(TryLockError::Error(error)) => return Err(error),
                }
            }
        });
        match waited.await {
            Ok(locked) => locked.map_err(EmbeddedError::io("lock", &path)).map(|()| file),
            Err(_) => Err(EmbeddedError::Busy { lock: path }),
        }
    }

    /// Counts this process among the server's users. The caller holds the starting lock, so nobody
    /// can be asking to be the last one.
    pub(super) fn join_users(&self, account: &Account) -> Result<File, EmbeddedError> {
        let path = self.folder.join("users.lock");
        let file = open(&path, account)?;
        match file.try_lock_shared() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(EmbeddedError::Busy { lock: path }),
            Err(TryLockError::Error(error)) => Err(EmbeddedError::io("lock", &path)(error)),
        }
    }

    /// Leaves; true when nobody else is left. The caller holds the starting lock.
    pub(super) async fn leave_users(&self, users: File, account: &Account) -> Result<bool, EmbeddedError> {
        drop(users);
        let path = self.folder.join("users.lock");
        let file = open(&path, account)?;
        // A child that is just being started holds its parent's files for a moment, until it is a program of its own.
        for _ in 0..5 {
            match file.try_lock() {
                Ok(()) => return Ok(true),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
                Err(TryLockError::Error(error)) => return Err(EmbeddedError::io("lock", &path)(error)),
            }
        }
        Ok(false)
    }
}

fn open(path: &Path, account: &Account) -> Result<File, EmbeddedError> {
    let opened: io::Result<File> =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let file = opened.map_err(EmbeddedError::io("open", path))?;
    super::home::hand_over(path, account)?;
    Ok(file)
}
