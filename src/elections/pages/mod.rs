//! Elections as everybody reads of them, and what members do in them.

pub mod elections;
pub mod nominations;
pub mod questions;
