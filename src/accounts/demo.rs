//! Many people at once, for the demo party.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::model::{ConsentPurpose, Standing};
use crate::places::Region;

/// Somebody of the demo party that tests and the README name.
#[derive(Clone, Copy, Debug)]
pub struct CastMember {
    pub person: Uuid,
    pub email: &'static str,
    pub name: &'static str,
    /// What they are at the end.
    pub standing: Standing,
    /// Whether they have, or had, a membership.
    pub has_membership: bool,
}

/// Somebody to be added as they are; their address counts as proved.
#[derive(Clone, Debug)]
pub struct DemoPerson {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub postcode: String,
    pub region: Region,
    pub standing: Standing,
    pub created_at: DateTime<Utc>,
    pub consents: Vec<ConsentPurpose>,
}

#[derive(Serialize)]
struct PersonRow<'a> {
    id: Uuid,
    email: &'a str,
    name: &'a str,
    postcode: &'a str,
    region: &'a str,
    standing: &'a str,
    created_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct ConsentRow<'a> {
    id: Uuid,
    person_id: Uuid,
    purpose: &'a str,
    wording: &'a str,
    given_at: DateTime<Utc>,
}

/// Adds people and their consents in two statements; those who are there already get the postcode and region.
pub async fn add_people(db: &mut PgConnection, people: &[DemoPerson]) -> Result<(), sqlx::Error> {
    let encode = |error: serde_json::Error| sqlx::Error::Encode(error.into());
    let rows: Vec<_> = people
        .iter()
        .map(|person| PersonRow {
            id: person.id,
            email: &person.email,
            name: &person.name,
            postcode: &person.postcode,
            region: person.region.slug(),
            standing: person.standing.code(),
            created_at: person.created_at,
        })
        .collect();
    sqlx::query!(
        "insert into people (id, email, name, postcode, region, standing, email_verified_at, created_at)
         select id, email::citext, name, postcode, region, standing, created_at, created_at
         from jsonb_to_recordset($1) as r(id uuid, email text, name text, postcode text, region text, standing text,
                                          created_at timestamptz)
         on conflict (email) do update set postcode = excluded.postcode, region = excluded.region,
                created_at = excluded.created_at",
        serde_json::to_value(rows).map_err(encode)?
    )
    .execute(&mut *db)
    .await?;
    let consents: Vec<_> = people
        .iter()
        .flat_map(|person| person.consents.iter().map(move |purpose| (person, *purpose)))
        .map(|(person, purpose)| ConsentRow {
            // Another id for each purpose, the same on every run.
            id: Uuid::from_u128(person.id.as_u128() ^ (1 + purpose as u128)),
            person_id: person.id,
            purpose: purpose.code(),
            wording: purpose.wording(),
            given_at: person.created_at,
        })
        .collect();
    sqlx::query!(
        "insert into consents (id, person_id, purpose, wording, source, given_at)
         select id, person_id, purpose, wording, 'join form', given_at
         from jsonb_to_recordset($1) as r(id uuid, person_id uuid, purpose text, wording text, given_at timestamptz)",
        serde_json::to_value(consents).map_err(encode)?
    )
    .execute(db)
    .await?;
    Ok(())
}
