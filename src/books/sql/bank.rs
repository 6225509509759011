//! Lines of the bank.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Result;
use crate::{books::statement::Line, kit::money::Money};

/// A line that is waiting.
pub struct BankLine {
    pub id: Uuid,
    pub day: NaiveDate,
    pub sum: Money,
    pub words: String,
    /// The words in small letters without accents.
    pub plain: String,
}

/// Keeps lines that are not there yet. Returns how many were new.
pub async fn insert(
    db: &mut PgConnection,
    ids: &[Uuid],
    lines: &[Line],
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<u64> {
    let done = sqlx::query!(
        "insert into bank_lines (id, day, pence, words, number, uploaded_at, uploaded_by)
         select id, day, pence, words, number, $6, $7
         from unnest($1::uuid[], $2::date[], $3::bigint[], $4::text[], $5::int[]) as l(id, day, pence, words, number)
         on conflict (day, pence, words, number) do nothing",
        ids,
        &lines.iter().map(|line| line.day).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.sum.pence()).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.words.clone()).collect::<Vec<_>>(),
        &lines.iter().map(|line| line.number).collect::<Vec<_>>(),
        now,
        by
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// The oldest waiting lines.
pub async fn list_waiting(db: &mut PgConnection, limit: i64) -> Result<Vec<BankLine>> {
    sqlx::query_as!(
        BankLine,
        r#"select id, day, pence as "sum: Money", words, plain_text(words) as "plain!" from bank_lines
           where settled_at is null order by day, id limit $1"#,
        limit
    )
    .fetch_all(db)
    .await
}

pub async fn count_waiting(db: &mut PgConnection) -> Result<i64> {
    let count =
        sqlx::query_scalar!(r#"select count(*) as "count!" from bank_lines where settled_at is null"#);
    count.fetch_one(db).await
}

/// Marks a line as settled. Returns it, unless it was settled before.
pub async fn settle(
    db: &mut PgConnection,
    id: Uuid,
    so: &str,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<BankLine>> {
    sqlx::query_as!(
        BankLine,
        r#"update bank_lines set settled_at = $3, settled_by = $4, settled_as = $2 where id = $1 and settled_at is null
           returning id, day, pence as "sum: Money", words, plain_text(words) as "plain!""#,
        id,
        so,
        now,
        by
    )
    .fetch_optional(db)
    .await
}
