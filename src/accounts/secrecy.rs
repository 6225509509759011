//! Requests that must not be laid beside a ballot: who cast a vote, and when, is kept nowhere.
//!
//! A path with [`Access::SecretBallot`] is known to members by their session as any other. But the request does not
//! move the session's "last seen", and nothing is logged while it is answered, whatever goes wrong. Its handlers write
//! no audit line and take no rate limit: both would tell the time and the person.

use std::{collections::HashSet, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    extract::{MatchedPath, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::{instrument::WithSubscriber as _, subscriber::NoSubscriber};

use super::guard::{Access, Route};

/// The paths of secret ballots.
#[derive(Clone, Debug)]
pub struct Secrecy(Arc<HashSet<&'static str>>);

impl Secrecy {
    pub fn of(table: &[Route]) -> Self {
        let secret = table.iter().filter(|line| line.access == Access::SecretBallot);
        Self(Arc::new(secret.map(|line| line.path).collect()))
    }
}

/// Marks a request of which nothing is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unseen;

/// The outermost layer: outside the one that traces requests, so that this has nothing to trace.
pub async fn hush(State(secrecy): State<Secrecy>, mut request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    if !path.is_some_and(|path| secrecy.0.contains(path.as_str())) {
        return next.run(request).await;
    }
    request.extensions_mut().insert(Unseen);
    // The whole answer is made in here: the end of a body is traced too.
    let answer = async {
        let (parts, body) = next.run(request).await.into_parts();
        match to_bytes(body, usize::MAX).await {
            Ok(body) => Response::from_parts(parts, Body::from(body)),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    };
    answer.with_subscriber(NoSubscriber::default()).await
}
