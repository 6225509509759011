//! One person's page: what we know, what an officer can do, and everything that happened, in one list.
//!
//! Four queries: the session, the note that an officer looked, the record, the timeline. An officer of a region
//! sees nobody outside it, and addresses only of those who agreed to share them; what somebody pays, and
//! why officers did something, is not for organisers (hardship stays without shame).

mod model;
mod pages;
mod sql;

pub(super) use pages::show;
