//! The reader: dialects it must read, files it must refuse, and any bytes at all.

use std::fs;
use std::io::{self, Read};

use breakthrough::ballots::counting::blt::{self, Fault, ReadError};
use breakthrough::ballots::counting::{LONGEST_TEXT, Method, Terms, count};
use proptest::prelude::*;

use super::draw::elections;
use super::{METHODS, counted, path, read, written};

#[test]
fn dialects_read_the_same() {
    let plain =
        "3 2\n-2\n4 1 0\n2 3 1 0\n1 0\n0\n\"Ana\"\n\"Ben\"\n\"Cai \\\"C\\\" \\\\ Jones\"\n\"Title\"\n";
    let dialects = [
        plain.replace('\n', "\r\n"),
        format!("\u{feff}{plain}"),
        plain.trim_end().to_owned(),
        plain
            .replace("4 1 0", "  4\t1 0  # four of them\n\n# nothing else")
            .replace("3 2\n", "# first\n\n3 2 #c\n"),
        plain.replace("2 3 1 0", "1 3 1 0\n1 3 1 0"),
        plain.replace("-2\n", "").replace("1 0\n0\n", "1 0\n-2\n0\n"),
        plain.replace("4 1 0", "004 01 0"),
        plain.replace("\"\n\"", "\" \""),
        plain.replace("2 3 1 0", "2 3 2 1 0"),
    ];
    let report = |text: &str| counted(&read(text), Method::ScottishStv).to_json().unwrap();
    for dialect in dialects {
        assert_eq!(report(&dialect), report(plain), "{dialect:?}");
    }
    let election = read(plain);
    assert_eq!(election.names()[2], "Cai \"C\" \\ Jones");
    assert_eq!(election.title.as_deref(), Some("Title"));
    assert_eq!((election.source, election.comment), (None, None));
}

#[test]
fn title_source_and_comment_are_kept() {
    let file = "1 1\n0\n\"Ana\"\n\"\"\n\"source\"\n\"remark\"\n";
    let election = read(file);
    assert_eq!(election.title.as_deref(), Some(""));
    assert_eq!(election.source.as_deref(), Some("source"));
    assert_eq!(election.comment.as_deref(), Some("remark"));
    assert_eq!(written(&election), file);
}

/// Nothing is written that would be refused when it is read.
#[test]
fn the_longest_texts_are_read_back() {
    let longest = "é".repeat(LONGEST_TEXT / 2);
    let file = format!("1 1\n0\n\"{longest}\"\n\"{longest}\"\n");
    let mut election = read(&file);
    assert_eq!(written(&election), file);
    election.title = Some(longest + "e");
    let error = blt::write(&election, &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn shared_and_skipped_numbers_are_read() {
    let election = read("4 1\n3 1 = 2=3 4 0\n5 4 - 2 0\n2 - 1 0\n0\n\"A\"\n\"B\"\n\"C\"\n\"D\"\n\"T\"\n");
    assert_eq!(
        written(&election),
        "4 1\n3 1=2=3 4 0\n5 4 - 2 0\n2 - 1 0\n0\n\"A\"\n\"B\"\n\"C\"\n\"D\"\n\"T\"\n"
    );
    let scottish = counted(&election, Method::ScottishStv);
    assert_eq!((scottish.valid_votes, scottish.invalid_votes), (5, 5));
    // Meek divides a shared preference.
    let meek = counted(&election, Method::Meek);
    assert_eq!((meek.valid_votes, meek.invalid_votes), (8, 2));
}

/// A file of `tests/counting/malformed` begins with a comment that says what is refused.
#[test]
fn malformed_files_are_refused_with_line_and_remedy() {
    let mut cases = 0;
    for entry in fs::read_dir(path("malformed")).unwrap() {
        let file = entry.unwrap().path();
        let bytes = fs::read(&file).unwrap();
        let expected = fs::read_to_string(file.with_extension("message"));
        let Ok(expected) = expected else { panic!("{} has no message", file.display()) };
        if file.extension().is_some_and(|extension| extension == "blt") {
            let error = blt::read(&bytes[..]).expect_err(&file.display().to_string());
            assert_eq!(error.to_string(), expected.trim_end(), "{}", file.display());
            cases += 1;
        }
    }
    assert!(cases >= 35, "only {cases} malformed files");
}

/// Endless input that begins with `head`; a reader that kept it all would run out of memory.
struct Endless {
    head: &'static [u8],
    filler: u8,
    left: u64,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.head.is_empty() {
            return self.head.read(buffer);
        }
        let length = usize::try_from(self.left.min(buffer.len() as u64)).unwrap();
        buffer[..length].fill(self.filler);
        self.left -= length as u64;
        Ok(length)
    }
}

#[test]
fn endless_lines_are_refused_or_passed_over_in_little_memory() {
    const LONG: u64 = 20_000_000;
    let refused = |head, filler| {
        let mut input = Endless { head, filler, left: LONG };
        let error = blt::read(&mut input).unwrap_err();
        let ReadError::Bad { line, fault } = error else { panic!("{error}") };
        (line, fault, LONG - input.left < 1_000_000)
    };
    assert_eq!(refused(b"2 1\n1 1 0\n0\n\"", b'A'), (4, Fault::NameTooLong, true));
    assert_eq!(refused(b"2 1\n", b'9'), (2, Fault::NumberTooBig, true));
    assert_eq!(refused(b"2 1\n1 ", b'-'), (2, Fault::TooManySkipped, true));
    assert_eq!(refused(b"2 1\n", 0), (2, Fault::NotText, true));
    assert_eq!(refused(b"2 1\n1 ", b' '), (2, Fault::NotClosed, false));
    assert_eq!(refused(b"2 1 #", b'#'), (1, Fault::PapersNotEnded, false));
}

#[test]
fn a_file_that_breaks_off_is_an_error_of_the_disk() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let input = b"2 1\n1 1 0\n".chain(Broken);
    let error = blt::read(input).unwrap_err();
    assert_eq!(error.to_string(), "can't be read: the disk is gone");
}

