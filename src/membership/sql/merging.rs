//! Memberships of two records that become one.

use chrono::NaiveDate;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;

/// The memberships of two people and their periods, as they are.
pub async fn rows(db: &mut PgConnection, one: Uuid, other: Uuid) -> Result<Value> {
    sqlx::query_scalar!(
        r#"select jsonb_build_object(
               'memberships', coalesce((select jsonb_agg(to_jsonb(m)) from memberships m where person_id in ($1, $2)), '[]'),
               'periods', coalesce((select jsonb_agg(to_jsonb(p)) from membership_periods p
                                    join memberships m on m.id = p.membership_id where m.person_id in ($1, $2)), '[]')) as "rows!""#,
        one,
        other
    )
    .fetch_one(db)
    .await
}

/// Gives one membership the periods of another. Two that are open become one, since the earlier day.
pub async fn take_periods(db: &mut PgConnection, from: Uuid, to: Uuid) -> Result<()> {
    sqlx::query!(
        "update membership_periods k set started_on = least(k.started_on, g.started_on) from membership_periods g
         where k.membership_id = $2 and g.membership_id = $1 and k.ended_on is null and g.ended_on is null",
        from,
        to
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "delete from membership_periods g where membership_id = $1 and ended_on is null
           and exists (select from membership_periods k where k.membership_id = $2 and k.ended_on is null)",
        from,
        to
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("update membership_periods set membership_id = $2 where membership_id = $1", from, to)
        .execute(db)
        .await?;
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
        "update membership_periods p set membership_id = o.membership_id, started_on = o.started_on
         from jsonb_populate_recordset(null::membership_periods, $1::jsonb -> 'periods') o where p.id = o.id",
        rows
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into membership_periods select o.* from jsonb_populate_recordset(null::membership_periods, $1::jsonb -> 'periods') o
         where not exists (select from membership_periods p where p.id = o.id)",
        rows
    )
    .execute(db)
    .await?;
    Ok(())
}
