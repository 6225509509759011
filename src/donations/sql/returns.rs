//! Returns to the Electoral Commission, and election periods.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{Result, refusals};
use crate::donations::model::{Item, Kind, Period, Refusal};

/// A return as it was filed.
#[derive(Clone, Debug)]
pub struct Filed {
    pub id: Uuid,
    pub period: Period,
    pub version: i32,
    pub items: Vec<Item>,
    pub sha256: String,
    pub approved_by: String,
    pub approved_at: DateTime<Utc>,
}

/// Every version of every return, the newest version of each first.
pub async fn list(db: &mut PgConnection) -> Result<Vec<Filed>> {
    let rows = sqlx::query!(
        r#"select r.id, kind as "kind: Kind", starts_on, ends_on, version, items as "items: Json<Vec<Item>>", sha256, p.name,
                  approved_at
           from donation_returns r join people p on p.id = r.approved_by order by starts_on desc, kind, ends_on, version desc"#
    );
    let filed = rows.fetch_all(db).await?.into_iter().map(|row| Filed {
        id: row.id,
        period: Period { kind: row.kind, from: row.starts_on, to: row.ends_on },
        version: row.version,
        items: row.items.0,
        sha256: row.sha256,
        approved_by: row.name,
        approved_at: row.approved_at,
    });
    Ok(filed.collect())
}

/// The file, byte for byte.
pub async fn find_file(db: &mut PgConnection, id: Uuid) -> Result<Option<(String, NaiveDate)>> {
    let row = sqlx::query!("select file, ends_on from donation_returns where id = $1", id)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| (row.file, row.ends_on)))
}

/// Two officers at once freeze one after the other.
pub async fn lock(db: &mut PgConnection) -> Result<()> {
    sqlx::query!("lock table donation_returns in share row exclusive mode").execute(db).await?;
    Ok(())
}

pub struct NewReturn<'a> {
    pub id: Uuid,
    pub period: Period,
    pub version: i32,
    pub items: &'a [Item],
    pub file: &'a str,
    pub sha256: &'a str,
    pub by: Uuid,
    pub at: DateTime<Utc>,
}

pub async fn insert(db: &mut PgConnection, new: &NewReturn<'_>) -> Result<()> {
    sqlx::query!(
        "insert into donation_returns (id, kind, starts_on, ends_on, version, items, file, sha256, approved_by, approved_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.id,
        new.period.kind.code(),
        new.period.from,
        new.period.to,
        new.version,
        Json(new.items) as _,
        new.file,
        new.sha256,
        new.by,
        new.at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether a donation stands in a return that was filed.
pub async fn is_filed(db: &mut PgConnection, line: Uuid) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from donation_returns
                          where items @> jsonb_build_array(jsonb_build_object('line', $1::uuid::text))) as "filed!""#,
        line
    )
    .fetch_one(db)
    .await
}

/// How many donations received by a day are undecided, or refused and not sent back, past their own last day.
pub async fn count_late(db: &mut PgConnection, received_by: NaiveDate, today: NaiveDate) -> Result<i64> {
    sqlx::query_scalar!(
        r#"select (select count(*) from donor_cases where outcome is null and received_on <= $1 and decide_by < $2)
                + (select count(*) from donation_refusals where returned_on is null and received_on <= $1 and decide_by < $2) as "late!""#,
        received_by,
        today
    )
    .fetch_one(db)
    .await
}

pub struct Election {
    pub id: Uuid,
    pub name: String,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// What returns go by besides donations that are in the books.
pub struct Calendar {
    /// The first day on which money came through Stripe, an officer entered some, or something was filed. What they enter may be
    /// much older.
    pub began: Option<NaiveDate>,
    /// The newest first.
    pub elections: Vec<Election>,
    pub refusals: Vec<Refusal>,
}

pub async fn calendar(db: &mut PgConnection) -> Result<Calendar> {
    let rows = sqlx::query!(
        r#"select began.day as began, refusals."all" as "refusals: Json<Vec<refusals::Row>>", e.id as "id?", e.name as "name?", e.starts_on as "from?", e.ends_on as "to?"
           from (select least((select (min(at) at time zone 'Europe/London')::date from ledger where entered_by is null),
                              (select (min(recorded_at) at time zone 'Europe/London')::date from ledger where entered_by is not null),
                              (select min(starts_on) from donation_returns)) as day) began
           cross join (select jsonb_agg(r) as "all" from donation_refusals r) refusals
           left join (select * from election_periods order by starts_on desc limit 20) e on true
           order by e.starts_on desc"#
    );
    let rows = rows.fetch_all(db).await?;
    let mut rows = rows.into_iter().peekable();
    let first = rows.peek_mut().map(|row| (row.began, row.refusals.take()));
    let (began, refusals) = first.unwrap_or_default();
    let refusals = refusals.into_iter().flat_map(|it| it.0).map(Refusal::from).collect();
    let election = |((id, name), (from, to))| Election { id, name, from, to };
    let elections =
        rows.filter_map(|row| row.id.zip(row.name).zip(row.from.zip(row.to)).map(election)).collect();
    Ok(Calendar { began, elections, refusals })
}

/// Keeps which returns have to be filed, each with its last day.
pub async fn set_due(db: &mut PgConnection, due: &[(Period, Option<NaiveDate>)]) -> Result<()> {
    let kinds: Vec<_> = due.iter().map(|(period, _)| period.kind.code().to_owned()).collect();
    let starts: Vec<_> = due.iter().map(|(period, _)| period.from).collect();
    let days: Vec<_> = due.iter().map(|(_, day)| *day).collect();
    sqlx::query!(
        "with new as (
             select * from unnest($1::text[], $2::date[], $3::date[]) as new (kind, starts_on, due_by)
         ), gone as (
             delete from returns_due r where not exists (select from new where new.kind = r.kind and new.starts_on = r.starts_on)
         )
         insert into returns_due as old (kind, starts_on, due_by) select kind, starts_on, due_by from new
         on conflict (kind, starts_on) do update set due_by = excluded.due_by
         where old.due_by is distinct from excluded.due_by",
        &kinds,
        &starts,
        &days as &[Option<NaiveDate>]
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Returns whether no other has the same days.
pub async fn insert_election(
    db: &mut PgConnection,
    new: &Election,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into election_periods (id, name, starts_on, ends_on, entered_by, entered_at) values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing",
        new.id,
        new.name,
        new.from,
        new.to,
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes an election period out. `None` if there is none.
pub async fn delete_election(db: &mut PgConnection, id: Uuid) -> Result<Option<Election>> {
    sqlx::query_as!(
        Election,
        r#"delete from election_periods where id = $1 returning id, name, starts_on as "from", ends_on as "to""#,
        id
    )
    .fetch_optional(db)
    .await
}

/// Whether a weekly return that begins between two days was filed.
pub async fn has_weekly(db: &mut PgConnection, from: NaiveDate, to: NaiveDate) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from donation_returns where kind = 'weekly' and starts_on between $1 and $2) as "filed!""#,
        from,
        to
    )
    .fetch_one(db)
    .await
}
