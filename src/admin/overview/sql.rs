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
               from membership_periods q join memberships m on m.id = q.membership_id join people p on p.id = m.person_id
               where p.region = any($1)
           ), moves as (
               select what, key::date as month, number as people
               from tallies where $1::text[] is null and what in ('joined', 'left')
               union all
               select 'joined', started_on, 1 from periods
               union all
               select 'left', ended_on, 1 from periods where ended_on is not null
           ), months as (
               select date_trunc('month', month)::date as month,
                      coalesce(sum(people) filter (where what = 'joined'), 0) as joined,
                      coalesce(sum(people) filter (where what = 'left'), 0) as "left"
               from moves group by 1
           ), kinds as (
               select key::date as month, part as purpose_kind, sum(number)::bigint as pence
               from tallies where $1::text[] is null and what = 'income' group by 1, 2
           ), money as (
               select month, jsonb_object_agg(purpose_kind, pence) as income from kinds group by 1
           )
           select f.month as "month!", coalesce(m.joined, 0)::bigint as "joined!", coalesce(m."left", 0)::bigint as "left!",
                  coalesce((select sum(joined - "left") from months where months.month <= f.month), 0)::bigint as "members!",
                  coalesce(money.income, '{}') as "income!: Json<BTreeMap<KindCode, Money>>"
           from unnest($2::date[]) as f(month)
           left join months m on m.month = f.month
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
        r#"select part as region, sum(number)::bigint as "members!" from tallies
           where what = 'people' and key = 'member' and ($1::text[] is null or part = any($1)) group by part"#,
        regions
    )
    .fetch_all(db)
    .await?;
    let mut counts = Vec::new();
    let mut elsewhere = 0;
    for row in rows {
        match row.region.parse().ok() {
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
