//! The report for programs. Numbers of votes are decimal strings, never floats.

use serde::Serialize;

use super::super::candidate::Candidate;
use super::{Report, Stage, Tie};

#[derive(Serialize)]
struct Object<'a> {
    rule: &'a str,
    title: &'a str,
    seats: usize,
    valid_votes: u64,
    invalid_votes: u64,
    quota: String,
    elected: Vec<&'a str>,
    stages: Vec<StageObject<'a>>,
    ties: Vec<TieObject<'a>>,
    /// Only where "re-open nominations" stood.
    #[serde(skip_serializing_if = "Option::is_none")]
    reopen_nominations: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reopened_places: Option<usize>,
}

#[derive(Serialize)]
struct StageObject<'a> {
    stage: usize,
    action: &'a str,
    of: Vec<&'a str>,
    tally: Vec<LineObject<'a>>,
    non_transferable: String,
    elected: Vec<&'a str>,
}

#[derive(Serialize)]
struct LineObject<'a> {
    candidate: &'a str,
    votes: String,
    status: &'a str,
}

#[derive(Serialize)]
struct TieObject<'a> {
    stage: usize,
    what: &'a str,
    candidates: Vec<&'a str>,
    decided_by: &'a str,
    chosen: &'a str,
}

impl Report {
    /// One JSON object on one line, its keys always in the same order.
    ///
    /// # Errors
    /// None that a report can cause; the signature is that of the JSON library.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(&Object {
            rule: self.rule.name,
            title: self.title.as_deref().unwrap_or_default(),
            seats: self.seats,
            valid_votes: self.valid_votes,
            invalid_votes: self.invalid_votes,
            quota: self.quota_written(),
            elected: self.names_of(&self.elected),
            stages: self.stages.iter().map(|stage| self.stage_object(stage)).collect(),
            ties: self.ties.iter().map(|tie| self.tie_object(tie)).collect(),
            reopen_nominations: self.reopen.map(|candidate| self.name(candidate)),
            reopened_places: self.reopen.map(|_| self.reopened_places()),
        })
    }

    fn stage_object(&self, stage: &Stage) -> StageObject<'_> {
        let tally = stage.tally.iter().map(|line| LineObject {
            candidate: self.name(line.candidate),
            votes: self.decimal(line.votes).to_string(),
            status: line.status.name(),
        });
        StageObject {
            stage: stage.number,
            action: stage.action.name(),
            of: self.names_of(&stage.of),
            tally: tally.collect(),
            non_transferable: self.decimal(stage.non_transferable).to_string(),
            elected: self.names_of(&stage.elected),
        }
    }

    fn tie_object(&self, tie: &Tie) -> TieObject<'_> {
        TieObject {
            stage: tie.stage,
            what: tie.over.name(),
            candidates: self.names_of(&tie.candidates),
            decided_by: tie.decided_by.name(),
            chosen: self.name(tie.chosen),
        }
    }

    fn names_of(&self, candidates: &[Candidate]) -> Vec<&str> {
        candidates.iter().map(|candidate| self.name(*candidate)).collect()
    }
}
