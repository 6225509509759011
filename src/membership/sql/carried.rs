//! Days that were paid for before a regular payment began.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Result};

pub async fn insert(db: &mut PgConnection, subscription: &str, days: i64, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into membership_carried (subscription, days, noted_at) values ($1, $2, $3) on conflict do nothing",
        subscription,
        i32::try_from(days).unwrap_or(i32::MAX),
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How many they are, while Stripe has not been told.
pub async fn find_untold(db: &mut PgConnection, subscription: &str) -> Result<Option<i64>> {
    let days = sqlx::query_scalar!(
        "select days from membership_carried where subscription = $1 and told_at is null",
        subscription
    );
    Ok(days.fetch_optional(db).await?.map(i64::from))
}

/// Keeps when the next payment is to come, unless that is known. Returns what counts.
pub async fn set_until(
    db: &mut PgConnection,
    subscription: &str,
    until: DateTime<Utc>,
) -> Result<DateTime<Utc>> {
    sqlx::query_scalar!(
        r#"update membership_carried set until_at = coalesce(until_at, $2) where subscription = $1 returning until_at as "until!""#,
        subscription,
        until
    )
    .fetch_one(db)
    .await
}

/// Notes that Stripe knows. `false` if that was so already.
pub async fn set_told(db: &mut PgConnection, subscription: &str, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update membership_carried set told_at = $2 where subscription = $1 and told_at is null",
        subscription,
        now
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}

/// Those of a payment that goes on and has begun.
pub async fn list_untold(db: &mut PgConnection) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        "select c.subscription from membership_carried c join subscriptions s on s.id = c.subscription
         where c.told_at is null and s.first_paid_at is not null and s.state in ('trialing', 'active') and s.surplus_since is null
         order by 1"
    )
    .fetch_all(db)
    .await
}
