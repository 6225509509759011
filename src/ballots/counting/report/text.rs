//! The report as a count sheet that a returning officer can read out.

use std::fmt::Write;

use super::{Action, Report, Stage, Status};

impl Report {
    /// The sheet, in plain text.
    pub fn to_text(&self) -> String {
        let mut sheet = String::new();
        // Writing to a string can't fail.
        let _ = self.write_text(&mut sheet);
        sheet
    }

    fn write_text(&self, sheet: &mut String) -> std::fmt::Result {
        writeln!(sheet, "{}", self.title.as_deref().filter(|title| !title.is_empty()).unwrap_or("Election"))?;
        paragraph(sheet, "", &format!("Counted by {}.", self.rule.source))?;
        writeln!(sheet)?;
        writeln!(sheet, "Places to fill   {}", self.seats)?;
        writeln!(sheet, "Valid papers     {}", self.valid_votes)?;
        writeln!(sheet, "Invalid papers   {}", self.invalid_votes)?;
        writeln!(sheet, "Quota            {}{}", self.quota_written(), self.quota_changed())?;
        paragraph(sheet, "", self.rule.quota)?;
        if !self.withdrawn.is_empty() {
            let withdrawn = self.listed(&self.withdrawn);
            paragraph(sheet, "", &format!("Withdrawn, and passed over on every paper: {withdrawn}."))?;
        }
        paragraph(sheet, "", &self.lots_in_words())?;
        if let Some(reopen) = self.reopen {
            let stands = format!(
                "{} stands for re-opening nominations: it isn't excluded before the last contest, and a place that it wins stays empty.",
                self.name(reopen)
            );
            paragraph(sheet, "", &stands)?;
        }
        let mut before: Option<&Stage> = None;
        for stage in &self.stages {
            self.write_stage(sheet, stage, before)?;
            before = Some(stage);
        }
        writeln!(sheet)?;
        writeln!(sheet, "Ties")?;
        if self.ties.is_empty() {
            writeln!(sheet, "  There were none.")?;
        }
        for tie in &self.ties {
            paragraph(sheet, "  ", &self.tie_in_words(tie))?;
        }
        writeln!(sheet)?;
        writeln!(sheet, "Result")?;
        for (place, candidate) in self.elected.iter().enumerate() {
            let empty = if Some(*candidate) == self.reopen {
                ": this place stays empty and nominations for it open again"
            } else {
                ""
            };
            writeln!(sheet, "  {}. {}{empty}", place + 1, self.name(*candidate))?;
        }
        if self.elected.len() < self.seats {
            writeln!(
                sheet,
                "  {} of {} places stay empty because too few candidates stand.",
                self.seats - self.elected.len(),
                self.seats
            )?;
        }
        Ok(())
    }

