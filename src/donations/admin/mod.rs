//! What officers see of donations.

pub mod cases;
pub mod returns;
pub mod sources;
