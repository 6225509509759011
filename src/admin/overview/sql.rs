use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, types::Json};

use super::model::{Month, RefusedMail};
use crate::{
    accounts::{Counts, Rooms},
    kit::money::Money,
    payments::KindCode,
    places::Region,
};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Month's beginnings, as days and as instants in London.
pub struct Span {
    pub this_month: NaiveDate,
    pub this_month_at: DateTime<Utc>,
    pub last_month_at: DateTime<Utc>,
    /// Mails written before this should be out.
    pub hour_ago: DateTime<Utc>,
}

/// What every room counts, in one query. `regions` limits what is counted about people; `None` is everyone.
pub async fn counts(
    db: &mut PgConnection,
    rooms: Rooms,
    regions: Option<&[String]>,
    span: &Span,
) -> Result<Counts> {
    let counted = rooms.iter().filter_map(|room| Some(format!("'{}', ({})", room.name, room.counts?)));
    // Says of what kind the five are, whether or not a room asks for them. The statements are constants of the
    // rooms, and a test runs them all.
    let statement = format!(
        "with asked as (select $1::text[], $2::date, $3::timestamptz, $4::timestamptz, $5::timestamptz)
         select jsonb_build_object({})",
        counted.collect::<Vec<_>>().join(", ")
    );
    let counts = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
        .bind(regions)
        .bind(span.this_month)
        .bind(span.this_month_at)
        .bind(span.last_month_at)
        .bind(span.hour_ago)
        .fetch_one(db)
        .await?;
    Ok(Counts(counts))
}

/// The months from the first days given (oldest first) to today: who came and left, how many were there at each
/// month's end, and what came in.
pub async fn months(
    db: &mut PgConnection,
    regions: Option<&[String]>,
    firsts: &[NaiveDate],
) -> Result<Vec<Month>> {
    let rows = sqlx::query!(
        r#"with periods as (
               select q.started_on, q.ended_on
               from membership_periods q
               where $1::text[] is null or exists (
                   select from memberships m join people p on p.id = m.person_id
                   where m.id = q.membership_id and p.region = any($1))
           ), starts as (
               select date_trunc('month', started_on)::date as month, count(*) as people from periods group by 1
           ), ends as (
               select date_trunc('month', ended_on)::date as month, count(*) as people from periods
               where ended_on is not null group by 1
           ), kinds as (
               select date_trunc('month', at at time zone 'Europe/London')::date as month, purpose_kind,
                      sum(amount_pence)::bigint as pence
               from ledger
               where $1::text[] is null and at >= (($2::date[])[1]::timestamp at time zone 'Europe/London')
               group by 1, 2
           ), money as (
               select month, jsonb_object_agg(purpose_kind, pence) as income from kinds group by 1
           )
           select f.month as "month!", coalesce(s.people, 0) as "joined!", coalesce(e.people, 0) as "left!",
                  (coalesce((select sum(people) from starts where starts.month <= f.month), 0)
                   - coalesce((select sum(people) from ends where ends.month <= f.month), 0))::bigint as "members!",
                  coalesce(money.income, '{}') as "income!: Json<BTreeMap<KindCode, Money>>"
           from unnest($2::date[]) as f(month)
           left join starts s on s.month = f.month
           left join ends e on e.month = f.month
           left join money on money.month = f.month
           order by f.month"#,
        regions,
        firsts
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Month {
            first: row.month,
            joined: row.joined,
            left: row.left,
            members: row.members,
            income: row.income.0.into_iter().collect(),
        })
        .collect())
}

/// Members by region, and how many have none.
pub async fn regions(db: &mut PgConnection, regions: Option<&[String]>) -> Result<(Vec<(Region, i64)>, i64)> {
    let rows = sqlx::query!(
        r#"select region, count(*) as "members!" from people
           where standing = 'member' and ($1::text[] is null or region = any($1)) group by region"#,
        regions
    )
    .fetch_all(db)
    .await?;
    let mut counts = Vec::new();
    let mut elsewhere = 0;
    for row in rows {
        match row.region.and_then(|slug| slug.parse().ok()) {
            Some(region) => counts.push((region, row.members)),
            None => elsewhere += row.members,
        }
    }
    Ok((counts, elsewhere))
}

/// Mails to single people that were refused since then, newest first, at most so many. A mail to sign in with may
/// carry its code in its subject, so its own words are not shown.
pub async fn list_refused(
    db: &mut PgConnection,
    since: DateTime<Utc>,
    most: i64,
) -> Result<Vec<RefusedMail>> {
    sqlx::query_as!(
        RefusedMail,
        r#"select o.recipient::text as "recipient!", o.refused as "answer!", o.written_at as at,
                  case when o.occasion like 'sign-in:%' then 'How to sign in' else o.subject end as "subject!",
                  p.id as "person?", coalesce(p.name, '') as "name!"
           from outbox o left join people p on p.email = o.recipient
           where o.refused is not null and o.written_at >= $1
           order by o.written_at desc limit $2"#,
        since,
        most
    )
    .fetch_all(db)
    .await
}
