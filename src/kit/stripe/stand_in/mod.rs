//! A double of Stripe for development and tests: it keeps state, has a page for paying, and sends signed webhooks.
//!
//! The site mounts [`StandIn::router`] and points the client at `/dev/stripe`. `api` answers the calls that
//! [`super::Stripe`] makes; `checkout` is the page for paying; `desk` shows what happened and lets a developer play
//! the bank; `story` holds what each of these changes; `webhooks` tells the site about it. Everything lies in
//! Postgres, in a schema of its own, so a restart forgets nothing. Production refuses to start with it.
//!
//! Tests hold the webhooks back ([`Delivery::Held`]) and hand them over in an order of their choosing, or twice.
//! Every call is recorded; `tests/stripe` replays the recording against Stripe's published contract.

mod api;
mod checkout;
mod desk;
mod fault;
mod objects;
mod params;
mod recording;
mod seed;
mod store;
mod story;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use sqlx::PgPool;

use crate::kit::clock::Clock;
use crate::kit::random::Random;

pub use fault::Fault;
pub use objects::Method;
pub use seed::{Seed, Seeded, SeededInvoice, seed_subscriptions};
pub use store::install;
pub use webhooks::{Signed, Webhook};

/// Where the site mounts the stand-in.
pub const BASE: &str = "/dev/stripe";

/// Whether webhooks go to the site by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    Automatic,
    /// They wait until a test asks for them.
    Held,
}

/// Cheap to clone: a handle.
#[derive(Clone)]
pub struct StandIn(Arc<Parts>);

struct Parts {
    pool: PgPool,
    /// The site's address without a slash at the end, for links and for the webhook.
    public_url: String,
    webhook_secret: SecretString,
    clock: Clock,
    random: Random,
    delivery: Delivery,
    http: reqwest::Client,
}

impl StandIn {
    /// Call [`install`] before the first request. Fails when no HTTP client can be made.
    pub fn new(
        pool: PgPool,
        public_url: &str,
        webhook_secret: SecretString,
        clock: Clock,
        random: Random,
        delivery: Delivery,
    ) -> anyhow::Result<Self> {
        let public_url = public_url.trim_end_matches('/').to_owned();
        let http = webhooks::client()?;
        Ok(Self(Arc::new(Parts { pool, public_url, webhook_secret, clock, random, delivery, http })))
    }

    /// The API, the page for paying and the desk, with their full paths: merge it, don't nest it.
    pub fn router(&self) -> Router {
        Router::new()
            .merge(api::router())
            .merge(checkout::router())
            .merge(desk::router())
            .with_state(self.clone())
    }

    fn public_url(&self) -> &str {
        &self.0.public_url
    }

    fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    /// An id in Stripe's style, such as `sub_` with 24 letters and digits.
    fn id(&self, prefix: &str) -> String {
        format!("{prefix}{}", hex::encode(self.0.random.bytes::<12>()))
    }
}
