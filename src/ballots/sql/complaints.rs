//! Rulings, objections and complaints.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Result};
use uuid::Uuid;

use crate::{
    ballots::complaints::model::{About, Complaint},
    kit::db::impossible,
};

#[derive(Clone, Debug)]
pub struct Ruling {
    pub words: String,
    pub at: DateTime<Utc>,
}

pub async fn insert_ruling(
    db: &mut PgConnection,
    id: Uuid,
    ballot: Uuid,
    words: &str,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into ballot_rulings (id, ballot_id, words, made_by, made_at) values ($1, $2, $3, $4, $5)",
        id,
        ballot,
        words,
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn list_rulings(db: &mut PgConnection, ballot: Uuid) -> Result<Vec<Ruling>> {
    sqlx::query_as!(
        Ruling,
        "select words, made_at as at from ballot_rulings where ballot_id = $1 order by made_at, id",
        ballot
    )
    .fetch_all(db)
    .await
}

struct Row {
    id: Uuid,
    ballot: Uuid,
    person: Uuid,
    name: String,
    about: About,
    words: String,
    made_at: DateTime<Utc>,
    reply: Option<String>,
    replied_by: Option<Uuid>,
    replied_at: Option<DateTime<Utc>>,
    appeal: Option<String>,
    appealed_at: Option<DateTime<Utc>>,
    appeal_reply: Option<String>,
    decided_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Complaint {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self> {
        let pair = |words: Option<String>, at: Option<DateTime<Utc>>| match (words, at) {
            (None, None) => Ok(None),
            (Some(words), Some(at)) => Ok(Some((words, at))),
            _ => Err(impossible("words without their time")),
        };
        Ok(Self {
            id: row.id,
            ballot: row.ballot,
            person: row.person,
            name: row.name,
            about: row.about,
            words: row.words,
            made_at: row.made_at,
            reply: pair(row.reply, row.replied_at)?,
            replied_by: row.replied_by,
            appeal: pair(row.appeal, row.appealed_at)?,
            decision: pair(row.appeal_reply, row.decided_at)?,
        })
    }
}

/// `complaints!("where c.id = $1", id)`
macro_rules! complaints {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select c.id, c.ballot_id as ballot, c.person_id as person, p.name, c.about as "about: About", c.words, c.made_at,
                      c.reply, c.replied_by, c.replied_at, c.appeal, c.appealed_at, c.appeal_reply, c.decided_at
               from ballot_complaints c join people p on p.id = c.person_id "# + $which
            $(, $value)*
        )
    };
}

pub async fn lock(db: &mut PgConnection, id: Uuid) -> Result<Option<Complaint>> {
    complaints!("where c.id = $1 for update of c", id)
        .fetch_optional(db)
        .await?
        .map(Complaint::try_from)
        .transpose()
}

pub async fn list_of_ballot(db: &mut PgConnection, ballot: Uuid) -> Result<Vec<Complaint>> {
    complaints!("where c.ballot_id = $1 order by c.made_at, c.id", ballot)
        .fetch_all(db)
        .await?
        .into_iter()
        .map(Complaint::try_from)
        .collect()
}

pub async fn list_of_person(db: &mut PgConnection, ballot: Uuid, person: Uuid) -> Result<Vec<Complaint>> {
    complaints!("where c.ballot_id = $1 and c.person_id = $2 order by c.made_at, c.id", ballot, person)
        .fetch_all(db)
        .await?
        .into_iter()
        .map(Complaint::try_from)
        .collect()
}

/// Adds one; false if the form was sent twice.
pub async fn insert(
    db: &mut PgConnection,
    key: Uuid,
    (ballot, person): (Uuid, Uuid),
    about: About,
    words: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let added = sqlx::query!(
        "insert into ballot_complaints (id, ballot_id, person_id, about, words, made_at) values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing",
        key,
        ballot,
        person,
        about.code(),
        words,
        now
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() > 0)
}

pub async fn set_reply(
    db: &mut PgConnection,
    id: Uuid,
    words: &str,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update ballot_complaints set reply = $2, replied_by = $3, replied_at = $4 where id = $1 and reply is null",
        id,
        words,
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_appeal(db: &mut PgConnection, id: Uuid, words: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update ballot_complaints set appeal = $2, appealed_at = $3 where id = $1 and appeal is null",
        id,
        words,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn set_decision(
    db: &mut PgConnection,
    id: Uuid,
    words: &str,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update ballot_complaints set appeal_reply = $2, decided_by = $3, decided_at = $4 where id = $1 and appeal_reply is null",
        id,
        words,
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
