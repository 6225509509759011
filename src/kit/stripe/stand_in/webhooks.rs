//! The webhooks the stand-in sends: signed, a few tries each, and in no order that anybody may rely on.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, Row, postgres::PgRow};

use super::StandIn;
use super::fault::Fault;
use crate::kit::stripe::signature;

/// Waited before each further try. Stripe's own are spread over days.
const PAUSES: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(10), Duration::from_secs(30)];

const TIMEOUT: Duration = Duration::from_secs(10);

/// Characters kept of what the site answered.
const ANSWER_KEPT: usize = 300;

/// A webhook and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    pub number: i64,
    /// Stripe's event type.
    pub kind: String,
    /// The id of the object in it.
    pub object: String,
    pub made_at: DateTime<Utc>,
    pub tries: i32,
    /// The status of the site's last answer; `None` before the first try and when nobody answered.
    pub status: Option<i32>,
    pub answer: Option<String>,
}

/// A webhook as it goes over the wire, for tests that hand it over themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// For the header `Stripe-Signature`.
    pub header: String,
    pub body: String,
}

fn webhook(row: PgRow) -> Result<Webhook, sqlx::Error> {
    Ok(Webhook {
        number: row.try_get("number")?,
        kind: row.try_get("kind")?,
        object: row.try_get("object")?,
        made_at: row.try_get("made_at")?,
        tries: row.try_get("tries")?,
        status: row.try_get("status")?,
        answer: row.try_get("answer")?,
    })
}

pub(super) fn client() -> anyhow::Result<reqwest::Client> {
    // reqwest asks for the process' provider even for plain http; whoever comes first installs it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build()?)
}

pub(super) async fn insert(
    db: &mut PgConnection,
    kind: &str,
    object: &str,
    body: &Value,
    at: DateTime<Utc>,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "insert into stripe_stand_in.deliveries (kind, object, body, made_at) values ($1, $2, $3, $4) returning number",
    )
    .bind(kind)
    .bind(object)
    .bind(body.to_string())
    .bind(at)
    .fetch_one(db)
    .await
}

impl StandIn {
    /// The newest webhooks first.
    pub async fn webhooks(&self, limit: i64) -> Result<Vec<Webhook>, Fault> {
        let rows = sqlx::query("select * from stripe_stand_in.deliveries order by number desc limit $1")
            .bind(limit)
            .try_map(webhook)
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows)
    }

    /// Webhooks that were never sent, in the order in which things happened: what a test with held delivery sends.
    pub async fn waiting(&self) -> Result<Vec<Webhook>, Fault> {
        let rows = sqlx::query("select * from stripe_stand_in.deliveries where tries = 0 order by number")
            .try_map(webhook)
            .fetch_all(&self.0.pool)
            .await?;
        Ok(rows)
    }

    /// The webhook with a fresh signature, counted as sent.
    pub async fn signed(&self, number: i64) -> Result<Signed, Fault> {
        let body: Option<String> = sqlx::query_scalar(
            "update stripe_stand_in.deliveries set tries = tries + 1, tried_at = $2 where number = $1 returning body",
        )
        .bind(number)
        .bind(self.now())
        .fetch_optional(&self.0.pool)
        .await?;
        let body = body.ok_or_else(|| Fault::missing(404, "event", "id", &number.to_string()))?;
        Ok(Signed { header: signature::sign(&self.0.webhook_secret, body.as_bytes(), self.now()), body })
    }

    /// Sends a webhook once, again if it was sent before, and says whether the site took it (answered 2xx).
    pub async fn deliver(&self, number: i64) -> Result<bool, Fault> {
        let Signed { header, body } = self.signed(number).await?;
        let sent = self
            .0
            .http
            .post(format!("{}/webhooks/stripe", self.public_url()))
            .header("content-type", "application/json; charset=utf-8")
            .header("stripe-signature", header)
            .body(body)
            .send()
            .await;
        let (status, answer) = match sent {
            Ok(answer) => {
                let status = answer.status().as_u16();
                (Some(status), answer.text().await.unwrap_or_default())
            }
            Err(error) => (None, error.to_string()),
        };
        sqlx::query("update stripe_stand_in.deliveries set status = $2, answer = $3 where number = $1")
            .bind(number)
            .bind(status.map(i32::from))
            .bind(answer.replace('\0', "").chars().take(ANSWER_KEPT).collect::<String>())
            .execute(&self.0.pool)
            .await?;
        Ok(status.is_some_and(|status| (200..300).contains(&status)))
    }

    /// Sends what just happened in the background, shuffled: `updated` may come before `created`, as with Stripe.
    pub(super) fn dispatch(&self, mut numbers: Vec<i64>) {
        if self.0.held.load(Ordering::Relaxed) || numbers.is_empty() {
            return;
        }
        for left in (2..=numbers.len()).rev() {
            let dice = u64::from_le_bytes(self.0.random.bytes::<8>());
            let at = usize::try_from(dice % left as u64).unwrap_or_default();
            numbers.swap(left - 1, at);
        }
        // Before whoever caused them has their answer, so that nobody can wait too short.
        self.0.on_the_way.send_modify(|number| *number += numbers.len());
        let stand_in = self.clone();
        tokio::spawn(async move {
            for number in numbers {
                stand_in.deliver_with_retries(number).await;
                stand_in.0.on_the_way.send_modify(|number| *number -= 1);
            }
        });
    }

    async fn deliver_with_retries(&self, number: i64) {
        let mut pauses = PAUSES.into_iter();
        loop {
            match self.deliver(number).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, number, "a stand-in webhook could not be recorded"),
            }
            let Some(pause) = pauses.next() else {
                tracing::warn!(
                    number,
                    "the site never took a stand-in webhook; send it again at {}",
                    super::BASE
                );
                return;
            };
            tokio::time::sleep(pause).await;
        }
    }
}