    fn quota_changed(&self) -> &'static str {
        let first = self.stages.first().map(|stage| stage.quota);
        if first.is_some_and(|quota| quota != self.quota) { " at the end" } else { "" }
    }

    fn write_stage(&self, sheet: &mut String, stage: &Stage, before: Option<&Stage>) -> std::fmt::Result {
        let of = self.listed(&stage.of);
        writeln!(sheet)?;
        match stage.action {
            Action::FirstPreferences => writeln!(sheet, "Stage {}: first preferences", stage.number)?,
            Action::Surplus => writeln!(sheet, "Stage {}: the surplus of {of} moves", stage.number)?,
            Action::SurplusDistribution if stage.of.len() == 1 => {
                writeln!(sheet, "Stage {}: the surplus of {of} moves", stage.number)?;
            }
            Action::SurplusDistribution => {
                writeln!(sheet, "Stage {}: the surpluses of {of} move", stage.number)?;
            }
            Action::Exclusion if stage.of.len() > 1 => {
                writeln!(sheet, "Stage {}: {of} are excluded together", stage.number)?;
            }
            Action::Exclusion => writeln!(sheet, "Stage {}: {of} is excluded", stage.number)?,
            Action::Completion => writeln!(sheet, "Stage {}: the last places are filled", stage.number)?,
        }
        for note in &stage.notes {
            paragraph(sheet, "  ", note)?;
        }
        self.write_tally(sheet, stage, before)?;
        if stage.elected.is_empty() {
            writeln!(sheet, "  Nobody is elected at this stage.")
        } else {
            paragraph(sheet, "  ", &format!("Elected at this stage: {}.", self.listed(&stage.elected)))
        }
    }

    fn write_tally(&self, sheet: &mut String, stage: &Stage, before: Option<&Stage>) -> std::fmt::Result {
        const REST: &str = "Non-transferable";
        let names = stage.tally.iter().map(|line| self.name(line.candidate).chars().count());
        let wide = names.max().unwrap_or(0).max(REST.len());
        let all =
            self.decimal(u128::from(self.valid_votes) * 10_u128.pow(u32::try_from(self.places).unwrap_or(0)));
        let digits = all.to_string().len().max("votes".len());
        writeln!(sheet, "  {:wide$}  {:>w$}  {:>digits$}", "candidate", "change", "votes", w = digits + 1)?;
        for (index, line) in stage.tally.iter().enumerate() {
            let change = before.map_or_else(String::new, |b| self.change(b.tally[index].votes, line.votes));
            let status = match line.status {
                Status::Continuing => "",
                status => status.name(),
            };
            let row = format!(
                "  {:wide$}  {change:>w$}  {:>digits$}  {status}",
                self.name(line.candidate),
                self.decimal(line.votes),
                w = digits + 1
            );
            writeln!(sheet, "{}", row.trim_end())?;
        }
        let change =
            before.map_or_else(String::new, |b| self.change(b.non_transferable, stage.non_transferable));
        writeln!(
            sheet,
            "  {REST:wide$}  {change:>w$}  {:>digits$}",
            self.decimal(stage.non_transferable),
            w = digits + 1
        )?;
        let held: u128 = stage.tally.iter().map(|line| line.votes).sum();
        writeln!(
            sheet,
            "  {:wide$}  {:>w$}  {:>digits$}",
            "Total",
            "",
            self.decimal(held + stage.non_transferable),
            w = digits + 1
        )
    }

    fn change(&self, before: u128, now: u128) -> String {
        match now.cmp(&before) {
            std::cmp::Ordering::Less => format!("-{}", self.decimal(before - now)),
            std::cmp::Ordering::Equal => String::new(),
            std::cmp::Ordering::Greater => format!("+{}", self.decimal(now - before)),
        }
    }
}

/// Writes a text in lines of a readable length. A name longer than a line keeps its own.
fn paragraph(sheet: &mut String, indent: &str, text: &str) -> std::fmt::Result {
    const WIDTH: usize = 88;
    let mut line = String::new();
    for word in text.split(' ') {
        let length = indent.len() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && length > WIDTH {
            writeln!(sheet, "{indent}{line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(sheet, "{indent}{line}")
}

#[cfg(test)]
mod tests {
    use super::paragraph;

    #[test]
    fn paragraphs_are_broken_between_words() {
        let mut sheet = String::new();
        let text = format!("{} {} end {}", "a".repeat(50), "b".repeat(40), "c".repeat(200));
        paragraph(&mut sheet, "  ", &text).unwrap();
        let lines: Vec<&str> = sheet.lines().collect();
        assert_eq!(lines[0], format!("  {}", "a".repeat(50)));
        assert_eq!(lines[1], format!("  {} end", "b".repeat(40)));
        assert_eq!(lines[2], format!("  {}", "c".repeat(200)));
        assert_eq!(lines.len(), 3);
        let exact = format!("{} {}", "a".repeat(40), "b".repeat(45));
        sheet.clear();
        paragraph(&mut sheet, "  ", &exact).unwrap();
        assert_eq!(sheet, format!("  {exact}\n"));
    }
}
