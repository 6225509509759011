//! The treasurer's desk: what needs a decision, by its last day; who is behind; what comes in; who stays.
//!
//! What waits is read from the rooms' own statements, as the overview does, whose charts it shares: so it stands beside
//! that, and not in a room of money, which would have to know the tables of those above it. Four queries a page at most,
//! over tallies or over those who are behind, whatever the size of the party.

mod model;
mod pages;
mod sql;

pub(super) use pages::{desk, joining};

pub(super) const PATH: &str = "/admin/money";
