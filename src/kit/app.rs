//! What every handler and job is given: configuration, database, clock, randomness, mail, memory.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, Payload},
};
use axum::extract::FromRef;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::NaiveDate;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use sqlx::PgPool;

use super::{
    cache::PageCache,
    clock::Clock,
    config::Config,
    mail::Mailer,
    random::Random,
    settings::{Setting, Settings},
    stripe::{
        Stripe,
        stand_in::{self, StandIn},
    },
};

/// Bytes that no two sealed things share.
const NONCE: usize = 12;

/// Cheap to clone: a handle.
#[derive(Clone)]
pub struct App(Arc<Parts>);

struct Parts {
    config: Config,
    pool: PgPool,
    clock: Clock,
    random: Random,
    mailer: Mailer,
    stripe: Stripe,
    stripe_stand_in: StandIn,
    pages: PageCache,
    settings: RwLock<Arc<Settings>>,
    stopping: AtomicBool,
}

impl App {
    /// # Errors
    /// The mail set-up cannot be used, or the database's settings cannot be read.
    pub async fn new(config: Config, pool: PgPool, clock: Clock, random: Random) -> anyhow::Result<Self> {
        let app = Self::without_settings(config, pool, clock, random)?;
        if app.config().stripe.stand_in {
            stand_in::install(app.pool()).await?;
        }
        app.reload_settings().await?;
        Ok(app)
    }

    /// The same without asking the database anything.
    pub fn without_settings(
        config: Config,
        pool: PgPool,
        clock: Clock,
        random: Random,
    ) -> anyhow::Result<Self> {
        let mailer = Mailer::new(&config.mail)?;
        let stripe = &config.stripe;
        let stripe =
            Stripe::new(&stripe.secret_key, stripe.api_base.as_deref(), stripe.webhook_secrets.clone())?;
        let stripe_stand_in = StandIn::new(
            pool.clone(),
            &config.public_url,
            config.stripe.webhook_secrets.first().cloned().unwrap_or_default(),
            clock.clone(),
            random.clone(),
        )?;
        let (pages, settings, stopping) = (PageCache::default(), RwLock::default(), AtomicBool::new(false));
        Ok(Self(Arc::new(Parts {
            config,
            pool,
            clock,
            random,
            mailer,
            stripe,
            stripe_stand_in,
            pages,
            settings,
            stopping,
        })))
    }

    pub fn config(&self) -> &Config {
        &self.0.config
    }

    pub fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub fn random(&self) -> &Random {
        &self.0.random
    }

    pub fn mailer(&self) -> &Mailer {
        &self.0.mailer
    }

    pub fn stripe(&self) -> &Stripe {
        &self.0.stripe
    }

    /// Plays Stripe at `/dev/stripe`, in development.
    pub fn stripe_stand_in(&self) -> &StandIn {
        &self.0.stripe_stand_in
    }

    pub fn pages(&self) -> &PageCache {
        &self.0.pages
    }

    pub fn settings(&self) -> Arc<Settings> {
        self.0.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The value of a setting that holds on a day.
    pub fn setting<T>(&self, setting: Setting<T>, day: NaiveDate) -> T {
        self.settings().get(setting, day)
    }

    /// Takes a change to the settings up. Every page shows some of them, so that those in memory are dropped.
    pub async fn reload_settings(&self) -> anyhow::Result<()> {
        let mut db = self.pool().acquire().await?;
        let settings = Arc::new(Settings::load(&mut db).await?);
        *self.0.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
        self.pages().clear();
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn set_settings(&self, settings: Settings) {
        *self.0.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// The process is about to end: long work stops where it can be taken up again.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    pub fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Relaxed)
    }

    /// The public address of a path: `/faq` becomes `https://party.example/faq`.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.config().public_url)
    }

    /// A keyed hash of something for one purpose, in URL-safe characters.
    pub fn sign(&self, purpose: &str, what: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(purpose, what).finalize().into_bytes())
    }

    /// What a line of the audit log is sealed with. Its key may be another one than that of [`App::sign`], which can be
    /// replaced while the log must stay readable.
    pub fn audit_hash(&self, line: &[u8]) -> Vec<u8> {
        mac(&self.config().audit_key, "audit log", line).finalize().into_bytes().to_vec()
    }

    /// Whether [`App::sign`] made this signature; takes the same time for every wrong one.
    pub fn is_signed(&self, purpose: &str, what: &[u8], signature: &str) -> bool {
        URL_SAFE_NO_PAD
            .decode(signature)
            .is_ok_and(|bytes| self.mac(purpose, what).verify_slice(&bytes).is_ok())
    }

    /// Makes something unreadable for whoever has not the site's secret, and bound to its context: AES-256-GCM under a
    /// key of its own for each purpose.
    pub fn seal(&self, purpose: &str, context: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce = self.random().bytes::<NONCE>();
        let sealed = self.cipher(purpose).encrypt(&nonce.into(), Payload { msg: plain, aad: context });
        // It fails for 64 gigabytes and more.
        [nonce.as_slice(), &sealed.unwrap_or_default()].concat()
    }

    /// What [`App::seal`] made unreadable; `None` if it is none of ours, of another purpose or context, or was altered.
    pub fn unseal(&self, purpose: &str, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        self.cipher(purpose).decrypt(&(*nonce).into(), Payload { msg: sealed, aad: context }).ok()
    }

    fn cipher(&self, purpose: &str) -> Aes256Gcm {
        Aes256Gcm::new(&self.mac("seal", purpose.as_bytes()).finalize().into_bytes())
    }

    fn mac(&self, purpose: &str, what: &[u8]) -> Hmac<Sha256> {
        mac(&self.config().secret_key, purpose, what)
    }
}

fn mac(key: &SecretString, purpose: &str, what: &[u8]) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key.expose_secret().as_bytes())
        .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
    mac.update(purpose.as_bytes());
    mac.update(&[0]);
    mac.update(what);
    mac
}

impl FromRef<App> for StandIn {
    fn from_ref(app: &App) -> Self {
        app.stripe_stand_in().clone()
    }
}
