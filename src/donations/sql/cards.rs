//! The cards by which some payments were made.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{donations::model::Law, kit::money::Money};

/// Payments at Stripe from just below the law's sum whose card was not asked for yet, with Stripe's ids, so many at a time.
pub async fn list_unknown(
    db: &mut PgConnection,
    laws: &[Law],
    least: Money,
    since: NaiveDate,
) -> Result<Vec<(Uuid, String)>> {
    let most = laws.iter().map(|law| law.check_above).max().unwrap_or(Money::ZERO);
    let rows = sqlx::query!(
        r#"select l.id, l.payment_intent as "payment_intent!" from ledger l
           where l.kind = 'payment' and l.amount_pence between $1 and $2 and l.payment_intent is not null and l.at >= $3::date
             and not exists (select from donation_cards known where known.line = l.id)
           order by l.at desc, l.id limit 200"#,
        least.pence(),
        most.pence(),
        since
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.id, row.payment_intent)).collect())
}

pub async fn insert(
    db: &mut PgConnection,
    line: Uuid,
    fingerprint: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into donation_cards (line, fingerprint, asked_at) values ($1, $2, $3) on conflict do nothing",
        line,
        fingerprint,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn delete_old(db: &mut PgConnection, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from donation_cards where asked_at < $1", before).execute(db).await?;
    Ok(())
}
