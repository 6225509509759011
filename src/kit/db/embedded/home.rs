//! The folder in which the cluster, its socket and its log live, owned by the server's user and closed to others.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use super::EmbeddedError;
use super::account::Account;

/// A socket's path may hold 104 bytes with its ending zero on macOS and BSD, 108 on Linux.
const LONGEST_SOCKET: usize = 103;
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// Where clusters go when the server's user may not enter the clone.
const ELSEWHERE: &str = "/var/lib/breakthrough";

/// The user ids of the data folder and of its nearest existing ancestor, for choosing the server's user.
pub(super) fn owners(base: &Path) -> Vec<u32> {
    base.ancestors().filter_map(|folder| fs::metadata(folder).ok()).take(2).map(|found| found.uid()).collect()
}

/// Makes the folders that are missing, and gives them to the server's user.
/// `base` is `DATA_DIR/postgres`; what stands above it keeps its owner.
pub(super) fn make(base: &Path, account: &Account) -> Result<(), EmbeddedError> {
    if let Some(data_dir) = base.parent() {
        make_for_its_owner(data_dir).map_err(EmbeddedError::io("make the folder", data_dir))?;
    }
    if let Err(error) = fs::DirBuilder::new().mode(0o700).create(base)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(EmbeddedError::io("make the folder", base)(error));
    }
    secure(base, account)
}

