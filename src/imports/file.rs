//! A file as it comes: CSV in whatever way a spreadsheet or another system wrote it, read as a stream.

use std::io::{self, BufRead, BufReader, Read};

use super::model::{Line, REPORT};

/// Longest cell that is read. Anything longer is not a fact about a person.
const LONGEST_CELL: usize = 10_000;
/// More columns than any list has.
const MOST_COLUMNS: usize = 500;

/// Why a file cannot be read as a list.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("This file is empty. Choose one with a line of headings and a line for each member")]
    Empty,
    #[error("This is not a CSV file. In your spreadsheet choose “Save as” and “CSV UTF-8”")]
    NotCsv,
    #[error("This file is in UTF-16. Save it as “CSV UTF-8”")]
    Utf16,
    #[error("This file has only headings. Choose one with a line for each member")]
    NoLines,
    #[error("Two columns are called “{0}”. Give each its own name in the first line")]
    SameHead(String),
    #[error("Line {line}: {what}")]
    Line { line: i32, what: &'static str },
    #[error("The file could not be read: {0}")]
    Io(#[from] io::Error),
}

/// The heads of a file, and then its lines. Memory holds one line.
pub struct Lines<R> {
    records: csv::ByteRecordsIntoIter<BufReader<R>>,
    pub heads: Vec<String>,
    /// The columns at the start that say what was wrong, in a file that was corrected.
    skipped: usize,
    number: i32,
    delimiter: u8,
}

/// In UTF-8, or in the encoding that Windows had before it.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
    }
}

fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
        '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// What separates cells: whatever is most frequent in the first line.
