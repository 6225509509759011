//! Addresses that people want instead of theirs.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{
    accounts::model::{EmailChange, Person, Standing},
    kit::email_address::EmailAddress,
    places::Region,
};

pub struct NewChange<'a> {
    pub id: Uuid,
    pub person: Uuid,
    pub email: &'a EmailAddress,
    pub old_hash: &'a [u8],
    pub new_hash: &'a [u8],
    pub now: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Keeps what is wanted, instead of what was wanted before. The person is locked by the caller.
pub async fn replace(db: &mut PgConnection, new: &NewChange<'_>) -> Result<()> {
    end(db, new.person, new.now).await?;
    sqlx::query!(
        "insert into email_changes (id, person_id, email, old_hash, new_hash, created_at, expires_at)
         values ($1, $2, $3::text::citext, $4, $5, $6, $7)",
        new.id,
        new.person,
        new.email.as_str(),
        new.old_hash,
        new.new_hash,
        new.now,
        new.expires_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether somebody has asked for this address since then. The person is locked by the caller.
pub async fn is_asked_since(
    db: &mut PgConnection,
    person: Uuid,
    email: &EmailAddress,
    since: DateTime<Utc>,
) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from email_changes where person_id = $1 and email = $2::text::citext and ended_at is null
                            and created_at > $3) as "asked!""#,
        person,
        email.as_str(),
        since
    )
    .fetch_one(db)
    .await
}

/// Ends what somebody wanted, whether it was done or given up. Returns whether there was anything.
pub async fn end(db: &mut PgConnection, person: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update email_changes set ended_at = $2 where person_id = $1 and ended_at is null",
        person,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// What a link is for, as long as it works.
pub async fn find_by_link(
    db: &mut PgConnection,
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<EmailChange>> {
    sqlx::query_as!(
        EmailChange,
        r#"select id, person_id as person, email as "email: EmailAddress", old_confirmed_at, new_confirmed_at,
                  old_hash = $1 as "is_old!"
           from email_changes where ended_at is null and expires_at > $2 and (old_hash = $1 or new_hash = $1)"#,
        hash,
        now
    )
    .fetch_optional(db)
    .await
}

/// Somebody with the address that they want, as their own page shows them: one query.
pub async fn find_owner(
    db: &mut PgConnection,
    person: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<(Person, Option<EmailChange>)>> {
    let row = sqlx::query!(
        r#"select p.email as "email: EmailAddress", p.name, p.called, p.postcode, p.region as "region: Region",
                  p.standing as "standing: Standing", p.email_verified_at, p.password_hash is not null as "has_password!",
                  p.created_at, w.id as "wanted?", w.email as "wanted_email?: EmailAddress",
                  w.old_confirmed_at as "old_confirmed_at?", w.new_confirmed_at as "new_confirmed_at?"
           from people p left join email_changes w on w.person_id = p.id and w.ended_at is null and w.expires_at > $2
           where p.id = $1"#,
        person,
        now
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let wanted = row.wanted.zip(row.wanted_email).map(|(id, email)| EmailChange {
            id,
            person,
            email,
            old_confirmed_at: row.old_confirmed_at,
            new_confirmed_at: row.new_confirmed_at,
            is_old: false,
        });
        let owner = Person {
            id: person,
            email: row.email,
            name: row.name,
            called: row.called,
            postcode: row.postcode,
            region: row.region,
            standing: row.standing,
            email_verified_at: row.email_verified_at,
            has_password: row.has_password,
            created_at: row.created_at,
        };
        (owner, wanted)
    }))
}

/// One of the two addresses says yes.
pub async fn set_confirmed(db: &mut PgConnection, id: Uuid, is_old: bool, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update email_changes set old_confirmed_at = case when $2 then coalesce(old_confirmed_at, $3) else old_confirmed_at end,
                new_confirmed_at = case when $2 then new_confirmed_at else coalesce(new_confirmed_at, $3) end
         where id = $1",
        id,
        is_old,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets what was wanted long ago.
pub async fn delete_old(db: &mut PgConnection, before: DateTime<Utc>) -> Result<()> {
    sqlx::query!("delete from email_changes where created_at < $1", before).execute(db).await?;
    Ok(())
}
