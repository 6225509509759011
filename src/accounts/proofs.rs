//! Who somebody is found to be, and the proofs of it that handlers take.

use axum::{extract::FromRequestParts, http::request::Parts};
use uuid::Uuid;

use super::model::{Office, Permission, Scope, Standing, scope};
use crate::kit::{
    app::App,
    error::{Error, Result},
};

pub(super) const MEMBERS_ONLY: &str = "This page is for members. You can join at any time.";

/// Who sent this request: put there by the layer in `session`, absent for strangers.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: Uuid,
    pub person_id: Uuid,
    pub name: String,
    pub email: String,
    pub standing: Standing,
    pub offices: Vec<Office>,
}

fn session(parts: &Parts) -> Result<Session> {
    // The guard beside the path has let this request through, so there is one.
    parts
        .extensions
        .get::<Session>()
        .cloned()
        .ok_or_else(|| Error::Internal(anyhow::anyhow!("a guarded handler on an open path")))
}

/// Proof that somebody is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn(pub Session);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        session(parts).map(Self)
    }
}

/// Proof that a member is signed in.
#[derive(Clone, Debug)]
pub struct Member(pub Session);

impl FromRequestParts<App> for Member {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let session = session(parts)?;
        if session.standing == Standing::Member {
            Ok(Self(session))
        } else {
            Err(Error::Forbidden(MEMBERS_ONLY))
        }
    }
}

/// Proof that an officer is signed in. Which permission they need stands beside the path.
#[derive(Clone, Debug)]
pub struct Officer(pub Session);

impl Officer {
    pub fn may(&self, permission: Permission) -> bool {
        self.0.offices.iter().any(|office| office.allows(permission))
    }

    /// Whose records they see under a permission.
    ///
    /// # Errors
    /// Forbidden without the permission.
    pub fn scope(&self, permission: Permission) -> Result<Scope> {
        scope(&self.0.offices, permission).ok_or(Error::Forbidden("Your office does not include this."))
    }
}

impl FromRequestParts<App> for Officer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let session = session(parts)?;
        if session.offices.is_empty() {
            Err(Error::Forbidden("This page is for officers of the party."))
        } else {
            Ok(Self(session))
        }
    }
}
