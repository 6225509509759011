//! The result sheet of a count in progress: votes, statuses, stages and ties.
//!
//! A rule moves votes and says who is elected or excluded; the sheet writes it down. It
//! knows no rule.

use super::candidate::Candidate;
use super::decimal::Decimal;
use super::election::Election;
use super::report::{Action, DecidedBy, Line, Report, Rule, Stage, Status, Tie, TieOver, listed};
use super::ties::{Look, Wanted, narrow, settle};
use super::{Terms, Votes};

/// A count in progress.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    election: &'a Election,
    terms: &'a Terms,
    rule: Rule,
    /// How many decimals the rule works with.
    places: usize,
    /// Votes by candidate index, in units of the last decimal.
    pub votes: Vec<Votes>,
    pub non_transferable: Votes,
    pub quota: Votes,
    seats: usize,
    status: Vec<Status>,
    elected: Vec<Candidate>,
    /// How many of the elected have been written down in a stage.
    written: usize,
    /// Tallies to look back to when a tie has to be settled, oldest first.
    points: Vec<Vec<Votes>>,
    stages: Vec<Stage>,
    notes: Vec<String>,
    ties: Vec<Tie>,
}

impl<'a> Sheet<'a> {
    pub fn new(election: &'a Election, terms: &'a Terms, rule: Rule, places: usize, seats: usize) -> Self {
        let mut status = vec![Status::Withdrawn; election.candidates()];
        for candidate in election.standing() {
            status[candidate.index()] = Status::Continuing;
        }
        Self {
            election,
            terms,
            rule,
            places,
            votes: vec![0; election.candidates()],
            non_transferable: 0,
            quota: 0,
            seats,
            status,
            elected: Vec::new(),
            written: 0,
            points: Vec::new(),
            stages: Vec::new(),
            notes: Vec::new(),
            ties: Vec::new(),
        }
    }

    pub fn votes_of(&self, candidate: Candidate) -> Votes {
        self.votes[candidate.index()]
    }

    pub fn status_of(&self, candidate: Candidate) -> Status {
        self.status[candidate.index()]
    }

    fn with_status(&self, status: Status) -> Vec<Candidate> {
        let all = self.election.standing();
        all.filter(|candidate| self.status_of(*candidate) == status).collect()
    }

    /// Those who are neither elected nor excluded.
    pub fn continuing(&self) -> Vec<Candidate> {
        self.with_status(Status::Continuing)
    }

    /// The same as flags, by candidate index.
    pub fn may_receive(&self) -> Vec<bool> {
        self.status.iter().map(|status| *status == Status::Continuing).collect()
    }

    /// Those elected so far, in order.
    pub fn elected(&self) -> &[Candidate] {
        &self.elected
    }

    /// Those elected since the last stage was closed.
    pub fn newly_elected(&self) -> &[Candidate] {
        &self.elected[self.written..]
    }

    pub fn vacancies(&self) -> usize {
        self.seats.saturating_sub(self.elected.len())
    }

    /// Those among whom the next exclusion is made. "Re-open nominations" is left out of
    /// it until it is one of the last two sides of the contest.
    pub fn excludable(&self) -> Vec<Candidate> {
        let mut continuing = self.continuing();
        if continuing.len() > self.vacancies() + 1 {
            continuing.retain(|candidate| Some(*candidate) != self.terms.reopen);
        }
        continuing
    }

    /// How many may be excluded together so that enough stay, and so that "re-open
    /// nominations" still meets one more candidate than there are places.
    pub fn most_excludable(&self) -> usize {
        let continuing = self.continuing();
        let spare = continuing.len().saturating_sub(self.vacancies());
        let reopen_waits = spare > 1 && self.terms.reopen.is_some_and(|ron| continuing.contains(&ron));
        spare - usize::from(reopen_waits)
    }

    /// Candidates with the most votes first; equal ones as their lots lie, which decides
    /// nothing but the order in which they are read out.
    pub fn most_first(&self, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
        candidates.sort_by_key(|candidate| {
            (std::cmp::Reverse(self.votes_of(*candidate)), self.terms.lots.place(*candidate))
        });
        candidates
    }

    pub fn elect(&mut self, candidate: Candidate) {
        self.status[candidate.index()] = Status::Elected;
        self.elected.push(candidate);
    }

    pub fn exclude(&mut self, candidate: Candidate) {
        self.status[candidate.index()] = Status::Excluded;
    }

