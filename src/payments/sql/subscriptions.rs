//! Regular payments, as Stripe last told of them.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Result;
use crate::{
    kit::{money::Money, stripe::Interval},
    payments::{
        model::{PaymentMethod, Subscription, subscription_code, subscription_state},
        purposes::{KindCode, Purpose},
    },
};

struct SubscriptionRow {
    id: String,
    purpose_kind: KindCode,
    purpose_id: Uuid,
    customer: String,
    state: String,
    amount: Money,
    every: Option<Interval>,
    current_period_end: Option<DateTime<Utc>>,
    cancel_at_period_end: bool,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    first_paid_at: Option<DateTime<Utc>>,
    failing_since: Option<DateTime<Utc>>,
    surplus_since: Option<DateTime<Utc>>,
    next_try: Option<DateTime<Utc>>,
    pay_page: Option<String>,
    payment_method: Option<String>,
    method: Option<Json<PaymentMethod>>,
    seen_at: DateTime<Utc>,
}

impl From<SubscriptionRow> for Subscription {
    fn from(row: SubscriptionRow) -> Self {
        Self {
            id: row.id,
            purpose: Purpose { kind: row.purpose_kind, id: row.purpose_id },
            customer: row.customer,
            state: subscription_state(&row.state),
            amount: row.amount,
            every: row.every,
            current_period_end: row.current_period_end,
            cancel_at_period_end: row.cancel_at_period_end,
            started_at: row.started_at,
            ended_at: row.ended_at,
            first_paid_at: row.first_paid_at,
            failing_since: row.failing_since,
            surplus_since: row.surplus_since,
            next_try: row.next_try,
            pay_page: row.pay_page,
            payment_method: row.payment_method,
            method: row.method.map(|Json(method)| method),
            seen_at: row.seen_at,
        }
    }
}

/// `subscriptions!("where id = $1", id)`
macro_rules! subscriptions {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            SubscriptionRow,
            r#"select id, purpose_kind as "purpose_kind: KindCode", purpose_id, customer, state,
                      amount_pence as "amount: Money", billing_interval as "every: Interval", current_period_end,
                      cancel_at_period_end, started_at, ended_at, first_paid_at, failing_since, surplus_since, next_try, pay_page, payment_method, seen_at,
                      (select to_jsonb(m) from payment_methods m where m.id = payment_method) as "method: Json<PaymentMethod>"
               from subscriptions "# + $which
            $(, $value)*
        )
    };
}

pub async fn find(db: &mut PgConnection, id: &str) -> Result<Option<Subscription>> {
    let row = subscriptions!("where id = $1", id).fetch_optional(db).await?;
    Ok(row.map(Subscription::from))
}

/// `no key`: who only points to the row, as a membership does, must not wait for us, nor we for them.
pub async fn lock(db: &mut PgConnection, id: &str) -> Result<Option<Subscription>> {
    let row = subscriptions!("where id = $1 for no key update", id).fetch_optional(db).await?;
    Ok(row.map(Subscription::from))
}

