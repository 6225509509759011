//! Where a link leads. Officers leave out `https://` and `mailto:`, and a browser then looks for the page below ours.

use std::{fmt, ops::Range};

use crate::kit::email_address::EmailAddress;

/// An address that leads somewhere from any page, and from a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A path of this site: `/faq`.
    Here(String),
    /// With `https://` or `http://`.
    Web(String),
    /// An email address, perhaps with a subject (`?subject=…`).
    Mail(String),
    Phone(String),
}

/// As it stands in `href`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(path) => f.write_str(path),
            Self::Web(address) => f.write_str(address),
            Self::Mail(email) => write!(f, "mailto:{email}"),
            Self::Phone(number) => write!(f, "tel:{number}"),
        }
    }
}

impl Address {
    /// Reads what was typed as a link's address, and adds what is missing. `None` if it leads nowhere.
    pub fn read(typed: &str) -> Option<Self> {
        if typed.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"\\".contains(c)) {
            return None;
        }
        if typed.starts_with('/') && !typed.starts_with("//") {
            return Some(Self::Here(typed.to_owned()));
        }
        let (scheme, rest) = typed.split_once(':').unwrap_or_default();
        match scheme.to_ascii_lowercase().as_str() {
            "https" | "http" => {
                let rest = rest.strip_prefix("//")?;
                // A machine without a public name is known by its port: the site itself while it is tried out.
                let is_machine = host(rest).len() < authority(rest).len() && is_label(host(rest));
                (is_host(rest) || is_machine)
                    .then(|| Self::Web(format!("{}://{rest}", scheme.to_ascii_lowercase())))
            }
            "mailto" => {
                let email = rest.split('?').next().unwrap_or_default();
                email.parse::<EmailAddress>().is_ok().then(|| Self::Mail(rest.to_owned()))
            }
            "tel" => {
                let is_number = rest.contains(|c: char| c.is_ascii_digit())
                    && rest.chars().all(|c| c.is_ascii_digit() || "+-().".contains(c));
                is_number.then(|| Self::Phone(rest.to_owned()))
            }
            _ => match typed.parse::<EmailAddress>() {
                Ok(email) => Some(Self::Mail(email.to_string())),
                Err(_) => {
                    let name = host(typed).rsplit('.').next().unwrap_or_default();
                    let is_file = FILES.contains(&name.to_lowercase().as_str());
                    let is_name =
                        name.chars().count() > 1 && name.chars().all(char::is_alphabetic) && !is_file;
                    (is_name && is_host(typed)).then(|| Self::Web(format!("https://{typed}")))
                }
            },
        }
    }
}

/// What a file's name ends with, and no host's that is typed without `https://`.
const FILES: [&str; 34] = [
    "asp", "aspx", "avi", "bmp", "cgi", "css", "csv", "doc", "docx", "gif", "htm", "html", "jpeg", "jpg",
    "js", "json", "jsp", "mp", "odt", "pdf", "php", "png", "ppt", "pptx", "rtf", "svg", "tif", "txt", "wav",
    "webp", "xls", "xlsx", "xml", "zip",
];

/// What stands before the path.
fn authority(address: &str) -> &str {
    address.split(['/', '?', '#']).next().unwrap_or_default()
}

