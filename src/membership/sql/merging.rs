//! Memberships of two records that become one.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::membership::model::{EndReason, Era, Past, Period};

/// The memberships of two people with all that is kept of their past, as they are. `now` is when they become one.
pub async fn rows(db: &mut PgConnection, one: Uuid, other: Uuid, now: DateTime<Utc>) -> Result<Value> {
    sqlx::query_scalar!(
        r#"with both_of as (select m.* from memberships m where person_id in ($1, $2))
           select jsonb_build_object(
               'at', $3::timestamptz,
               'memberships', coalesce((select jsonb_agg(to_jsonb(m)) from both_of m), '[]'),
               'states', coalesce((select jsonb_agg(to_jsonb(s)) from membership_states s join both_of m on m.id = s.membership_id), '[]'),
               'overrides', coalesce((select jsonb_agg(to_jsonb(o)) from membership_overrides o join both_of m on m.id = o.membership_id), '[]'),
               'periods', coalesce((select jsonb_agg(to_jsonb(p)) from membership_periods p join both_of m on m.id = p.membership_id), '[]')) as "rows!""#,
        one,
        other,
        now
    )
    .fetch_one(db)
    .await
}

/// Gives a membership the past that it now has, and what officers set by hand for another.
pub async fn set_past(
    db: &mut PgConnection,
    (goes, stays): (Uuid, Uuid),
    eras: &[Era],
    periods: &[Period],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!("update membership_overrides set membership_id = $2 where membership_id = $1", goes, stays)
        .execute(&mut *db)
        .await?;
    sqlx::query!("delete from membership_states where membership_id = $1", stays).execute(&mut *db).await?;
    sqlx::query!("delete from membership_periods where membership_id = $1", stays).execute(&mut *db).await?;
    for era in eras {
        let (until, reason) = match era.state {
            Past::Grace { until } | Past::Suspended { until } => (Some(until), None),
            Past::Ended { reason } => (None, reason.map(EndReason::code)),
            Past::Pending | Past::Active => (None, None),
        };
        sqlx::query!(
            "insert into membership_states (membership_id, state, until_on, reason, starts_on, ends_on, recorded_at)
             values ($1, $2, $3, $4, $5, $6, $7)",
            stays,
            era.state.status().code(),
            until,
            reason,
            era.starts_on,
            era.ends_on,
            now
        )
        .execute(&mut *db)
        .await?;
    }
    for it in periods {
        sqlx::query!(
            "insert into membership_periods (id, membership_id, started_on, ended_on, settled_on)
             values (gen_random_uuid(), $1, $2, $3, $4)",
            stays,
            it.started_on,
            it.ended_on,
            it.settled_on
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

pub async fn delete(db: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query!("delete from memberships where id = $1", id).execute(db).await?;
    Ok(())
}

pub async fn give(db: &mut PgConnection, id: Uuid, person: Uuid, joined_on: NaiveDate) -> Result<()> {
    sqlx::query!(
        "update memberships set person_id = $2, joined_on = $3 where id = $1",
        id,
        person,
        joined_on
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Puts back whose each membership was, since when, and what was said of them; one that is gone comes back whole.
pub async fn restore(db: &mut PgConnection, rows: &Value) -> Result<()> {
    sqlx::query!(
        "update memberships m set person_id = o.person_id, joined_on = o.joined_on, personal = o.personal
         from jsonb_populate_recordset(null::memberships, $1::jsonb -> 'memberships') o where m.id = o.id",
        rows
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into memberships select o.* from jsonb_populate_recordset(null::memberships, $1::jsonb -> 'memberships') o
         where not exists (select from memberships m where m.id = o.id)",
        rows
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update membership_overrides it set membership_id = o.membership_id
         from jsonb_populate_recordset(null::membership_overrides, $1::jsonb -> 'overrides') o where it.id = o.id",
        rows
    )
    .execute(&mut *db)
    .await?;
    // What has been since stays with the membership that stayed: the past ends where it began.
    sqlx::query!(
        "delete from membership_states s using jsonb_populate_recordset(null::memberships, $1::jsonb -> 'memberships') m
         where s.membership_id = m.id and s.recorded_at <= ($1::jsonb ->> 'at')::timestamptz",
        rows
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into membership_states (membership_id, state, until_on, reason, starts_on, ends_on, recorded_at)
         select o.membership_id, o.state, o.until_on, o.reason, o.starts_on,
                case when since.first is null then o.ends_on else greatest(o.starts_on, least(o.ends_on, since.first)) end, o.recorded_at
         from jsonb_populate_recordset(null::membership_states, $1::jsonb -> 'states') o
         left join lateral (select min(s.starts_on) as first from membership_states s where s.membership_id = o.membership_id) since on true",
        rows
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "delete from membership_periods p using jsonb_populate_recordset(null::memberships, $1::jsonb -> 'memberships') m
         where p.membership_id = m.id and p.started_on <= (($1::jsonb ->> 'at')::timestamptz at time zone 'Europe/London')::date",
        rows
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into membership_periods (id, membership_id, started_on, ended_on, settled_on)
         select o.id, o.membership_id, o.started_on,
                coalesce(o.ended_on, (select greatest(o.started_on, min(s.starts_on)) from membership_states s
                                      where s.membership_id = o.membership_id and s.state = 'ended'
                                        and s.recorded_at > ($1::jsonb ->> 'at')::timestamptz having count(*) > 0)), o.settled_on
         from jsonb_populate_recordset(null::membership_periods, $1::jsonb -> 'periods') o
         on conflict do nothing",
        rows
    )
    .execute(db)
    .await?;
    Ok(())
}
