//! Rates, states, and the rules by which a state follows from the facts. Pure.

mod answers;
mod hardship;
mod membership;
mod merging;
mod overrides;
mod rate_change;
mod rates;
mod rules;
mod standing;
mod state;

pub use answers::{
    Answers, DECLARATION, Ending, Join, NewDetails, NewSuspension, OWN_MONEY, Unaccepted, WarnMember,
};
pub use hardship::{ApplyHardship, Hardship, Less, LessTerms};
pub use membership::{Decision, Membership, Note, Suspension};
pub use merging::{Stays, one_history, one_time, which_stays};
pub use overrides::{NewOverride, Override, OverrideKind};
pub use rate_change::{CarryDays, ChangeRate, NewRate, NoChange, RateChange, changeable};
pub use rates::{Price, Prices, Rate, WrongAmount};
pub use rules::{Meeting, Rules, begins, meet, state};
pub use standing::{Era, History, NoVote, Past, Period, Standing, Stood, VotingRules};
pub use state::{EndReason, State, Status};

use crate::accounts::PurposeKind;

/// What a member's subscription is in the books.
pub const DUES: PurposeKind = PurposeKind {
    code: "membership",
    name: "Membership",
    paid: "for membership",
    income: "Membership",
    source: "from members’ subscriptions",
};
