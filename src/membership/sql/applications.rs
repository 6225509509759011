//! What was typed at joining, until it is paid for.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::Result;
use crate::{kit::email_address::EmailAddress, membership::model::Answers};

/// What was typed at joining.
#[derive(Clone, Debug)]
pub struct Application {
    pub id: Uuid,
    pub signed_in: Option<Uuid>,
    pub email: EmailAddress,
    pub answers: Answers,
    pub created_at: DateTime<Utc>,
    pub settled_at: Option<DateTime<Utc>>,
    pub person: Option<Uuid>,
    /// Paid for, and sent back: the owner of the address would have paid more than one person may.
    pub above_limit: bool,
}

pub async fn insert_application(db: &mut PgConnection, new: &Application, declaration: &str) -> Result<()> {
    sqlx::query!(
        "insert into applications (id, signed_in_id, email, answers, declaration, created_at)
         values ($1, $2, $3::text::citext, $4, $5, $6)",
        new.id,
        new.signed_in,
        new.email.as_str(),
        Json(&new.answers) as _,
        declaration,
        new.created_at
    )
    .execute(db)
    .await?;
    Ok(())
}

struct ApplicationRow {
    id: Uuid,
    signed_in_id: Option<Uuid>,
    email: EmailAddress,
    answers: Json<Answers>,
    created_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
    person_id: Option<Uuid>,
    above_limit: bool,
}

impl From<ApplicationRow> for Application {
    fn from(row: ApplicationRow) -> Self {
        Self {
            id: row.id,
            signed_in: row.signed_in_id,
            email: row.email,
            answers: row.answers.0,
            created_at: row.created_at,
            settled_at: row.settled_at,
            person: row.person_id,
            above_limit: row.above_limit,
        }
    }
}

/// `applications!("where id = $1", id)`
macro_rules! applications {
    ($which:literal, $($value:expr),*) => {
        sqlx::query_as!(
            ApplicationRow,
            r#"select id, signed_in_id, email as "email: EmailAddress", answers as "answers: Json<Answers>", created_at,
                      settled_at, person_id, above_limit
               from applications "# + $which,
            $($value),*
        )
    };
}

pub async fn find_application(db: &mut PgConnection, id: Uuid) -> Result<Option<Application>> {
    let row = applications!("where id = $1", id).fetch_optional(db).await?;
    Ok(row.map(Application::from))
}

/// The newest one with an address that is not paid for.
pub async fn find_open_application(
    db: &mut PgConnection,
    email: &EmailAddress,
    since: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "select id from applications where email = $1::text::citext and settled_at is null and created_at > $2
         order by created_at desc limit 1",
        email.as_str(),
        since
    )
    .fetch_optional(db)
    .await
}

pub async fn lock_application(db: &mut PgConnection, id: Uuid) -> Result<Option<Application>> {
    let row = applications!("where id = $1 for update", id).fetch_optional(db).await?;
    Ok(row.map(Application::from))
}

/// Makes applications from one address wait for each other until the transaction ends: a double click is one.
pub async fn lock_applicant(db: &mut PgConnection, email: &EmailAddress) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('applications of ' || lower($1::text), 0))",
        email.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The same answers sent twice within the hour: a double click, or the back button.
pub async fn find_same_application(
    db: &mut PgConnection,
    new: &Application,
    since: DateTime<Utc>,
) -> Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "select id from applications
         where email = $1::text::citext and created_at > $2 and settled_at is null
           and signed_in_id is not distinct from $3 and answers = $4
         order by created_at desc limit 1",
        new.email.as_str(),
        since,
        new.signed_in,
        Json(&new.answers) as _
    )
    .fetch_optional(db)
    .await
}

pub async fn set_settled(db: &mut PgConnection, id: Uuid, person: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update applications set settled_at = coalesce(settled_at, $3), person_id = $2, answers = answers - array['less', 'other_parties'] where id = $1",
        id,
        person,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The newest application of each address whose payment was begun in that time and never finished, if nobody with that
/// address was reminded before or is a member.
pub async fn list_abandoned(
    db: &mut PgConnection,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select a.id from applications a
         where a.settled_at is null and a.created_at between $1 and $2
           and not exists (select from applications b where b.email = a.email and b.id <> a.id
                           and (b.reminded_at is not null or b.settled_at > a.created_at
                                or (b.created_at, b.id) > (a.created_at, a.id)))
           and a.reminded_at is null
           and not exists (select from people p join memberships m on m.person_id = p.id
                           where (p.email = a.email or p.id = a.signed_in_id) and m.state <> 'ended')
         order by a.created_at",
        from,
        until
    )
    .fetch_all(db)
    .await
}

/// What was paid for it goes back, because with it the owner of its address would pay too much.
pub async fn set_above_limit(
    db: &mut PgConnection,
    id: Uuid,
    person: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update applications set settled_at = coalesce(settled_at, $3), person_id = $2, above_limit = true,
                answers = answers - array['less', 'other_parties'] where id = $1",
        id,
        person,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that an applicant is reminded. `false` if that was so already.
pub async fn set_reminded(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update applications set reminded_at = $2 where id = $1 and reminded_at is null and settled_at is null",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets applications that came to nothing. Payments that arrive later still find their checkout.
pub async fn delete_old_applications(db: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!("delete from applications where settled_at is null and created_at < $1", before)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}
