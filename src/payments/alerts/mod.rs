//! What Stripe or a bank has done that only a person can settle: officers are told of it once, and see to it here.

mod actions;
pub(super) mod admin;
pub(crate) mod mail;

pub(super) use actions::{note_dispute, note_mode, note_payout};
