//! Lists of members and supporters: search, filters, order, paging, export.
//!
//! [`Search`] is the question, [`find`] the answer; the same question in words goes into the audit log when a list
//! is taken away. An officer of a region sees and counts that region only, whatever the address says, and
//! finds nobody by what the list would not show.

mod csv;
mod export;
mod find;
mod forms;
mod model;
mod pages;
mod sql;
pub(super) mod states;
mod words;

pub use find::{Answer, Count, find};
pub use model::{List, Place, Search, Sort, State};
pub use sql::begin;
pub use words::Words;

pub(super) use export::{download_members, download_supporters, members_form, supporters_form};
pub(super) use forms::day;
pub(super) use pages::{members, read, supporters};
