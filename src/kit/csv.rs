//! Lists as files for spreadsheets: one way to write them, so that every export opens well and does no harm.
//!
//! RFC 4180 with every cell quoted and CRLF line ends, in UTF-8 with a byte order mark, without which Excel takes it
//! for an older encoding. A text that begins like a formula gets an apostrophe in front.

use std::borrow::Cow;

use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use chrono::NaiveDate;
use unicode_normalization::UnicodeNormalization as _;

use super::{money::Money, typed};

/// One cell; made by the functions below.
pub struct Cell<'a>(Cow<'a, str>);

/// What people typed, or may have.
pub fn text<'a>(text: impl Into<Cow<'a, str>>) -> Cell<'a> {
    Cell(defused(text.into()))
}

/// With an apostrophe before what begins like a formula: a spreadsheet would run it with the rights of whoever opens the
/// file. Some read the wide and small signs of East Asian keyboards alike, and what cannot be seen hides none.
pub fn defused(text: Cow<'_, str>) -> Cow<'_, str> {
    let begins = typed::trim(&text).nfkc().next();
    let is_formula = text.starts_with(['\t', '\r']) || matches!(begins, Some('=' | '+' | '-' | '@' | '−'));
    if is_formula { format!("'{text}").into() } else { text }
}

/// A name is never left empty: a gap would look like a fault of the file.
pub fn name<'a>(name: Option<impl Into<Cow<'a, str>>>) -> Cell<'a> {
    name.map(Into::into).filter(|name| !name.trim().is_empty()).map_or(Cell("Name not known".into()), text)
}

/// Pounds with two decimals and no sign of the currency, to be added up: `-12.05`. Never empty either.
pub fn amount(amount: Money) -> Cell<'static> {
    Cell(amount.decimal().into())
}

/// `2026-11-21`; empty without a day.
pub fn day(day: impl Into<Option<NaiveDate>>) -> Cell<'static> {
    Cell(day.into().map(|day| day.to_string()).unwrap_or_default().into())
}

/// A whole number; empty without one.
pub fn number(number: impl Into<Option<i64>>) -> Cell<'static> {
    Cell(number.into().map(|number| number.to_string()).unwrap_or_default().into())
}

pub fn yes(yes: bool) -> Cell<'static> {
    Cell(if yes { "yes" } else { "no" }.into())
}

/// A file as it grows. It can be taken away in pieces (see [`File::take`]).
pub struct File {
    text: String,
    columns: usize,
}

impl File {
    pub fn new<'a>(heads: impl IntoIterator<Item = &'a str>) -> Self {
        let heads: Vec<_> = heads.into_iter().map(text).collect();
        let mut file = Self { text: "\u{FEFF}".to_owned(), columns: heads.len() };
        file.row(heads);
        file
    }

    /// One cell below each head.
    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cell<'a>>) {
        let mut columns = 0;
        for Cell(text) in cells {
            self.text.push_str(if columns == 0 { "\"" } else { "\",\"" });
            self.text.push_str(&text.replace('"', "\"\""));
            columns += 1;
        }
        self.text.push_str("\"\r\n");
        debug_assert_eq!(columns, self.columns, "a row has a cell for each column");
    }

    /// What was written since it was last taken.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}

/// The answer that makes a browser save the file as `{list}-{day}.csv`.
pub fn download(list: &str, day: NaiveDate, body: impl Into<Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{list}-{day}.csv\"")),
    ];
    (headers, body.into()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text_and_amounts_stay_figures() {
        for cell in [
            "=1+1",
            "+44",
            "-1",
            "@SUM(A1)",
            "\tx",
            "\rx",
            "\t=1",
            " =1",
            "＝1",
            "﹢1",
            "﹦1",
            "\u{200B}=1",
            "\u{FEFF}\u{A0}@x",
            "−1",
        ] {
            assert_eq!(text(cell).0, format!("'{cell}"));
            assert_eq!(name(Some(cell)).0, format!("'{cell}"));
        }
        for cell in ["Ana", "12.50", "ana@demo.test", "O'Neill", ""] {
            assert_eq!(text(cell).0, cell);
        }
        assert_eq!(amount(Money::from_pence(-1205)).0, "-12.05");
    }

    #[test]
    fn names_and_amounts_are_always_filled() {
        assert_eq!(name(None::<&str>).0, "Name not known");
        assert_eq!(name(Some(" ")).0, "Name not known");
        assert_eq!(amount(Money::ZERO).0, "0.00");
    }

    #[test]
    fn quotes_and_line_ends_stay_in_their_cell() {
        let mut file = File::new(["what", "when"]);
        assert_eq!(file.take(), "\u{FEFF}\"what\",\"when\"\r\n");
        file.row([text("a\"b"), text("c\nd,e")]);
        file.row([day(NaiveDate::from_ymd_opt(2026, 11, 21)), day(None)]);
        assert_eq!(file.take(), "\"a\"\"b\",\"c\nd,e\"\r\n\"2026-11-21\",\"\"\r\n");
    }
}
