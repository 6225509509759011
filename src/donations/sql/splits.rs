//! Signs of split gifts.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{
    donations::model::{GIFTS, Law, Split, SplitBy, SplitLine},
    kit::money::Money,
};

/// Payments from just below the law's sum that stand close together, of one source, from one address or by one card, unless an
/// officer has looked at just these.
pub async fn list(
    db: &mut PgConnection,
    laws: &[Law],
    (least, days): (Money, i32),
    since: NaiveDate,
) -> Result<Vec<Split>> {
    let from: Vec<_> = laws.iter().map(|law| law.from).collect();
    let above: Vec<_> = laws.iter().map(|law| law.check_above.pence()).collect();
    let rows = sqlx::query!(
        r#"with near as (
               select l.id, l.at, received.day, l.amount_pence, l.purpose_kind,
                      donation_source(l.person_id, coalesce(g.email, c.email)) as source,
                      coalesce(p.name, g.name, c.name, 'Not known') as name, coalesce(g.address, m.personal -> 'address') as address
               from ledger l
               cross join lateral (select (l.at at time zone 'Europe/London')::date as day) received
               cross join lateral (select above from unnest($1::date[], $2::bigint[]) as law (valid_from, above)
                                   where valid_from <= received.day order by valid_from desc limit 1) law
               left join gifts g on l.purpose_kind = $6 and g.id = l.purpose_id
               left join people p on p.id = l.person_id
               left join memberships m on m.person_id = l.person_id
               left join lateral (select name, email from checkouts c where c.purpose_kind = l.purpose_kind and c.purpose_id = l.purpose_id
                                  order by c.created_at desc limit 1) c on true
               where l.kind = 'payment' and l.amount_pence >= $3 and l.amount_pence <= (select max(above) from unnest($2::bigint[]) as above)
                 and l.amount_pence <= law.above and received.day >= $5
                 and l.amount_pence + coalesce((select sum(amount_pence) from corrections_of(l)), 0) > 0
           ), keyed as (
               select 'source' as how, source as key, near.* from near where source is not null
               union all
               select 'household', lower(regexp_replace(concat(address ->> 'line1', address ->> 'postcode', address ->> 'lines'), '[^[:alnum:]]', '', 'g')),
                      near.* from near where address is not null
               union all
               select 'card', c.fingerprint, near.* from near join donation_cards c on c.line = near.id where c.fingerprint is not null
           ), marked as (
               select *, case when day - lag(day) over (partition by how, key order by at, id) <= $4 then 0 else 1 end as fresh from keyed
           ), runs as (
               select *, sum(fresh) over (partition by how, key order by at, id) as run from marked
           ), flags as (
               select how, array_agg(id order by id) as lines, count(distinct source) as sources,
                      jsonb_agg(jsonb_build_object('name', name, 'on', day, 'amount', amount_pence, 'kind', purpose_kind) order by at, id) as facts,
                      max(at) as newest
               from runs group by how, key, run having count(*) > 1)
           select how as "how!: SplitBy", lines as "lines!", facts as "facts!: sqlx::types::Json<Vec<SplitLine>>"
           from flags
           where (how = 'source' or sources > 1) and not exists (select from split_dismissals d where flags.lines <@ d.lines)
           order by newest desc limit 200"#,
        &from,
        &above,
        least.pence(),
        days,
        since,
        GIFTS.code
    );
    let rows = rows.fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| Split { how: row.how, lines: row.lines, payments: row.facts.0 }).collect())
}

/// Keeps which are open.
pub async fn set_open(db: &mut PgConnection, open: &[Split], today: NaiveDate) -> Result<()> {
    let lines: Vec<_> = open.iter().map(Split::ids).collect();
    let pence: Vec<_> = open.iter().map(|split| split.total().pence()).collect();
    sqlx::query!(
        "with new as (
             select string_to_array(ids, ' ')::uuid[] as lines, max(pence) as pence from unnest($1::text[], $2::bigint[]) as new (ids, pence) group by 1
         ), gone as (
             delete from split_flags f where not exists (select from new where new.lines = f.lines)
         )
         insert into split_flags (lines, pence, noted_on) select lines, pence, $3 from new on conflict do nothing",
        &lines,
        &pence,
        today
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Returns whether it was new.
pub async fn insert_dismissal(
    db: &mut PgConnection,
    lines: &[Uuid],
    reason: &str,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into split_dismissals (lines, reason, dismissed_by, dismissed_at)
         select array_agg(id order by id), $2, $3, $4 from ledger where id = any($1) having count(*) > 1
         on conflict do nothing",
        lines,
        reason,
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What officers have looked at, the newest first.
pub struct Dismissal {
    pub payments: i64,
    pub reason: String,
    pub by: String,
    pub at: DateTime<Utc>,
}

pub async fn list_dismissals(db: &mut PgConnection) -> Result<Vec<Dismissal>> {
    sqlx::query_as!(
        Dismissal,
        r#"select cardinality(lines)::bigint as "payments!", reason, p.name as by, dismissed_at as at
           from split_dismissals join people p on p.id = dismissed_by order by dismissed_at desc limit 100"#
    )
    .fetch_all(db)
    .await
}
