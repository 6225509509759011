//! Nominations and their seconders.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Result, types::Json};
use uuid::Uuid;

use crate::{
    elections::model::{Candidate, Ended, Nomination, Seconder},
    kit::{db::impossible, picture::Picture},
};

struct Row {
    id: Uuid,
    election: Uuid,
    person: Uuid,
    name: String,
    nominated_by: Uuid,
    nominator: String,
    nominated_at: DateTime<Utc>,
    accepted_at: Option<DateTime<Utc>>,
    declined_at: Option<DateTime<Utc>>,
    statement: String,
    portrait: Option<String>,
    letter: String,
    stands: bool,
    number: Option<i32>,
    ended: Option<Ended>,
    ended_why: Option<String>,
    seconders: Json<Vec<Seconder>>,
}

impl TryFrom<Row> for Nomination {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self> {
        let portrait: Option<Picture> =
            row.portrait.map(|address| address.parse().map_err(impossible)).transpose()?;
        Ok(Self {
            id: row.id,
            election: row.election,
            person: row.person,
            name: row.name,
            nominated_by: row.nominated_by,
            nominator: row.nominator,
            nominated_at: row.nominated_at,
            accepted_at: row.accepted_at,
            declined_at: row.declined_at,
            statement: row.statement,
            portrait,
            letter: row.letter,
            stands: row.stands,
            number: row.number.map(u16::try_from).transpose().map_err(impossible)?,
            ended: row.ended,
            ended_why: row.ended_why,
            seconders: row.seconders.0,
        })
    }
}

/// `nominations!("where n.id = $1", id)`
macro_rules! nominations {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select n.id, n.election_id as election, n.person_id as person, n.name, n.nominated_by, b.name as nominator,
                      n.nominated_at, n.accepted_at, n.declined_at, n.statement, n.portrait, n.letter, n.stands, n.number,
                      n.ended_how as "ended: Ended", n.ended_why,
                      coalesce((select json_agg(json_build_object('person', s.person_id, 'name', o.name) order by s.seconded_at)
                                from election_seconds s join people o on o.id = s.person_id
                                where s.nomination_id = n.id), '[]') as "seconders!: Json<Vec<Seconder>>"
               from election_nominations n join people b on b.id = n.nominated_by "# + $which
            $(, $value)*
        )
    };
}

fn read(rows: Vec<Row>) -> Result<Vec<Nomination>> {
    rows.into_iter().map(Nomination::try_from).collect()
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Nomination>> {
    nominations!("where n.id = $1", id).fetch_optional(db).await?.map(Nomination::try_from).transpose()
}

pub async fn find_of_person(
    db: &mut PgConnection,
    election: Uuid,
    person: Uuid,
) -> Result<Option<Nomination>> {
    nominations!("where n.election_id = $1 and n.person_id = $2", election, person)
        .fetch_optional(db)
        .await?
        .map(Nomination::try_from)
        .transpose()
}

/// All of an election, in the order of their names, which says nothing.
pub async fn list(db: &mut PgConnection, election: Uuid) -> Result<Vec<Nomination>> {
    read(nominations!("where n.election_id = $1 order by n.name, n.id", election).fetch_all(db).await?)
}

/// Those who stand, in the order of their names.
pub async fn list_standing(db: &mut PgConnection, election: Uuid) -> Result<Vec<Nomination>> {
    read(
        nominations!("where n.election_id = $1 and n.stands order by n.name, n.id", election)
            .fetch_all(db)
            .await?,
    )
}

pub async fn set_number(db: &mut PgConnection, id: Uuid, number: i32) -> Result<()> {
    sqlx::query!("update election_nominations set number = $2 where id = $1", id, number).execute(db).await?;
    Ok(())
}

/// Those who stand or stood to the end, as everybody reads of them.
pub async fn list_candidates(db: &mut PgConnection, election: Uuid) -> Result<Vec<Candidate>> {
    let rows = sqlx::query!(
        "select id, name, statement, portrait from election_nominations
         where election_id = $1 and accepted_at is not null and (stands or ended_how = 'settled') order by name, id",
        election
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            let portrait = row.portrait.map(|address| address.parse().map_err(impossible)).transpose()?;
            Ok(Candidate { id: row.id, name: row.name, statement: row.statement, portrait })
        })
        .collect()
}

