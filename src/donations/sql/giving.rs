//! What was given in a period, for everybody to read.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Result;
use crate::{donations::model::GIFTS, kit::money::Money};

/// Donations that were paid in a period and are kept, each less what went back of it. Of who gave, it tells only how many they
/// were: of records that are one donor, one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Giving {
    pub donors: i64,
    /// Of a regular one, each payment.
    pub gifts: i64,
    /// Of an even number, the lower of the two in the middle.
    pub median: Money,
    pub largest: Money,
}

/// What was given between two instants. What was refused, or is above the limit, is not ours.
pub async fn giving(db: &mut PgConnection, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<Giving> {
    sqlx::query_as!(
        Giving,
        r#"with kept as (
               select l.id, l.person_id, g.email, l.amount_pence + coalesce(back.pence, 0) as pence
               from ledger l left join gifts g on g.id = l.purpose_id
               cross join lateral (select sum(amount_pence) as pence from corrections_of(l)) back
               where l.purpose_kind = $3 and l.kind = 'payment' and l.at >= $1 and l.at < $2
                 and l.amount_pence + coalesce(back.pence, 0) > 0
                 and not exists (select from above_limit a where a.line = l.id)
                 and not exists (select from donor_cases c where c.line = l.id and c.outcome = 'refused')
           ), records as (
               select distinct coalesce(donor_record(person_id, email), 'line:' || id) as record from kept
           )
           select (select count(distinct coalesce(m.into_source, record)) from records left join donor_merges m on m.source = record) as "donors!",
                  count(*) as "gifts!",
                  coalesce(percentile_disc(0.5) within group (order by pence), 0)::bigint as "median!: Money",
                  coalesce(max(pence), 0)::bigint as "largest!: Money"
           from kept"#,
        from,
        until,
        GIFTS.code
    )
    .fetch_one(db)
    .await
}
