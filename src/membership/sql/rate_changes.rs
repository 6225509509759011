//! Changes of rate that were asked for.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Result};
use uuid::Uuid;

use crate::{
    kit::{money::Money, stripe::Interval},
    membership::model::{NewRate, Rate, RateChange},
};

struct Row {
    id: Uuid,
    person_id: Uuid,
    rate: Rate,
    billing_interval: Interval,
    amount_pence: Money,
    asked_by: Uuid,
}

impl From<Row> for RateChange {
    fn from(row: Row) -> Self {
        let new = NewRate { rate: row.rate, every: row.billing_interval, amount: row.amount_pence };
        Self { id: row.id, person: row.person_id, new, asked_by: row.asked_by }
    }
}

/// `open_changes!("person_id = $1", person)`
macro_rules! open_changes {
    ($which:literal, $value:expr) => {
        sqlx::query_as!(
            Row,
            r#"select id, person_id, rate as "rate: Rate", billing_interval as "billing_interval: Interval",
                      amount_pence as "amount_pence: Money", asked_by
               from membership_rate_changes where done_at is null and refused is null and "#
                + $which,
            $value
        )
    };
}

/// Keeps what was asked for, and what was declared with it. Another change that Stripe was not told of yet is forgotten: the last word counts.
pub async fn insert(
    db: &mut PgConnection,
    it: &RateChange,
    declaration: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "delete from membership_rate_changes where person_id = $1 and done_at is null and refused is null",
        it.person
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into membership_rate_changes (id, person_id, rate, billing_interval, amount_pence, asked_by, asked_at, declaration)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        it.id,
        it.person,
        it.new.rate.code(),
        it.new.every.code(),
        it.new.amount.pence(),
        it.asked_by,
        now,
        declaration
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The change that waits for Stripe; `None` once it is done, refused or overtaken by another.
pub async fn find_open(db: &mut PgConnection, id: Uuid) -> Result<Option<RateChange>> {
    Ok(open_changes!("id = $1", id).fetch_optional(db).await?.map(RateChange::from))
}

/// The change of somebody's rate that waits for Stripe.
pub async fn find_open_of(db: &mut PgConnection, person: Uuid) -> Result<Option<RateChange>> {
    Ok(open_changes!("person_id = $1", person).fetch_optional(db).await?.map(RateChange::from))
}

/// Notes that a change is made. `false` if that was noted already.
pub async fn set_done(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let changed = sqlx::query!(
        "update membership_rate_changes set done_at = $2 where id = $1 and done_at is null and refused is null",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Notes that Stripe will not make a change, with its code. `false` if that was noted already.
pub async fn set_refused(db: &mut PgConnection, id: Uuid, code: &str) -> Result<bool> {
    let changed = sqlx::query!(
        "update membership_rate_changes set refused = $2 where id = $1 and done_at is null and refused is null",
        id,
        code
    )
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}