/// Folders made in a person's clone by root are that person's.
fn make_for_its_owner(folder: &Path) -> io::Result<()> {
    let Some(parent) = folder.parent().filter(|_| !folder.exists()) else { return Ok(()) };
    make_for_its_owner(parent)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        made => made?,
    }
    if rustix::process::geteuid().is_root() {
        let owner = fs::metadata(parent)?;
        std::os::unix::fs::chown(folder, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

/// Owned by the server's user and open to nobody else, or an error that says whose it is.
pub(super) fn secure(folder: &Path, account: &Account) -> Result<(), EmbeddedError> {
    hand_over(folder, account)?;
    let owner = fs::metadata(folder).map_err(EmbeddedError::io("read", folder))?.uid();
    if owner != account.uid() {
        return Err(EmbeddedError::NotYours { folder: folder.to_owned(), owner });
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(EmbeddedError::io("close", folder))
}

pub(super) fn hand_over(path: &Path, account: &Account) -> Result<(), EmbeddedError> {
    match account.ids() {
        Some((uid, gid)) => std::os::unix::fs::lchown(path, Some(uid), Some(gid))
            .map_err(EmbeddedError::io("hand over", path)),
        None => Ok(()),
    }
}

/// A copied clone may belong to whoever copied it. Links are handed over, never followed.
pub(super) fn hand_over_tree(path: &Path, account: &Account) -> Result<(), EmbeddedError> {
    hand_over(path, account)?;
    if path.is_dir() && !path.is_symlink() {
        for entry in fs::read_dir(path).map_err(EmbeddedError::io("read", path))? {
            hand_over_tree(&entry.map_err(EmbeddedError::io("read", path))?.path(), account)?;
        }
    }
    Ok(())
}

pub(super) fn remove_tree(path: &Path) -> Result<(), EmbeddedError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(EmbeddedError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// The folder to use: `base` itself, or, where the server's user may not enter it, one outside the
/// clone. `base/elsewhere` remembers which. The caller holds the starting lock.
pub(super) fn settle(base: &Path, account: &Account) -> Result<PathBuf, EmbeddedError> {
    if account.ids().is_none() {
        return Ok(base.to_owned());
    }
    let note = base.join("elsewhere");
    if let Some(home) = remembered(&note) {
        if !home.is_dir() {
            return Err(EmbeddedError::Gone { home, note });
        }
        return Ok(home);
    }
    if may_enter(base, account)? {
        return Ok(base.to_owned());
    }
    if base.join("cluster").exists() {
        return Err(EmbeddedError::Shut { folder: base.to_owned(), user: account.name().to_owned() });
    }
    let home = claim_elsewhere(base)?;
    hand_over(&home, account)?;
    remember(&note, &home)?;
    tracing::info!(
        user = account.name(),
        clone = %base.display(),
        database = %home.display(),
        "the user who runs Postgres may not enter this clone, so its database lives elsewhere"
    );
    Ok(home)
}

fn may_enter(folder: &Path, account: &Account) -> Result<bool, EmbeddedError> {
    let probe =
        account.command("/bin/sh").args(["-c", ": > .probe && rm -f .probe"]).current_dir(folder).output();
    match probe {
        Ok(answer) => Ok(answer.status.success()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
        Err(error) => Err(EmbeddedError::io("enter", folder)(error)),
    }
}

/// The note names the folder and the note's own inode: a moved clone keeps both and so its database,
/// a copied clone has a note of another inode and gets a database of its own.
fn remember(note: &Path, home: &Path) -> Result<(), EmbeddedError> {
    let write = || -> io::Result<()> {
        fs::write(note, "")?;
        fs::write(note, format!("{}\n{}\n", fs::metadata(note)?.ino(), home.display()))
    };
    write().map_err(EmbeddedError::io("write", note))
}

fn remembered(note: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(note).ok()?;
    let (inode, home) = text.trim_end().split_once('\n')?;
    let home = PathBuf::from(home);
    (inode.parse() == Ok(fs::metadata(note).ok()?.ino())).then_some(home)
}

/// `/var/lib/breakthrough/<clone>`, or with a number where another clone of that name has one.
fn claim_elsewhere(base: &Path) -> Result<PathBuf, EmbeddedError> {
    let parent = Path::new(ELSEWHERE);
    fs::create_dir_all(parent).map_err(EmbeddedError::io("make the folder", parent))?;
    let clone = base
        .ancestors()
        .nth(2)
        .and_then(Path::file_name)
        .map_or("clone".into(), |name| name.to_string_lossy());
    for number in 1_u32.. {
        let home = parent.join(if number == 1 { clone.to_string() } else { format!("{clone}-{number}") });
        match fs::DirBuilder::new().mode(0o700).create(&home) {
            Ok(()) => return Ok(home),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(EmbeddedError::io("make the folder", &home)(error)),
        }
    }
    unreachable!("a free number is found before they run out")
}

/// The folder of the socket: the home, or a short one under `/tmp` where the home's path is too long
/// for a socket or holds characters with a meaning in Postgres's settings.
pub(super) fn socket_folder(home: &Path) -> PathBuf {
    let plain = home.to_str().is_some_and(|path| {
        path.len() + 1 + SOCKET_NAME.len() <= LONGEST_SOCKET
            && !path.contains(|c: char| c.is_control() || matches!(c, '\'' | '"' | ',' | '\\'))
    });
    if plain {
        return home.to_owned();
    }
    let hash = hex::encode(Sha256::digest(home.as_os_str().as_encoded_bytes()));
    Path::new("/tmp").join(format!("breakthrough-{}", hash.get(..12).unwrap_or(&hash)))
}

/// Makes the short folder. In `/tmp` anybody may make folders, so one that is not the server
/// user's own (or is a link) is refused.
pub(super) fn make_socket_folder(folder: &Path, account: &Account) -> Result<(), EmbeddedError> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => return secure(folder, account),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(EmbeddedError::io("make the folder", folder)(error)),
    }
    let found = fs::symlink_metadata(folder).map_err(EmbeddedError::io("read", folder))?;
    if found.is_dir() && found.uid() == account.uid() && found.permissions().mode() & 0o777 == 0o700 {
        Ok(())
    } else {
        Err(EmbeddedError::NotYours { folder: folder.to_owned(), owner: found.uid() })
    }
}

/// Removes the pid files of a server that does not serve this cluster: a copied clone brings the
/// files of the original along, and after a crash the number may belong to another program. Postgres
/// would take either for a running server. Removing them is safe, since Postgres also refuses a cluster
/// whose shared memory is still in use, which it finds by the folder's inode.
///
/// True when a server does run on this cluster.
pub(super) fn clear_foreign_pid_files(home: &Path, socket_folder: &Path) -> Result<bool, EmbeddedError> {
    let cluster = home.join("cluster");
    let pid_file = cluster.join("postmaster.pid");
    for file in [pid_file.clone(), socket_folder.join(format!("{SOCKET_NAME}.lock"))] {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let mut lines = text.lines();
        let pid = lines.next().unwrap_or_default();
        if is_alive(pid) {
            if serves(pid, lines.next().unwrap_or_default(), &cluster) {
                return Ok(true);
            }
            tracing::info!(file = %file.display(), pid, "removing a pid file left by a copy or a crash");
            fs::remove_file(&file).map_err(EmbeddedError::io("remove", &file))?;
        }
    }
    Ok(false)
}

fn is_alive(pid: &str) -> bool {
    let pid = pid.parse().ok().and_then(rustix::process::Pid::from_raw);
    // "Not permitted" is an answer too: somebody else's process has that number.
    pid.is_some_and(|pid| !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH)))
}

/// A Postgres server works in its cluster's folder, which Linux tells under any name the folder has
/// now; elsewhere the path that the server wrote down must do.
fn serves(pid: &str, written: &str, cluster: &Path) -> bool {
    let here = |path: &Path| fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
    if Path::new("/proc/self/cwd").exists() {
        here(&Path::new("/proc").join(pid).join("cwd")).is_some_and(|cwd| Some(cwd) == here(cluster))
    } else {
        let name = Command::new("ps").args(["-o", "comm=", "-p", pid]).output();
        Path::new(written) == cluster
            && name.is_ok_and(|name| String::from_utf8_lossy(&name.stdout).contains("postgres"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_path_keeps_its_socket_and_a_long_one_gets_a_short_folder() {
        let at_length = |length: usize| PathBuf::from(format!("/{}", "d".repeat(length - 1)));
        let longest = LONGEST_SOCKET - 1 - SOCKET_NAME.len();
        assert_eq!(socket_folder(&at_length(longest)), at_length(longest));
        let short = socket_folder(&at_length(longest + 1));
        assert!(short.starts_with("/tmp"), "{}", short.display());
        assert!(short.as_os_str().len() + 1 + SOCKET_NAME.len() <= LONGEST_SOCKET);
        assert_eq!(short, socket_folder(&at_length(longest + 1)), "the same folder at each start");
        assert_ne!(short, socket_folder(&at_length(longest + 2)), "and another for another clone");
    }

    #[test]
    fn awkward_characters_get_a_plain_folder() {
        for awkward in ["/it's", "/a,b", "/\"", "/back\\slash", "/new\nline"] {
            assert!(socket_folder(Path::new(awkward)).starts_with("/tmp"), "{awkward:?}");
        }
        assert_eq!(socket_folder(Path::new("/with space/é")), Path::new("/with space/é"));
    }

    /// A full disk or a closed folder must not begin the party anew beside its data.
    #[test]
    fn a_cluster_out_of_reach_is_not_replaced_by_an_empty_one() {
        // Only root starts the server as somebody else.
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap();
        let account = Account::choose(0, &[], &passwd).unwrap();
        let shut = std::env::temp_dir().join(format!("breakthrough-test-shut-{}", std::process::id()));
        let base = shut.join("postgres");
        fs::create_dir_all(base.join("cluster")).unwrap();
        hand_over_tree(&base, &account).unwrap();
        assert_eq!(settle(&base, &account).unwrap(), base, "while it may enter, the folder is used");
        for closed in [&shut, &base] {
            let open = fs::metadata(closed).unwrap().permissions();
            fs::set_permissions(closed, fs::Permissions::from_mode(0o000)).unwrap();
            let refused = settle(&base, &account).unwrap_err();
            fs::set_permissions(closed, open).unwrap();
            assert!(matches!(&refused, EmbeddedError::Shut { folder, .. } if *folder == base), "{refused}");
            assert!(!base.join("elsewhere").exists(), "no other place is chosen");
        }
        fs::remove_dir_all(shut).unwrap();
    }

    #[test]
    fn processes_are_told_apart() {
        let own = std::process::id().to_string();
        assert!(is_alive(&own));
        assert!(!is_alive(""));
        assert!(!is_alive("0"));
        assert!(!is_alive("not a number"));
        let cwd = std::env::current_dir().unwrap();
        assert!(!serves(&own, "/elsewhere", Path::new("/nowhere/cluster")));
        assert!(serves(&own, cwd.to_str().unwrap(), &cwd));
    }
}
