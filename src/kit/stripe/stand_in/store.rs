//! The stand-in's own schema in Postgres, `stripe_stand_in`, made when the site starts: development data that the
//! site's migrations know nothing of. Queries are unchecked strings, because the schema is not there at compile time.

use serde_json::Value;
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};

use crate::kit::db::lock;

/// Requests kept for the contract check and for curiosity; older ones go at the next start.
const KEPT_REQUESTS: i64 = 5_000;

const SCHEMA: &str = "
create schema if not exists stripe_stand_in;
create table if not exists stripe_stand_in.objects (
    id text primary key,
    kind text not null,
    body jsonb not null,
    -- what the stand-in must remember and Stripe would not show
    hidden jsonb not null default '{}',
    position bigint generated always as identity,
    created bigint not null,
    status text generated always as (body ->> 'status') stored,
    customer text generated always as (body ->> 'customer') stored,
    subscription text generated always as
        (coalesce(body #>> '{parent,subscription_details,subscription}', body ->> 'subscription')) stored
);
-- Not every object says when it was made, as data folders from before believe.
alter table stripe_stand_in.objects alter column created drop expression if exists;
create index if not exists objects_by_age on stripe_stand_in.objects (kind, created desc, position desc);
create index if not exists objects_by_subscription on stripe_stand_in.objects (subscription, kind);
create table if not exists stripe_stand_in.keys (
    key text primary key,
    call text not null,
    answer jsonb not null
);
create table if not exists stripe_stand_in.requests (
    number bigint generated always as identity primary key,
    at timestamptz not null,
    method text not null,
    path text not null,
    headers jsonb not null,
    body text not null,
    status integer not null,
    answer jsonb not null
);
create table if not exists stripe_stand_in.deliveries (
    number bigint generated always as identity primary key,
    kind text not null,
    object text not null,
    body text not null,
    made_at timestamptz not null,
    tries integer not null default 0,
    status integer,
    answer text,
    tried_at timestamptz
);";

/// Makes the schema; several processes may do so at once.
pub async fn install(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(lock::STRIPE_STAND_IN).execute(&mut *tx).await?;
    // Else the server mentions each table that is there already.
    sqlx::query("set local client_min_messages = warning").execute(&mut *tx).await?;
    sqlx::raw_sql(SCHEMA).execute(&mut *tx).await?;
    sqlx::query(
        "delete from stripe_stand_in.requests where number <= (select max(number) from stripe_stand_in.requests) - $1",
    )
    .bind(KEPT_REQUESTS)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// One of Stripe's objects with what the stand-in remembers about it.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub id: String,
    pub kind: String,
    pub body: Value,
    pub hidden: Value,
}

impl Object {
    pub(super) fn new(kind: &str, body: Value, hidden: Value) -> Self {
        Self { id: body["id"].as_str().unwrap_or_default().to_owned(), kind: kind.to_owned(), body, hidden }
    }

    pub(super) fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer)?.as_str()
    }

    pub(super) fn whole(&self, pointer: &str) -> i64 {
        self.body.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
    }

    pub(super) fn hidden(&self, field: &str) -> Option<&str> {
        self.hidden.get(field)?.as_str()
    }

    pub(super) fn is(&self, status: &str) -> bool {
        self.text("/status") == Some(status)
    }
}

fn object(row: PgRow) -> Result<Object, sqlx::Error> {
    Ok(Object {
        id: row.try_get("id")?,
        kind: row.try_get("kind")?,
        body: row.try_get("body")?,
        hidden: row.try_get("hidden")?,
    })
}

pub(super) async fn find(db: &mut PgConnection, kind: &str, id: &str) -> Result<Option<Object>, sqlx::Error> {
    sqlx::query("select id, kind, body, hidden from stripe_stand_in.objects where kind = $1 and id = $2")
        .bind(kind)
        .bind(id)
        .try_map(object)
        .fetch_optional(db)
        .await
}

pub(super) async fn lock(db: &mut PgConnection, kind: &str, id: &str) -> Result<Option<Object>, sqlx::Error> {
    sqlx::query(
        "select id, kind, body, hidden from stripe_stand_in.objects where kind = $1 and id = $2 for update",
    )
    .bind(kind)
    .bind(id)
    .try_map(object)
    .fetch_optional(db)
    .await
}

/// The session whose payment made `invoice`, if one did.
pub(super) async fn find_session_of(
    db: &mut PgConnection,
    subscription: &str,
    invoice: &str,
) -> Result<Option<Object>, sqlx::Error> {
    sqlx::query(
        "select id, kind, body, hidden from stripe_stand_in.objects
         where kind = 'checkout.session' and subscription = $1 and body ->> 'invoice' = $2",
    )
    .bind(subscription)
    .bind(invoice)
    .try_map(object)
    .fetch_optional(db)
    .await
}

pub(super) async fn find_mandate(
    db: &mut PgConnection,
    payment_method: &str,
) -> Result<Option<Object>, sqlx::Error> {
    sqlx::query(
        "select id, kind, body, hidden from stripe_stand_in.objects
         where kind = 'mandate' and body ->> 'payment_method' = $1",
    )
    .bind(payment_method)
    .try_map(object)
    .fetch_optional(db)
    .await
}

