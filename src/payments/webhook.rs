//! Where Stripe tells us that something happened.

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};

use super::{model::ProcessEvent, sql::events};
use crate::kit::{app::App, error::Result, stripe::Event};

/// Checks the signature over the bytes as they came, keeps the event, answers. Everything else is a job's work, so a
/// 2xx says only that we have it, and anything but a 2xx that we do not.
pub(super) async fn receive(State(app): State<App>, headers: HeaderMap, body: Bytes) -> Result<Response> {
    let now = app.clock().now();
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if let Err(error) = app.stripe().verify(signature, &body, now) {
        tracing::warn!(%error, "a webhook was refused");
        return Ok((StatusCode::BAD_REQUEST, "the signature does not match\n").into_response());
    }
    let Ok(event) = Event::parse(&body) else {
        // Signed, and yet nothing to store it under: asking for it again would not help.
        tracing::error!("Stripe sent a body without an event id");
        return Ok((StatusCode::OK, "not an event\n").into_response());
    };
    let payment_intent = event.payment_intent();
    let new = events::NewEvent {
        id: &event.id,
        kind: &event.kind,
        object_id: event.object_id.as_deref(),
        payment_intent: payment_intent.as_deref(),
        happened_at: event.created,
        livemode: event.livemode,
        api_version: event.api_version.as_deref(),
        body: &body,
        now,
    };
    let mut tx = app.pool().begin().await?;
    // Sent again, by Stripe or by an officer in its dashboard: what is not processed yet gets fresh tries.
    events::insert(&mut tx, &new).await?;
    if events::find_waiting(&mut tx, &event.id).await?.is_some() {
        ProcessEvent::push(&mut tx, event.id.clone()).await?;
    }
    tx.commit().await?;
    Ok((StatusCode::OK, "kept\n").into_response())
}
