//! Counts votes exactly, and says how.
//!
//! The way through: [`blt::read`] makes an [`Election`] from a ballot file (or the site
//! makes one from the votes cast in it), [`count`] counts it by one [`Method`], and the
//! [`Report`] can be printed as JSON, as a count sheet to read out, or as a table.
//!
//! Each rule set is one file, to be read with its source beside it: `scottish.rs`,
//! `ers97.rs`, `meek.rs`, `irv.rs`, and for simpler votes `approval.rs`,
//! `single_choice.rs` and `motion.rs`. They share the papers (`papers.rs`), the sorting of
//! papers into bundles (`table.rs`), the running tallies (`sheet.rs`), the settling of
//! ties (`ties.rs`) and the report (`report/`).
//!
//! All arithmetic is in whole numbers of a rule's smallest unit. Nothing here reads a
//! clock, a random number or the environment: the same papers give the same bytes.

mod approval;
pub mod blt;
mod candidate;
mod command;
mod decimal;
mod election;
mod ers97;
mod irv;
mod lots;
mod meek;
mod motion;
mod papers;
mod report;
mod scottish;
mod sheet;
mod single_choice;
mod table;
mod ties;

pub use candidate::{Candidate, MAX_CANDIDATES};
pub use command::{CountArgs, command};
pub use decimal::Decimal;
pub use election::{Election, ElectionError, LONGEST_TEXT, PaperError};
pub use lots::{LotSource, Lots, LotsError};
pub use motion::{Base, Decision, Fraction, Majority, Motion, MotionVotes, Quorum, Threshold};
pub use papers::{MAX_PAPERS, Mark};
pub use report::{Action, DecidedBy, Line, Report, Stage, Status, Tie, TieOver};

/// Votes in the smallest unit of the rule in use. With at most [`MAX_PAPERS`] papers and
/// at most nine decimals, no sum or product in this room comes near 128 bits.
pub type Votes = u128;

/// The rule sets a ranked ballot can be counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Method {
    /// Scottish Local Government Elections Order 2011, the default for committees
    ScottishStv,
    /// Electoral Reform Society rules, third edition, 1997
    Ers97,
    /// Reference Meek rule of the Proportional Representation Foundation
    Meek,
    /// Alternative vote for a single place, Act of 2011
    Irv,
}

/// What a count needs besides the papers.
#[derive(Clone, Debug)]
pub struct Terms {
    /// How many places are to be filled. The alternative vote always fills one.
    pub seats: usize,
    /// The order in which ties are settled that no earlier stage can settle.
    pub lots: Lots,
    /// The candidate that stands for "re-open nominations", if there is one: it is not
    /// excluded before the last contest, and a place that it wins stays empty.
    pub reopen: Option<Candidate>,
}

impl Terms {
    /// The election's own number of places, lots in the order of the file.
    pub fn of(election: &Election) -> Self {
        Self { seats: election.seats(), lots: Lots::file_order(election.candidates()), reopen: None }
    }
}

/// Counts `election` by `method`.
pub fn count(election: &Election, method: Method, terms: &Terms) -> Report {
    match method {
        Method::ScottishStv => scottish::count(election, terms),
        Method::Ers97 => ers97::count(election, terms),
        Method::Meek => meek::count(election, terms),
        Method::Irv => irv::count(election, terms),
    }
}

/// Counts papers on which people mark every candidate they approve of.
pub fn count_approval(election: &Election, terms: &Terms) -> Report {
    approval::count(election, terms)
}

/// Counts papers on which people mark one candidate.
pub fn count_single_choice(election: &Election, terms: &Terms) -> Report {
    single_choice::count(election, terms)
}
