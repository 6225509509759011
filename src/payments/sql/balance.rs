//! What moved the balance at Stripe.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Result;
use crate::kit::stripe::BalanceTransaction;

/// When the list was last begun that was then read to its end.
pub async fn last_reading(db: &mut PgConnection) -> Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!("select began_at from balance_readings").fetch_optional(db).await
}

pub async fn set_reading(db: &mut PgConnection, began_at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "insert into balance_readings (began_at) values ($1) on conflict (only_one) do update set began_at = $1",
        began_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Keeps those that are not there. Returns how many were new.
pub async fn insert_all(
    db: &mut PgConnection,
    moved: &[BalanceTransaction],
    now: DateTime<Utc>,
) -> Result<u64> {
    let texts = |field: fn(&BalanceTransaction) -> &str| -> Vec<String> {
        moved.iter().map(|it| field(it).to_owned()).collect()
    };
    let sources: Vec<_> = moved.iter().map(|it| it.source.clone()).collect();
    let intents: Vec<_> = moved.iter().map(|it| it.payment_intent.clone()).collect();
    let done = sqlx::query!(
        "insert into balance_transactions (id, category, amount_pence, fee_pence, at, source, payment_intent, recorded_at)
         select id, category, amount, fee, at, source, intent, $8
         from unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[])
              as t(id, category, amount, fee, at, source, intent)
         on conflict (id) do nothing",
        &texts(|it| &it.id),
        &texts(|it| &it.category),
        &moved.iter().map(|it| it.amount_pence).collect::<Vec<_>>(),
        &moved.iter().map(|it| it.fee_pence).collect::<Vec<_>>(),
        &moved.iter().map(|it| it.created).collect::<Vec<_>>(),
        &sources as _,
        &intents as _,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// How many subscriptions, paid invoices and movements of the balance we know: about as many as a comparison meets.
pub async fn count_known(db: &mut PgConnection) -> Result<(i64, i64, i64)> {
    let row = sqlx::query!(
        r#"select (select count(*) from subscriptions) as "subscriptions!",
                  (select count(*) from ledger where kind = 'payment' and subscription is not null) as "invoices!",
                  (select count(*) from balance_transactions) as "moved!""#
    );
    let row = row.fetch_one(db).await?;
    Ok((row.subscriptions, row.invoices, row.moved))
}