/// The same without the port.
fn host(address: &str) -> &str {
    match authority(address).rsplit_once(':') {
        Some((host, port)) if !port.starts_with('+') && port.parse().is_ok_and(|port: u16| port > 0) => host,
        _ => authority(address),
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

/// Whether an address begins with a whole name: letters, figures and hyphens, with a dot.
fn is_host(address: &str) -> bool {
    let host = host(address);
    // Nobody's by RFC 2606.
    let small = host.trim_end_matches('.').to_ascii_lowercase();
    let is_nobody_s =
        small.ends_with(".invalid") || (small.starts_with("www.") && small.matches('.').count() == 1);
    host.contains('.') && !is_nobody_s && host.strip_suffix('.').unwrap_or(host).split('.').all(is_label)
}

/// No browser follows a longer one, and each address of a word looks through the rest of it.
const LONGEST: usize = 2_048;

/// The addresses that stand in a text as words, and where.
pub(super) fn bare(text: &str) -> Vec<(Range<usize>, Address)> {
    let mut found = Vec::new();
    let mut from = 0;
    for word in text.split(char::is_whitespace) {
        let start = from;
        from += word.len() + text[start + word.len()..].chars().next().map_or(0, char::len_utf8);
        if word.len() > LONGEST {
            continue;
        }
        let mut done = 0;
        while let Some((range, address)) = address_in(&word[done..]) {
            found.push((start + done + range.start..start + done + range.end, address));
            done += range.end;
        }
    }
    found
}

/// The first address in a word.
fn address_in(word: &str) -> Option<(Range<usize>, Address)> {
    const BEGINNINGS: [&str; 3] = ["https://", "http://", "www."];
    // Of the same length, whatever stands in it.
    let small = word.to_ascii_lowercase();
    let web = BEGINNINGS.iter().filter_map(|begin| {
        let at = small.find(begin)?;
        let before = word[..at].chars().next_back();
        (!before.is_some_and(char::is_alphanumeric)).then_some(at)
    });
    if let Some(start) = web.min() {
        let end = word[start..].find(['<', '>', '"', '”', '“']).map_or(word.len(), |end| start + end);
        // Another one behind a comma.
        let next = BEGINNINGS.iter().flat_map(|begin| [",", ";"].map(|mark| format!("{mark}{begin}")));
        let end =
            next.filter_map(|next| small[start..end].find(&next)).min().map_or(end, |next| start + next);
        let range = start..start + trimmed(&word[start..end]).len();
        return Address::read(&word[range.clone()]).map(|address| (range, address));
    }
    let at = word.find('@')?;
    let is_part = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
    let start = word[..at]
        .rfind(|c| !is_part(c))
        .map_or(0, |before| before + word[before..].chars().next().map_or(1, char::len_utf8));
    let end = word[at + 1..].find(|c| !is_part(c)).map_or(word.len(), |end| at + 1 + end);
    let start = start + word[start..].len() - word[start..].trim_start_matches('.').len();
    let end = start + word[start..end].trim_end_matches(['.', '-', '_']).len();
    // `user@host` behind a path or a scheme is not an email address.
    if word[..start].ends_with(['/', ':']) {
        return None;
    }
    let email: EmailAddress = word.get(start..end)?.parse().ok()?;
    Some((start..end, Address::Mail(email.to_string())))
}

/// Without the marks that end a sentence or close a bracket that was opened before it.
fn trimmed(address: &str) -> &str {
    let mut address = address;
    loop {
        let shorter = address.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '’', '*', '_', '~', '…']);
        let shorter = match shorter.chars().next_back() {
            Some(')') if shorter.matches(')').count() > shorter.matches('(').count() => {
                &shorter[..shorter.len() - 1]
            }
            Some(']') if shorter.matches(']').count() > shorter.matches('[').count() => {
                &shorter[..shorter.len() - 1]
            }
            _ => shorter,
        };
        if shorter.len() == address.len() {
            return address;
        }
        address = shorter;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_missing_is_added() {
        for (typed, read) in [
            ("www.example.org", "https://www.example.org"),
            ("example.org/shop?a=1#b", "https://example.org/shop?a=1#b"),
            ("example.org:8080/x", "https://example.org:8080/x"),
            ("hello@example.org", "mailto:hello@example.org"),
            ("MAILTO:hello@example.org", "mailto:hello@example.org"),
            ("HTTP://Example.org/", "http://Example.org/"),
            ("https://môn.cymru/é", "https://môn.cymru/é"),
            ("/faq?q=a", "/faq?q=a"),
            ("http://localhost:8000/x", "http://localhost:8000/x"),
            ("mailto:a@b.cc?subject=Hi", "mailto:a@b.cc?subject=Hi"),
            ("tel:+44-161-496-0000", "tel:+44-161-496-0000"),
        ] {
            assert_eq!(
                Address::read(typed).map(|address| address.to_string()).as_deref(),
                Some(read),
                "{typed}"
            );
        }
        for typed in [
            "",
            "#costs",
            "join",
            "faq/costs",
            "//evil.test",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://",
            "https://join",
            "https://a..b",
            "https:example.org",
            "https://party.test@evil.test",
            "../x",
            "a b.org",
            "mailto:nobody",
            "tel:home",
            "1.5",
            "file.pdf",
            "index.php",
            "Leaflet.PDF",
            "photo.jpeg?size=2",
            "minutes.docx",
            "https://doesnotexist.invalid/",
            "http://a.test:99999/",
            "file.html\\x",
            "\\\\evil.test",
        ] {
            assert_eq!(Address::read(typed), None, "{typed}");
        }
    }

    #[test]
    fn addresses_are_found_among_words() {
        let found = |text: &str| -> Vec<(String, String)> {
            bare(text).into_iter().map(|(range, to)| (text[range].to_owned(), to.to_string())).collect()
        };
        for (text, word, to) in [
            ("See https://example.org/a.", "https://example.org/a", "https://example.org/a"),
            ("(www.example.org)", "www.example.org", "https://www.example.org"),
            ("https://a.test/x_(y), or", "https://a.test/x_(y)", "https://a.test/x_(y)"),
            ("Write to a.b+c@example.org!", "a.b+c@example.org", "mailto:a.b+c@example.org"),
            ("“https://a.test”", "https://a.test", "https://a.test"),
            ("See Www.example.org.", "Www.example.org", "https://Www.example.org"),
            ("WWW.A.TEST", "WWW.A.TEST", "https://WWW.A.TEST"),
            ("HTTPS://A.TEST/X", "HTTPS://A.TEST/X", "https://A.TEST/X"),
            ("é https://a.test/?q=ü…", "https://a.test/?q=ü", "https://a.test/?q=ü"),
        ] {
            assert_eq!(found(text), [(word.to_owned(), to.to_owned())], "{text}");
        }
        let both = ["https://a.test", "https://b.test"].map(|to| (to.to_owned(), to.to_owned()));
        for text in [
            "https://a.test,https://b.test",
            "https://a.test;https://b.test",
            "https://a.test, https://b.test.",
        ] {
            assert_eq!(found(text), both, "{text}");
        }
        for text in [
            "http://a.test:99999/",
            "https://doesnotexist.invalid/",
            "xhttps://a.test",
            "https://",
            "www.",
            "a @ b",
            "@handle",
            "ssh://me@host.org",
            "1.5 a.b",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }

    proptest! {
        #[test]
        fn finds_whole_stretches_in_anything(text in "(https://|www\\.|@|[a-zé.,()\\[\\] é@:/\n”-]){0,40}") {
            for (range, _) in bare(&text) {
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}
