use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::model::{Interest, SignUp, Supporter};
use crate::{
    kit::email_address::EmailAddress,
    places::{Postcode, Region},
};

type Result<T> = std::result::Result<T, sqlx::Error>;

fn codes(interests: &[Interest]) -> Vec<String> {
    interests.iter().map(|interest| interest.code().to_owned()).collect()
}

/// An interest that the list no longer has is left out rather than hiding its person.
fn interests(codes: &[String]) -> Vec<Interest> {
    codes.iter().filter_map(|code| code.parse().ok()).collect()
}

pub(super) async fn insert_sign_up(
    db: &mut PgConnection,
    id: Uuid,
    token_hash: &[u8],
    new: &SignUp,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into supporter_sign_ups (id, token_hash, email, name, postcode, region, interests, organiser_contact, asked_at, expires_at)
         values ($1, $2, $3::text::citext, $4, $5, $6, $7, $8, $9, $10)",
        id,
        token_hash,
        new.email.as_str(),
        new.name,
        new.postcode.as_ref().map(Postcode::as_str),
        new.region.map(Region::slug),
        &codes(&new.interests),
        new.organiser_contact,
        now,
        expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

struct SignUpRow {
    email: EmailAddress,
    name: String,
    postcode: Option<Postcode>,
    region: Option<Region>,
    interests: Vec<String>,
    organiser_contact: bool,
}

impl From<SignUpRow> for SignUp {
    fn from(row: SignUpRow) -> Self {
        Self {
            email: row.email,
            name: row.name,
            postcode: row.postcode,
            region: row.region,
            interests: interests(&row.interests),
            organiser_contact: row.organiser_contact,
        }
    }
}

/// A sign-up that waits for the button.
pub(super) async fn find_sign_up(
    db: &mut PgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<SignUp>> {
    let row = sqlx::query_as!(
        SignUpRow,
        r#"select email as "email: EmailAddress", name, postcode as "postcode?: Postcode", region as "region: Region",
                  interests, organiser_contact
           from supporter_sign_ups where token_hash = $1 and confirmed_at is null and expires_at > $2"#,
        token_hash,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(SignUp::from))
}

/// Whether a sign-up with an address waits for the button.
pub(super) async fn has_open_sign_up(
    db: &mut PgConnection,
    email: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from supporter_sign_ups
                          where email = $1::text::citext and confirmed_at is null and expires_at > $2) as "waits!""#,
        email.as_str(),
        now
    )
    .fetch_one(db)
    .await
}

/// Whether a link that is not over has been confirmed.
pub(super) async fn is_confirmed(
    db: &mut PgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from supporter_sign_ups
                          where token_hash = $1 and confirmed_at is not null and expires_at > $2) as "confirmed!""#,
        token_hash,
        now
    )
    .fetch_one(db)
    .await
}

/// Uses the link up: of two who press the button, one gets the sign-up.
pub(super) async fn use_sign_up(
    db: &mut PgConnection,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<SignUp>> {
    let row = sqlx::query_as!(
        SignUpRow,
        r#"update supporter_sign_ups set confirmed_at = $2
           where token_hash = $1 and confirmed_at is null and expires_at > $2
           returning email as "email: EmailAddress", name, postcode as "postcode?: Postcode", region as "region: Region",
                     interests, organiser_contact"#,
        token_hash,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(SignUp::from))
}

pub(super) async fn delete_expired(db: &mut PgConnection, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!("delete from supporter_sign_ups where expires_at < $1", now).execute(db).await?;
    Ok(done.rows_affected())
}

/// Keeps what a supporter wants to help with. Since when stays as it first was.
pub(super) async fn put_supporter(
    db: &mut PgConnection,
    person: Uuid,
    chosen: &[Interest],
    source: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into supporters (person_id, interests, since, source) values ($1, $2, $3, $4)
         on conflict (person_id) do update set interests = excluded.interests",
        person,
        &codes(chosen),
        now,
        source
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What somebody signed up for as a supporter, if they did.
pub async fn find_supporter(db: &mut PgConnection, person: Uuid) -> Result<Option<Supporter>> {
    let row = sqlx::query!(
        "select person_id, interests, since, source from supporters where person_id = $1",
        person
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Supporter {
        person_id: row.person_id,
        interests: interests(&row.interests),
        since: row.since,
        source: row.source,
    }))
}

/// Supporters in one statement: people, what they help with (codes separated by commas), since when.
pub(super) async fn insert_supporters(
    db: &mut PgConnection,
    people: &[Uuid],
    interests: &[String],
    since: &[DateTime<Utc>],
    source: &str,
) -> Result<()> {
    sqlx::query!(
        "insert into supporters (person_id, interests, since, source)
         select person_id, string_to_array(interests, ','), since, $4
         from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as new (person_id, interests, since)
         on conflict (person_id) do nothing",
        people,
        interests,
        since,
        source
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives the one supporter what the other wants to help with as well. Returns the row as it was before, if both are
/// supporters.
pub(super) async fn join_supporters(db: &mut PgConnection, gone: Uuid, kept: Uuid) -> Result<Option<Value>> {
    sqlx::query_scalar!(
        r#"with before as (select to_jsonb(k) as row from supporters k where k.person_id = $2)
           update supporters k set since = least(k.since, g.since),
                  interests = array(select distinct unnest(k.interests || g.interests) order by 1)
           from supporters g where g.person_id = $1 and k.person_id = $2 returning (select row from before) as "row!""#,
        gone,
        kept
    )
    .fetch_optional(db)
    .await
}

pub(super) async fn restore_supporter(db: &mut PgConnection, row: &Value) -> Result<()> {
    sqlx::query!(
        "update supporters s set interests = o.interests, since = o.since
         from jsonb_populate_record(null::supporters, $1) o where s.person_id = o.person_id",
        row
    )
    .execute(db)
    .await?;
    Ok(())
}
