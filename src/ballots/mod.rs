//! Ballots: how members decide together.
//!
//! `counting` is the part that turns papers into a result. It is pure: no
//! database, no web, no clock and no chance, so that anyone can repeat a count.

pub mod counting;
