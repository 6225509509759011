//! Where people live: postcode -> nation and region, and the map of the regions.
//!
//! The room has no tables: `data/` holds what it knows, built into the program (`data/LICENCE.md` says whose
//! it is), read once. [`locate`] answers from the first half of a postcode. Where a district lies in two regions
//! it never guesses but names the choices, and the form asks: the nation decides which party law and which
//! elections concern a member. What they say themselves counts more than any table.
//!
//! To bring the tables up to date, replace the files and run the tests, which read every row.

pub mod map;
mod postcode;
mod region;
mod table;

pub use postcode::{NotAPostcode, Postcode};
pub use region::{Nation, Region};
pub use table::{Place, locate};
