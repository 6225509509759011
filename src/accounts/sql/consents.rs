//! Consents.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::accounts::model::{Consent, ConsentPurpose};

pub struct NewConsent<'a> {
    pub id: Uuid,
    pub person_id: Uuid,
    pub purpose: ConsentPurpose,
    pub source: &'a str,
    pub now: DateTime<Utc>,
}

/// Keeps a consent unless one for the purpose stands already.
pub async fn insert_consent(db: &mut PgConnection, new: &NewConsent<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "insert into consents (id, person_id, purpose, wording, source, given_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (person_id, purpose) where withdrawn_at is null do nothing",
        new.id,
        new.person_id,
        new.purpose.code(),
        new.purpose.wording(),
        new.source,
        new.now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn end_consent(
    db: &mut PgConnection,
    person: Uuid,
    purpose: ConsentPurpose,
    how: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "update consents set withdrawn_at = $3, withdrawn_how = $4 where person_id = $1 and purpose = $2 and withdrawn_at is null",
        person,
        purpose.code(),
        now,
        how
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Every consent a person gave, newest first, ended ones too.
pub async fn list_consents(db: &mut PgConnection, person: Uuid) -> Result<Vec<Consent>> {
    let rows = sqlx::query!(
        r#"select purpose as "purpose: ConsentPurpose", wording, source, given_at, withdrawn_at, withdrawn_how from consents
           where person_id = $1 order by given_at desc, id desc"#,
        person
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Consent {
            purpose: row.purpose,
            wording: row.wording,
            source: row.source,
            given_at: row.given_at,
            withdrawn: row.withdrawn_at.zip(row.withdrawn_how),
        })
        .collect())
}

/// Keeps the same consent for many: the new record's id, the person, when they gave it. Standing ones stay.
pub async fn give_consents(
    db: &mut PgConnection,
    purpose: ConsentPurpose,
    source: &str,
    given: &[(Uuid, Uuid, DateTime<Utc>)],
) -> Result<u64> {
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
