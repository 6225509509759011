use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::model::{Consent, ConsentPurpose, Office, Person, Role, Standing};
use crate::{kit::email_address::EmailAddress, places::Region};

/// By standing; see [`Room::counts`](super::Room).
pub(super) const COUNTS: &str = "
    select jsonb_build_object('members', count(*) filter (where standing = 'member'),
                              'supporters', count(*) filter (where standing = 'supporter'))
    from people where $1::text[] is null or region = any($1)";

type Result<T> = std::result::Result<T, sqlx::Error>;

/// `people!("where id = $1", id)`
macro_rules! people {
    ($which:literal, $($value:expr),*) => {
        sqlx::query_as!(
            Person,
            r#"select id, email as "email: EmailAddress", name, postcode, region as "region: Region",
                      standing as "standing: Standing", email_verified_at, password_hash is not null as "has_password!", created_at
               from people "# + $which,
            $($value),*
        )
    };
}

pub async fn find_person(db: &mut PgConnection, id: Uuid) -> Result<Option<Person>> {
    people!("where id = $1", id).fetch_optional(db).await
}

pub async fn find_person_by_email(db: &mut PgConnection, email: &EmailAddress) -> Result<Option<Person>> {
    people!("where email = $1::text::citext", email.as_str()).fetch_optional(db).await
}

