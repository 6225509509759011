//! Writes a ballot file.

use std::io::{self, Write};

use super::super::candidate::Candidate;
use super::super::election::{Election, LONGEST_TEXT};
use super::super::papers::Mark;
use super::fault::Fault;

/// Writes the election in the BLT format, equal papers once and sorted by their ranking:
/// the same papers give the same bytes in whatever order they were cast, and the file
/// doesn't tell when anybody voted.
///
/// # Errors
/// Those of `out`, and `InvalidInput` for a title that no reader would take again.
pub fn write(election: &Election, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{} {}", election.candidates(), election.seats())?;
    for candidate in (0..election.candidates()).filter_map(Candidate::at) {
        if election.is_withdrawn(candidate) {
            writeln!(out, "-{}", candidate.number())?;
        }
    }
    for paper in election.papers.in_order() {
        let weight = election.papers.weight(paper);
        if weight == 0 {
            continue;
        }
        write!(out, "{weight}")?;
        for mark in election.papers.marks(paper) {
            match mark {
                Mark::Next(candidate) => write!(out, " {}", candidate.number())?,
                Mark::Equal(candidate) => write!(out, "={}", candidate.number())?,
                Mark::Skipped => write!(out, " -")?,
            }
        }
        writeln!(out, " 0")?;
    }
    writeln!(out, "0")?;
    for name in election.names() {
        text(out, name)?;
    }
    let texts = [&election.title, &election.source, &election.comment];
    let given = texts.iter().rposition(|text| text.is_some()).map_or(0, |last| last + 1);
    for text_or_none in &texts[..given] {
        text(out, text_or_none.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

fn text(out: &mut impl Write, text: &str) -> io::Result<()> {
    if text.len() > LONGEST_TEXT {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, Fault::NameTooLong));
    }
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    // A line break would end the name for every reader.
    let one_line = escaped.replace(char::is_control, " ");
    writeln!(out, "\"{one_line}\"")
}
