//! Checkouts, subscriptions and events. The books' own statements are in `ledger.rs`.

pub(super) mod ledger;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::model::{
    Checkout, CheckoutState, Purpose, PurposeKind, Subscription, subscription_code, subscription_state,
};
use crate::kit::{money::Money, stripe::Interval};

pub(super) type Result<T> = std::result::Result<T, sqlx::Error>;

pub(super) fn decode<E: std::fmt::Display>(error: E) -> sqlx::Error {
    sqlx::Error::Decode(error.to_string().into())
}

pub(super) fn purpose(kind: &str, id: Uuid) -> Result<Purpose> {
    Ok(Purpose { kind: kind.parse::<PurposeKind>().map_err(decode)?, id })
}

fn interval(code: Option<&str>) -> Result<Option<Interval>> {
    code.map(str::parse).transpose().map_err(decode::<String>)
}

// Checkouts.

struct CheckoutRow {
    id: Uuid,
    purpose_kind: String,
    purpose_id: Uuid,
    amount_pence: i64,
    billing_interval: Option<String>,
    product: String,
    email: String,
    return_path: String,
    cancel_path: String,
    state: String,
    stripe_session: Option<String>,
    url: Option<String>,
    subscription: Option<String>,
    by_debit: bool,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
}

impl TryFrom<CheckoutRow> for Checkout {
    type Error = sqlx::Error;

    fn try_from(row: CheckoutRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            purpose: purpose(&row.purpose_kind, row.purpose_id)?,
            amount: Money::from_pence(row.amount_pence),
            every: interval(row.billing_interval.as_deref())?,
            product: row.product,
            email: row.email,
            return_path: row.return_path,
            cancel_path: row.cancel_path,
            state: row.state.parse().map_err(decode::<String>)?,
            stripe_session: row.stripe_session,
            url: row.url,
            subscription: row.subscription,
            by_debit: row.by_debit,
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}

/// Stores a wish unless one for the same purpose is open already.
pub(super) async fn insert_checkout(db: &mut PgConnection, new: &Checkout) -> Result<bool> {
    let done = sqlx::query!(
        "insert into checkouts (id, purpose_kind, purpose_id, amount_pence, billing_interval, product, email,
                                return_path, cancel_path, created_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7::text::citext, $8, $9, $10, $10)
         on conflict (purpose_kind, purpose_id) where state in ('wanted', 'open') do nothing",
        new.id,
        new.purpose.kind.code(),
        new.purpose.id,
        new.amount.pence(),
        new.every.map(Interval::code),
        new.product,
        new.email,
        new.return_path,
        new.cancel_path,
        new.created_at
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn find_checkout(db: &mut PgConnection, id: Uuid) -> Result<Option<Checkout>> {
    sqlx::query_as!(
        CheckoutRow,
        r#"select id, purpose_kind, purpose_id, amount_pence, billing_interval, product, email::text as "email!",
                  return_path, cancel_path, state, stripe_session, url, subscription, by_debit, created_at, expires_at
           from checkouts where id = $1"#,
        id
    )
    .fetch_optional(db)
    .await?
    .map(Checkout::try_from)
    .transpose()
}

/// The one that was made last for a purpose; the paid one if there is one.
pub(super) async fn find_checkout_for(db: &mut PgConnection, purpose: Purpose) -> Result<Option<Checkout>> {
    sqlx::query_as!(
        CheckoutRow,
        r#"select id, purpose_kind, purpose_id, amount_pence, billing_interval, product, email::text as "email!",
                  return_path, cancel_path, state, stripe_session, url, subscription, by_debit, created_at, expires_at
           from checkouts where purpose_kind = $1 and purpose_id = $2
           order by state in ('paid', 'pending') desc, created_at desc, id desc limit 1"#,
        purpose.kind.code(),
        purpose.id
    )
    .fetch_optional(db)
    .await?
    .map(Checkout::try_from)
    .transpose()
}

/// The open one for a purpose, of which there is at most one.
pub(super) async fn find_open_checkout(db: &mut PgConnection, purpose: Purpose) -> Result<Option<Checkout>> {
    sqlx::query_as!(
        CheckoutRow,
        r#"select id, purpose_kind, purpose_id, amount_pence, billing_interval, product, email::text as "email!",
                  return_path, cancel_path, state, stripe_session, url, subscription, by_debit, created_at, expires_at
           from checkouts where purpose_kind = $1 and purpose_id = $2 and state in ('wanted', 'open')"#,
        purpose.kind.code(),
        purpose.id
    )
    .fetch_optional(db)
    .await?
    .map(Checkout::try_from)
    .transpose()
}

/// Other open ones for the same kind of thing and the same address.
pub(super) async fn list_other_open(
    db: &mut PgConnection,
    kind: PurposeKind,
    email: &str,
    keep: Uuid,
) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select id from checkouts where purpose_kind = $1 and email = $2::text::citext and id <> $3
         and state in ('wanted', 'open')",
        kind.code(),
        email,
        keep
    )
    .fetch_all(db)
    .await
}