/// Adds a person unless the address is known. Returns the id, and whether it is new.
pub(super) async fn insert_person(
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

pub(super) async fn set_details(
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

pub(super) async fn set_standing(db: &mut PgConnection, id: Uuid, standing: Standing) -> Result<()> {
    sqlx::query!("update people set standing = $2 where id = $1", id, standing.code()).execute(db).await?;
    Ok(())
}

pub(super) async fn set_verified(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update people set email_verified_at = coalesce(email_verified_at, $2) where id = $1",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn find_password_hash(
    db: &mut PgConnection,
    email: &EmailAddress,
) -> Result<Option<(Uuid, Option<String>)>> {
    let row =
        sqlx::query!("select id, password_hash from people where email = $1::text::citext", email.as_str())
            .fetch_optional(db)
            .await?;
    Ok(row.map(|row| (row.id, row.password_hash)))
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

// Sessions.

/// Everything a request needs to know of who sends it.
pub(super) struct SessionRow {
    pub session_id: Uuid,
    pub person_id: Uuid,
    pub email: String,
    pub name: String,
    pub standing: Standing,
    pub offices: Json<Vec<Office>>,
    pub last_seen_at: DateTime<Utc>,
}

pub(super) async fn find_session(
    db: &mut PgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<SessionRow>> {
    sqlx::query_as!(
        SessionRow,
        r#"select s.id as session_id, s.person_id, s.last_seen_at, p.email::text as "email!", p.name,
                  p.standing as "standing: Standing",
                  coalesce((select json_agg(json_build_object('role', o.role, 'region', o.region))
                            from officers o where o.person_id = p.id and o.ended_at is null), '[]') as "offices!: Json<Vec<Office>>"
           from sessions s join people p on p.id = s.person_id
           where s.token_hash = $1 and s.expires_at > $2"#,
        token_hash,
        now
    )
    .fetch_optional(db)
    .await
}

pub(super) struct NewSession<'a> {
    pub id: Uuid,
    pub token_hash: &'a [u8],
    pub person_id: Uuid,
    pub browser: &'a str,
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub(super) async fn insert_session(db: &mut PgConnection, new: &NewSession<'_>) -> Result<()> {
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

pub(super) async fn touch_session(
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

pub(super) struct SessionLine {
    pub id: Uuid,
    pub browser: String,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
}

pub(super) async fn list_sessions(
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

pub(super) async fn delete_session(db: &mut PgConnection, person: Uuid, id: Uuid) -> Result<bool> {
    let done =
        sqlx::query!("delete from sessions where person_id = $1 and id = $2", person, id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn delete_other_sessions(
    db: &mut PgConnection,
    person: Uuid,
    keep: Option<Uuid>,
) -> Result<u64> {
    let done = sqlx::query!(
        "delete from sessions where person_id = $1 and ($2::uuid is null or id <> $2)",
        person,
        keep
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

// Emailed ways to sign in.

pub(super) struct NewRequest<'a> {
    pub id: Uuid,
    pub person_id: Option<Uuid>,
    pub link_hash: &'a [u8],
    pub code_hash: Option<&'a [u8]>,
    pub next_path: &'a str,
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

pub(super) async fn insert_request(db: &mut PgConnection, new: &NewRequest<'_>) -> Result<()> {
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

pub(super) struct Request {
    pub id: Uuid,
    pub person_id: Uuid,
    pub next_path: String,
}

/// The name behind a link that still works, for the page with the button.
pub(super) async fn find_link(
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

/// Uses a link up: of two who press the button, one gets it.
pub(super) async fn use_link(
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

/// Counts one try at a code; `None` when the request is unknown, used, over, or has had its tries.
pub(super) async fn try_code(
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

pub(super) async fn use_request(
    db: &mut PgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Request>> {
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
pub(super) async fn delete_requests(db: &mut PgConnection, person: Uuid) -> Result<()> {
    sqlx::query!("delete from sign_in_requests where person_id = $1", person).execute(db).await?;
    Ok(())
}

pub(super) async fn delete_expired(db: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from sessions where expires_at < $1", now).execute(&mut *db).await?;
    sqlx::query!("delete from sign_in_requests where expires_at < $1", now - chrono::Duration::days(1))
        .execute(db)
        .await?;
    Ok(())
}

// Consents.

pub(super) struct NewConsent<'a> {
    pub id: Uuid,
    pub person_id: Uuid,
    pub purpose: ConsentPurpose,
    pub source: &'a str,
    pub now: DateTime<Utc>,
}

/// Keeps a consent unless one for the purpose stands already.
pub(super) async fn insert_consent(db: &mut PgConnection, new: &NewConsent<'_>) -> Result<bool> {
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

pub(super) async fn end_consent(
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

// Officers.

pub(super) struct OfficerLine {
    pub id: Uuid,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub region: Option<Region>,
    pub granted_at: DateTime<Utc>,
}

pub(super) async fn list_officers(db: &mut PgConnection) -> Result<Vec<OfficerLine>> {
    sqlx::query_as!(
        OfficerLine,
        r#"select o.id, p.name, p.email::text as "email!", o.role as "role: Role", o.region as "region: Region", o.granted_at
           from officers o join people p on p.id = o.person_id where o.ended_at is null order by p.name, o.role"#
    )
    .fetch_all(db)
    .await
}

pub(super) async fn holds_office(db: &mut PgConnection, person: Uuid) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from officers where person_id = $1 and ended_at is null) as "holds!""#,
        person
    )
    .fetch_one(db)
    .await
}

pub(super) async fn insert_officer(
    db: &mut PgConnection,
    id: Uuid,
    person: Uuid,
    role: Role,
    region: Option<Region>,
    granted_by: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into officers (id, person_id, role, region, granted_by, granted_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (person_id, role, coalesce(region, '')) where ended_at is null do nothing",
        id,
        person,
        role.code(),
        region.map(Region::slug),
        granted_by,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends an office; the person and role, or `None` if it had ended already.
pub(super) async fn end_officer(
    db: &mut PgConnection,
    id: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<(Uuid, String)>> {
    let row = sqlx::query!(
        "update officers set ended_at = $2 where id = $1 and ended_at is null returning person_id, role",
        id,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (row.person_id, row.role)))
}

/// The offices of all administrators.
pub(super) async fn lock_administrators(db: &mut PgConnection) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select id from officers where role = 'administrator' and ended_at is null order by id for update"
    )
    .fetch_all(db)
    .await
}

/// What somebody holds now.
pub(super) async fn list_offices(db: &mut PgConnection, person: Uuid) -> Result<Vec<Office>> {
    sqlx::query_as!(
        Office,
        r#"select role as "role: Role", region as "region: Region" from officers where person_id = $1 and ended_at is null"#,
        person
    )
    .fetch_all(db)
    .await
}
