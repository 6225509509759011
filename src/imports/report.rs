//! What became of a file, in words and as a file to correct.

use super::{
    model::{Import, Stage, number},
    sql::Rejected,
};
use crate::kit::csv;

/// One rejected line below [`super::model::REPORT`] and the heads of its file.
pub(super) fn row(file: &mut csv::File, import: &Import, line: &Rejected) {
    let front = [csv::number(i64::from(line.line)), csv::text(line.reason.as_str())];
    let cells = (0..import.heads.len()).map(|at| csv::text(line.cells.get(at).map_or("", String::as_str)));
    file.row(front.into_iter().chain(cells));
}

fn people(count: i64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// What a pass found, in sentences.
pub(super) fn sentences(import: &Import) -> Vec<String> {
    let counts = import.counts;
    let is_try = !matches!(import.stage, Stage::Running | Stage::Finished);
    let would = if is_try { "would be " } else { "" };
    let mut said = vec![format!(
        "{} {would}added, {} {would}filled in, {} unchanged, {} rejected{}.",
        number(counts.added),
        number(counts.filled),
        number(counts.unchanged),
        number(counts.rejected),
        if is_try { "; nothing has been imported" } else { "" }
    )];
    if counts.stopped > 0 {
        let lines = people(counts.stopped, "line says", "lines say");
        said.push(format!(
            "{lines} that emails were stopped. This applies here too, even if the line is rejected."
        ));
    }
    if counts.agreed > 0 {
        said.push(format!(
            "{} to emails, with the date and how it was given.",
            people(counts.agreed, "consent", "consents")
        ));
    }
    if counts.unproved > 0 {
        let lines = people(counts.unproved, "line says", "lines say");
        said.push(format!("{lines} that somebody agreed to emails, but not when and how: that does not count as consent, and is not kept."));
    }
    if counts.customers > 0 {
        let payments = people(counts.customers, "payment", "payments");
        said.push(format!(
            "{payments} {} looked up at Stripe by customer ID.",
            if is_try { "would be" } else { "are" }
        ));
    }
    said
}
