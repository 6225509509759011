//! The report as a table for a spreadsheet: a row a candidate, a column a stage.

use super::{Candidate, Report, Status};

impl Report {
    /// Comma-separated values in UTF-8 with a byte order mark and CRLF line ends, which
    /// is what spreadsheets open without asking.
    pub fn to_csv(&self) -> String {
        let mut rows: Vec<Vec<String>> = vec![
            vec!["Election".to_owned(), self.title.clone().unwrap_or_default()],
            vec!["Rule".to_owned(), self.rule.source.to_owned()],
            vec!["Places".to_owned(), self.seats.to_string()],
            vec!["Valid papers".to_owned(), self.valid_votes.to_string()],
            vec!["Invalid papers".to_owned(), self.invalid_votes.to_string()],
            vec!["Quota".to_owned(), self.quota_written()],
        ];
        if !self.withdrawn.is_empty() {
            rows.push(vec!["Withdrawn".to_owned(), self.listed(&self.withdrawn)]);
        }
        rows.push(vec![]);
        let mut head = vec!["Candidate".to_owned()];
        head.extend(self.stages.iter().map(|stage| {
            if stage.of.is_empty() {
                format!("Stage {}: {}", stage.number, stage.action.name())
            } else {
                format!("Stage {}: {} of {}", stage.number, stage.action.name(), self.listed(&stage.of))
            }
        }));
        head.push("Result".to_owned());
        rows.push(head);
        let lines = self.stages.last().map_or(0, |stage| stage.tally.len());
        for line in 0..lines {
            let mut row = Vec::with_capacity(self.stages.len() + 2);
            for stage in &self.stages {
                let entry = &stage.tally[line];
                if row.is_empty() {
                    row.push(self.name(entry.candidate).to_owned());
                }
                row.push(self.decimal(entry.votes).to_string());
            }
            row.push(self.stages.last().map_or_else(String::new, |stage| {
                let entry = &stage.tally[line];
                match entry.status {
                    Status::Elected => self.elected_at(entry.candidate),
                    Status::Continuing => "not elected".to_owned(),
                    status @ (Status::Withdrawn | Status::Excluded) => status.name().to_owned(),
                }
            }));
            rows.push(row);
        }
        let mut rest = vec!["Non-transferable".to_owned()];
        let mut total = vec!["Total".to_owned()];
        for stage in &self.stages {
            let votes: u128 = stage.tally.iter().map(|line| line.votes).sum();
            rest.push(self.decimal(stage.non_transferable).to_string());
            total.push(self.decimal(votes + stage.non_transferable).to_string());
        }
        rows.push(rest);
        rows.push(total);
        rows.push(vec![]);
        rows.push(vec!["Lots".to_owned(), self.lots_in_words()]);
        rows.extend(self.ties.iter().map(|tie| vec!["Tie".to_owned(), self.tie_in_words(tie)]));
        let mut table = String::from('\u{feff}');
        for row in rows {
            let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
            table.push_str(&cells.join(","));
            table.push_str("\r\n");
        }
        table
    }

    fn elected_at(&self, candidate: Candidate) -> String {
        let stage = self.stages.iter().find(|stage| stage.elected.contains(&candidate));
        let number = stage.map_or(0, |stage| stage.number);
        let empty = if Some(candidate) == self.reopen { ": the place stays empty" } else { "" };
        format!("elected at stage {number}{empty}")
    }
}

/// What may begin a formula, also as the wide and small signs of East Asian keyboards.
const FORMULA: [char; 13] = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '−'];

/// A text as a cell. Spreadsheets run what begins like a formula, so such a text gets an
/// apostrophe in front.
fn cell(text: &str) -> String {
    let guarded = if text.trim_start().starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() };
    if guarded.contains([',', '"', ';', '\n', '\r']) || guarded.starts_with(' ') {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn cells_are_quoted_and_no_formula_runs() {
        assert_eq!(cell("Ana"), "Ana");
        assert_eq!(cell("Jones, Ana"), "\"Jones, Ana\"");
        assert_eq!(cell("Ana \"the\" Jones"), "\"Ana \"\"the\"\" Jones\"");
        assert_eq!(cell("=1+1"), "'=1+1");
        for formula in ["＝1+1", "﹢1", "－1", "−1"] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        assert_eq!(cell(" =1"), "' =1");
        assert_eq!(cell("@a;b"), "\"'@a;b\"");
        assert_eq!(cell(" x"), "\" x\"");
    }
}
