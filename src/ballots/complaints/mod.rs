//! Objections to the roll, and complaints about how a vote was run or about its result: answered in writing by a
//! returning officer, and once more on appeal by another one. A result is provisional until the days for them are over.

pub mod actions;
pub mod model;
pub(super) mod pages;
