//! What officers see of donations.

pub mod cases;