/// Writes a subscription as Stripe has it. What its invoices told (`first_paid_at`, `next_try`, `pay_page`) and what
/// only we know (`surplus_since`) stays; what is older than
/// what we have is not taken, and one that has ended stays ended.
pub async fn upsert(db: &mut PgConnection, it: &Subscription) -> Result<()> {
    sqlx::query!(
        "insert into subscriptions as old (id, purpose_kind, purpose_id, customer, state, amount_pence, billing_interval,
                current_period_end, cancel_at_period_end, started_at, ended_at, failing_since, seen_at, payment_method)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (id) do update set customer = excluded.customer, state = excluded.state,
                amount_pence = excluded.amount_pence, billing_interval = excluded.billing_interval,
                current_period_end = excluded.current_period_end, cancel_at_period_end = excluded.cancel_at_period_end,
                ended_at = excluded.ended_at, seen_at = excluded.seen_at, payment_method = excluded.payment_method,
                failing_since = case when excluded.state = 'canceled' then coalesce(old.failing_since, excluded.failing_since)
                                     when excluded.failing_since is null then null
                                     else coalesce(old.failing_since, excluded.failing_since) end
         where old.seen_at <= excluded.seen_at and (old.state <> 'canceled' or excluded.state = 'canceled')",
        it.id,
        it.purpose.kind.as_str(),
        it.purpose.id,
        it.customer,
        subscription_code(it.state),
        it.amount.pence(),
        it.every.map(Interval::code),
        it.current_period_end,
        it.cancel_at_period_end,
        it.started_at,
        it.ended_at,
        it.failing_since,
        it.seen_at,
        it.payment_method
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Those that pay for something and should, of one part of so many.
pub async fn list_alive(db: &mut PgConnection, parts: i32, part: i32) -> Result<Vec<(String, Purpose)>> {
    let rows = sqlx::query!(
        r#"select id, purpose_kind as "kind: KindCode", purpose_id from subscriptions
           where state in ('trialing', 'active', 'past_due', 'paused', 'incomplete', 'unpaid') and surplus_since is null
             and mod(hashtext(id) & 2147483647, $1) = $2"#,
        parts,
        part
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, Purpose { kind: row.kind, id: row.purpose_id })).collect())
}

/// What somebody pays for again and again, as far as the books say that it is theirs.
pub async fn list_alive_of(db: &mut PgConnection, person: Uuid) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        "select id from subscriptions s
         where state in ('trialing', 'active', 'past_due', 'paused', 'incomplete', 'unpaid') and surplus_since is null
           and exists (select from ledger l where l.purpose_kind = s.purpose_kind and l.purpose_id = s.purpose_id and l.person_id = $1)",
        person
    )
    .fetch_all(db)
    .await
}

/// Those that should have ended.
pub async fn list_surplus(db: &mut PgConnection) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        "select id from subscriptions
         where state in ('trialing', 'active', 'past_due', 'paused', 'incomplete', 'unpaid') and surplus_since is not null"
    )
    .fetch_all(db)
    .await
}

/// Those that we know of some.
pub async fn find_all(db: &mut PgConnection, ids: &[String]) -> Result<Vec<Subscription>> {
    let rows = subscriptions!("where id = any($1)", ids).fetch_all(db).await?;
    Ok(rows.into_iter().map(Subscription::from).collect())
}

pub async fn set_paid(db: &mut PgConnection, id: &str, paid_at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update subscriptions set first_paid_at = least(coalesce(first_paid_at, $2), $2) where id = $1",
        id,
        paid_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What becomes of an invoice that could not be collected.
pub async fn set_overdue(
    db: &mut PgConnection,
    id: &str,
    next_try: Option<DateTime<Utc>>,
    pay_page: Option<&str>,
) -> Result<()> {
    sqlx::query!(
        "update subscriptions set next_try = $2, pay_page = $3
         where id = $1 and (next_try is distinct from $2 or pay_page is distinct from $3)",
        id,
        next_try,
        pay_page
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_surplus(db: &mut PgConnection, id: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update subscriptions set surplus_since = coalesce(surplus_since, $2) where id = $1",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Who somebody is at Stripe wherever they pay regularly, with the address that they have here.
pub async fn customers_of(db: &mut PgConnection, person: Uuid) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        r#"select distinct s.customer, p.email::text as "email!" from ledger l
           join subscriptions s on s.purpose_kind = l.purpose_kind and s.purpose_id = l.purpose_id
           join people p on p.id = l.person_id
           where l.person_id = $1 and s.state not in ('canceled', 'incomplete_expired') order by 1"#,
        person
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.customer, row.email)).collect())
}

pub async fn is_customer(db: &mut PgConnection, customer: &str) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from subscriptions where customer = $1) as "known!""#,
        customer
    )
    .fetch_one(db)
    .await
}
