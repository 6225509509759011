//! The officers' pages: write, look, test, confirm, watch, decide.

pub mod drafts;
pub mod sending;
pub mod shown;
