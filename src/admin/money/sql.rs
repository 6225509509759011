use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::model::{Arrears, BUCKETS, Cohort};
use crate::{
    kit::money::Money,
    membership::{DUES, EndReason},
};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Who is behind, by how long: members, and whoever pays regularly for something else. They owe a period's price for the one that was missed and for each whole one since.
pub async fn arrears(db: &mut PgConnection, today: NaiveDate) -> Result<Vec<Arrears>> {
    let rows = sqlx::query!(
        r#"with behind as (
               select true as is_member, amount_pence, billing_interval, $1::date - since as days,
                      age($1::date::timestamp, since::timestamp) as late
               from membership_arrears
               union all
               select false, s.amount_pence, s.billing_interval, $1::date - f.since, age($1::date::timestamp, f.since::timestamp)
               from subscriptions s
               cross join lateral (select (s.failing_since at time zone 'Europe/London')::date as since) f
               where s.state in ('past_due', 'unpaid') and s.failing_since is not null and s.surplus_since is null
                 and s.billing_interval is not null and s.purpose_kind <> $2
           )
           select case when days <= 30 then 0 when days <= 60 then 1 when days <= 90 then 2 else 3 end as "bucket!",
                  count(*) filter (where is_member) as "members!", count(*) filter (where not is_member) as "others!",
                  sum(amount_pence * (1 + greatest(0, extract(year from late)::bigint * case billing_interval when 'year' then 1 else 12 end
                                                   + case billing_interval when 'year' then 0 else extract(month from late)::bigint end
                                         )))::bigint as "owed!: Money"
           from behind group by 1"#,
        today,
        DUES.code
    );
    let rows = rows.fetch_all(db).await?;
    let found = |at: usize| rows.iter().find(|row| usize::try_from(row.bucket) == Ok(at));
    let arrears = BUCKETS.into_iter().enumerate().map(|(at, bucket)| {
        let (who, owed) =
            found(at).map_or(((0, 0), Money::ZERO), |row| ((row.members, row.others), row.owed));
        Arrears::new(bucket, today, who, owed)
    });
    Ok(arrears.collect())
}

/// How many memberships ended in each month from one on, by the reason.
pub async fn ended(
    db: &mut PgConnection,
    from: NaiveDate,
) -> Result<BTreeMap<NaiveDate, BTreeMap<EndReason, i64>>> {
    let rows = sqlx::query!(
        r#"select key::date as "month!", part as reason, sum(number)::bigint as "number!"
           from tallies where what = 'ended' and key >= $1::date::text group by key, part"#,
        from
    );
    let mut ended = BTreeMap::<_, BTreeMap<_, _>>::new();
    for row in rows.fetch_all(db).await? {
        // Of some that ended long ago the reason was not kept.
        if let Ok(reason) = row.reason.parse() {
            ended.entry(row.month).or_default().insert(reason, row.number);
        }
    }
    Ok(ended)
}

/// Who first joined in each month from one on, and how many of them were members at the end of each month since; the
/// newest first. Months in which nobody joined are left out.
pub async fn cohorts(db: &mut PgConnection, from: NaiveDate, today: NaiveDate) -> Result<Vec<Cohort>> {
    let rows = sqlx::query!(
        r#"with sizes as (
               select key as month, sum(number)::bigint as size from tallies
               where what = 'cohorts' and key >= $1::date::text group by key
           ), moves as (
               select part as joined, key as month, sum(case what when 'joined' then number else -number end)::bigint as moved
               from tallies where what in ('joined', 'left') and key >= $1::date::text and part >= $1::date::text
               group by part, key
           )
           select s.month::date as "joined!", s.size as "size!", m.month::date as month, coalesce(m.moved, 0) as "moved!"
           from sizes s left join moves m on m.joined = s.month where s.size > 0
           order by s.month desc"#,
        from
    );
    let mut cohorts = Vec::<(NaiveDate, i64, BTreeMap<_, _>)>::new();
    for row in rows.fetch_all(db).await? {
        if cohorts.last().is_none_or(|(joined, ..)| *joined != row.joined) {
            cohorts.push((row.joined, row.size, BTreeMap::new()));
        }
        if let (Some((.., moved)), Some(month)) = (cohorts.last_mut(), row.month) {
            moved.insert(month, row.moved);
        }
    }
    let cohorts = cohorts.into_iter().map(|(joined, size, moved)| Cohort::new(joined, size, &moved, today));
    Ok(cohorts.collect())
}
