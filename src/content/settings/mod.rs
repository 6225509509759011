//! The values that officers change, whichever room declares them.

mod actions;
mod forms;
pub(super) mod pages;
