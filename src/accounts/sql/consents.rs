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

/// A consent as another system kept it.
pub struct ForeignConsent {
    pub id: Uuid,
    pub person_id: Uuid,
    pub purpose: ConsentPurpose,
    /// How it is known that they agreed.
    pub wording: String,
    pub source: String,
    pub given_at: DateTime<Utc>,
    /// When it ended, and how; they stay without emails until they agree here.
    pub withdrawn: Option<(DateTime<Utc>, String)>,
}

/// Keeps consents from another system for those of whom no consent to the purpose was ever kept here: what somebody
/// said here, and above all a no, outweighs what a list says.
pub async fn add_foreign_consents(db: &mut PgConnection, all: &[ForeignConsent]) -> Result<()> {
    let ids: Vec<_> = all.iter().map(|it| it.id).collect();
    let people: Vec<_> = all.iter().map(|it| it.person_id).collect();
    let purposes: Vec<_> = all.iter().map(|it| it.purpose.code().to_owned()).collect();
    let wordings: Vec<_> = all.iter().map(|it| it.wording.clone()).collect();
    let sources: Vec<_> = all.iter().map(|it| it.source.clone()).collect();
    let given: Vec<_> = all.iter().map(|it| it.given_at).collect();
    let withdrawn: Vec<_> = all.iter().map(|it| it.withdrawn.as_ref().map(|(at, _)| *at)).collect();
    let how: Vec<_> = all.iter().map(|it| it.withdrawn.as_ref().map(|(_, how)| how.clone())).collect();
    sqlx::query!(
        "insert into consents (id, person_id, purpose, wording, source, given_at, withdrawn_at, withdrawn_how)
         select new.* from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[],
                                  $7::timestamptz[], $8::text[])
              as new (id, person_id, purpose, wording, source, given_at, withdrawn_at, withdrawn_how)
         where not exists (select from consents c where c.person_id = new.person_id and c.purpose = new.purpose)
         on conflict (person_id, purpose) where withdrawn_at is null do nothing",
        &ids,
        &people,
        &purposes,
        &wordings,
        &sources,
        &given,
        &withdrawn as &[Option<DateTime<Utc>>],
        &how as &[Option<String>]
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends the consents of many to one purpose.
pub async fn end_consents(
    db: &mut PgConnection,
    people: &[Uuid],
    purpose: ConsentPurpose,
    how: &str,
    now: DateTime<Utc>,
) -> Result<u64> {
    let done = sqlx::query!(
        "update consents set withdrawn_at = $3, withdrawn_how = $4
         where person_id = any($1) and purpose = $2 and withdrawn_at is null",
        people,
        purpose.code(),
        now,
        how
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Ends the consents of two people that the one has stopped and the other has not. Returns their ids.
pub async fn end_where_stopped(
    db: &mut PgConnection,
    one: Uuid,
    other: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "update consents c set withdrawn_at = $3, withdrawn_how = 'merged with a record that had stopped it'
         where c.person_id in ($1, $2) and c.withdrawn_at is null
           and exists (select from consents o where o.person_id in ($1, $2) and o.person_id <> c.person_id
                                                and o.purpose = c.purpose and o.withdrawn_at is not null)
           and not exists (select from consents o where o.person_id in ($1, $2) and o.person_id <> c.person_id
                                                    and o.purpose = c.purpose and o.withdrawn_at is null)
         returning id",
        one,
        other,
        now
    )
    .fetch_all(db)
    .await
}

/// Lets consents stand again that a merge ended, unless their person has said something since.
pub async fn let_stand_again(db: &mut PgConnection, ids: &[Uuid], since: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update consents c set withdrawn_at = null, withdrawn_how = null
         where id = any($1) and not exists (
             select from consents n where n.person_id = c.person_id and n.purpose = c.purpose and n.id <> c.id
                                      and (n.withdrawn_at is null or greatest(n.given_at, n.withdrawn_at) > $2))",
        ids,
        since
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends those consents of one person that another has stopped since a moment.
pub async fn end_where_stopped_since(
    db: &mut PgConnection,
    (of, by): (Uuid, Uuid),
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update consents c set withdrawn_at = $4, withdrawn_how = 'stopped while two records were one'
         where c.person_id = $1 and c.withdrawn_at is null
           and exists (select from consents k where k.person_id = $2 and k.purpose = c.purpose and k.withdrawn_at > $3)",
        of,
        by,
        since,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
