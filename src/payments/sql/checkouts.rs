//! Wishes to pay, and how far each is.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{
    kit::{money::Money, stripe::Interval},
    payments::{
        model::{Checkout, CheckoutState},
        purposes::{KindCode, Purpose},
    },
};

struct CheckoutRow {
    id: Uuid,
    purpose_kind: KindCode,
    purpose_id: Uuid,
    amount: Money,
    every: Option<Interval>,
    product: String,
    name: Option<String>,
    email: String,
    return_path: String,
    cancel_path: String,
    state: CheckoutState,
    stripe_session: Option<String>,
    url: Option<String>,
    subscription: Option<String>,
    by_debit: bool,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
}

impl From<CheckoutRow> for Checkout {
    fn from(row: CheckoutRow) -> Self {
        Self {
            id: row.id,
            purpose: Purpose { kind: row.purpose_kind, id: row.purpose_id },
            amount: row.amount,
            every: row.every,
            product: row.product,
            name: row.name,
            email: row.email,
            return_path: row.return_path,
            cancel_path: row.cancel_path,
            state: row.state,
            stripe_session: row.stripe_session,
            url: row.url,
            subscription: row.subscription,
            by_debit: row.by_debit,
            created_at: row.created_at,
            expires_at: row.expires_at,
        }
    }
}

/// `checkouts!("where id = $1", id)`
macro_rules! checkouts {
    ($which:literal, $($value:expr),*) => {
        sqlx::query_as!(
            CheckoutRow,
            r#"select id, purpose_kind as "purpose_kind: KindCode", purpose_id, amount_pence as "amount: Money",
                      billing_interval as "every: Interval", product, name, email::text as "email!", return_path, cancel_path,
                      state as "state: CheckoutState", stripe_session, url, subscription, by_debit, created_at, expires_at
               from checkouts "# + $which,
            $($value),*
        )
    };
}

/// Stores a wish unless one for the same purpose is open already.
pub async fn insert(db: &mut PgConnection, new: &Checkout) -> Result<bool> {
    let done = sqlx::query!(
        "insert into checkouts (id, purpose_kind, purpose_id, amount_pence, billing_interval, product, email,
                                return_path, cancel_path, created_at, changed_at, name)
         values ($1, $2, $3, $4, $5, $6, $7::text::citext, $8, $9, $10, $10, $11)
         on conflict (purpose_kind, purpose_id) where state in ('wanted', 'open') do nothing",
        new.id,
        new.purpose.kind.as_str(),
        new.purpose.id,
        new.amount.pence(),
        new.every.map(Interval::code),
        new.product,
        new.email,
        new.return_path,
        new.cancel_path,
        new.created_at,
        new.name
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Checkout>> {
    let row = checkouts!("where id = $1", id).fetch_optional(db).await?;
    Ok(row.map(Checkout::from))
}

/// The one that was made last for a purpose; the paid one if there is one.
pub async fn find_for(db: &mut PgConnection, purpose: &Purpose) -> Result<Option<Checkout>> {
    let row = checkouts!(
        "where purpose_kind = $1 and purpose_id = $2
         order by state in ('paid', 'pending') desc, created_at desc, id desc limit 1",
        purpose.kind.as_str(),
        purpose.id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Checkout::from))
}

/// The open one for a purpose, of which there is at most one.
pub async fn find_open(db: &mut PgConnection, purpose: &Purpose) -> Result<Option<Checkout>> {
    let row = checkouts!(
        "where purpose_kind = $1 and purpose_id = $2 and state in ('wanted', 'open')",
        purpose.kind.as_str(),
        purpose.id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Checkout::from))
}

/// Other open ones for the same kind of thing and with the same address as this.
pub async fn list_other_open(db: &mut PgConnection, id: Uuid) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select other.id from checkouts this
         join checkouts other on other.purpose_kind = this.purpose_kind and other.email = this.email and other.id <> this.id
         where this.id = $1 and other.state in ('wanted', 'open')",
        id
    )
    .fetch_all(db)
    .await
}

/// Open ones of which nothing was heard for a while; those with a debit on its way, looked at once a day.
pub async fn list_silent(
    db: &mut PgConnection,
    before: DateTime<Utc>,
    a_day_ago: DateTime<Utc>,
) -> Result<Vec<Checkout>> {
    let rows = checkouts!(
        "where (state in ('wanted', 'open') and created_at < $1) or (state = 'pending' and changed_at < $2)
         order by created_at limit 500",
        before,
        a_day_ago
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Checkout::from).collect())
}

/// Forgets wishes that nobody paid.
pub async fn delete_old(db: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!(
        "delete from checkouts where state in ('wanted', 'expired') and subscription is null and created_at < $1",
        before
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Notes the page that Stripe made for it.
pub async fn set_opened(
    db: &mut PgConnection,
    id: Uuid,
    session: &str,
    url: Option<&str>,
    expires_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update checkouts set stripe_session = $2, url = $3, expires_at = $4, changed_at = $5,
                state = case when state = 'wanted' then 'open' else state end
         where id = $1",
        id,
        session,
        url,
        expires_at,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn lock_state(db: &mut PgConnection, id: Uuid) -> Result<Option<(CheckoutState, Purpose)>> {
    let row = sqlx::query!(
        r#"select state as "state: CheckoutState", purpose_kind as "kind: KindCode", purpose_id from checkouts
           where id = $1 for update"#,
        id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.state, Purpose { kind: row.kind, id: row.purpose_id })))
}

/// What became of a session.
pub struct Progress<'a> {
    pub state: CheckoutState,
    pub session: Option<&'a str>,
    pub subscription: Option<&'a str>,
    pub payment_intent: Option<&'a str>,
    pub by_debit: bool,
}

pub async fn set_progress(
    db: &mut PgConnection,
    id: Uuid,
    progress: &Progress<'_>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update checkouts set state = $2, stripe_session = coalesce(stripe_session, $3),
                subscription = coalesce($4, subscription), payment_intent = coalesce($5, payment_intent),
                by_debit = by_debit or $6, changed_at = $7
         where id = $1",
        id,
        progress.state.code(),
        progress.session,
        progress.subscription,
        progress.payment_intent,
        progress.by_debit,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_subscription(db: &mut PgConnection, checkout: Uuid, subscription: &str) -> Result<()> {
    sqlx::query!(
        "update checkouts set subscription = $2 where id = $1 and subscription is null",
        checkout,
        subscription
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that a subscription which was taken out elsewhere pays for something, once, as a checkout that is over.
pub async fn insert_adopted(
    db: &mut PgConnection,
    new: &Checkout,
    subscription: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into checkouts (id, purpose_kind, purpose_id, amount_pence, billing_interval, product, email, name,
                return_path, cancel_path, state, stripe_session, subscription, created_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7::text::citext, $8, $9, $9, 'paid', $10, $11, $12, $12)
         on conflict (id) do nothing",
        new.id,
        new.purpose.kind.as_str(),
        new.purpose.id,
        new.amount.pence(),
        new.every.map(Interval::code),
        new.product,
        new.email,
        new.name,
        new.return_path,
        format!("adopted:{subscription}"),
        subscription,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
