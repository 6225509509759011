//! The two keys of a ballot: papers are sealed to the count key, the board is signed by the board key.

use std::{fmt, str::FromStr};

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hpke::{Deserializable, Kem as _, Serializable, kem::DhP256HkdfSha256, rand_core::CryptoRng};
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};

use super::hash::{NotHex, Sha, as_text, canonical};

pub(super) type Kem = DhP256HkdfSha256;
type Point = <Kem as hpke::Kem>::PublicKey;
type Scalar = <Kem as hpke::Kem>::PrivateKey;

/// Papers are sealed to this key: a point of P-256, 130 hex digits.
#[derive(Clone, PartialEq, Eq)]
pub struct CountPublicKey(Point);

impl CountPublicKey {
    pub(super) const fn point(&self) -> &Point {
        &self.0
    }
}

impl fmt::Display for CountPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.to_bytes()))
    }
}

impl fmt::Debug for CountPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for CountPublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bytes = hex::decode(text).map_err(|_| KeyError::NotHex(NotHex(130)))?;
        Point::from_bytes(&bytes).map(Self).map_err(|_| KeyError::NotAPoint)
    }
}

/// Opens papers. Its text, 64 hex digits, is what trustees type into the site after the close.
pub struct CountSecretKey(SecretBox<[u8; 32]>);

impl CountSecretKey {
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let (scalar, _) = Kem::gen_keypair_with_rng(rng);
        Self(SecretBox::new(Box::new(scalar.to_bytes().into())))
    }

    /// From the bytes that [`Self::expose`] gave.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        Scalar::from_bytes(&bytes).map_err(|_| KeyError::NotAScalar)?;
        Ok(Self(SecretBox::new(Box::new(bytes))))
    }

    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }

    pub fn public(&self) -> Result<CountPublicKey, KeyError> {
        Ok(CountPublicKey(Kem::sk_to_pk(&self.scalar()?)))
    }

    /// The key as people type it; whoever has it can open every paper.
    pub fn text(&self) -> String {
        hex::encode(self.expose())
    }

    pub(super) fn scalar(&self) -> Result<Scalar, KeyError> {
        Scalar::from_bytes(self.expose()).map_err(|_| KeyError::NotAScalar)
    }
}

impl fmt::Debug for CountSecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CountSecretKey(secret)")
    }
}

impl FromStr for CountSecretKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut bytes = [0; 32];
        let digits: String = text.split_whitespace().collect();
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| KeyError::NotHex(NotHex(64)))?;
        Self::from_bytes(bytes)
    }
}

/// Why a text or bytes are no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    NotHex(NotHex),
    #[error("this is no point of the curve P-256; copy the whole key again")]
    NotAPoint,
    #[error("this is no count key; copy the whole key again")]
    NotAScalar,
    #[error("this is no board key; copy the whole key again")]
    NotABoardKey,
    #[error("this is no public key file of this program (format {KEY_FILE_FORMAT}): {0}")]
    NotAKeyFile(&'static str),
}

/// How a count key is named in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountKey {
    pub public: CountPublicKey,
    pub held: Held,
}

/// Who can open papers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Held {
    /// The site itself: whoever runs it could open papers before the close.
    Site,
    /// Trustees, each with a share; any `need` of `shares` open.
    Shares {
        shares: u8,
        need: u8,
        /// Of each share, by its number from 1, what [`super::Share::check`] gives.
        checks: Vec<Sha>,
    },
}

const KEY_FILE_FORMAT: &str = "breakthrough-count-key/1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    format: String,
    key: CountKey,
}

impl CountKey {
    /// The public key file, which goes into the site when a ballot is made.
    pub fn to_file(&self) -> String {
        canonical(&KeyFile { format: KEY_FILE_FORMAT.to_owned(), key: self.clone() }) + "\n"
    }

    pub fn from_file(text: &str) -> Result<Self, KeyError> {
        let file: KeyFile = serde_json::from_str(text)
            .map_err(|_| KeyError::NotAKeyFile("it can't be read; use the file as keygen wrote it"))?;
        if file.format != KEY_FILE_FORMAT {
            return Err(KeyError::NotAKeyFile("its format is another"));
        }
        Ok(file.key)
    }
}

/// Verifies the signatures of a board and of a bundle: Ed25519, 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BoardKey(VerifyingKey);

impl BoardKey {
    pub fn of(key: &SigningKey) -> Self {
        Self(key.verifying_key())
    }

    /// Whether the signature, 128 hex digits, is this key's over the message.
    pub(super) fn has_signed(&self, message: &[u8], signature: &str) -> bool {
        let mut bytes = [0; 64];
        hex::decode_to_slice(signature, &mut bytes).is_ok()
            && self.0.verify_strict(message, &Signature::from_bytes(&bytes)).is_ok()
    }
}

/// A signature as hex digits.
pub(super) fn sign(key: &SigningKey, message: &[u8]) -> String {
    hex::encode(key.sign(message).to_bytes())
}

impl fmt::Display for BoardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for BoardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for BoardKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| KeyError::NotHex(NotHex(64)))?;
        VerifyingKey::from_bytes(&bytes).map(Self).map_err(|_| KeyError::NotABoardKey)
    }
}

as_text!(CountPublicKey, BoardKey);

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written_and_the_secret_one_is_not_shown() {
        let secret = CountSecretKey::generate(&mut StdRng::seed_from_u64(1));
        let public = secret.public().unwrap();
        assert_eq!(public.to_string().len(), 130);
        assert_eq!(public.to_string().parse(), Ok(public.clone()));
        let typed = secret.text().to_uppercase();
        let again: CountSecretKey = format!("{} {}\n", &typed[..30], &typed[30..]).parse().unwrap();
        assert_eq!(again.public(), Ok(public.clone()));
        assert!(!format!("{secret:?}").contains(&secret.text()[..4]));
        assert_eq!("00".repeat(32).parse::<CountSecretKey>().unwrap_err(), KeyError::NotAScalar);
        assert_eq!("04".repeat(65).parse::<CountPublicKey>(), Err(KeyError::NotAPoint));
        let key = CountKey { public, held: Held::Site };
        assert_eq!(CountKey::from_file(&key.to_file()), Ok(key.clone()));
        assert!(CountKey::from_file(&key.to_file().replace("key/1", "key/2")).is_err());
        let board = BoardKey::of(&SigningKey::from_bytes(&[7; 32]));
        assert_eq!(board.to_string().parse(), Ok(board));
    }
}
