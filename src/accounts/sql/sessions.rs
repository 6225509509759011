//! Sessions.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Result;
use crate::accounts::model::{Office, Standing};

/// Everything a request needs to know of who sends it.
pub struct SessionRow {
    pub session_id: Uuid,
    pub person_id: Uuid,
    pub email: String,
    pub name: String,
    pub standing: Standing,
    pub offices: Json<Vec<Office>>,
    pub last_seen_at: DateTime<Utc>,
}

pub async fn find_session(
    db: &mut PgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<SessionRow>> {
    sqlx::query_as!(
        SessionRow,
        r#"select s.id as session_id, s.person_id, s.last_seen_at, p.email::text as "email!", p.name,
                  p.standing as "standing: Standing",
                  coalesce((select json_agg(json_build_object('role', o.role, 'region', o.region))
                            from officers o where o.person_id = p.id and o.ended_at is null and not p.offices_paused), '[]') as "offices!: Json<Vec<Office>>"
           from sessions s join people p on p.id = s.person_id
           where s.token_hash = $1 and s.expires_at > $2"#,
        token_hash,
        now
    )
    .fetch_optional(db)
    .await
}

pub struct NewSession<'a> {
    pub id: Uuid,
    pub token_hash: &'a [u8],
    pub person_id: Uuid,
    pub browser: &'a str,
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub async fn insert_session(db: &mut PgConnection, new: &NewSession<'_>) -> Result<()> {
    sqlx::query!(
        "insert into sessions (id, token_hash, person_id, browser, created_at, last_seen_at, expires_at)
         values ($1, $2, $3, $4, $5, $5, $6)",
        new.id,
        new.token_hash,
        new.person_id,
        new.browser,
        new.now,
        new.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn touch_session(
    db: &mut PgConnection,
    id: Uuid,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!("update sessions set last_seen_at = $2, expires_at = $3 where id = $1", id, now, expires_at)
        .execute(db)
        .await?;
    Ok(())
}

pub struct SessionLine {
    pub id: Uuid,
    pub browser: String,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
}

pub async fn list_sessions(
    db: &mut PgConnection,
    person: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<SessionLine>> {
    sqlx::query_as!(
        SessionLine,
        "select id, browser, created_at, last_seen_at from sessions
         where person_id = $1 and expires_at > $2 order by last_seen_at desc limit 50",
        person,
        now
    )
    .fetch_all(db)
    .await
}

pub async fn delete_session(db: &mut PgConnection, person: Uuid, id: Uuid) -> Result<bool> {
    let done =
        sqlx::query!("delete from sessions where person_id = $1 and id = $2", person, id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

pub async fn delete_other_sessions(db: &mut PgConnection, person: Uuid, keep: Option<Uuid>) -> Result<u64> {
    let done = sqlx::query!(
        "delete from sessions where person_id = $1 and ($2::uuid is null or id <> $2)",
        person,
        keep
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

pub async fn delete_expired(db: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from sessions where expires_at < $1", now).execute(db).await?;
    Ok(())
}
