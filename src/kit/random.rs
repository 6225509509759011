//! Randomness, as an input: the operating system's in production, a seeded stream in tests.

use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

#[derive(Clone)]
pub struct Random(Arc<Mutex<StdRng>>);

/// A secret that is shown once and stored only as its hash.
pub struct Token {
    text: String,
}

impl Token {
    /// What goes into a cookie or a link: 43 characters of the URL-safe alphabet.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn hash(&self) -> Vec<u8> {
        hash_token(&self.text)
    }
}

/// SHA-256 of a token as it was handed to us. Tokens have 256 random bits, so no salt or slow hash is needed.
pub fn hash_token(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}

impl Random {
    /// Seeded from the operating system once; `StdRng` is a cryptographic generator.
    pub fn system() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that asks for system randomness"
        )]
        let rng = StdRng::from_rng(&mut rand::rng());
        Self(Arc::new(Mutex::new(rng)))
    }

    /// The same stream on every run.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }

    /// A generator of its own, for libraries that ask for one.
    pub fn stream(&self) -> StdRng {
        StdRng::from_seed(self.bytes())
    }

    pub fn token(&self) -> Token {
        Token { text: URL_SAFE_NO_PAD.encode(self.bytes::<32>()) }
    }

    /// Six digits for typing from one screen into another. Use only with a limit on tries.
    pub fn code(&self) -> String {
        let number = u64::from_le_bytes(self.bytes::<8>()) % 1_000_000;
        format!("{number:06}")
    }

    /// A version 7 id: ordered by time, good for primary keys, tells when it was made.
    pub fn id(&self, now: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(millis, &self.bytes::<10>()).into_uuid()
    }

    /// A version 4 id, where the order of making must not show.
    pub fn opaque_id(&self) -> Uuid {
        Builder::from_random_bytes(self.bytes::<16>()).into_uuid()
    }
}
