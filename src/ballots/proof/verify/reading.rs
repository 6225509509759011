//! Reads the files of a bundle; what can't be read is a fault like any other.

use std::io::{self, BufRead as _, Read as _};

use sha2::{Digest as _, Sha256};

use super::{
    super::{bundle::Files, hash::Sha},
    fault::{AGAIN, Found},
};

/// Hands every line of a file on, with its number from 1.
pub(super) fn each(
    files: &(impl Files + ?Sized),
    name: &'static str,
    mut take: impl FnMut(usize, &str) -> Result<(), Found>,
) -> Result<(), Found> {
    let unreadable = |error: io::Error| Found::new(name, format!("it can't be read: {error}"), AGAIN);
    let mut file = files.read(name).map_err(unreadable)?;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if file.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        let bytes = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Found::new(name, "it isn't written in UTF-8", AGAIN).line(number))?;
        take(number, text)?;
    }
    Ok(())
}

/// A short file.
pub(super) fn text(files: &(impl Files + ?Sized), name: &'static str) -> Result<String, Found> {
    let unreadable = |error: io::Error| Found::new(name, format!("it can't be read: {error}"), AGAIN);
    let mut text = String::new();
    files.read(name).map_err(unreadable)?.read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

/// The SHA-256 of a file of any size.
pub(super) fn hash(files: &(impl Files + ?Sized), name: &'static str) -> Result<Sha, Found> {
    let unreadable = |error: io::Error| Found::new(name, format!("it can't be read: {error}"), AGAIN);
    let mut file = files.read(name).map_err(unreadable)?;
    let mut digest = Sha256::new();
    loop {
        let part = file.fill_buf().map_err(unreadable)?;
        if part.is_empty() {
            return Ok(Sha(digest.finalize().into()));
        }
        digest.update(part);
        let read = part.len();
        file.consume(read);
    }
}

/// The ballot that a line of JSON names, if it names one.
pub(super) fn ballot_of(text: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    Some(value.get("ballot")?.as_str()?.to_owned())
}
