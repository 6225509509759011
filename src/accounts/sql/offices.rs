//! Offices and who holds them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{
    accounts::model::{Office, Permission, Role},
    kit::email_address::EmailAddress,
    places::Region,
};

pub struct OfficerLine {
    pub id: Uuid,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub region: Option<Region>,
    pub granted_at: DateTime<Utc>,
    /// While they stand in an election.
    pub is_paused: bool,
}

pub async fn list_officers(db: &mut PgConnection) -> Result<Vec<OfficerLine>> {
    sqlx::query_as!(
        OfficerLine,
        r#"select o.id, p.name, p.email::text as "email!", o.role as "role: Role", o.region as "region: Region", o.granted_at,
                  p.offices_paused as is_paused
           from officers o join people p on p.id = o.person_id where o.ended_at is null order by p.name, o.role"#
    )
    .fetch_all(db)
    .await
}

/// Somebody who holds an office.
pub struct Holder {
    pub id: Uuid,
    pub name: String,
    pub email: EmailAddress,
}

/// Everybody whose office brings a permission.
pub async fn list_holders(db: &mut PgConnection, permission: Permission) -> Result<Vec<Holder>> {
    let roles: Vec<_> = permission.held_by.iter().map(|role| role.code().to_owned()).collect();
    sqlx::query_as!(
        Holder,
        r#"select id, name, email as "email: EmailAddress" from people
           where id in (select person_id from officers where role = any($1) and ended_at is null) and not offices_paused order by id"#,
        &roles
    )
    .fetch_all(db)
    .await
}

/// One office of one person, held now or before.
pub struct OfficeLine {
    pub id: Uuid,
    pub person: Uuid,
    pub name: String,
    pub role: Role,
    pub region: Option<Region>,
    pub ended_at: Option<DateTime<Utc>>,
}

pub async fn find_office(db: &mut PgConnection, id: Uuid) -> Result<Option<OfficeLine>> {
    sqlx::query_as!(
        OfficeLine,
        r#"select o.id, p.id as person, p.name, o.role as "role: Role", o.region as "region: Region", o.ended_at
           from officers o join people p on p.id = o.person_id where o.id = $1"#,
        id
    )
    .fetch_optional(db)
    .await
}

/// What ended since then and nobody has given back, newest first.
pub async fn list_ended(db: &mut PgConnection, since: DateTime<Utc>) -> Result<Vec<OfficeLine>> {
    sqlx::query_as!(
        OfficeLine,
        r#"select o.id, p.id as person, p.name, o.role as "role: Role", o.region as "region: Region", o.ended_at
           from officers o join people p on p.id = o.person_id
           where o.ended_at >= $1
             and not exists (select from officers n where n.person_id = o.person_id and n.role = o.role
                             and n.region is not distinct from o.region
                             and (n.ended_at is null or (n.ended_at, n.id) > (o.ended_at, o.id)))
           order by o.ended_at desc, o.id limit 50"#,
        since
    )
    .fetch_all(db)
    .await
}

pub async fn holds_office(db: &mut PgConnection, person: Uuid) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from officers where person_id = $1 and ended_at is null) as "holds!""#,
        person
    )
    .fetch_one(db)
    .await
}

pub async fn insert_officer(
    db: &mut PgConnection,
    id: Uuid,
    person: Uuid,
    role: Role,
    region: Option<Region>,
    granted_by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into officers (id, person_id, role, region, granted_by, granted_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (person_id, role, coalesce(region, '')) where ended_at is null do nothing",
        id,
        person,
        role.code(),
        region.map(Region::slug),
        granted_by,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends an office; the person and role, or `None` if it had ended already.
pub async fn end_officer(
    db: &mut PgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<(Uuid, String)>> {
    let row = sqlx::query!(
        "update officers set ended_at = $2 where id = $1 and ended_at is null returning person_id, role",
        id,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.person_id, row.role)))
}

/// The office that somebody holds, if they do.
pub async fn find_held(
    db: &mut PgConnection,
    person: Uuid,
    role: Role,
    region: Option<Region>,
) -> Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "select id from officers where person_id = $1 and role = $2 and region is not distinct from $3 and ended_at is null",
        person,
        role.code(),
        region.map(Region::slug)
    )
    .fetch_optional(db)
    .await
}

/// Switches somebody's officers' tools off or on; whether that changed anything for an officer.
pub async fn set_paused(db: &mut PgConnection, person: Uuid, paused: bool) -> Result<bool> {
    let set = sqlx::query_scalar!(
        r#"update people set offices_paused = $2 where id = $1 and offices_paused <> $2
           returning exists (select from officers where person_id = $1 and ended_at is null) as "is_officer!""#,
        person,
        paused
    );
    Ok(set.fetch_optional(db).await?.unwrap_or_default())
}

/// The offices of all administrators.
pub async fn lock_administrators(db: &mut PgConnection) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select id from officers where role = 'administrator' and ended_at is null order by id for update"
    )
    .fetch_all(db)
    .await
}

/// What somebody holds now.
pub async fn list_offices(db: &mut PgConnection, person: Uuid) -> Result<Vec<Office>> {
    sqlx::query_as!(
        Office,
        r#"select role as "role: Role", region as "region: Region" from officers where person_id = $1 and ended_at is null"#,
        person
    )
    .fetch_all(db)
    .await
}