/// Adds one; false if they are nominated already.
pub async fn insert(
    db: &mut PgConnection,
    id: Uuid,
    election: Uuid,
    (person, by): (Uuid, Uuid),
    now: DateTime<Utc>,
) -> Result<bool> {
    let added = sqlx::query!(
        "insert into election_nominations (id, election_id, person_id, name, nominated_by, nominated_at)
         select $1, $2, $3, name, $4, $5 from people where id = $3 on conflict do nothing",
        id,
        election,
        person,
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// How many others somebody has nominated, and how many they second.
pub async fn count_support(db: &mut PgConnection, election: Uuid, person: Uuid) -> Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select (select count(*) from election_nominations
                   where election_id = $1 and nominated_by = $2 and person_id <> $2) as "nominated!",
                  (select count(*) from election_seconds s join election_nominations n on n.id = s.nomination_id
                   where n.election_id = $1 and s.person_id = $2 and n.ended_at is null) as "seconded!""#,
        election,
        person
    )
    .fetch_one(db)
    .await?;
    Ok((row.nominated, row.seconded))
}

/// They stand. Whom they seconded before, they second no more. False if they stand for something already.
pub async fn set_accepted(
    db: &mut PgConnection,
    nomination: &Nomination,
    now: DateTime<Utc>,
) -> Result<bool> {
    let set = sqlx::query!(
        "update election_nominations n set accepted_at = $2, declined_at = null, stands = true,
                name = (select name from people p where p.id = n.person_id)
         where n.id = $1 and not exists (select from election_nominations o where o.person_id = n.person_id and o.stands)",
        nomination.id,
        now
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "delete from election_seconds s using election_nominations n
         where n.id = s.nomination_id and n.election_id = $1 and s.person_id = $2",
        nomination.election,
        nomination.person
    )
    .execute(db)
    .await?;
    Ok(set.rows_affected() > 0)
}

pub async fn set_declined(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update election_nominations set declined_at = $2 where id = $1 and accepted_at is null",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// They stand no more.
pub async fn set_ended(
    db: &mut PgConnection,
    id: Uuid,
    how: Ended,
    why: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update election_nominations set stands = false, ended_how = $2, ended_why = $3, ended_at = $4
         where id = $1 and ended_at is null",
        id,
        how.code(),
        why,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_words(db: &mut PgConnection, id: Uuid, statement: &str, letter: &str) -> Result<()> {
    sqlx::query!(
        "update election_nominations set statement = $2, letter = $3 where id = $1",
        id,
        statement,
        letter
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_portrait(db: &mut PgConnection, id: Uuid, portrait: Option<&Picture>) -> Result<()> {
    let address = portrait.map(ToString::to_string);
    sqlx::query!("update election_nominations set portrait = $2 where id = $1", id, address)
        .execute(db)
        .await?;
    Ok(())
}

/// Adds a seconder; false if they are one.
pub async fn insert_second(
    db: &mut PgConnection,
    nomination: Uuid,
    person: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let added = sqlx::query!(
        "insert into election_seconds (nomination_id, person_id, seconded_at) values ($1, $2, $3) on conflict do nothing",
        nomination,
        person,
        now
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() > 0)
}

pub async fn delete_second(db: &mut PgConnection, nomination: Uuid, person: Uuid) -> Result<()> {
    sqlx::query!(
        "delete from election_seconds where nomination_id = $1 and person_id = $2",
        nomination,
        person
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Nominations that wait for somebody, or by which they stand, for their own page.
pub struct Own {
    pub election: String,
    pub title: String,
    pub nomination: Uuid,
    pub stands: bool,
}

pub async fn list_own(db: &mut PgConnection, person: Uuid) -> Result<Vec<Own>> {
    sqlx::query_as!(
        Own,
        "select e.slug as election, p.title, n.id as nomination, n.stands
         from election_nominations n join elections e on e.id = n.election_id join election_posts p on p.id = e.post_id
         where n.person_id = $1 and e.settled_at is null and n.ended_at is null and n.declined_at is null
           and (n.stands or e.turned_to = 'nominations')
         order by n.nominated_at",
        person
    )
    .fetch_all(db)
    .await
}
