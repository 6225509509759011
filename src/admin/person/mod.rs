//! One person's record in three parts: what we know and what an officer can do, what they paid, and everything that
//! happened, in one list.
//!
//! Three or four queries: the session, the record, the note that an officer looked, the part. An officer of a region
//! sees nobody outside it, and of those who agreed to share name and email address with organisers these two and the
//! region: not whether they are members, since when, or what they pay (hardship stays without shame).

mod model;
mod pages;
mod sql;

pub(super) use pages::{activity, payments, show};
