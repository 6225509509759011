//! What officers see of donations.

pub mod cases;
pub mod refusals;
pub mod returns;
pub mod sources;
