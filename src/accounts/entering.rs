//! The one door: whoever comes in, by whatever proof, comes in through [`enter`].
//!
//! What a proof is good for is decided here alone. A new kind of proof is a variant of [`Proof`]; a second step is a
//! case of [`Entered`] that every caller then has to answer.

use uuid::Uuid;

use super::{
    passwords::Fits,
    session,
    sql::{offices, people},
};
use crate::{
    audit::Change,
    kit::error::{Error, Result},
};

/// What somebody has shown to be this person.
#[derive(Debug)]
pub enum Proof {
    /// A link for signing in that came to their address.
    SignInLink,
    /// The code from the same mail, which is short enough to be guessed, and their password if they gave it.
    SignInCode(Option<Fits>),
    /// A link that came to their address for something else, like confirming a sign-up.
    OtherMail,
    Password(Fits),
}

/// What came of it.
#[derive(Debug)]
pub enum Entered {
    /// A session began; this cookie carries it.
    In(String),
    /// The proof is not enough for this person: they sign in as they always do.
    NeedsMore,
}

/// Lets a person in who has given a proof. From here to the commit whatever ends their sessions waits, and so it ends
/// this one too; what has changed before is seen.
pub async fn enter(change: &mut Change<'_>, person: Uuid, proof: Proof, browser: &str) -> Result<Entered> {
    let now = change.now;
    let known = people::lock_person(change, person).await?.ok_or(Error::NotFound)?;
    let holds = |fits: &Fits| known.password_hash.as_ref() == Some(&fits.hash);
    let is_enough = match &proof {
        Proof::SignInLink => true,
        Proof::SignInCode(None) => !offices::holds_office(change, person).await?,
        Proof::SignInCode(Some(fits)) | Proof::Password(fits) => holds(fits),
        // Such links are less guarded than those for signing in, and work for longer.
        Proof::OtherMail => known.password_hash.is_none() && !offices::holds_office(change, person).await?,
    };
    if !is_enough {
        return Ok(Entered::NeedsMore);
    }
    if matches!(proof, Proof::SignInLink | Proof::SignInCode(_)) {
        people::set_verified(change, person, now).await?;
    }
    session::start(change, person, browser).await.map(Entered::In)
}