fn delimiter(start: &[u8]) -> u8 {
    let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: &u8| first.split(|byte| byte == sign).count();
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

impl<R: Read> Lines<R> {
    /// Reads the heads.
    ///
    /// # Errors
    /// It is not a list.
    pub fn open(file: R) -> Result<Self, Unreadable> {
        let mut file = BufReader::with_capacity(64 * 1024, file);
        let start = file.fill_buf()?;
        if start.is_empty() {
            return Err(Unreadable::Empty);
        }
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            return Err(Unreadable::Utf16);
        }
        // Spreadsheets' own files are archives; no list holds the character that ends strings in C.
        if start.starts_with(b"PK") || start.contains(&0) {
            return Err(Unreadable::NotCsv);
        }
        let delimiter = delimiter(start);
        let mark = usize::from(start.starts_with(&[0xef, 0xbb, 0xbf])) * 3;
        file.consume(mark);
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(file);
        let mut lines =
            Self { records: reader.into_byte_records(), heads: Vec::new(), skipped: 0, number: 0, delimiter };
        let Some(first) = lines.record()? else { return Err(Unreadable::Empty) };
        let mut heads: Vec<String> =
            first.1.iter().map(|head| head.trim().chars().take(200).collect()).collect();
        if heads.len() >= 2 && heads[..2] == REPORT {
            lines.skipped = 2;
            heads.drain(..2);
        }
        for (at, head) in heads.iter().enumerate() {
            if !head.is_empty() && heads[..at].contains(head) {
                return Err(Unreadable::SameHead(head.clone()));
            }
        }
        lines.heads = heads;
        Ok(lines)
    }

    /// The next line that holds anything: where it begins, and its cells.
    fn record(&mut self) -> Result<Option<(i32, Vec<String>)>, Unreadable> {
        loop {
            let record = match self.records.next() {
                None => return Ok(None),
                Some(Ok(record)) => record,
                Some(Err(error)) => {
                    return Err(match error.into_kind() {
                        csv::ErrorKind::Io(error) => error.into(),
                        _ => Unreadable::NotCsv,
                    });
                }
            };
            let line = record.position().map_or(0, csv::Position::line);
            let line = i32::try_from(line).unwrap_or(i32::MAX);
            if record.len() > MOST_COLUMNS {
                return Err(Unreadable::Line { line, what: "this has too many columns" });
            }
            if record.iter().any(|cell| cell.len() > LONGEST_CELL) {
                let what =
                    "one cell is longer than 10,000 characters: a quotation mark may be missing at its end";
                return Err(Unreadable::Line { line, what });
            }
            let cells = |line: &[u8]| line.split(|byte| *byte == self.delimiter).count();
            let is_line =
                |line: &[u8]| line.contains(&b'@') && cells(line) >= self.heads.len() + self.skipped;
            if self.heads.len() > 1
                && record
                    .iter()
                    .any(|cell| cell.contains(&b'\n') && cell.split(|byte| *byte == b'\n').any(is_line))
            {
                let what = "a whole line stands inside one cell: a quotation mark is missing at the end of a cell, or is one too many";
                return Err(Unreadable::Line { line, what });
            }
            // Postgres cannot keep the character that ends strings in C.
            let cells: Vec<_> = record.iter().map(|cell| text(cell).replace('\0', "\u{fffd}")).collect();
            if cells.iter().any(|cell| !cell.trim().is_empty()) {
                return Ok(Some((line, cells)));
            }
        }
    }

    /// The next line.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn next_line(&mut self) -> Result<Option<Line>, Unreadable> {
        let Some((line, cells)) = self.record()? else { return Ok(None) };
        self.number += 1;
        let cells = cells.into_iter().skip(self.skipped).take(self.heads.len()).collect();
        Ok(Some(Line { number: self.number, at: line, cells }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(file: &[u8]) -> Result<(Vec<String>, Vec<Line>), Unreadable> {
        let mut lines = Lines::open(file)?;
        let mut found = Vec::new();
        while let Some(line) = lines.next_line()? {
            found.push(line);
        }
        Ok((lines.heads, found))
    }

    #[test]
    fn files_are_read_however_they_were_written() {
        for file in [
            &b"email,name\nana@x.org,Zo\xc3\xab\n"[..],
            b"\xef\xbb\xbfemail,name\r\nana@x.org,Zo\xc3\xab\r\n",
            b"email;name\nana@x.org;Zo\xc3\xab",
            b"email\tname\nana@x.org\tZo\xeb\n",
            b"\"email\",\"name\"\r\n\r\n\"ana@x.org\",\"Zo\xc3\xab\"\r\n,,\r\n",
            b"Line,What is wrong,email,name\n7,\"Name: a, b\",ana@x.org,Zo\xc3\xab\n",
        ] {
            let (heads, lines) = all(file).unwrap();
            assert_eq!(heads, ["email", "name"]);
            assert_eq!(lines.len(), 1);
            assert_eq!(lines[0].cells, ["ana@x.org", "Zoë"]);
        }
        let (_, lines) = all(b"email,name\na@x.org,\"two\nlines\"\nb@x.org,B,too many\nc@x.org\n").unwrap();
        let begins: Vec<_> = lines.iter().map(|line| (line.number, line.at, line.cells.len())).collect();
        assert_eq!(begins, [(1, 2, 2), (2, 4, 2), (3, 5, 1)]);
    }

    #[test]
    fn what_is_no_list_is_refused_with_the_remedy() {
        let long = format!("email\n\"{}", "a".repeat(20_000));
        for (file, said) in [
            (&b""[..], "empty"),
            (b"\n\n", "empty"),
            (b"\xff\xfee\0m\0", "UTF-16"),
            (b"PK\x03\x04", "Save as"),
            (b"a\0b", "Save as"),
            (b"name,name\n", "Two columns"),
            (long.as_bytes(), "Line 2: one cell"),
            (
                b"Email,Name,Notes,Stopped\nq1@x.org,Q One,\"fine\nq2@x.org,Q Two,z,yes\nq3@x.org,Q Three,z,\nq4@x.org,Q Four,\"z\",yes\n",
                "Line 2: a whole line",
            ),
            (b"email;name\n\"q1@x.org;One\nq2@x.org;Two\n", "Line 2: a whole line"),
            (b"email,name\na@x.org,A\nb@x.org,\"B\nc@x.org,C\nd@x.org,D\n", "Line 3: a whole line"),
        ] {
            let error = all(file).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
