//! People: found, added, changed.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{
    accounts::model::{Person, Standing},
    kit::email_address::EmailAddress,
    places::Region,
};

/// `people!("where id = $1", id)`
macro_rules! people {
    ($which:literal, $($value:expr),*) => {
        sqlx::query_as!(
            Person,
            r#"select id, email as "email: EmailAddress", name, called, postcode, region as "region: Region",
                      standing as "standing: Standing", email_verified_at, password_hash is not null as "has_password!", created_at
               from people "# + $which,
            $($value),*
        )
    };
}

pub async fn find_person(db: &mut PgConnection, id: Uuid) -> Result<Option<Person>> {
    people!("where id = $1", id).fetch_optional(db).await
}

/// In no order.
pub async fn list_people(db: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Person>> {
    people!("where id = any ($1)", ids).fetch_all(db).await
}

pub async fn find_person_by_email(db: &mut PgConnection, email: &EmailAddress) -> Result<Option<Person>> {
    people!("where email = $1::text::citext", email.as_str()).fetch_optional(db).await
}

/// Adds a person unless the address is known. Returns the id, and whether it is new.
pub async fn insert_person(
    db: &mut PgConnection,
    id: Uuid,
    email: &EmailAddress,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(Uuid, bool)> {
    let inserted = sqlx::query_scalar!(
        "insert into people (id, email, name, created_at) values ($1, $2::text::citext, $3, $4)
         on conflict (email) do nothing returning id",
        id,
        email.as_str(),
        name,
        now
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(id) = inserted {
        return Ok((id, true));
    }
    let id = sqlx::query_scalar!(
        "select id from people where email = $1::text::citext for no key update",
        email.as_str()
    )
    .fetch_one(db)
    .await?;
    Ok((id, false))
}

pub async fn set_details(
    db: &mut PgConnection,
    id: Uuid,
    name: &str,
    email: &EmailAddress,
    postcode: Option<&str>,
    region: Option<Region>,
) -> Result<()> {
    sqlx::query!(
        "update people set name = $2, email = $3::text::citext, postcode = $4, region = $5,
                email_verified_at = case when email = $3::text::citext then email_verified_at end
         where id = $1",
        id,
        name,
        email.as_str(),
        postcode,
        region.map(Region::slug)
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_names(db: &mut PgConnection, id: Uuid, name: &str, called: Option<&str>) -> Result<()> {
    sqlx::query!("update people set name = $2, called = $3 where id = $1", id, name, called)
        .execute(db)
        .await?;
    Ok(())
}

/// An address that its owner has proved. Returns false if somebody else has it.
pub async fn set_email(
    db: &mut PgConnection,
    id: Uuid,
    email: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update people set email = $2::text::citext, email_verified_at = $3 where id = $1
         and not exists (select from people other where other.email = $2::text::citext and other.id <> $1)",
        id,
        email.as_str(),
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn set_standing(db: &mut PgConnection, id: Uuid, standing: Standing) -> Result<()> {
    sqlx::query!("update people set standing = $2 where id = $1", id, standing.code()).execute(db).await?;
    Ok(())
}

pub async fn set_verified(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update people set email_verified_at = coalesce(email_verified_at, $2) where id = $1",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub struct Credentials {
    pub id: Uuid,
    pub email: EmailAddress,
    pub name: String,
    pub password_hash: Option<String>,
}

pub async fn find_credentials(db: &mut PgConnection, email: &EmailAddress) -> Result<Option<Credentials>> {
    sqlx::query_as!(
        Credentials,
        r#"select id, email as "email: EmailAddress", name, password_hash from people where email = $1::text::citext"#,
        email.as_str()
    )
    .fetch_optional(db)
    .await
}

/// What somebody signs in with, held until the transaction ends. Whoever begins or ends sessions takes it first.
pub async fn lock_person(db: &mut PgConnection, id: Uuid) -> Result<Option<Credentials>> {
    sqlx::query_as!(
        Credentials,
        r#"select id, email as "email: EmailAddress", name, password_hash from people where id = $1 for no key update"#,
        id
    )
    .fetch_optional(db)
    .await
}

/// Whether anybody is known at all.
pub async fn has_people(db: &mut PgConnection) -> Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from people) as "exists!""#).fetch_one(db).await
}

/// Stores a hash made by [`super::hash_password`].
pub async fn set_password_hash(db: &mut PgConnection, id: Uuid, hash: &str) -> Result<()> {
    sqlx::query!("update people set password_hash = $2 where id = $1", id, hash).execute(db).await?;
    Ok(())
}

/// Somebody who comes by a list, and not by a form of ours.
#[derive(Clone, Debug)]
pub struct NewPerson {
    pub id: Uuid,
    pub email: EmailAddress,
    pub name: String,
    pub postcode: Option<String>,
    pub region: Option<Region>,
    pub standing: Standing,
    pub added_at: DateTime<Utc>,
    /// When the address was proved to be theirs.
    pub proved_at: Option<DateTime<Utc>>,
}

/// Adds people; those whose address is known already are left as they are, and left out of the ids given back.
pub async fn add_people(db: &mut PgConnection, people: &[NewPerson]) -> Result<Vec<Uuid>> {
    let ids: Vec<_> = people.iter().map(|person| person.id).collect();
    let emails: Vec<_> = people.iter().map(|person| person.email.to_string()).collect();
    let names: Vec<_> = people.iter().map(|person| person.name.clone()).collect();
    let postcodes: Vec<_> = people.iter().map(|person| person.postcode.clone()).collect();
    let regions: Vec<_> = people.iter().map(|person| person.region.map(|at| at.slug().to_owned())).collect();
    let standings: Vec<_> = people.iter().map(|person| person.standing.code().to_owned()).collect();
    let added: Vec<_> = people.iter().map(|person| person.added_at).collect();
    let proved: Vec<_> = people.iter().map(|person| person.proved_at).collect();
    sqlx::query_scalar!(
        "insert into people (id, email, name, postcode, region, standing, created_at, email_verified_at)
         select id, email::citext, name, postcode, region, standing, added_at, proved_at
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                     $8::timestamptz[]) as new (id, email, name, postcode, region, standing, added_at, proved_at)
         on conflict (email) do nothing returning id",
        &ids,
        &emails,
        &names,
        &postcodes as &[Option<String>],
        &regions as &[Option<String>],
        &standings,
        &added,
        &proved as &[Option<DateTime<Utc>>]
    )
    .fetch_all(db)
    .await
}

/// Gives many the same standing.
pub async fn set_standings(db: &mut PgConnection, people: &[Uuid], standing: Standing) -> Result<()> {
    sqlx::query!("update people set standing = $2 where id = any($1)", people, standing.code())
        .execute(db)
        .await?;
    Ok(())
}

/// Keeps the postcodes, and the regions that go with them, of those of whom none is known.
pub async fn fill_places(db: &mut PgConnection, places: &[(Uuid, String, Option<Region>)]) -> Result<()> {
    let ids: Vec<_> = places.iter().map(|(id, ..)| *id).collect();
    let postcodes: Vec<_> = places.iter().map(|(_, postcode, _)| postcode.clone()).collect();
    let regions: Vec<_> = places.iter().map(|(.., region)| region.map(|at| at.slug().to_owned())).collect();
    sqlx::query!(
        "update people p set postcode = new.postcode, region = coalesce(new.region, p.region)
         from unnest($1::uuid[], $2::text[], $3::text[]) as new (id, postcode, region)
         where p.id = new.id and p.postcode is null",
        &ids,
        &postcodes,
        &regions as &[Option<String>]
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a person to whom nothing points any more. Returns the row as it was.
pub async fn remove_person(db: &mut PgConnection, id: Uuid) -> Result<Value> {
    sqlx::query_scalar!(r#"delete from people p where id = $1 returning to_jsonb(p) as "row!""#, id)
        .fetch_one(db)
        .await
}

/// Puts a person back as [`remove_person`] returned them.
pub async fn revive_person(db: &mut PgConnection, row: &Value) -> Result<()> {
    sqlx::query!(
        "insert into people (id, email, name, postcode, region, email_verified_at, password_hash, standing, created_at)
         select id, email, name, postcode, region, email_verified_at, password_hash, standing, created_at
         from jsonb_populate_record(null::people, $1)",
        row
    )
    .execute(db)
    .await?;
    Ok(())
}
