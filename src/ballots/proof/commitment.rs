//! What stands for a paper in public.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::hash::Sha;

/// What stands for a paper in public until it is opened. Papers that come with blind tokens will have the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Commitment(pub Sha);

impl Commitment {
    /// Of [`super::Paper::bytes`].
    pub fn of(paper: &[u8]) -> Self {
        Self(Sha::of(&[b"pb1", paper]))
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
