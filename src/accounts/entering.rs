//! The one door: whoever comes in, by whatever proof, comes in through [`enter`].
//!
//! What a proof is good for is decided here alone. A new kind of proof is a variant of [`Proof`]; a second step is a
//! case of [`Entered`] that every caller then has to answer.

use uuid::Uuid;

use super::{
    session,
    sql::{offices, people},
};
use crate::{
    audit::Change,
    kit::error::{Error, Result},
};

/// What somebody has shown to be this person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A link or a code for signing in that came to their address.
    SignInMail,
    /// A link that came to their address for something else, like confirming a sign-up.
    OtherMail,
    Password,
}

/// What came of it.
#[derive(Debug)]
pub enum Entered {
    /// A session began; this cookie carries it.
    In(String),
    /// The proof is not enough for this person: they sign in as they always do.
    NeedsMore,
}

/// Lets a person in who has given a proof.
pub async fn enter(change: &mut Change<'_>, person: Uuid, proof: Proof, browser: &str) -> Result<Entered> {
    let now = change.now;
    match proof {
        Proof::SignInMail => people::set_verified(change, person, now).await?,
        Proof::OtherMail => {
            // Such links are less guarded than those for signing in, and work for longer.
            let known = people::find_person(change, person).await?.ok_or(Error::NotFound)?;
            if known.has_password || offices::holds_office(change, person).await? {
                return Ok(Entered::NeedsMore);
            }
        }
        Proof::Password => {}
    }
    session::start(change, person, browser).await.map(Entered::In)
}
