//! How a vote gets into the box, and why nobody can say afterwards whose it is.
//!
//! Three pages: choose, check, done. Nothing is kept before the voter presses "Cast my vote": what the second page needs
//! travels in a hidden field that only the site can read (`model.rs`). Casting is one transaction: the voter is on the
//! roll and has not voted, and their sealed paper goes into `ballot_incoming`, where a unique key on a keyed hash of
//! the voter keeps a second one out.
//!
//! There a vote waits for its lot. At least 32 votes go into the box together, sorted by commitment, while their voters are
//! marked on the roll, sorted by id, and the commitments are published on the board ([`lots::close`]). Rows of one lot carry
//! one transaction and no order, so that they say "these 32 people cast these 32 papers" and no more; `ballot_incoming`
//! is emptied by a truncation, which leaves no old rows behind. At the close box and roll are written anew
//! ([`lots::close_last`]), and even the lots are gone.
//!
//! Of the request nothing is kept or logged ([`crate::accounts::Access::SecretBallot`]). There is no time and no
//! sequence in any of these tables, no audit line, no job and no mail for one vote: who voted is told with their lot,
//! some time later, in an order of its own (`jobs.rs`).
//!
//! What this does not do: somebody who runs another program in place of this one sees votes as they come in. And
//! Postgres' own journal keeps what was written for a while: whoever archives it while a vote is open keeps what could
//! be put together with the site's secret. The returning officer's page says so when it is on.

pub mod actions;
mod forms;
pub mod lots;
pub mod model;
pub(super) mod pages;
