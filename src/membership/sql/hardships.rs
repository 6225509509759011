//! Members who pay less for a time.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, Result};
use uuid::Uuid;

use crate::{
    kit::{money::Money, stripe::Interval},
    membership::model::Hardship,
};

/// `hardships!("person_id = $1", person)`
macro_rules! hardships {
    ($which:literal, $($value:expr),*) => {
        sqlx::query_as!(
            Hardship,
            r#"select id, person_id as person, billing_interval as "every: Interval", amount_pence as "amount: Money",
                      until_on as until, turn, told_pence as "told: Money", over_at is not null as "is_over!"
               from membership_hardships where "# + $which,
            $($value),*
        )
    };
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Hardship>> {
    hardships!("id = $1", id).fetch_optional(db).await
}

pub async fn find_of(db: &mut PgConnection, person: Uuid) -> Result<Option<Hardship>> {
    hardships!("person_id = $1", person).fetch_optional(db).await
}

/// Those that are to end before another day's payment is taken.
pub async fn list_over(db: &mut PgConnection, today: NaiveDate) -> Result<Vec<Hardship>> {
    hardships!("until_on <= $1 and over_at is null order by id", today).fetch_all(db).await
}

/// Those that end by a day, whose members were not reminded.
pub async fn list_ending(db: &mut PgConnection, by: NaiveDate) -> Result<Vec<Hardship>> {
    hardships!("until_on <= $1 and over_at is null and reminded_at is null order by id", by)
        .fetch_all(db)
        .await
}

/// Those of which Stripe has not been told all.
pub async fn list_untold(db: &mut PgConnection) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select id from membership_hardships where over_at is not null or told_pence is distinct from amount_pence order by id"
    )
    .fetch_all(db)
    .await
}

/// Keeps what was declared. `false` if there is one already.
pub async fn insert(db: &mut PgConnection, it: &Hardship, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into membership_hardships (id, person_id, billing_interval, amount_pence, until_on, told_pence, asked_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (person_id) do nothing",
        it.id,
        it.person,
        it.every.code(),
        it.amount.pence(),
        it.until,
        it.told.map(Money::pence),
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Another amount or last day. `false` if it is over or has these already.
pub async fn set(db: &mut PgConnection, it: &Hardship) -> Result<bool> {
    let done = sqlx::query!(
        "update membership_hardships set amount_pence = $2, until_on = $3, reminded_at = null, turn = turn + 1
         where id = $1 and over_at is null and (amount_pence, until_on) is distinct from ($2, $3)",
        it.id,
        it.amount.pence(),
        it.until
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes what Stripe was told. `false` if something else has been asked for since.
pub async fn set_told(db: &mut PgConnection, it: &Hardship, told: Money) -> Result<bool> {
    let done = sqlx::query!(
        "update membership_hardships set told_pence = $3 where id = $1 and turn = $2",
        it.id,
        it.turn,
        told.pence()
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that its member is reminded. `false` if that was so already.
pub async fn set_reminded(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update membership_hardships set reminded_at = $2 where id = $1 and reminded_at is null and over_at is null",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that its member goes back. `false` if that was so already.
pub async fn set_over(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update membership_hardships set over_at = $2, turn = turn + 1 where id = $1 and over_at is null",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets that there ever was one. `false` if something else has been asked for since, or it is forgotten already.
pub async fn delete(db: &mut PgConnection, it: &Hardship) -> Result<bool> {
    let done = sqlx::query!("delete from membership_hardships where id = $1 and turn = $2", it.id, it.turn)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets what somebody declared.
pub async fn delete_of(db: &mut PgConnection, person: Uuid) -> Result<()> {
    sqlx::query!("delete from membership_hardships where person_id = $1", person).execute(db).await?;
    Ok(())
}

/// Forgets those whose membership is over.
pub async fn delete_ended(db: &mut PgConnection) -> Result<()> {
    sqlx::query!(
        "delete from membership_hardships h using memberships m where m.person_id = h.person_id and m.state = 'ended'"
    )
    .execute(db)
    .await?;
    Ok(())
}
