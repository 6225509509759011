//! Questions to candidates, and their answers.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Result, types::Json};
use uuid::Uuid;

use crate::elections::model::{Answer, Question};

struct Row {
    id: Uuid,
    words: String,
    asked_by: Uuid,
    asked_at: DateTime<Utc>,
    answers_at: Option<DateTime<Utc>>,
    refused_why: Option<String>,
    answers: Json<Vec<Answer>>,
}

/// `questions!("where q.id = $1", id)`
macro_rules! questions {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select q.id, q.words, q.asked_by, q.asked_at, q.answers_at, q.refused_why,
                      coalesce((select json_agg(json_build_object('nomination', a.nomination_id, 'words', a.words))
                                from election_answers a where a.question_id = q.id), '[]') as "answers!: Json<Vec<Answer>>"
               from election_questions q "# + $which
            $(, $value)*
        )
    };
}

fn read(row: Row) -> Question {
    Question {
        id: row.id,
        words: row.words,
        asked_by: row.asked_by,
        asked_at: row.asked_at,
        answers_at: row.answers_at,
        refused_why: row.refused_why,
        answers: row.answers.0,
    }
}

/// All of an election, in the order in which they were asked.
pub async fn list(db: &mut PgConnection, election: Uuid) -> Result<Vec<Question>> {
    let rows =
        questions!("where q.election_id = $1 order by q.asked_at, q.id", election).fetch_all(db).await?;
    Ok(rows.into_iter().map(read).collect())
}

pub async fn find(db: &mut PgConnection, election: Uuid, id: Uuid) -> Result<Option<Question>> {
    let row = questions!("where q.election_id = $1 and q.id = $2", election, id).fetch_optional(db).await?;
    Ok(row.map(read))
}

/// Adds a question; false if the same form was sent before.
pub async fn insert(
    db: &mut PgConnection,
    id: Uuid,
    election: Uuid,
    (by, words): (Uuid, &str),
    now: DateTime<Utc>,
) -> Result<bool> {
    let added = sqlx::query!(
        "insert into election_questions (id, election_id, asked_by, words, asked_at) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        id,
        election,
        by,
        words,
        now
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// How many somebody has asked in an election.
pub async fn count_of_person(db: &mut PgConnection, election: Uuid, person: Uuid) -> Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "many!" from election_questions where election_id = $1 and asked_by = $2"#,
        election,
        person
    )
    .fetch_one(db)
    .await
}

/// Lets one through; false if it is decided already.
pub async fn set_let_through(db: &mut PgConnection, id: Uuid, until: DateTime<Utc>) -> Result<bool> {
    let set = sqlx::query!(
        "update election_questions set answers_at = $2 where id = $1 and answers_at is null and refused_why is null",
        id,
        until
    );
    Ok(set.execute(db).await?.rows_affected() > 0)
}

pub async fn set_refused(db: &mut PgConnection, id: Uuid, why: &str) -> Result<bool> {
    let set = sqlx::query!(
        "update election_questions set refused_why = $2 where id = $1 and answers_at is null and refused_why is null",
        id,
        why
    );
    Ok(set.execute(db).await?.rows_affected() > 0)
}

/// A candidate's answer, until its time a newer one in its place.
pub async fn set_answer(
    db: &mut PgConnection,
    question: Uuid,
    nomination: Uuid,
    words: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into election_answers (question_id, nomination_id, words, answered_at) values ($1, $2, $3, $4)
         on conflict (question_id, nomination_id) do update set words = excluded.words, answered_at = excluded.answered_at",
        question,
        nomination,
        words,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Marks those whose answers can be read from now on, so that pages in memory are made anew.
pub async fn show_due(db: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update election_questions set shown = true where not shown and answers_at <= $1", now)
        .execute(db)
        .await?;
    Ok(())
}
