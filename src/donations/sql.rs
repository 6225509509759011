use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::model::{GIFTS, Gift};
use crate::{
    kit::{email_address::EmailAddress, money::Money},
    places::Address,
};

/// See [`Room::counts`](crate::accounts::Room).
pub(super) const COUNTS: &str = "
    select jsonb_build_object('to_check', count(*))
    from gifts where needs_check and checked_at is null and paid_at is not null";

type Result<T> = std::result::Result<T, sqlx::Error>;

pub(super) async fn insert_gift(db: &mut PgConnection, new: &Gift, declaration: &str) -> Result<()> {
    sqlx::query!(
        "insert into gifts (id, name, email, address, amount_pence, declaration, person_id, created_at, needs_check)
         values ($1, $2, $3::text::citext, $4, $5, $6, $7, $8, $9)",
        new.id,
        new.name,
        new.email.as_str(),
        new.address.as_ref().map(Json) as _,
        new.amount.pence(),
        declaration,
        new.person,
        new.created_at,
        new.needs_check
    )
    .execute(db)
    .await?;
    Ok(())
}

struct Row {
    id: Uuid,
    name: String,
    email: EmailAddress,
    address: Option<Json<Address>>,
    amount: Money,
    person_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    paid_at: Option<DateTime<Utc>>,
    needs_check: bool,
    over_cap: bool,
}

impl From<Row> for Gift {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            email: row.email,
            address: row.address.map(|Json(address)| address),
            amount: row.amount,
            person: row.person_id,
            created_at: row.created_at,
            paid_at: row.paid_at,
            needs_check: row.needs_check,
            over_cap: row.over_cap,
        }
    }
}

/// `gifts!("where id = $1", id)`
macro_rules! gifts {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select id, name, email as "email: EmailAddress", address as "address: Json<Address>",
                      amount_pence as "amount: Money", person_id, created_at, paid_at, needs_check, over_cap
               from gifts "# + $which
            $(, $value)*
        )
    };
}

pub(super) async fn find_gift(db: &mut PgConnection, id: Uuid) -> Result<Option<Gift>> {
    let row = gifts!("where id = $1", id).fetch_optional(db).await?;
    Ok(row.map(Gift::from))
}

pub(super) async fn lock_gift(db: &mut PgConnection, id: Uuid) -> Result<Option<Gift>> {
    let row = gifts!("where id = $1 for update", id).fetch_optional(db).await?;
    Ok(row.map(Gift::from))
}

/// The same answers sent twice within a few minutes: a double click, or the back button.
pub(super) async fn find_same_gift(
    db: &mut PgConnection,
    new: &Gift,
    since: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "select id from gifts where email = $1::text::citext and created_at > $2 and paid_at is null
           and name = $3 and amount_pence = $4 and address is not distinct from $5
         order by created_at desc limit 1",
        new.email.as_str(),
        since,
        new.name,
        new.amount.pence(),
        new.address.as_ref().map(Json) as _
    )
    .fetch_optional(db)
    .await
}

/// Makes gifts of one giver wait for each other until the transaction ends, so that two at once cannot both
/// fit under the cap.
pub(super) async fn lock_giver(db: &mut PgConnection, email: &EmailAddress) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('gifts of ' || lower($1::text), 0))",
        email.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What an address has given since an instant, refunds taken off.
pub(super) async fn given_since(
    db: &mut PgConnection,
    email: &EmailAddress,
    since: DateTime<Utc>,
    leave_out: Option<Uuid>,
) -> Result<Money> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(l.amount_pence), 0)::bigint as "given!: Money"
           from gifts g join ledger l on l.purpose_kind = $4 and l.purpose_id = g.id
           where g.email = $1::text::citext and g.paid_at >= $2 and ($3::uuid is null or g.id <> $3)"#,
        email.as_str(),
        since,
        leave_out,
        GIFTS.code
    )
    .fetch_one(db)
    .await
}

pub(super) async fn set_paid(
    db: &mut PgConnection,
    id: Uuid,
    paid_at: DateTime<Utc>,
    person: Option<Uuid>,
    over_cap: bool,
) -> Result<()> {
    sqlx::query!(
        "update gifts set paid_at = $2, person_id = coalesce(person_id, $3), over_cap = $4 where id = $1",
        id,
        paid_at,
        person,
        over_cap
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gifts that the treasurer has to look at: to check against the electoral register, or to pay back.
pub async fn list_to_check(db: &mut PgConnection) -> Result<Vec<Gift>> {
    let rows =
        gifts!("where needs_check and checked_at is null and paid_at is not null order by paid_at limit 200")
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(Gift::from).collect())
}

/// Gifts whose givers were found on the register since then, newest first.
pub async fn list_confirmed(db: &mut PgConnection, since: DateTime<Utc>) -> Result<Vec<Gift>> {
    let rows = gifts!(
        "where needs_check and checked_at >= $1 and checked_by is not null and not returned order by checked_at desc limit 50",
        since
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Gift::from).collect())
}

/// Puts a gift whose giver was found back on the list. Returns whether it was one.
pub(super) async fn unset_checked(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    let done = sqlx::query!(
        "update gifts set checked_at = null, checked_by = null
         where id = $1 and needs_check and checked_at is not null and checked_by is not null and not returned",
        id
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps what was found about a gift's giver. Returns whether it was waiting for that.
pub(super) async fn set_checked(
    db: &mut PgConnection,
    id: Uuid,
    by: Uuid,
    returned: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update gifts set checked_at = $3, checked_by = $2, returned = $4 where id = $1 and needs_check and checked_at is null
         and paid_at is not null",
        id,
        by,
        now,
        returned
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a gift of which nothing is left from the list of checks, and puts it back if the refund failed.
pub(super) async fn note_balance(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update gifts set returned = left_over = 0,
                checked_at = case when left_over = 0 then coalesce(checked_at, $2) when not returned then checked_at end,
                checked_by = case when left_over = 0 or not returned then checked_by end
         from (select coalesce(sum(amount_pence), 0) as left_over from ledger
               where purpose_kind = $3 and purpose_id = $1) as books
         where id = $1",
        id,
        now,
        GIFTS.code
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn delete_old_gifts(db: &mut PgConnection, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from gifts where paid_at is null and created_at < $1", before).execute(db).await?;
    Ok(())
}
