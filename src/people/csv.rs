//! Lists as spreadsheets open them.

use super::sql::Row;
use crate::kit::dates;

/// Without it spreadsheets take UTF-8 for something older.
pub const BYTE_ORDER_MARK: &str = "\u{FEFF}";

const HEAD: [&str; 14] = [
    "Number",
    "Name",
    "Email",
    "Postcode",
    "Region",
    "State",
    "Rate",
    "Amount in pounds",
    "Paid every",
    "Joined",
    "Last payment",
    "Email updates",
    "Organisers may write",
    "Record",
];

pub fn head() -> String {
    line(HEAD.map(str::to_owned))
}

pub fn row(row: &Row, record: &str) -> String {
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    line([
        row.number.map(|number| number.to_string()).unwrap_or_default(),
        row.name.clone(),
        row.email.clone(),
        row.postcode.clone().unwrap_or_default(),
        row.region.map(|region| region.name().to_owned()).unwrap_or_default(),
        row.status_name().to_owned(),
        row.rate_name().to_owned(),
        row.amount.map(crate::kit::money::Money::decimal).unwrap_or_default(),
        row.interval.map(|interval| interval.to_string()).unwrap_or_default(),
        row.joined_on.to_string(),
        row.last_paid_at.map(|at| dates::london_date(at).to_string()).unwrap_or_default(),
        yes(row.wants_updates),
        yes(row.open_to_organisers),
        format!("{record}{}", row.id),
    ])
}

/// One line (RFC 4180), every cell quoted.
fn line<const N: usize>(cells: [String; N]) -> String {
    let cells = cells.map(|cell| format!("\"{}\"", harmless(cell).replace('"', "\"\"")));
    format!("{}\r\n", cells.join(","))
}

/// A cell that begins like a formula is run by the spreadsheet that opens it, with the officer's rights. An
/// apostrophe before it makes it text.
fn harmless(cell: String) -> String {
    let formula = cell.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    if formula { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        for cell in ["=1+1", "+44", "-1", "@SUM(A1)", "\t=1", " =1", "＝1"] {
            assert!(harmless(cell.to_owned()).starts_with('\''), "{cell:?}");
        }
        for cell in ["Ana", "12.50", "ana@demo.test", "O'Neill", ""] {
            assert_eq!(harmless(cell.to_owned()), cell);
        }
    }

    #[test]
    fn quotes_and_line_ends_stay_in_their_cell() {
        assert_eq!(line(["a\"b".to_owned(), "c\nd,e".to_owned()]), "\"a\"\"b\",\"c\nd,e\"\r\n");
    }
}
