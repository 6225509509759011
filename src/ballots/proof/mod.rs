//! Proof that a ballot was secret and counted right, without a database, a clock or a network: randomness and time
//! come in as arguments.
//!
//! The way of a ballot, file by file:
//!
//! 1. `manifest.rs`: before it opens, everything about it is written down and hashed.
//! 2. `paper.rs`: a vote becomes a paper of constant size, with a commitment that hides it; `codes.rs` has what its
//!    voter keeps.
//! 3. `seal.rs`: the paper is sealed to the count key of `keys.rs`, which `shares.rs` divides among trustees.
//! 4. `board.rs`: commitments go onto a signed public chain, in batches.
//! 5. `tally.rs`: after the close the papers are opened and counted.
//! 6. `bundle.rs`: everything is published as plain files, and `verify/` checks them in eight steps.
//!
//! `command.rs` is what trustees and verifiers type.

mod base32;
pub mod board;
mod bundle;
mod codes;
mod command;
mod commitment;
mod hash;
mod keys;
mod manifest;
mod paper;
mod seal;
mod shares;
mod tally;
mod terms;
mod verify;

#[cfg(test)]
mod examples;

pub use board::{BoardError, Chain, Entry, SMALLEST_BATCH, Signed, What, fork};
pub use bundle::{Bundle, BundleError, Files, RollEntry, roll_entry, roll_fingerprint};
pub use codes::{ChangeKey, NotACode, NotAMark, TrackingCode, VoterMark};
pub use command::{BallotCommand, VerifyArgs, ballot_command, verify_command};
pub use commitment::Commitment;
pub use ed25519_dalek::SigningKey;
pub use hash::{NotHex, Sha, canonical};
pub use keys::{BoardKey, CountKey, CountPublicKey, CountSecretKey, Held, KeyError};
pub use manifest::{Choice, Format, Kind, MOTION, Manifest, ManifestError, RollSummary};
pub use paper::{Choices, ChoicesError, Paper, PaperError, PaperReader, paper_size};
pub use seal::{SealError, open, seal};
pub use shares::{Share, ShareError, SharesError, combine, divide};
pub use tally::{Outcome, TallyError, Verdict, blt, recount, tally};
pub use verify::{Asked, Fault, Step, verify};
