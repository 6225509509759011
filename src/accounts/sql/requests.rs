//! Links and codes to sign in that were emailed.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;

pub struct NewRequest<'a> {
    pub id: Uuid,
    pub person_id: Option<Uuid>,
    pub link_hash: &'a [u8],
    pub code_hash: Option<&'a [u8]>,
    pub next_path: &'a str,
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub async fn insert_request(db: &mut PgConnection, new: &NewRequest<'_>) -> Result<()> {
    sqlx::query!(
        "insert into sign_in_requests (id, person_id, link_hash, code_hash, next_path, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        new.id,
        new.person_id,
        new.link_hash,
        new.code_hash,
        new.next_path,
        new.now,
        new.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

pub struct Request {
    pub id: Uuid,
    pub person_id: Uuid,
    pub next_path: String,
}

/// The name behind a link that still works, for the page with the button.
pub async fn find_link(
    db: &mut PgConnection,
    link_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<String>> {
    sqlx::query_scalar!(
        "select p.name from sign_in_requests r join people p on p.id = r.person_id
         where r.link_hash = $1 and r.used_at is null and r.expires_at > $2",
        link_hash,
        now
    )
    .fetch_optional(db)
    .await
}

/// Whose a link is, whether it still works or not.
pub async fn find_owner_of_link(db: &mut PgConnection, link_hash: &[u8]) -> Result<Option<Uuid>> {
    let owner = sqlx::query_scalar!("select person_id from sign_in_requests where link_hash = $1", link_hash);
    Ok(owner.fetch_optional(db).await?.flatten())
}

/// Whose a request is; `None` also where its address is not known.
pub async fn find_owner(db: &mut PgConnection, id: Uuid) -> Result<Option<Uuid>> {
    let owner = sqlx::query_scalar!("select person_id from sign_in_requests where id = $1", id);
    Ok(owner.fetch_optional(db).await?.flatten())
}

/// Uses a link up: of two who press the button, one gets it.
pub async fn use_link(
    db: &mut PgConnection,
    link_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Request>> {
    sqlx::query_as!(
        Request,
        r#"update sign_in_requests set used_at = $2
           where link_hash = $1 and used_at is null and expires_at > $2 and person_id is not null
           returning id, person_id as "person_id!", next_path"#,
        link_hash,
        now
    )
    .fetch_optional(db)
    .await
}

/// How many codes were tried for somebody since a time, by whoever it was.
pub async fn count_tries(db: &mut PgConnection, person: Uuid, since: DateTime<Utc>) -> Result<i64> {
    sqlx::query_scalar!(
        r#"select coalesce(sum(tries), 0) as "tries!" from sign_in_requests where person_id = $1 and created_at > $2"#,
        person,
        since
    )
    .fetch_one(db)
    .await
}

/// Counts one try at a code; `None` when the request is unknown, used, over, or has had its tries.
pub async fn try_code(
    db: &mut PgConnection,
    id: Uuid,
    now: DateTime<Utc>,
    most: i32,
) -> Result<Option<Option<Vec<u8>>>> {
    sqlx::query_scalar!(
        "update sign_in_requests set tries = tries + 1
         where id = $1 and used_at is null and expires_at > $2 and tries < $3 returning code_hash",
        id,
        now,
        most
    )
    .fetch_optional(db)
    .await
}

/// The newest other requests of somebody that have a code and are not over: id and the code's hash.
pub async fn list_other_codes(
    db: &mut PgConnection,
    person: Uuid,
    id: Uuid,
    now: DateTime<Utc>,
    most: i64,
) -> Result<Vec<(Uuid, Vec<u8>)>> {
    let rows = sqlx::query!(
        r#"select id, code_hash as "code_hash!" from sign_in_requests
           where person_id = $1 and id <> $2 and code_hash is not null and expires_at > $3
           order by created_at desc limit $4"#,
        person,
        id,
        now,
        most
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.code_hash)).collect())
}

pub async fn use_request(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<Option<Request>> {
    sqlx::query_as!(
        Request,
        r#"update sign_in_requests set used_at = $2 where id = $1 and used_at is null and person_id is not null
           returning id, person_id as "person_id!", next_path"#,
        id,
        now
    )
    .fetch_optional(db)
    .await
}

/// Ends every link and code that was mailed to somebody.
pub async fn delete_requests(db: &mut PgConnection, person: Uuid) -> Result<()> {
    sqlx::query!("delete from sign_in_requests where person_id = $1", person).execute(db).await?;
    Ok(())
}

/// A day after they have ended: a page may still say why one no longer works.
pub async fn delete_expired(db: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from sign_in_requests where expires_at < $1", now - chrono::Duration::days(1))
        .execute(db)
        .await?;
    Ok(())
}