/// Open ones of which nothing was heard for a while; those with a debit on its way, looked at once a day.
pub(super) async fn list_silent(
    db: &mut PgConnection,
    before: DateTime<Utc>,
    a_day_ago: DateTime<Utc>,
) -> Result<Vec<Checkout>> {
    let rows = sqlx::query_as!(
        CheckoutRow,
        r#"select id, purpose_kind, purpose_id, amount_pence, billing_interval, product, email::text as "email!",
                  return_path, cancel_path, state, stripe_session, url, subscription, by_debit, created_at, expires_at
           from checkouts where (state in ('wanted', 'open') and created_at < $1) or (state = 'pending' and changed_at < $2)
           order by created_at limit 500"#,
        before,
        a_day_ago
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Checkout::try_from).collect()
}

/// Forgets wishes that nobody paid.
pub(super) async fn delete_old_checkouts(db: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!(
        "delete from checkouts where state in ('wanted', 'expired') and subscription is null and created_at < $1",
        before
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Notes the page that Stripe made for it.
pub(super) async fn set_opened(
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

pub(super) async fn lock_checkout_state(db: &mut PgConnection, id: Uuid) -> Result<Option<CheckoutState>> {
    sqlx::query_scalar!("select state from checkouts where id = $1 for update", id)
        .fetch_optional(db)
        .await?
        .map(|state| state.parse().map_err(decode::<String>))
        .transpose()
}

/// What became of a session.
pub(super) struct Progress<'a> {
    pub state: CheckoutState,
    pub session: Option<&'a str>,
    pub subscription: Option<&'a str>,
    pub payment_intent: Option<&'a str>,
    pub by_debit: bool,
}

pub(super) async fn set_progress(
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

pub(super) async fn set_subscription(
    db: &mut PgConnection,
    checkout: Uuid,
    subscription: &str,
) -> Result<()> {
    sqlx::query!(
        "update checkouts set subscription = $2 where id = $1 and subscription is null",
        checkout,
        subscription
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn is_customer(db: &mut PgConnection, customer: &str) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from subscriptions where customer = $1) as "known!""#,
        customer
    )
    .fetch_one(db)
    .await
}

// Subscriptions.

struct SubscriptionRow {
    id: String,
    purpose_kind: String,
    purpose_id: Uuid,
    customer: String,
    state: String,
    amount_pence: i64,
    billing_interval: Option<String>,
    current_period_end: Option<DateTime<Utc>>,
    cancel_at_period_end: bool,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    first_paid_at: Option<DateTime<Utc>>,
    failing_since: Option<DateTime<Utc>>,
    surplus_since: Option<DateTime<Utc>>,
    seen_at: DateTime<Utc>,
}

impl TryFrom<SubscriptionRow> for Subscription {
    type Error = sqlx::Error;

    fn try_from(row: SubscriptionRow) -> Result<Self> {
        Ok(Self {
            id: row.id,
            purpose: purpose(&row.purpose_kind, row.purpose_id)?,
            customer: row.customer,
            state: subscription_state(&row.state),
            amount: Money::from_pence(row.amount_pence),
            every: interval(row.billing_interval.as_deref())?,
            current_period_end: row.current_period_end,
            cancel_at_period_end: row.cancel_at_period_end,
            started_at: row.started_at,
            ended_at: row.ended_at,
            first_paid_at: row.first_paid_at,
            failing_since: row.failing_since,
            surplus_since: row.surplus_since,
            seen_at: row.seen_at,
        })
    }
}

pub async fn find_subscription(db: &mut PgConnection, id: &str) -> Result<Option<Subscription>> {
    sqlx::query_as!(SubscriptionRow, "select * from subscriptions where id = $1", id)
        .fetch_optional(db)
        .await?
        .map(Subscription::try_from)
        .transpose()
}

/// `no key`: who only points to the row, as a membership does, must not wait for us, nor we for her.
pub(super) async fn lock_subscription(db: &mut PgConnection, id: &str) -> Result<Option<Subscription>> {
    sqlx::query_as!(SubscriptionRow, "select * from subscriptions where id = $1 for no key update", id)
        .fetch_optional(db)
        .await?
        .map(Subscription::try_from)
        .transpose()
}

/// Writes a subscription as Stripe has it. What only we know (`first_paid_at`, `surplus_since`) stays, news older than
/// what we have is not taken, and one that has ended stays ended.
pub(super) async fn upsert_subscription(db: &mut PgConnection, it: &Subscription) -> Result<()> {
    sqlx::query!(
        "insert into subscriptions as old (id, purpose_kind, purpose_id, customer, state, amount_pence, billing_interval,
                current_period_end, cancel_at_period_end, started_at, ended_at, failing_since, seen_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (id) do update set customer = excluded.customer, state = excluded.state,
                amount_pence = excluded.amount_pence, billing_interval = excluded.billing_interval,
                current_period_end = excluded.current_period_end, cancel_at_period_end = excluded.cancel_at_period_end,
                ended_at = excluded.ended_at, seen_at = excluded.seen_at,
                failing_since = case when excluded.state = 'canceled' then old.failing_since
                                     when excluded.failing_since is null then null
                                     else coalesce(old.failing_since, excluded.failing_since) end
         where old.seen_at <= excluded.seen_at and (old.state <> 'canceled' or excluded.state = 'canceled')",
        it.id,
        it.purpose.kind.code(),
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
        it.seen_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Subscriptions from which money may still come.
pub(super) async fn list_alive(db: &mut PgConnection) -> Result<Vec<Subscription>> {
    let rows = sqlx::query_as!(
        SubscriptionRow,
        "select * from subscriptions where state in ('trialing', 'active', 'past_due', 'paused', 'incomplete', 'unpaid')"
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(Subscription::try_from).collect()
}

pub(super) async fn set_paid(db: &mut PgConnection, id: &str, paid_at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update subscriptions set first_paid_at = least(coalesce(first_paid_at, $2), $2) where id = $1",
        id,
        paid_at
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn set_surplus(db: &mut PgConnection, id: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update subscriptions set surplus_since = coalesce(surplus_since, $2) where id = $1",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

// Events.

pub(super) struct NewEvent<'a> {
    pub id: &'a str,
    pub kind: &'a str,
    pub object_id: Option<&'a str>,
    pub happened_at: Option<DateTime<Utc>>,
    pub livemode: bool,
    pub api_version: Option<&'a str>,
    pub body: &'a [u8],
    pub now: DateTime<Utc>,
}

/// Keeps an event unless it is there.
pub(super) async fn insert_event(db: &mut PgConnection, new: &NewEvent<'_>) -> Result<()> {
    sqlx::query!(
        "insert into stripe_events (id, kind, object_id, happened_at, livemode, api_version, body, received_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing",
        new.id,
        new.kind,
        new.object_id,
        new.happened_at,
        new.livemode,
        new.api_version,
        new.body,
        new.now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Events since an instant that are not worked off.
pub(super) async fn list_unprocessed(
    db: &mut PgConnection,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        "select id from stripe_events where outcome in ('waiting', 'failed') and received_at >= $1 and received_at < $2
         order by received_at",
        since,
        until
    )
    .fetch_all(db)
    .await
}

/// Forgets what is no longer needed of events that were worked off: the row stays, so that none counts twice.
pub(super) async fn empty_old_events(db: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let done =
        sqlx::query!("update stripe_events set body = '' where processed_at < $1 and body <> ''", before)
            .execute(db)
            .await?;
    Ok(done.rows_affected())
}

/// The body of an event that is still to be worked off.
pub(super) async fn find_waiting_event(db: &mut PgConnection, id: &str) -> Result<Option<Vec<u8>>> {
    sqlx::query_scalar!("select body from stripe_events where id = $1 and processed_at is null", id)
        .fetch_optional(db)
        .await
}

pub(super) async fn set_event_processed(
    db: &mut PgConnection,
    id: &str,
    ignored: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update stripe_events set processed_at = $2, outcome = case when $3::text is null then 'done' else 'ignored' end,
                note = $3 where id = $1",
        id,
        now,
        ignored
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn set_event_failed(db: &mut PgConnection, id: &str, why: &str) -> Result<()> {
    sqlx::query!(
        "update stripe_events set outcome = 'failed', note = $2 where id = $1 and processed_at is null",
        id,
        why
    )
    .execute(db)
    .await?;
    Ok(())
}

/// An event that needs a look, for the treasurer.
pub struct EventLine {
    pub id: String,
    pub kind: String,
    pub object_id: Option<String>,
    pub received_at: DateTime<Utc>,
    pub note: Option<String>,
}

pub(super) async fn list_events(db: &mut PgConnection, outcome: &str, limit: i64) -> Result<Vec<EventLine>> {
    sqlx::query_as!(
        EventLine,
        "select id, kind, object_id, received_at, note from stripe_events
         where outcome = $1 and outcome <> 'done' order by received_at desc, id limit $2",
        outcome,
        limit
    )
    .fetch_all(db)
    .await
}

pub(super) async fn count_events(db: &mut PgConnection) -> Result<(i64, i64, i64)> {
    let row = sqlx::query!(
        r#"select count(*) filter (where outcome = 'waiting') as "waiting!",
                  count(*) filter (where outcome = 'failed') as "failed!",
                  count(*) filter (where outcome = 'ignored') as "ignored!"
           from stripe_events where outcome <> 'done'"#
    )
    .fetch_one(db)
    .await?;
    Ok((row.waiting, row.failed, row.ignored))
}
