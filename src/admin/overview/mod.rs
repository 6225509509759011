//! The officers' first page: how many we are, what comes in, what waits for somebody.
//!
//! Three queries after the session's, each over a whole table at once. An officer of a region gets that region's
//! figures and no money. Charts are drawn here as numbers and by the template as SVG, each with its table.

mod model;
mod pages;
mod sql;

pub(super) use model::{Bar, LineChart, Month, income, last_months, percent, shade};
pub(super) use pages::{card, emails, show, span};
pub(super) use sql::{counts, months};
