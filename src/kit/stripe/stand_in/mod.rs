//! A double of Stripe for development and tests: it keeps state, has a page for paying, and sends signed webhooks.
//!
//! The site mounts [`routes`] in development and points the client at `/dev/stripe`. `api` answers the calls that
//! [`super::Stripe`] makes; `checkout` and `invoice` are the pages for paying; `desk` shows what happened and lets a developer play
//! the bank; `story` holds what each of these changes; `webhooks` tells the site about it. Everything lies in
//! Postgres, in a schema of its own, so a restart forgets nothing. Production refuses to start with it.
//!
//! Tests hold the webhooks back ([`StandIn::hold`]) and hand them over in an order of their choosing, or twice.
//! Every call is recorded; `tests/stripe` replays the recording against Stripe's published contract.

mod api;
mod checkout;
mod desk;
mod fault;
mod invoice;
mod objects;
mod params;
mod recording;
mod seed;
mod store;
mod story;
mod webhooks;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::FromRef;
use axum::http::Method;
use axum::routing::{MethodRouter, delete, get, post};
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use sqlx::PgPool;
use tokio::sync::watch;

use crate::kit::clock::Clock;
use crate::kit::random::Random;

pub use fault::Fault;
pub use objects::PaidBy;
pub use seed::{Seed, SeedPayment, Seeded, SeededInvoice, seed_payments, seed_subscriptions};
pub use store::install;
pub use webhooks::{Signed, Webhook};

/// Where all of it lies.
pub const BASE: &str = "/dev/stripe";

/// A path below `/dev/stripe` with its handler, for a router whose state holds a [`StandIn`].
pub type Route<S> = (Method, &'static str, MethodRouter<S>);

/// The API, the page for paying and the desk. Public for whoever reaches the machine: development only.
pub fn routes<S>() -> Vec<Route<S>>
where
    S: Clone + Send + Sync + 'static,
    StandIn: FromRef<S>,
{
    let api = [Method::GET, Method::POST, Method::DELETE];
    let api = api.map(|method| {
        let handler = match method {
            Method::GET => get(api::call),
            Method::POST => post(api::call),
            _ => delete(api::call),
        };
        (method, "/dev/stripe/v1/{*path}", handler)
    });
    let mut routes = vec![
        (Method::GET, "/dev/stripe", get(desk::show)),
        (Method::GET, "/dev/stripe/pay/{session}", get(checkout::show)),
        (Method::POST, "/dev/stripe/pay/{session}", post(checkout::choose)),
        (Method::GET, "/dev/stripe/invoices/{id}", get(invoice::show)),
        (Method::POST, "/dev/stripe/invoices/{id}", post(invoice::pay)),
        (Method::POST, "/dev/stripe/subscriptions/{id}/{what}", post(desk::act_on_subscription)),
        (Method::POST, "/dev/stripe/debits/{invoice}/{what}", post(desk::settle)),
        (Method::POST, "/dev/stripe/sessions/{id}/expiry", post(desk::expire)),
        (Method::POST, "/dev/stripe/payouts/{what}", post(desk::act_on_payouts)),
        (Method::POST, "/dev/stripe/webhooks/{number}", post(desk::send_again)),
    ];
    routes.extend(api);
    routes
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
    /// Webhooks wait until somebody asks for them.
    held: AtomicBool,
    /// How many webhooks have left and wait for their last answer.
    on_the_way: watch::Sender<usize>,
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
    ) -> anyhow::Result<Self> {
        let public_url = public_url.trim_end_matches('/').to_owned();
        let http = webhooks::client()?;
        let (held, on_the_way) = (AtomicBool::new(false), watch::Sender::new(0));
        Ok(Self(Arc::new(Parts { pool, public_url, webhook_secret, clock, random, held, on_the_way, http })))
    }

    /// From now on webhooks don't leave by themselves: [`StandIn::waiting`] lists them, [`StandIn::deliver`] sends one.
    pub fn hold(&self) {
        self.0.held.store(true, Ordering::Relaxed);
    }

    /// Waits until the site has answered every webhook that left, or has failed all its tries.
    pub async fn all_answered(&self) {
        // Fails when the sender is gone, and it lives as long as `self`.
        let _ = self.0.on_the_way.subscribe().wait_for(|number| *number == 0).await;
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
