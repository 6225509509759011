//! What the contract check in `tests/stripe` reads: every call with its answer, every webhook, one JSON object a line.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{Row, postgres::PgRow};

use super::StandIn;
use super::fault::Fault;

/// One call to the API, as it came in and as it was answered. The secret key is no part of it.
pub(super) struct Recorded<'a> {
    pub at: DateTime<Utc>,
    pub method: &'a str,
    /// From `/v1` on, with the query.
    pub path: &'a str,
    pub headers: Value,
    pub body: &'a str,
    pub status: u16,
    pub answer: &'a Value,
}

impl StandIn {
    pub(super) async fn record(&self, call: Recorded<'_>) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into stripe_stand_in.requests (at, method, path, headers, body, status, answer)
             values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(call.at)
        .bind(call.method)
        .bind(call.path)
        .bind(call.headers)
        .bind(call.body)
        .bind(i32::from(call.status))
        .bind(call.answer)
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }

    /// All calls and webhooks so far as JSON lines: `{"call": {..}}` and `{"webhook": {..}}`.
    pub async fn recording(&self) -> Result<String, Fault> {
        let calls = sqlx::query("select method, path, headers, body, status, answer from stripe_stand_in.requests order by number")
            .try_map(|row: PgRow| {
                Ok(json!({"call": {
                    "method": row.try_get::<String, _>("method")?,
                    "path": row.try_get::<String, _>("path")?,
                    "headers": row.try_get::<Value, _>("headers")?,
                    "body": row.try_get::<String, _>("body")?,
                    "status": row.try_get::<i32, _>("status")?,
                    "answer": row.try_get::<Value, _>("answer")?,
                }}))
            })
            .fetch_all(&self.0.pool)
            .await?;
        let webhooks =
            sqlx::query_scalar::<_, String>("select body from stripe_stand_in.deliveries order by number")
                .fetch_all(&self.0.pool)
                .await?;
        let webhooks = webhooks.iter().filter_map(|body| serde_json::from_str::<Value>(body).ok());
        let lines = calls.into_iter().chain(webhooks.map(|event| json!({"webhook": event})));
        let lines: Vec<String> = lines.map(|line| line.to_string()).collect();
        Ok(lines.join("\n"))
    }
}
