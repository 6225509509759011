//! The audit log as officers read it: who did what, to which person, when, and what stood there before.

mod pages;
mod sql;
mod words;

pub(super) use pages::{check, list};
pub(super) use words::{Change, UNKNOWN, changes};
