//! Which system user the server runs as. Postgres refuses to run as root, so a site started by root
//! hands its server to a lesser user.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use super::EmbeddedError;

/// One line of `/etc/passwd`, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    name: String,
    uid: u32,
    gid: u32,
}

/// The user that owns the cluster and runs its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Account {
    /// Whoever runs this process.
    Own { uid: u32 },
    /// Another user, because this process is root.
    Lesser(Entry),
}

impl Account {
    /// For a process with the user id `own`. `owners` are the user ids of the folders concerned, the
    /// nearest first: root prefers a person who already owns one of them, then `postgres`, then `nobody`.
    pub(super) fn choose(own: u32, owners: &[u32], passwd: &str) -> Result<Self, EmbeddedError> {
        if own != 0 {
            return Ok(Self::Own { uid: own });
        }
        let known: Vec<Entry> = passwd.lines().filter_map(parse_entry).collect();
        // An owner without an entry is skipped: initdb insists on a user with a name.
        let by_owner = owners
            .iter()
            .filter(|uid| **uid != 0)
            .find_map(|uid| known.iter().find(|entry| entry.uid == *uid));
        let by_name = || {
            ["postgres", "_postgres", "nobody"]
                .iter()
                .find_map(|name| known.iter().find(|entry| entry.name == *name && entry.uid != 0))
        };
        by_owner.or_else(by_name).map(|entry| Self::Lesser(entry.clone())).ok_or(EmbeddedError::NoLesserUser)
    }

    pub(super) fn uid(&self) -> u32 {
        match self {
            Self::Own { uid } => *uid,
            Self::Lesser(entry) => entry.uid,
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Own { .. } => "you",
            Self::Lesser(entry) => &entry.name,
        }
    }

    /// User and group to hand files to; nothing when the files are our own anyway.
    pub(super) fn ids(&self) -> Option<(u32, u32)> {
        match self {
            Self::Own { .. } => None,
            Self::Lesser(entry) => Some((entry.uid, entry.gid)),
        }
    }

    /// A command that runs as this user, with nothing on its standard input and free of the
    /// variables that would point a Postgres program somewhere else.
    pub(super) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).env("LC_ALL", "C");
        for name in ["PGDATA", "PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGOPTIONS", "PGSERVICE"] {
            command.env_remove(name);
        }
        if let Some((uid, gid)) = self.ids() {
            command.gid(gid).uid(uid);
        }
        command
    }
}

fn parse_entry(line: &str) -> Option<Entry> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let mut ids = fields.skip(1).map(|number| {
        // macOS writes nobody as -2, which is 4294967294 to the kernel.
        let number: i64 = number.parse().ok()?;
        u32::try_from(number).or_else(|_| i32::try_from(number).map(i32::cast_unsigned)).ok()
    });
    Some(Entry { name, uid: ids.next()??, gid: ids.next()?? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\n\
        broken line\n\
        alice:x:1000:1001:Alice:/home/alice:/bin/sh\n\
        postgres:x:101:104::/var/lib/postgresql:/bin/bash\n\
        nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";

    fn chosen(own: u32, owners: &[u32], passwd: &str) -> u32 {
        Account::choose(own, owners, passwd).unwrap().uid()
    }

    #[test]
    fn an_ordinary_user_keeps_the_server_to_herself() {
        assert_eq!(Account::choose(1000, &[0, 101], PASSWD).unwrap(), Account::Own { uid: 1000 });
    }

    #[test]
    fn root_prefers_the_owner_then_postgres_then_nobody() {
        assert_eq!(chosen(0, &[1000], PASSWD), 1000);
        assert_eq!(chosen(0, &[0, 1000], PASSWD), 1000);
        assert_eq!(chosen(0, &[0], PASSWD), 101);
        assert_eq!(chosen(0, &[4242], PASSWD), 101, "an owner without a name cannot run initdb");
        assert_eq!(chosen(0, &[0], "root:x:0:0::/:\nnobody:x:65534:65534::/:"), 65534);
        assert!(matches!(Account::choose(0, &[0], "root:x:0:0::/:"), Err(EmbeddedError::NoLesserUser)));
    }

    #[test]
    fn the_group_comes_from_the_users_line() {
        assert_eq!(Account::choose(0, &[1000], PASSWD).unwrap().ids(), Some((1000, 1001)));
    }

    #[test]
    fn a_negative_user_id_is_understood() {
        assert_eq!(
            chosen(0, &[0], "nobody:*:-2:-2:Unprivileged User:/var/empty:/usr/bin/false"),
            4_294_967_294
        );
    }
}
