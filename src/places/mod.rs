//! Where people live: nations and regions.

mod region;

pub use region::{Nation, Region};
