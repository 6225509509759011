//! Giving money back on an officer's decision: asked for with a reason, by a second person above a sum, sent by a job.

mod actions;
pub(super) mod admin;
pub(crate) mod mail;

pub(super) use actions::note_bounced;