pub(super) async fn save(db: &mut PgConnection, object: &Object) -> Result<(), sqlx::Error> {
    save_all(db, std::slice::from_ref(object)).await
}

/// Inserts or replaces any number of objects in one statement.
pub(super) async fn save_all(db: &mut PgConnection, objects: &[Object]) -> Result<(), sqlx::Error> {
    let column = |field: fn(&Object) -> &str| objects.iter().map(field).collect::<Vec<_>>();
    sqlx::query(
        "insert into stripe_stand_in.objects (id, kind, body, hidden, created)
         select id, kind, body, hidden, coalesce(body ->> 'created', body #>> '{customer_acceptance,accepted_at}')::bigint
         from unnest($1::text[], $2::text[], $3::jsonb[], $4::jsonb[]) as new(id, kind, body, hidden)
         on conflict (id) do update set body = excluded.body, hidden = excluded.hidden",
    )
    .bind(column(|object| &object.id))
    .bind(column(|object| &object.kind))
    .bind(objects.iter().map(|object| &object.body).collect::<Vec<_>>())
    .bind(objects.iter().map(|object| &object.hidden).collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}

/// What a list is narrowed to; `None` leaves that field open.
#[derive(Debug, Default)]
pub(super) struct Filter<'a> {
    pub status: Option<&'a str>,
    pub customer: Option<&'a str>,
    pub subscription: Option<&'a str>,
    pub payment_intent: Option<&'a str>,
    /// Only what came before this object in time.
    pub after: Option<&'a str>,
    /// Part of an id or of what is remembered, such as the email address.
    pub search: Option<&'a str>,
    /// Leaves out what has ended.
    pub alive: bool,
}

/// Newest first, one more than `limit` when there are more.
pub(super) async fn list(
    db: &mut PgConnection,
    kind: &str,
    filter: &Filter<'_>,
    limit: i64,
) -> Result<Vec<Object>, sqlx::Error> {
    sqlx::query(
        "select id, kind, body, hidden from stripe_stand_in.objects
         where kind = $1
           and ($2::text is null or status = $2)
           and ($3::text is null or customer = $3)
           and ($4::text is null or subscription = $4)
           and ($5::text is null or (created, position) <
                (select created, position from stripe_stand_in.objects where id = $5))
           and ($6::text is null or id = $6 or hidden ->> 'email' ilike '%' || $6 || '%')
           and (not $7 or status is distinct from 'canceled')
           and ($8::text is null or body ->> 'payment_intent' = $8)
         order by created desc, position desc
         limit $9",
    )
    .bind(kind)
    .bind(filter.status)
    .bind(filter.customer)
    .bind(filter.subscription)
    .bind(filter.after)
    .bind(filter.search)
    .bind(filter.alive)
    .bind(filter.payment_intent)
    .bind(limit + 1)
    .try_map(object)
    .fetch_all(db)
    .await
}

/// What is in the balance, in pence.
pub(super) async fn balance(db: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "select coalesce(sum((body ->> 'net')::bigint), 0)::bigint from stripe_stand_in.objects where kind = 'balance_transaction'",
    )
    .fetch_one(db)
    .await
}

/// The objects with these ids.
pub(super) async fn find_all(db: &mut PgConnection, ids: &[&str]) -> Result<Vec<Object>, sqlx::Error> {
    sqlx::query("select id, kind, body, hidden from stripe_stand_in.objects where id = any($1)")
        .bind(ids)
        .try_map(object)
        .fetch_all(db)
        .await
}

/// Invoices whose debit is still on its way, newest first.
pub(super) async fn list_debits(db: &mut PgConnection, limit: i64) -> Result<Vec<Object>, sqlx::Error> {
    sqlx::query(
        "select id, kind, body, hidden from stripe_stand_in.objects
         where kind = 'invoice' and status = 'open' and hidden ->> 'debit' = 'processing'
         order by created desc, position desc limit $1",
    )
    .bind(limit)
    .try_map(object)
    .fetch_all(db)
    .await
}

/// Holds back every other call with the same key until this transaction ends; then gives the answer it got, if any.
pub(super) async fn lock_key(
    db: &mut PgConnection,
    key: &str,
) -> Result<Option<(String, Value)>, sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended($1, $2))")
        .bind(key)
        .bind(lock::STRIPE_STAND_IN)
        .execute(&mut *db)
        .await?;
    sqlx::query("select call, answer from stripe_stand_in.keys where key = $1")
        .bind(key)
        .try_map(|row: PgRow| Ok((row.try_get(0)?, row.try_get(1)?)))
        .fetch_optional(db)
        .await
}

pub(super) async fn insert_key(
    db: &mut PgConnection,
    key: &str,
    call: &str,
    answer: &Value,
) -> Result<(), sqlx::Error> {
    sqlx::query("insert into stripe_stand_in.keys (key, call, answer) values ($1, $2, $3)")
        .bind(key)
        .bind(call)
        .bind(answer)
        .execute(db)
        .await?;
    Ok(())
}