/// Input that comes in small pieces, as from a pipe, with a signal before each.
struct Pieces<'a> {
    bytes: &'a [u8],
    length: usize,
    interrupted: bool,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = self.bytes.len().min(self.length).min(buffer.len());
        let (now, later) = self.bytes.split_at(length);
        buffer[..length].copy_from_slice(now);
        self.bytes = later;
        Ok(length)
    }
}

fn same_outcome(bytes: &[u8], pieces: usize) -> Result<(), TestCaseError> {
    let lines = bytes.split(|byte| *byte == b'\n').count() as u64;
    let whole = blt::read(bytes);
    match (&whole, blt::read(Pieces { bytes, length: pieces, interrupted: false })) {
        (Ok(one), Ok(other)) => {
            prop_assert_eq!(written(one), written(&other));
            prop_assert_eq!(written(&read(&written(one))), written(one));
            // Papers by the thousand million are read but make Meek's rounds no longer.
            let terms = Terms::of(one);
            for method in METHODS {
                let report = count(one, method, &terms);
                prop_assert_eq!(report.valid_votes + report.invalid_votes, one.papers_cast());
            }
        }
        (Err(one), Err(other)) => {
            prop_assert_eq!(one.to_string(), other.to_string());
            if let ReadError::Bad { line, .. } = one {
                prop_assert!((1..=lines).contains(line), "line {} of {}", line, lines);
            }
        }
        _ => prop_assert!(false, "pieces of {} bytes are read differently", pieces),
    }
    Ok(())
}

/// Pieces of ballot files, right and wrong.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => Just("\n".to_owned()),
        6 => Just(" 0\n".to_owned()),
        12 => (0..6_u64).prop_map(|number| format!("{number} ")),
        3 => (0..6_u64).prop_map(|number| format!("{number}=")),
        2 => (0..6_u64).prop_map(|number| format!("-{number} ")),
        1 => any::<u64>().prop_map(|number| format!("{number} ")),
        1 => any::<u64>().prop_map(|number| format!("{number}000 ")),
        6 => "[^\\n]{0,3}".prop_map(|name| format!("\"{name}\"\n")),
        1 => Just("- ".to_owned()),
        1 => Just("# remark\r\n".to_owned()),
        1 => Just("\"".to_owned()),
        1 => Just("\\".to_owned()),
        1 => ".{0,3}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| format!("3 2\n{}", pieces.concat()))
}

/// A good file with some bytes changed, taken out or repeated.
fn spoilt() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), 0..4_u8, any::<u8>(), 0..20_usize);
    (elections(), prop::collection::vec(change, 1..4)).prop_map(|(draw, changes)| {
        let mut bytes = written(&draw.election()).into_bytes();
        for (at, kind, byte, length) in changes {
            let at = at.index(bytes.len());
            let until = (at + length).min(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, *b"0123456789-=#\"\\\n\r \xff\0".get(usize::from(byte) % 20).unwrap()),
                2 => drop(bytes.drain(at..until)),
                _ => {
                    let again = bytes[at..until].to_vec();
                    bytes.splice(at..at, again);
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), pieces in 1..9_usize) {
        same_outcome(&bytes, pieces)?;
    }

    #[test]
    fn any_soup_of_pieces_is_read_or_refused(text in soup(), pieces in 1..9_usize) {
        same_outcome(text.as_bytes(), pieces)?;
    }

    #[test]
    fn spoilt_files_are_read_or_refused(bytes in spoilt(), pieces in 1..9_usize) {
        same_outcome(&bytes, pieces)?;
    }
}
