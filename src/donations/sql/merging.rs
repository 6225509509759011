//! Records of donors when two people are merged into one, and parted again.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Result;

/// A record that counts as another: a row of `donor_merges`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    pub source: String,
    pub into_source: String,
    pub reason: String,
    pub merged_by: Uuid,
    pub merged_at: DateTime<Utc>,
}

/// The records that two people have with everything that counts as either.
pub struct Class {
    /// All of them, the two people's own included, and the addresses from which either gave.
    pub sources: Vec<String>,
    /// As they are joined.
    pub rows: Vec<Joined>,
}

/// Those of two people, who wait for whoever else joins records.
pub async fn class(db: &mut PgConnection, people: [Uuid; 2]) -> Result<Class> {
    sqlx::query!("lock table donor_merges in share row exclusive mode").execute(&mut *db).await?;
    let row = sqlx::query!(
        r#"with own as (
               select 'person:' || id as source from unnest($1::uuid[]) as id
               union select 'email:' || lower(p.email::text) from people p
               where p.id = any($1) and exists (select from gifts g where g.email = p.email)
           ), heads as (
               select coalesce(m.into_source, own.source) as source from own left join donor_merges m using (source)
           ), class as (
               select source from own union select source from heads
               union select m.source from donor_merges m join heads h on m.into_source = h.source)
           select array(select source from class order by 1) as "sources!",
                  (select coalesce(jsonb_agg(m), '[]') from donor_merges m join class using (source)) as "rows!: Json<Vec<Joined>>""#,
        &people
    )
    .fetch_one(db)
    .await?;
    Ok(Class { sources: row.sources, rows: row.rows.0 })
}

/// Takes rows out that stand as they are given.
pub async fn delete(db: &mut PgConnection, rows: &[Joined]) -> Result<()> {
    sqlx::query!(
        "delete from donor_merges m using jsonb_populate_recordset(null::donor_merges, $1) gone
         where (m.source, m.into_source) = (gone.source, gone.into_source)",
        Json(rows) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Puts rows in, of records that count as nothing else. What they count as may have been joined to another since.
pub async fn insert(db: &mut PgConnection, rows: &[Joined]) -> Result<()> {
    sqlx::query!(
        "insert into donor_merges (source, into_source, reason, merged_by, merged_at)
         select new.source, head.source, new.reason, new.merged_by, new.merged_at
         from jsonb_populate_recordset(null::donor_merges, $1) new
         cross join lateral (select coalesce((select into_source from donor_merges where source = new.into_source), new.into_source) as source) head
         where head.source <> new.source
         on conflict do nothing",
        Json(rows) as _
    )
    .execute(db)
    .await?;
    Ok(())
}
