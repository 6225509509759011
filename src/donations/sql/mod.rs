//! The room's statements: gifts here, everything else by its noun.

pub mod cards;
pub mod cases;
pub mod giving;
pub mod limit;
pub mod merging;
pub mod refusals;
pub mod returns;
pub mod sources;
pub mod splits;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::model::{GIFTS, Gift, Unheard};
use crate::{
    kit::{email_address::EmailAddress, money::Money, stripe::Interval},
    places::Address,
};

/// See [`Room::counts`](crate::accounts::Room).
pub(super) const COUNTS: &str = "
    select jsonb_build_object(
        'to_check', (select jsonb_build_object('count', count(*), 'pence', sum(l.amount_pence), 'since', min(received_on),
                                               'due', min(decide_by))
                     from donor_cases c join ledger l on l.id = c.line where outcome is null),
        'splits', (select jsonb_build_object('count', count(*), 'pence', sum(pence), 'since', min(noted_on)) from split_flags),
        'returns', (select jsonb_build_object('count', count(*), 'due', min(due_by)) from returns_due),
        'stuck', (select jsonb_build_object('count', count(*), 'pence', sum(pence), 'since', min(since), 'due', min(due))
                  from (select l.amount_pence as pence, sent.since, sent.due
                        from (select line, decided_on as since, null::date as due, given_up from donor_cases
                              where outcome = 'refused' and returned_on is null
                              union all
                              select line, (noted_at at time zone 'Europe/London')::date, null, given_up from above_limit a
                              where not exists (select from donor_cases c where c.line = a.line)) sent
                        join ledger l on l.id = sent.line
                        cross join lateral (select coalesce(sum(amount_pence), 0) as pence, bool_or(kind = 'refund_failed') as failed
                                            from corrections_of(l)) back
                        where (l.payment_intent is null or sent.given_up or back.failed) and l.amount_pence + back.pence > 0
                        union all
                        select value_pence, received_on, decide_by from donation_refusals where returned_on is null) stuck))";

type Result<T> = std::result::Result<T, sqlx::Error>;

pub(super) async fn insert_gift(db: &mut PgConnection, new: &Gift, declaration: &str) -> Result<()> {
    sqlx::query!(
        "insert into gifts (id, name, email, address, amount_pence, declaration, person_id, created_at, needs_check,
                            billing_interval)
         values ($1, $2, $3::text::citext, $4, $5, $6, $7, $8, $9, $10)",
        new.id,
        new.name,
        new.email.as_str(),
        new.address.as_ref().map(Json) as _,
        new.amount.pence(),
        declaration,
        new.person,
        new.created_at,
        new.needs_check,
        new.every.map(Interval::code)
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
    is_returned: bool,
    every: Option<Interval>,
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
            is_returned: row.is_returned,
            every: row.every,
        }
    }
}

/// `gifts!("where id = $1", id)`
macro_rules! gifts {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select id, name, email as "email: EmailAddress", address as "address: Json<Address>",
                      amount_pence as "amount: Money", person_id, created_at, paid_at, needs_check,
                      exists (select from gift_payments heard where heard.gift_id = gifts.id
                              and (exists (select from above_limit a where a.line = heard.line)
                                   or exists (select from donor_cases c where c.line = heard.line and c.outcome = 'refused'))) as "is_returned!",
                      billing_interval as "every: Interval"
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
           and billing_interval is not distinct from $6
         order by created_at desc limit 1",
        new.email.as_str(),
        since,
        new.name,
        new.amount.pence(),
        new.address.as_ref().map(Json) as _,
        new.every.map(Interval::code)
    )
    .fetch_optional(db)
    .await
}

/// Somebody's regular gifts that go on.
pub(super) async fn list_running(db: &mut PgConnection, person: Uuid) -> Result<Vec<Gift>> {
    let rows = gifts!(
        "where person_id = $1 and billing_interval is not null and exists (
             select from subscriptions s where s.purpose_kind = $2 and s.purpose_id = gifts.id
               and s.state in ('active', 'past_due', 'trialing') and s.surplus_since is null)
         order by created_at",
        person,
        GIFTS.code
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Gift::from).collect())
}

/// Stripe's id of the regular payment of a gift.
pub(super) async fn find_subscription(db: &mut PgConnection, gift: Uuid) -> Result<Option<String>> {
    sqlx::query_scalar!(
        "select id from subscriptions where purpose_kind = $2 and purpose_id = $1 order by started_at desc limit 1",
        gift,
        GIFTS.code
    )
    .fetch_optional(db)
    .await
}

/// The oldest first.
pub(super) async fn list_unheard(db: &mut PgConnection, gift: Uuid) -> Result<Vec<Unheard>> {
    sqlx::query_as!(
        Unheard,
        r#"select l.id as line, l.at, l.amount_pence as "amount: Money", l.payment_intent is not null as "by_stripe!" from ledger l
           where l.purpose_kind = $2 and l.purpose_id = $1 and l.kind = 'payment'
             and not exists (select from gift_payments known where known.line = l.id)
           order by l.at, l.id"#,
        gift,
        GIFTS.code
    )
    .fetch_all(db)
    .await
}

/// Notes that a payment was heard of. Returns whether it was not before.
pub(super) async fn insert_payment(
    db: &mut PgConnection,
    line: Uuid,
    gift: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into gift_payments (line, gift_id, heard_at) values ($1, $2, $3) on conflict do nothing",
        line,
        gift,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The first payment counts.
pub(super) async fn set_paid(
    db: &mut PgConnection,
    id: Uuid,
    paid_at: DateTime<Utc>,
    person: Option<Uuid>,
) -> Result<()> {
    sqlx::query!(
        "update gifts set paid_at = coalesce(paid_at, $2), person_id = coalesce(person_id, $3) where id = $1",
        id,
        paid_at,
        person
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn delete_old_gifts(db: &mut PgConnection, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from gifts where paid_at is null and created_at < $1", before).execute(db).await?;
    Ok(())
}
