//! Proof that a ballot was secret and counted right, without a database, a clock or a network: randomness and time
//! come in as arguments.
//!
//! The way of a ballot, file by file:
//!
//! 1. `manifest.rs`: before it opens, everything about it is written down and hashed.
//! 2. `paper.rs`: a vote becomes a paper of constant size, a commitment that hides it, and a tracking code.
//! 3. `seal.rs`: the paper is sealed to the count key of `keys.rs`, which `shares.rs` divides among trustees.
//! 4. `board.rs`: commitments go onto a signed public chain, in batches.

mod base32;
pub mod board;
mod hash;
mod keys;
mod manifest;
mod paper;
mod seal;
mod terms;

#[cfg(test)]
mod examples;

pub use board::{BoardError, Chain, Entry, SMALLEST_BATCH, Signed, What, fork};
pub use ed25519_dalek::SigningKey;
pub use hash::{NotHex, Sha, canonical};
pub use keys::{BoardKey, CountKey, CountPublicKey, CountSecretKey, Held, KeyError};
pub use manifest::{Choice, Format, Kind, MOTION, Manifest, ManifestError, RollSummary};
pub use paper::{
    ChangeKey, Choices, ChoicesError, Commitment, NotACode, NotAMark, Paper, PaperError, PaperReader,
    TrackingCode, VoterMark, paper_size,
};
pub use seal::{SealError, open, seal};
