//! What a verifier finds wrong: where, what, and what to do about it.

use std::fmt;

/// The eight steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Signatures = 1,
    Chain,
    OneBallot,
    Opened,
    Totals,
    Papers,
    Recount,
    Mine,
}

impl Step {
    pub const fn number(self) -> usize {
        self as usize
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Signatures => "signatures",
            Self::Chain => "board",
            Self::OneBallot => "one ballot",
            Self::Opened => "every paper",
            Self::Totals => "roll",
            Self::Papers => "rules",
            Self::Recount => "result",
            Self::Mine => "my paper",
        }
    }
}

/// Why a bundle fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub step: Step,
    pub file: String,
    /// From 1, where the file has lines.
    pub line: Option<usize>,
    pub what: String,
    pub remedy: &'static str,
}

/// The files may have suffered on their way.
pub(super) const AGAIN: &str = "Download the bundle again. If it fails again, keep it and tell the scrutineers: this is not what the returning officer signed";
/// The files are what was signed, and don't fit together.
pub(super) const COMPLAIN: &str = "Keep this bundle and tell the scrutineers: what was signed does not fit together, so the result must not stand";

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}. {}.", self.what, self.remedy)
    }
}

impl std::error::Error for Fault {}

/// A fault without its step, which the step adds.
pub(super) struct Found {
    file: &'static str,
    line: Option<usize>,
    what: String,
    remedy: &'static str,
}

impl Found {
    pub(super) fn new(file: &'static str, what: impl fmt::Display, remedy: &'static str) -> Self {
        Self { file, line: None, what: what.to_string(), remedy }
    }

    pub(super) fn line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    pub(super) fn at(self, step: Step) -> Fault {
        Fault { step, file: self.file.to_owned(), line: self.line, what: self.what, remedy: self.remedy }
    }
}
