//! What regular payments are charged to, and wishes to have them charged to something else.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{
    kit::stripe::{self, MethodDetails},
    payments::{
        model::{ChangeState, MethodChange, PaymentMethod},
        purposes::{KindCode, Purpose},
    },
};

/// Keeps what Stripe says of a card or account. A bank may bring a card a new date: its payer is then told again.
pub async fn upsert(
    db: &mut PgConnection,
    id: &str,
    it: &MethodDetails,
    seen_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into payment_methods as old (id, kind, brand, last4, expires_on, seen_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (id) do update set kind = excluded.kind, brand = excluded.brand, last4 = excluded.last4,
                expires_on = excluded.expires_on, seen_at = excluded.seen_at,
                warned_at = case when old.expires_on is not distinct from excluded.expires_on then old.warned_at end
         where old.seen_at <= excluded.seen_at
           and (old.kind, old.brand, old.last4, old.expires_on)
               is distinct from (excluded.kind, excluded.brand, excluded.last4, excluded.expires_on)",
        id,
        it.kind,
        it.brand,
        it.last4,
        it.expires_on,
        seen_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes whether a bank still takes debits from whoever pays us regularly. Returns whether that is news.
pub async fn set_mandate(
    db: &mut PgConnection,
    mandate: &stripe::Mandate,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into payment_methods as old (id, kind, lost_at, seen_at)
         select $1, 'bacs_debit', case when $2 then $3::timestamptz end, $3
         where exists (select from subscriptions where payment_method = $1)
         on conflict (id) do update set lost_at = excluded.lost_at
         where (old.lost_at is null) <> (excluded.lost_at is null)",
        mandate.payment_method,
        mandate.is_lost,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The subscriptions that are charged to it and have not ended.
pub async fn subscriptions_of(db: &mut PgConnection, method: &str) -> Result<Vec<(String, Purpose)>> {
    let rows = sqlx::query!(
        r#"select id, purpose_kind as "kind: KindCode", purpose_id from subscriptions
           where payment_method = $1 and state not in ('canceled', 'incomplete_expired') order by id"#,
        method
    );
    let rows = rows.fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id, Purpose { kind: row.kind, id: row.purpose_id })).collect())
}

/// A card that will not do for the next payment.
pub struct Expiring {
    pub subscription: String,
    pub purpose: Purpose,
    pub method: String,
    pub expires_on: NaiveDate,
}

/// Cards that expire before the next payment, where either is less than `days` away, each once.
pub async fn take_expiring(
    db: &mut PgConnection,
    today: NaiveDate,
    days: i32,
    now: DateTime<Utc>,
) -> Result<Vec<Expiring>> {
    let rows = sqlx::query!(
        r#"with due as (
               select m.id from payment_methods m join subscriptions s on s.payment_method = m.id
               where m.warned_at is null and m.expires_on >= $1 and m.expires_on < $1 + 62
                 and s.state in ('trialing', 'active') and not s.cancel_at_period_end and s.surplus_since is null
                 and (s.current_period_end at time zone 'Europe/London')::date > m.expires_on
                 and least(m.expires_on, (s.current_period_end at time zone 'Europe/London')::date) <= $1 + $2::int
               order by m.id limit 10000 for no key update of m),
           told as (update payment_methods m set warned_at = $3 from due where m.id = due.id returning m.id, m.expires_on)
           select s.id as subscription, s.purpose_kind as "kind: KindCode", s.purpose_id, told.id as method,
                  told.expires_on as "expires_on!"
           from told join subscriptions s on s.payment_method = told.id
           where s.state in ('trialing', 'active') and not s.cancel_at_period_end and s.surplus_since is null
           order by s.id"#,
        today,
        days,
        now
    );
    let rows = rows.fetch_all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| Expiring {
            subscription: row.subscription,
            purpose: Purpose { kind: row.kind, id: row.purpose_id },
            method: row.method,
            expires_on: row.expires_on,
        })
        .collect())
}

/// `changes!("where id = $1", id)`
macro_rules! changes {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            MethodChange,
            r#"select id, subscription, return_path, state as "state: ChangeState", stripe_session, url, created_at
               from method_changes "# + $which
            $(, $value)*
        )
    };
}

/// Stores a wish. Returns whether it is the only open one of its subscription.
pub async fn insert_change(db: &mut PgConnection, new: &MethodChange) -> Result<bool> {
    let done = sqlx::query!(
        "insert into method_changes (id, subscription, return_path, created_at, changed_at) values ($1, $2, $3, $4, $4)
         on conflict do nothing",
        new.id,
        new.subscription,
        new.return_path,
        new.created_at
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn find_change(db: &mut PgConnection, id: Uuid) -> Result<Option<MethodChange>> {
    changes!("where id = $1", id).fetch_optional(db).await
}

pub async fn find_open_change(db: &mut PgConnection, subscription: &str) -> Result<Option<MethodChange>> {
    changes!("where subscription = $1 and state in ('wanted', 'open')", subscription).fetch_optional(db).await
}

/// Open ones that were begun before then: their page is closed by now, or its event was lost.
pub async fn list_old_changes(db: &mut PgConnection, before: DateTime<Utc>) -> Result<Vec<MethodChange>> {
    changes!("where state in ('wanted', 'open') and created_at < $1 order by created_at limit 500", before)
        .fetch_all(db)
        .await
}

pub async fn set_opened(
    db: &mut PgConnection,
    id: Uuid,
    session: &str,
    url: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update method_changes set state = 'open', stripe_session = $2, url = $3, changed_at = $4
         where id = $1 and state = 'wanted'",
        id,
        session,
        url,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What is done or closed stays so.
pub async fn set_over(db: &mut PgConnection, id: Uuid, state: ChangeState, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update method_changes set state = $2, url = null, changed_at = $3 where id = $1 and state in ('wanted', 'open')",
        id,
        state.code(),
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Somebody from whom nothing can be collected until they choose another way to pay.
pub struct Stopped {
    pub person: Option<Uuid>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub method: PaymentMethod,
    pub subscription: String,
}

/// Regular payments whose Direct Debit was cancelled at the bank, the newest first.
pub async fn list_stopped(db: &mut PgConnection, limit: i64) -> Result<Vec<Stopped>> {
    let rows = sqlx::query!(
        r#"select s.id, m.kind, m.brand, m.last4, m.expires_on, m.lost_at, who.id as "person?", coalesce(who.name, c.name) as name,
                  coalesce(who.email, c.email)::text as email
           from payment_methods m join subscriptions s on s.payment_method = m.id
           left join lateral (select p.id, p.name, p.email from ledger l join people p on p.id = l.person_id
                              where l.purpose_kind = s.purpose_kind and l.purpose_id = s.purpose_id limit 1) who on true
           left join lateral (select c.name, c.email from checkouts c where c.purpose_kind = s.purpose_kind
                              and c.purpose_id = s.purpose_id order by c.created_at desc limit 1) c on true
           where m.lost_at is not null and s.surplus_since is null
             and s.state in ('trialing', 'active', 'past_due', 'paused', 'unpaid') and not s.cancel_at_period_end
           order by m.lost_at desc, s.id limit $1"#,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Stopped {
            person: row.person,
            name: row.name,
            email: row.email,
            subscription: row.id,
            method: PaymentMethod {
                kind: row.kind,
                brand: row.brand,
                last4: row.last4,
                expires_on: row.expires_on,
                lost_at: row.lost_at,
            },
        })
        .collect())
}
