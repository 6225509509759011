//! Gifts of a year.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, Result};
use uuid::Uuid;

use super::model::{GIFT_YEARS, GiftYear};
use crate::kit::{email_address::EmailAddress, money::Money};

/// `gifts!("where id = $1", id)`
macro_rules! gifts {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            GiftYear,
            r#"select id, key, giver_name, giver_email as "giver_email: EmailAddress", receiver_name,
                      receiver_email as "receiver_email: EmailAddress", message, send_on, amount_pence as "amount: Money",
                      created_at, paid_at, accept_by, declined_at, accepted_at, returned_at, refunded_at, person_id as person
               from membership_gifts "# + $which
            $(, $value)*
        )
    };
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<GiftYear>> {
    gifts!("where id = $1", id).fetch_optional(db).await
}

pub async fn lock(db: &mut PgConnection, id: Uuid) -> Result<Option<GiftYear>> {
    gifts!("where id = $1 for update", id).fetch_optional(db).await
}

pub async fn find_by_key(db: &mut PgConnection, key: Uuid) -> Result<Option<GiftYear>> {
    gifts!("where key = $1", key).fetch_optional(db).await
}

pub async fn lock_by_key(db: &mut PgConnection, key: Uuid) -> Result<Option<GiftYear>> {
    gifts!("where key = $1 for update", key).fetch_optional(db).await
}

/// Those that are paid for, the newest first.
pub async fn list(db: &mut PgConnection, limit: i64) -> Result<Vec<GiftYear>> {
    gifts!("where paid_at is not null order by paid_at desc, id limit $1", limit).fetch_all(db).await
}

/// The one by which somebody is a member since a day.
pub async fn lock_accepted(
    db: &mut PgConnection,
    person: Uuid,
    since: NaiveDate,
) -> Result<Option<GiftYear>> {
    gifts!(
        "where person_id = $1 and returned_at is null and (accepted_at at time zone 'Europe/London')::date >= $2
         order by accepted_at desc limit 1 for update",
        person,
        since
    )
    .fetch_optional(db)
    .await
}

/// The same answers sent twice within a few minutes: a double click, or the back button.
pub async fn find_same(db: &mut PgConnection, new: &GiftYear, since: DateTime<Utc>) -> Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "select id from membership_gifts
         where giver_email = $1::text::citext and receiver_email = $2::text::citext and giver_name = $3 and receiver_name = $4
           and message = $5 and send_on = $6 and amount_pence = $7 and created_at > $8 and paid_at is null
         order by created_at desc limit 1",
        new.giver_email.as_str(),
        new.receiver_email.as_ref().map(EmailAddress::as_str),
        new.giver_name,
        new.receiver_name,
        new.message,
        new.send_on,
        new.amount.pence(),
        since
    )
    .fetch_optional(db)
    .await
}

pub async fn insert(db: &mut PgConnection, new: &GiftYear, declaration: &str) -> Result<()> {
    sqlx::query!(
        "insert into membership_gifts (id, key, giver_name, giver_email, receiver_name, receiver_email, message, send_on,
                amount_pence, declaration, created_at)
         values ($1, $2, $3, $4::text::citext, $5, $6::text::citext, $7, $8, $9, $10, $11)",
        new.id,
        new.key,
        new.giver_name,
        new.giver_email.as_str(),
        new.receiver_name,
        new.receiver_email.as_ref().map(EmailAddress::as_str),
        new.message,
        new.send_on,
        new.amount.pence(),
        declaration,
        new.created_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What the books have of one gift.
pub struct Booked {
    pub paid_at: Option<DateTime<Utc>>,
    /// What is left of it here.
    pub left: Money,
}

pub async fn booked(db: &mut PgConnection, gift: Uuid) -> Result<Booked> {
    sqlx::query_as!(
        Booked,
        r#"select min(at) filter (where kind = 'payment') as paid_at, coalesce(sum(amount_pence), 0)::bigint as "left!: Money"
           from ledger where purpose_kind = $2 and purpose_id = $1"#,
        gift,
        GIFT_YEARS.code
    )
    .fetch_one(db)
    .await
}

pub async fn set_paid(db: &mut PgConnection, id: Uuid, paid_at: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update membership_gifts set paid_at = coalesce(paid_at, $2) where id = $1", id, paid_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Paid ones whose day has come.
pub async fn list_to_send(db: &mut PgConnection, today: NaiveDate) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select id from membership_gifts where send_on <= $1 and paid_at is not null and sent_at is null and returned_at is null
         order by send_on, id",
        today
    )
    .fetch_all(db)
    .await
}

/// Notes that the receiver is written to. `false` if that was so already.
pub async fn set_sent(
    db: &mut PgConnection,
    id: Uuid,
    accept_by: NaiveDate,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update membership_gifts set sent_at = $2, accept_by = $3 where id = $1 and sent_at is null and returned_at is null",
        id,
        now,
        accept_by
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn set_declined(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update membership_gifts set declined_at = coalesce(declined_at, $2) where id = $1",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes who accepted it, and forgets how they were written to.
pub async fn set_accepted(db: &mut PgConnection, id: Uuid, person: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update membership_gifts set accepted_at = $2, person_id = $3, receiver_email = null, message = '' where id = $1",
        id,
        now,
        person
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Those that nobody accepted in time.
pub async fn list_unaccepted(db: &mut PgConnection, today: NaiveDate) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select id from membership_gifts where accept_by < $1 and accepted_at is null and returned_at is null order by accept_by, id",
        today
    )
    .fetch_all(db)
    .await
}

/// Notes that the money is to go back, and forgets the receiver. `false` if that was so already.
pub async fn set_returned(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update membership_gifts set returned_at = $2, receiver_email = null, message = '', declined_at = null
         where id = $1 and returned_at is null",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// When the money had gone back; `None` if it is here again.
pub async fn set_refunded(db: &mut PgConnection, id: Uuid, at: Option<DateTime<Utc>>) -> Result<()> {
    sqlx::query!("update membership_gifts set refunded_at = $2 where id = $1", id, at).execute(db).await?;
    Ok(())
}

/// Those whose money was to go back some time ago and is still here.
pub async fn list_stuck(db: &mut PgConnection, before: DateTime<Utc>) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select id from membership_gifts where returned_at < $1 and refunded_at is null and paid_at is not null order by id",
        before
    )
    .fetch_all(db)
    .await
}

/// Forgets gifts that were never paid, and the receiver's name in those that went back long ago.
pub async fn tidy(db: &mut PgConnection, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from membership_gifts where paid_at is null and created_at < $1", before)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "update membership_gifts set receiver_name = '' where refunded_at < $1 and receiver_name <> ''",
        before
    )
    .execute(db)
    .await?;
    Ok(())
}
