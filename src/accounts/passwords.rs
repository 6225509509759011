//! Passwords: how good one has to be, and its hash, which is made off the threads that answer requests.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Semaphore, task::spawn_blocking};
use unicode_normalization::UnicodeNormalization as _;

use crate::kit::error::{Error, Result};

/// One hash takes 19 MiB and a core for some 50 ms: no more at a time than there are cores, others wait their turn.
static HASHING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, std::num::NonZero::get)))
});

/// A hash of nobody's password: checked when the address is unknown, so that the answer takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    Argon2::default().hash_password(b"nobody's password").map(|hash| hash.to_string()).unwrap_or_default()
});

/// Keyboards write the same letters and spaces in different ways: hashed is one spelling (NFC with plain spaces, as
/// RFC 8265 has it), which comes first. The others are for hashes from before spellings were told apart.
fn spellings(password: &SecretString) -> Vec<String> {
    let typed = password.expose_secret();
    // What comes along with copying and cannot be seen is no part of it.
    let plain = typed.trim_matches(|c| matches!(c, '\u{200B}' | '\u{2060}' | '\u{FEFF}'));
    let plain = plain.chars().map(|c| if c.is_whitespace() && !c.is_ascii() { ' ' } else { c });
    let mut all = vec![plain.nfc().collect(), typed.nfc().collect(), typed.nfd().collect(), typed.to_owned()];
    let mut known = HashSet::new();
    all.retain(|spelling: &String| known.insert(spelling.clone()));
    all
}

/// Argon2id with the library's parameters (19 MiB, two passes), as a PHC string.
pub async fn hash(password: SecretString) -> Result<String> {
    let hash = in_turn(&HASHING, move || {
        let spelling = spellings(&password).swap_remove(0);
        Argon2::default().hash_password(spelling.as_bytes()).map(|hash| hash.to_string())
    })
    .await?;
    hash.map_err(|error| Error::Internal(anyhow::anyhow!("hashing a password: {error}")))
}

/// A password that fits this hash. Whoever acts on it looks whether the hash is still the person's.
#[derive(Debug)]
pub struct Fits {
    pub(super) hash: String,
}

/// Whether the password fits the hash; `None` takes as long and never fits.
pub(super) async fn verify(password: SecretString, hash: Option<String>) -> Result<Option<Fits>> {
    in_turn(&HASHING, move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let fits = PasswordHash::new(&hash).is_ok_and(|hash| {
            let fits = |typed: &String| Argon2::default().verify_password(typed.as_bytes(), &hash).is_ok();
            spellings(&password).iter().any(fits)
        });
        (known && fits).then_some(Fits { hash })
    })
    .await
}

/// Works off the threads that answer requests. The turn ends with the work and not with the wait for it: whoever hangs
/// up must not let another in while the work goes on.
async fn in_turn<T: Send + 'static>(
    turns: &Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let turn = turns.clone().acquire_owned().await.map_err(anyhow::Error::from)?;
    let done = spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    done.await.map_err(|error| Error::Internal(error.into()))
}

/// Whether guessing it would take more than a hundred million tries (zxcvbn's score 3), also for one who knows the
/// person's name and address: those words count for nothing.
pub fn is_strong_enough(password: &SecretString, person: &[&str]) -> bool {
    // zxcvbn's time grows with the square of the length; a long password is judged by its beginning.
    let mut rest: String = password.expose_secret().to_lowercase().chars().take(64).collect();
    for word in
        person.join(" ").to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2)
    {
        rest = rest.replace(word, "");
    }
    password.expose_secret().chars().count() >= 8
        && zxcvbn::zxcvbn(&rest, &[]).score() >= zxcvbn::Score::Three
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judges_strength() {
        let person = ["Ana Silva", "ana@demo.test"];
        for weak in ["password1", "short", "anasilva1", "qwertyuiop"] {
            assert!(!is_strong_enough(&weak.into(), &person), "{weak}");
        }
        assert!(is_strong_enough(&"orange ladders sing".into(), &person));
    }

    #[tokio::test]
    async fn hanging_up_does_not_end_a_turn() {
        let turns = Arc::new(Semaphore::new(1));
        let (finish, finishing) = std::sync::mpsc::channel::<()>();
        let wait = std::time::Duration::from_millis(50);
        let work = in_turn(&turns, move || finishing.recv().is_ok());
        assert!(tokio::time::timeout(wait, work).await.is_err(), "it waits to be finished");
        assert_eq!(turns.available_permits(), 0);
        finish.send(()).unwrap();
        assert!(in_turn(&turns, || true).await.unwrap());
    }

    #[tokio::test]
    async fn a_password_fits_however_the_keyboard_writes_it() {
        let fits = async |typed: &str, hash: &str| {
            verify(typed.into(), Some(hash.to_owned())).await.unwrap().is_some()
        };
        let (composed, decomposed) = ("tŷ mawr caffé", "ty\u{302} mawr caffe\u{301}");
        let hash = hash(decomposed.into()).await.unwrap();
        assert!(fits(composed, &hash).await && fits(decomposed, &hash).await);
        assert!(fits("tŷ\u{A0}mawr\u{3000}caffé", &hash).await, "spaces that look alike");
        assert!(!fits("ty mawr caffe", &hash).await);
        // As it was hashed before spellings were told apart.
        let before = Argon2::default().hash_password(decomposed.as_bytes()).unwrap().to_string();
        assert!(fits(composed, &before).await && fits(decomposed, &before).await);
    }

    #[tokio::test]
    async fn hashes_and_verifies() {
        let hash = hash("orange ladders sing".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        let fits = async |typed: &str, hash| verify(typed.into(), hash).await.unwrap().is_some();
        assert!(fits("orange ladders sing", Some(hash.clone())).await);
        assert!(!fits("orange ladders sung", Some(hash)).await);
        assert!(!fits("nobody's password", None).await);
    }
}
