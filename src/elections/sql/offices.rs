//! Who holds which post.

use chrono::NaiveDate;
use sqlx::{PgConnection, Result};
use uuid::Uuid;

use crate::{
    elections::model::{How, Office},
    kit::{db::impossible, picture::Picture},
};

struct Row {
    id: Uuid,
    post: Uuid,
    title: String,
    election: Uuid,
    person: Uuid,
    name: String,
    portrait: Option<String>,
    how: How,
    started_on: NaiveDate,
    ends_on: NaiveDate,
    ended_on: Option<NaiveDate>,
    ended_why: Option<String>,
    is_filled: bool,
}

impl TryFrom<Row> for Office {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self> {
        let portrait: Option<Picture> =
            row.portrait.map(|address| address.parse().map_err(impossible)).transpose()?;
        Ok(Self {
            id: row.id,
            post: row.post,
            title: row.title,
            election: row.election,
            person: row.person,
            name: row.name,
            portrait,
            how: row.how,
            started_on: row.started_on,
            ends_on: row.ends_on,
            ended_on: row.ended_on,
            ended_why: row.ended_why,
            is_filled: row.is_filled,
        })
    }
}

/// `offices!("where o.id = $1", id)`
macro_rules! offices {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select o.id, o.post_id as post, p.title, o.election_id as election, o.person_id as person, o.name, o.portrait,
                      o.how as "how: How", o.started_on, o.ends_on, o.ended_on, o.ended_why,
                      exists (select from election_offices i where i.instead_of = o.id) as "is_filled!"
               from election_offices o join election_posts p on p.id = o.post_id "# + $which
            $(, $value)*
        )
    };
}

fn read(rows: Vec<Row>) -> Result<Vec<Office>> {
    rows.into_iter().map(Office::try_from).collect()
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Office>> {
    offices!("where o.id = $1", id).fetch_optional(db).await?.map(Office::try_from).transpose()
}

/// Held now, by post and name.
pub async fn list_held(db: &mut PgConnection) -> Result<Vec<Office>> {
    read(offices!("where o.ended_on is null order by p.title, o.name, o.id").fetch_all(db).await?)
}

/// Held now, or given up within a term that is not over.
pub async fn list_current(db: &mut PgConnection, today: NaiveDate) -> Result<Vec<Office>> {
    read(
        offices!(
            "where o.ended_on is null or (o.ends_on > $1 and o.ended_on < o.ends_on)
             order by p.title, o.ended_on is not null, o.name, o.id",
            today
        )
        .fetch_all(db)
        .await?,
    )
}

/// Every one that an election gave.
pub async fn list_of_election(db: &mut PgConnection, election: Uuid) -> Result<Vec<Office>> {
    read(offices!("where o.election_id = $1 order by o.name, o.id", election).fetch_all(db).await?)
}

/// Whose term is over.
pub async fn list_over(db: &mut PgConnection, today: NaiveDate) -> Result<Vec<Office>> {
    read(offices!("where o.ended_on is null and o.ends_on <= $1 order by o.id", today).fetch_all(db).await?)
}

/// Adds one; false if they were given one by that election, or somebody has taken the vacant one.
pub async fn insert(db: &mut PgConnection, office: &Office, instead_of: Option<Uuid>) -> Result<bool> {
    let added = sqlx::query!(
        "insert into election_offices (id, post_id, election_id, person_id, name, portrait, how, started_on, ends_on, instead_of)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing",
        office.id,
        office.post,
        office.election,
        office.person,
        office.name,
        office.portrait.as_ref().map(ToString::to_string),
        office.how.code(),
        office.started_on,
        office.ends_on,
        instead_of
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// Ends one; false if it has ended.
pub async fn set_ended(db: &mut PgConnection, id: Uuid, on: NaiveDate, why: Option<&str>) -> Result<bool> {
    let set = sqlx::query!(
        "update election_offices set ended_on = $2, ended_why = $3 where id = $1 and ended_on is null",
        id,
        on,
        why
    );
    Ok(set.execute(db).await?.rows_affected() > 0)
}

/// Whether somebody holds another post with the same office of the site.
pub async fn holds_role(db: &mut PgConnection, person: Uuid, role: &str) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from election_offices o join election_posts p on p.id = o.post_id
                          where o.person_id = $1 and p.role = $2 and o.ended_on is null) as "holds!""#,
        person,
        role
    )
    .fetch_one(db)
    .await
}
