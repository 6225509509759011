//! Many people at once: for the demo party and for lists from another system. One statement a table, whatever the
//! number.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::model::{ConsentPurpose, Standing};
use crate::{kit::email_address::EmailAddress, places::Region};

/// Somebody whose address is known to be theirs.
#[derive(Clone, Debug)]
pub struct NewPerson {
    pub id: Uuid,
    pub email: EmailAddress,
    pub name: String,
    pub postcode: Option<String>,
    pub region: Option<Region>,
    pub standing: Standing,
    pub added_at: DateTime<Utc>,
}

/// Adds people; those whose address is known already are left as they are, and left out of the ids given back.
pub async fn add_people(db: &mut PgConnection, people: &[NewPerson]) -> Result<Vec<Uuid>, sqlx::Error> {
    let ids: Vec<_> = people.iter().map(|person| person.id).collect();
    let emails: Vec<_> = people.iter().map(|person| person.email.to_string()).collect();
    let names: Vec<_> = people.iter().map(|person| person.name.clone()).collect();
    let postcodes: Vec<_> = people.iter().map(|person| person.postcode.clone()).collect();
    let regions: Vec<_> = people.iter().map(|person| person.region.map(|at| at.slug().to_owned())).collect();
    let standings: Vec<_> = people.iter().map(|person| person.standing.code().to_owned()).collect();
    let added: Vec<_> = people.iter().map(|person| person.added_at).collect();
    sqlx::query_scalar!(
        "insert into people (id, email, name, postcode, region, standing, created_at, email_verified_at)
         select id, email::citext, name, postcode, region, standing, added_at, added_at
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
              as new (id, email, name, postcode, region, standing, added_at)
         on conflict (email) do nothing returning id",
        &ids,
        &emails,
        &names,
        &postcodes as &[Option<String>],
        &regions as &[Option<String>],
        &standings,
        &added
    )
    .fetch_all(db)
    .await
}

/// Keeps the same consent for many: the new record's id, the person, when they gave it. Standing ones stay.
pub async fn give_consents(
    db: &mut PgConnection,
    purpose: ConsentPurpose,
    source: &str,
    given: &[(Uuid, Uuid, DateTime<Utc>)],
) -> Result<u64, sqlx::Error> {
    let ids: Vec<_> = given.iter().map(|(id, _, _)| *id).collect();
    let people: Vec<_> = given.iter().map(|(_, person, _)| *person).collect();
    let times: Vec<_> = given.iter().map(|(_, _, at)| *at).collect();
    let done = sqlx::query!(
        "insert into consents (id, person_id, purpose, wording, source, given_at)
         select id, person_id, $4, $5, $6, given_at
         from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) as new (id, person_id, given_at)
         on conflict (person_id, purpose) where withdrawn_at is null do nothing",
        &ids,
        &people,
        &times,
        purpose.code(),
        purpose.wording(),
        source
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
