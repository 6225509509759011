//! Ballots: how members decide together.
//!
//! `counting` turns papers into a result, `proof` shows that it is the right one. Both are pure: no database, no web,
//! no clock and no chance of their own, so that anyone can repeat what they do.

pub mod counting;
pub mod proof;
