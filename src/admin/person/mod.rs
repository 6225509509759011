//! One person's record in three parts: what we know and what an officer can do, what they paid, and everything that
//! happened, in one list.
//!
//! Three or four queries: the session, the record, the note that an officer looked, the part. An officer of a region
//! sees nobody outside it, and addresses only of those who agreed to share them; what somebody pays, and
//! why officers did something, is not for organisers (hardship stays without shame).

mod model;
mod pages;
mod sql;

pub(super) use pages::{activity, payments, show};
