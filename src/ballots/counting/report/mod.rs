//! What a count has to say: every stage, every tie, and who is elected.
//!
//! The report holds facts; `json.rs` prints them for programs, `text.rs` as a sheet that a
//! returning officer reads out, `csv.rs` as a table for a spreadsheet.

mod csv;
mod json;
mod text;

use super::candidate::Candidate;
use super::decimal::Decimal;
use super::lots::LotSource;
use super::{Votes, lots::Lots};

/// The rule that a report was counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The name used on the command line and in the JSON.
    pub name: &'static str,
    /// Its full name and source, for the sheet.
    pub source: &'static str,
    /// What the returning officer can say about the quota.
    pub quota: &'static str,
    /// Whether the quota is a whole number of votes, written without decimals.
    pub whole_quota: bool,
}

/// The result of a count with the way that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub(super) rule: Rule,
    pub(super) names: Vec<String>,
    pub(super) places: usize,
    pub title: Option<String>,
    /// Who stood in the file but has withdrawn.
    pub withdrawn: Vec<Candidate>,
    pub seats: usize,
    pub valid_votes: u64,
    pub invalid_votes: u64,
    /// The quota at the end of the count, in units of the rule.
    pub quota: Votes,
    /// Who is elected, in the order of election. If it names the candidate that stands
    /// for re-opened nominations, the place it won stays empty.
    pub elected: Vec<Candidate>,
    pub stages: Vec<Stage>,
    pub ties: Vec<Tie>,
    pub lots: Lots,
    /// The candidate that stands for "re-open nominations".
    pub reopen: Option<Candidate>,
}

/// What happens at a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    FirstPreferences,
    Surplus,
    Exclusion,
    Completion,
    SurplusDistribution,
}

impl Action {
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstPreferences => "first preferences",
            Self::Surplus => "surplus",
            Self::Exclusion => "exclusion",
            Self::Completion => "completion",
            Self::SurplusDistribution => "surplus distribution",
        }
    }
}

/// Where a candidate is in the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Withdrawn,
    Continuing,
    Elected,
    Excluded,
}

impl Status {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Withdrawn => "withdrawn",
            Self::Continuing => "continuing",
            Self::Elected => "elected",
            Self::Excluded => "excluded",
        }
    }
}

/// A candidate's line in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    pub candidate: Candidate,
    pub votes: Votes,
    pub status: Status,
}

/// A stage of the count, as it stands when the stage is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    pub number: usize,
    pub action: Action,
    /// Whose votes move.
    pub of: Vec<Candidate>,
    pub tally: Vec<Line>,
    pub non_transferable: Votes,
    pub quota: Votes,
    /// Who is elected at this stage, most votes first.
    pub elected: Vec<Candidate>,
    /// What was worked out and why, in sentences.
    pub notes: Vec<String>,
}

/// What a tie was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TieOver {
    Exclusion,
    Surplus,
    Election,
}

impl TieOver {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exclusion => "exclusion",
            Self::Surplus => "surplus",
            Self::Election => "election",
        }
    }
}

/// How a tie was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecidedBy {
    PriorStage,
    Lot,
}

impl DecidedBy {
    pub const fn name(self) -> &'static str {
        match self {
            Self::PriorStage => "prior stage",
            Self::Lot => "lot",
        }
    }
}

/// A tie met in the count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    /// The stage that the decision led to.
    pub stage: usize,
    pub over: TieOver,
    pub candidates: Vec<Candidate>,
    pub decided_by: DecidedBy,
    pub chosen: Candidate,
}

impl Report {
    /// The candidate's name, as in the file.
    pub fn name(&self, candidate: Candidate) -> &str {
        self.names.get(candidate.index()).map_or("", String::as_str)
    }

    /// A number of votes with the rule's decimals.
    pub const fn decimal(&self, units: Votes) -> Decimal {
        Decimal { units, places: self.places }
    }

    /// The quota at the end of the count, as the rule writes it.
    pub fn quota_written(&self) -> String {
        let written = self.decimal(self.quota).to_string();
        match written.split_once('.') {
            Some((whole, _)) if self.rule.whole_quota => whole.to_owned(),
            _ => written,
        }
    }

    /// The names of the elected, in order.
    pub fn elected_names(&self) -> Vec<&str> {
        self.elected.iter().map(|candidate| self.name(*candidate)).collect()
    }

    /// How many places stay empty because "re-open nominations" won them.
    pub fn reopened_places(&self) -> usize {
        self.elected.iter().filter(|candidate| Some(**candidate) == self.reopen).count()
    }

    fn listed(&self, candidates: &[Candidate]) -> String {
        let names: Vec<&str> = candidates.iter().map(|candidate| self.name(*candidate)).collect();
        listed(&names)
    }

    fn lots_in_words(&self) -> String {
        match self.lots.source() {
            LotSource::FileOrder => {
                "No lots were drawn: ties that only a lot can settle follow the order of the ballot file."
                    .to_owned()
            }
            LotSource::Given => format!("Lots drawn in this order: {}.", self.listed(&self.lots.order())),
            LotSource::Seed(seed) => format!(
                "Lots follow from the published seed \"{seed}\" (SHA-256 of the seed, a line feed and the name; lowest first): {}.",
                self.listed(&self.lots.order())
            ),
        }
    }

    fn tie_in_words(&self, tie: &Tie) -> String {
        let about = match tie.over {
            TieOver::Exclusion => "who to exclude",
            TieOver::Surplus => "whose surplus to move first",
            TieOver::Election => "who to elect",
        };
        let how = match tie.decided_by {
            DecidedBy::PriorStage => "an earlier stage decided",
            DecidedBy::Lot => "the lot decided",
        };
        format!(
            "Stage {}: tie between {} over {about}; {how}: {}.",
            tie.stage,
            self.listed(&tie.candidates),
            self.name(tie.chosen)
        )
    }
}

/// Names as a person would list them.
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => "nobody".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn names_are_listed_as_people_do() {
        assert_eq!(listed(&[]), "nobody");
        assert_eq!(listed(&["Ana"]), "Ana");
        assert_eq!(listed(&["Ana", "Ben", "Cai"]), "Ana, Ben and Cai");
    }
}
