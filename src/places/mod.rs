//! Where people live: addresses, postcode -> nation and region, and the map of the regions.
//!
//! The room has no tables: `data/` holds what it knows, built into the program (`data/LICENCE.md` says whose
//! it is), read once. [`region_of`] answers from the first half of a postcode. Where a district lies in two regions
//! it never guesses but names the choices, and the form asks: the nation decides which party law and which
//! elections concern a member. An [`Address`] has a British postcode, or is written as its country writes it.
//!
//! To bring the tables up to date, replace the files and run the tests, which read every row.

mod address;
pub mod map;
mod postcode;
mod region;
mod table;

pub use address::{Address, open_regions, read_region, say};
pub use postcode::{NotAPostcode, Postcode};
pub use region::{Nation, Region};
pub use table::{OpenRegion, region_of};
