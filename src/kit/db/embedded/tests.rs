//! A real server in a folder of its own.

use super::*;

#[test]
fn only_the_end_of_the_log_is_shown() {
    assert_eq!(last_lines("a\nb\nc", 2), "b\nc");
    assert_eq!(last_lines("a", 5), "a");
    assert_eq!(last_lines("", 5), "");
}

#[test]
fn errors_say_what_to_do() {
    assert!(EmbeddedError::NotFound.to_string().contains("./run"));
    let other =
        EmbeddedError::OtherVersion { cluster: PathBuf::from("/v/cluster"), made_by: 15, found: vec![18] };
    assert!(other.to_string().contains("apt-get install postgresql-15"), "{other}");
}

/// A folder that is removed in the end, and its server's pid.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("breakthrough-test-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn server_pid(&self) -> String {
        let file = self.0.join("postgres/cluster/postmaster.pid");
        fs::read_to_string(file).unwrap().lines().next().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn quick() -> Options {
    Options { fsync: false, ..Options::default() }
}

async fn ask(url: &str, question: &'static str) -> String {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let answer: String = sqlx::query_scalar(question).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    answer
}

#[tokio::test]
async fn a_cluster_is_made_shared_survives_a_kill_and_stops() {
    let folder = Folder::new("life");
    let first = Embedded::start_with(&folder.0, &quick()).await.unwrap();
    assert!(first.is_new());
    assert_eq!(ask(first.url(), "SELECT current_user || '@' || current_database()").await, "app@app");
    assert_eq!(ask(first.url(), "SELECT current_setting('listen_addresses')").await, "");
    assert_eq!(ask(first.url(), "SELECT lower('ÉMÎLE')").await, "émîle");

    // This process's own session may belong to nobody it can see (in a container), so it isn't asked.
    let server = folder.server_pid().parse().ok().and_then(rustix::process::Pid::from_raw);
    let session = rustix::process::getsid(server).unwrap();
    assert_eq!(Some(session), server, "Ctrl-C in the terminal must not reach the server");

    let second = Embedded::start_with(&folder.0, &quick()).await.unwrap();
    assert!(!second.is_new());
    assert_eq!(second.url(), first.url());
    first.stop().await.unwrap();
    let url = second.database_url("postgres");
    assert_eq!(ask(&url, "SELECT current_database()::text").await, "postgres", "the second still uses it");

    let killed = folder.server_pid();
    assert!(Command::new("kill").args(["-9", &killed]).status().unwrap().success());
    drop(second);
    let third = Embedded::start_with(&folder.0, &quick()).await.unwrap();
    assert!(!third.is_new());
    assert_ne!(folder.server_pid(), killed);
    assert_eq!(ask(third.url(), "SELECT current_user::text").await, "app");

    third.stop().await.unwrap();
    assert!(!folder.0.join("postgres/cluster/postmaster.pid").exists());
}

#[tokio::test]
async fn two_first_starts_at_once_make_one_cluster() {
    let folder = Folder::new("both");
    let options = quick();
    let (one, two) =
        tokio::join!(Embedded::start_with(&folder.0, &options), Embedded::start_with(&folder.0, &options));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(one.is_new() != two.is_new(), "exactly one of them made it");
    one.stop().await.unwrap();
    two.stop().await.unwrap();
    assert!(!folder.0.join("postgres/cluster/postmaster.pid").exists());
}

#[tokio::test]
async fn a_copy_made_while_the_original_runs_gets_a_server_of_its_own() {
    let folder = Folder::new("original");
    let copy = Folder::new("copy");
    let original = Embedded::start_with(&folder.0, &quick()).await.unwrap();
    ask(original.url(), "SELECT pg_switch_wal()::text").await;
    let copied = Command::new("cp").arg("-R").arg(folder.0.join("postgres")).arg(&copy.0).status().unwrap();
    assert!(copied.success());

    let other = Embedded::start_with(&copy.0, &quick()).await.unwrap();
    assert!(!other.is_new());
    assert_ne!(folder.server_pid(), copy.server_pid());
    assert_eq!(ask(other.url(), "SELECT current_user::text").await, "app");
    other.stop().await.unwrap();
    assert_eq!(ask(original.url(), "SELECT current_user::text").await, "app");
    original.stop().await.unwrap();
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_and_full_of_odd_characters_works() {
    let folder = Folder::new("long");
    let deep = folder.0.join("it's a $HOME, \"quoted\" `name`").join("d".repeat(100));
    let server = Embedded::start_with(&deep, &quick()).await.unwrap();
    assert_eq!(ask(server.url(), "SELECT current_user::text").await, "app");
    let socket_folder = server.ground.socket_folder.clone();
    server.stop().await.unwrap();
    assert!(socket_folder.starts_with("/tmp"));
    fs::remove_dir_all(socket_folder).unwrap();
}

#[tokio::test]
async fn a_cluster_of_another_version_is_left_alone() {
    let folder = Folder::new("version");
    let cluster = folder.0.join("postgres/cluster");
    fs::create_dir_all(&cluster).unwrap();
    fs::write(cluster.join("PG_VERSION"), "9\n").unwrap();
    let error = Embedded::start_with(&folder.0, &quick()).await.unwrap_err();
    assert!(matches!(error, EmbeddedError::OtherVersion { made_by: 9, .. }), "{error}");
}

/// Only root starts Postgres as somebody else, who may be kept out.
#[test]
fn a_database_that_cannot_be_entered_or_is_gone_is_not_replaced_by_an_empty_one() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let folder = Folder::new("shut");
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let base = folder.0.join("postgres");
    let account = Account::choose(0, &home::owners(&base), &passwd).unwrap();
    home::make(&base, &account).unwrap();
    assert_eq!(home::settle(&base, &account).unwrap(), base);
    // Whatever is in the way of a first write: here a folder of the probe's name.
    fs::create_dir(base.join(".probe")).unwrap();
    fs::create_dir(base.join("cluster")).unwrap();
    let error = home::settle(&base, &account).unwrap_err();
    assert!(matches!(error, EmbeddedError::Shut { .. }), "{error}");
    assert!(!base.join("elsewhere").exists());
    // A note that names a database which is there no longer.
    let note = base.join("elsewhere");
    fs::write(&note, "").unwrap();
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(&note).unwrap());
    fs::write(&note, format!("{inode}\n/nowhere/at/all\n")).unwrap();
    let error = home::settle(&base, &account).unwrap_err();
    assert!(matches!(error, EmbeddedError::Gone { .. }), "{error}");
}
