//! Word to payers before a Direct Debit is collected (Bacs: before the first one, and before the amount, the day or the
//! frequency change). Stripe sends it, unless a setting says that we do: then nobody gets two.

pub(super) mod actions;
pub(super) mod admin;
pub(super) mod jobs;
pub(crate) mod mail;
