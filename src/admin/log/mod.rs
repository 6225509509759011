//! The audit log as officers read it: who did what, to which person, when, and what stood there before.

mod jobs;
pub(crate) mod mail;
mod pages;
mod sql;
mod words;

pub(super) use jobs::TellSeal;
pub(super) use pages::{check, list};
pub(crate) use words::of_chain;
pub(super) use words::{Change, UNKNOWN, changes};
