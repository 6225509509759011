//! What is published of a ballot once it is counted.

use sqlx::{PgConnection, Result};
use uuid::Uuid;

/// A sealed paper of the box.
pub struct Sealed {
    pub commitment: Vec<u8>,
    pub sealed: Vec<u8>,
}

/// The box, in the order of commitments.
pub async fn list_papers(db: &mut PgConnection, ballot: Uuid) -> Result<Vec<Sealed>> {
    sqlx::query_as!(
        Sealed,
        "select commitment, sealed from ballot_papers where ballot_id = $1 order by commitment",
        ballot
    )
    .fetch_all(db)
    .await
}

pub async fn list_board(db: &mut PgConnection, ballot: Uuid) -> Result<Vec<String>> {
    sqlx::query_scalar!("select line from ballot_board where ballot_id = $1 order by n", ballot)
        .fetch_all(db)
        .await
}

/// An opened paper by its code.
#[derive(Clone, Debug)]
pub struct Opening {
    pub code: String,
    pub mark: String,
    pub choices: Vec<i32>,
}

pub async fn insert_openings(db: &mut PgConnection, ballot: Uuid, openings: &[Opening]) -> Result<()> {
    let codes: Vec<_> = openings.iter().map(|it| it.code.clone()).collect();
    let marks: Vec<_> = openings.iter().map(|it| it.mark.clone()).collect();
    // Arrays of different lengths make no array in Postgres.
    let choices: Vec<_> = openings
        .iter()
        .map(|it| it.choices.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
        .collect();
    sqlx::query!(
        "insert into ballot_openings (ballot_id, code, mark, choices)
         select $1, code, mark, case when choices = '' then '{}'::int[] else string_to_array(choices, ',')::int[] end
         from unnest($2::text[], $3::text[], $4::text[]) as opening (code, mark, choices)",
        ballot,
        &codes,
        &marks,
        &choices
    )
    .execute(db)
    .await?;
    Ok(())
}

/// One, but for a chance in thousands of years.
pub async fn list_openings(db: &mut PgConnection, ballot: Uuid, code: &str) -> Result<Vec<Opening>> {
    sqlx::query_as!(
        Opening,
        "select code, mark, choices from ballot_openings where ballot_id = $1 and code = $2",
        ballot,
        code
    )
    .fetch_all(db)
    .await
}

/// What each paper chose, in the order of codes.
pub async fn list_choices(db: &mut PgConnection, ballot: Uuid) -> Result<Vec<Vec<i32>>> {
    sqlx::query_scalar!(
        "select choices from ballot_openings where ballot_id = $1 order by code, mark",
        ballot
    )
    .fetch_all(db)
    .await
}

pub async fn insert_file(db: &mut PgConnection, ballot: Uuid, name: &str, body: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into ballot_files (ballot_id, name, body) values ($1, $2, $3)
         on conflict (ballot_id, name) do update set body = excluded.body",
        ballot,
        name,
        body
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn find_file(db: &mut PgConnection, ballot: Uuid, name: &str) -> Result<Option<Vec<u8>>> {
    sqlx::query_scalar!("select body from ballot_files where ballot_id = $1 and name = $2", ballot, name)
        .fetch_optional(db)
        .await
}
