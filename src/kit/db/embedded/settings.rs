//! What the server is told in its settings file, and what its clients are told in an address.

use std::path::Path;

use super::{Options, PORT, USER};

/// The site's own settings: those of a small server for one site on one machine.
pub(super) fn settings(socket_folder: &Path, options: &Options) -> String {
    let mut settings = vec![
        ("listen_addresses", String::new()),
        ("port", PORT.to_string()),
        ("unix_socket_directories", format!("\"{}\"", socket_folder.display())),
        ("unix_socket_permissions", "0700".to_owned()),
        ("max_connections", "100".to_owned()),
        ("shared_buffers", "64MB".to_owned()),
        ("max_wal_size", "256MB".to_owned()),
        // Compiling costs more than it saves on queries as short as a site's.
        ("jit", "off".to_owned()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
    ];
    if !options.fsync {
        settings
            .extend(["fsync", "synchronous_commit", "full_page_writes"].map(|name| (name, "off".to_owned())));
    }
    let further = options.settings.iter().map(|(name, value)| (name.as_str(), value.clone()));
    let lines =
        settings.into_iter().chain(further).map(|(name, value)| format!("{name} = {}\n", quoted(&value)));
    std::iter::once("# Written anew at each start.\n".to_owned()).chain(lines).collect()
}

/// A value as a Postgres settings file wants it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}

pub(super) fn url_of(socket_folder: &Path, database: &str) -> String {
    let host = percent_encoded(socket_folder.as_os_str().as_encoded_bytes());
    let database = percent_encoded(database.as_bytes());
    // Port and mode are stated, or PGPORT and PGSSLMODE in the environment would decide them.
    format!("postgres://{USER}@localhost:{PORT}/{database}?host={host}&sslmode=disable")
}

fn percent_encoded(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push('%');
            text.push_str(&hex::encode_upper([*byte]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_encoded() {
        assert_eq!(
            url_of(Path::new("/srv/my site/var"), "app"),
            "postgres://app@localhost:5432/app?host=%2Fsrv%2Fmy%20site%2Fvar&sslmode=disable"
        );
        assert_eq!(
            url_of(Path::new("/v"), "a/b?c&é"),
            "postgres://app@localhost:5432/a%2Fb%3Fc%26%C3%A9?host=%2Fv&sslmode=disable"
        );
    }

    #[test]
    fn settings_are_quoted_and_the_last_word_is_the_callers() {
        assert_eq!(quoted(r"it's a \ path"), r"'it''s a \\ path'");
        let options = Options {
            binaries: None,
            fsync: false,
            settings: vec![("max_connections".to_owned(), "20".to_owned())],
        };
        let text = settings(Path::new("/var/x y"), &options);
        assert!(text.contains("listen_addresses = ''\n"), "{text}");
        assert!(text.contains("unix_socket_directories = '\"/var/x y\"'\n"), "{text}");
        assert!(text.contains("fsync = 'off'\n"), "{text}");
        assert!(text.ends_with("max_connections = '20'\n"), "{text}");
        assert!(!settings(Path::new("/var"), &Options::default()).contains("fsync"));
    }
}
