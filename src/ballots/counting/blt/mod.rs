//! Ballot files in the BLT format, the one that counting programs share.
//!
//! ```text
//! 4 1                     candidates and places
//! -2                      candidate 2 has withdrawn (any number, on any line)
//! 6 1 0                   six papers that rank only candidate 1
//! 3 4 1=3 - 2 0           4 first, 1 and 3 equal, a number left out, then 2
//! 0                       the end of the papers
//! "Róisín \"Ro\" Byrne"   a name for each candidate
//! "Ward 7"                the title; a source and a comment may follow
//! ```
//!
//! Files are UTF-8, with or without a byte order mark, with LF or CRLF. `#` outside quotes
//! starts a comment, blank lines are passed over, `\"` and `\\` stand for a quote and a
//! backslash inside a name. The reader keeps no line in memory: what it keeps grows only
//! with the number of different papers.

mod fault;
mod read;
mod scan;
mod write;

pub use fault::{Fault, ReadError};
pub use read::read;
pub use write::write;