    /// Elects everyone who continues, most votes first.
    pub fn elect_all_continuing(&mut self) {
        let continuing = self.most_first(self.continuing());
        if !continuing.is_empty() {
            self.note(format!(
                "No more continue than there are places left, so {} {} elected.",
                self.listed(&continuing),
                if continuing.len() == 1 { "is" } else { "are" }
            ));
        }
        for candidate in continuing {
            self.elect(candidate);
        }
    }

    /// Keeps the present tally as a point to which ties look back.
    pub fn remember(&mut self) {
        self.points.push(self.votes.clone());
    }

    /// One of the candidates that have the most or the fewest votes. A tie is settled as
    /// the rule says and written down.
    pub fn pick(
        &mut self,
        among: &[Candidate],
        over: TieOver,
        look: Look,
        wanted: Wanted,
    ) -> Option<Candidate> {
        let votes = among.iter().map(|candidate| self.votes_of(*candidate));
        let extreme = match wanted {
            Wanted::Most => votes.max(),
            Wanted::Fewest => votes.min(),
        }?;
        let tied: Vec<Candidate> =
            among.iter().copied().filter(|candidate| self.votes_of(*candidate) == extreme).collect();
        self.settle(&tied, over, look, wanted)
    }

    /// Settles a tie between `tied`, or takes the only one.
    pub fn settle(
        &mut self,
        tied: &[Candidate],
        over: TieOver,
        look: Look,
        wanted: Wanted,
    ) -> Option<Candidate> {
        if let [only] = tied {
            return Some(*only);
        }
        let (chosen, decided_by) = settle(tied, &self.points, look, wanted, &self.terms.lots)?;
        self.write_tie(over, tied, decided_by, chosen);
        Some(chosen)
    }

    /// Of the tied, those with the most votes at the earliest point that tells them apart.
    pub fn narrow_to_most(&self, tied: &[Candidate]) -> Vec<Candidate> {
        narrow(tied, &self.points, Look::FromTheFirst, Wanted::Most)
    }

    /// Writes down a tie with the number of the stage that the decision leads to.
    pub fn write_tie(&mut self, over: TieOver, tied: &[Candidate], decided_by: DecidedBy, chosen: Candidate) {
        let mut candidates = tied.to_vec();
        candidates.sort_unstable();
        let how = match decided_by {
            DecidedBy::PriorStage => "an earlier stage decides for",
            DecidedBy::Lot => "the lot falls on",
        };
        self.note(format!("{} are tied; {how} {}.", self.listed(&candidates), self.name(chosen)));
        self.ties.push(Tie { stage: self.stage_number(), over, candidates, decided_by, chosen });
    }

    /// The number of the stage being counted.
    pub fn stage_number(&self) -> usize {
        self.stages.len() + 1
    }

    pub fn note(&mut self, sentence: String) {
        self.notes.push(sentence);
    }

    pub fn name(&self, candidate: Candidate) -> &'a str {
        self.election.names().get(candidate.index()).map_or("", String::as_str)
    }

    pub fn listed(&self, candidates: &[Candidate]) -> String {
        let names: Vec<&str> = candidates.iter().map(|candidate| self.name(*candidate)).collect();
        listed(&names)
    }

    pub const fn decimal(&self, units: Votes) -> Decimal {
        Decimal { units, places: self.places }
    }

    /// Writes the stage down.
    pub fn close_stage(&mut self, action: Action, of: Vec<Candidate>) {
        let tally = self.election.standing().map(|candidate| Line {
            candidate,
            votes: self.votes_of(candidate),
            status: self.status_of(candidate),
        });
        self.stages.push(Stage {
            number: self.stage_number(),
            action,
            of,
            tally: tally.collect(),
            non_transferable: self.non_transferable,
            quota: self.quota,
            elected: self.newly_elected().to_vec(),
            notes: std::mem::take(&mut self.notes),
        });
        self.written = self.elected.len();
    }

    pub fn report(self, valid_votes: u64, invalid_votes: u64) -> Report {
        Report {
            rule: self.rule,
            names: self.election.names().to_vec(),
            places: self.places,
            title: self.election.title.clone(),
            withdrawn: (0..self.status.len())
                .filter_map(Candidate::at)
                .filter(|candidate| self.election.is_withdrawn(*candidate))
                .collect(),
            seats: self.seats,
            valid_votes,
            invalid_votes,
            quota: self.quota,
            elected: self.elected,
            stages: self.stages,
            ties: self.ties,
            lots: self.terms.lots.clone(),
            reopen: self.terms.reopen,
        }
    }
}
