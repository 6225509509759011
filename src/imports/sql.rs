use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::model::{Counts, Emails, Field, Import, Known, Line, Outcome, Stage};
use crate::membership::Personal;

type Result<T> = std::result::Result<T, sqlx::Error>;

struct Row {
    id: Uuid,
    file_name: String,
    heads: Json<Vec<String>>,
    columns: Option<Json<Vec<Option<Field>>>>,
    stage: Stage,
    lines: i32,
    done: i32,
    counts: Json<Counts>,
    officer_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    emptied_at: Option<DateTime<Utc>>,
}

impl From<Row> for Import {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            file_name: row.file_name,
            heads: row.heads.0,
            columns: row.columns.map(|Json(columns)| columns),
            stage: row.stage,
            lines: row.lines,
            done: row.done,
            counts: row.counts.0,
            officer: row.officer_id,
            created_at: row.created_at,
            emptied_at: row.emptied_at,
        }
    }
}

/// `imports!("where id = $1", id)`
macro_rules! imports {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select id, file_name, heads as "heads: Json<Vec<String>>", columns as "columns: Json<Vec<Option<Field>>>",
                      state as "stage: Stage", lines, done, counts as "counts: Json<Counts>", officer_id, created_at, emptied_at
               from imports "# + $which
            $(, $value)*
        )
    };
}

pub(super) async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Import>> {
    Ok(imports!("where id = $1", id).fetch_optional(db).await?.map(Import::from))
}

pub(super) async fn lock(db: &mut PgConnection, id: Uuid) -> Result<Option<Import>> {
    Ok(imports!("where id = $1 for update", id).fetch_optional(db).await?.map(Import::from))
}

/// The newest first.
pub(super) async fn list(db: &mut PgConnection, most: i64) -> Result<Vec<Import>> {
    let rows = imports!("order by created_at desc, id limit $1", most).fetch_all(db).await?;
    Ok(rows.into_iter().map(Import::from).collect())
}

pub(super) async fn insert(db: &mut PgConnection, new: &Import) -> Result<()> {
    sqlx::query!(
        "insert into imports (id, file_name, heads, state, lines, officer_id, created_at)
         values ($1, $2, $3, $4, 0, $5, $6)",
        new.id,
        new.file_name,
        Json(&new.heads) as _,
        Stage::New.code(),
        new.officer,
        new.created_at
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn insert_lines(db: &mut PgConnection, import: Uuid, lines: &[Line]) -> Result<()> {
    let numbers: Vec<_> = lines.iter().map(|line| line.number).collect();
    let begins: Vec<_> = lines.iter().map(|line| line.at).collect();
    let cells: Vec<_> = lines.iter().map(|line| Json(&line.cells)).collect();
    sqlx::query!(
        "insert into import_lines (import_id, number, line, cells)
         select $1, number, line, cells from unnest($2::int[], $3::int[], $4::jsonb[]) as new (number, line, cells)",
        import,
        &numbers,
        &begins,
        &cells as _
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn set_lines(db: &mut PgConnection, id: Uuid, lines: i32) -> Result<()> {
    sqlx::query!("update imports set lines = $2 where id = $1", id, lines).execute(db).await?;
    Ok(())
}

/// Begins a pass over all lines.
pub(super) async fn begin_pass(
    db: &mut PgConnection,
    id: Uuid,
    columns: &[Option<Field>],
    stage: Stage,
) -> Result<()> {
    sqlx::query!(
        "update imports set columns = $2, state = $3, done = 0, counts = '{}' where id = $1",
        id,
        Json(columns) as _,
        stage.code()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How far a pass has got, and when it has come to its end.
pub(super) async fn set_progress(
    db: &mut PgConnection,
    import: &Import,
    finished_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "update imports set state = $2, done = $3, counts = $4, finished_at = $5 where id = $1",
        import.id,
        import.stage.code(),
        import.done,
        Json(import.counts) as _,
        finished_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Lets the chunks of all files wait for each other until the transaction ends.
pub(super) async fn take_turn(db: &mut PgConnection) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('imports', 0))").execute(db).await?;
    Ok(())
}

pub(super) async fn next_lines(
    db: &mut PgConnection,
    import: Uuid,
    after: i32,
    most: usize,
) -> Result<Vec<Line>> {
    let rows = sqlx::query!(
        r#"select number, line, cells as "cells: Json<Vec<String>>" from import_lines
           where import_id = $1 and number > $2 order by number limit $3"#,
        import,
        after,
        i64::try_from(most).unwrap_or(i64::MAX)
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| Line { number: row.number, at: row.line, cells: row.cells.0 }).collect())
}

/// In which line before these each of the addresses was taken first.
pub(super) async fn first_lines(
    db: &mut PgConnection,
    import: Uuid,
    before: i32,
    emails: &[String],
) -> Result<Vec<(String, i32)>> {
    let rows = sqlx::query!(
        r#"select distinct on (email) lower(email::text) as "email!", line from import_lines
           where import_id = $1 and number < $2 and outcome <> 'rejected' and email = any($3::text[]::citext[])
           order by email, number"#,
        import,
        before,
        emails
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.email, row.line)).collect())
}

/// What became of one line.
pub(super) struct Done {
    pub number: i32,
    pub email: Option<String>,
    pub outcome: Outcome,
    pub reason: Option<String>,
}

pub(super) async fn set_outcomes(db: &mut PgConnection, import: Uuid, done: &[Done]) -> Result<()> {
    let numbers: Vec<_> = done.iter().map(|it| it.number).collect();
    let emails: Vec<_> = done.iter().map(|it| it.email.clone()).collect();
    let outcomes: Vec<_> = done.iter().map(|it| it.outcome.code().to_owned()).collect();
    let reasons: Vec<_> = done.iter().map(|it| it.reason.clone()).collect();
    sqlx::query!(
        "update import_lines l set email = new.email::citext, outcome = new.outcome, reason = new.reason
         from unnest($2::int[], $3::text[], $4::text[], $5::text[]) as new (number, email, outcome, reason)
         where l.import_id = $1 and l.number = new.number",
        import,
        &numbers,
        &emails as &[Option<String>],
        &outcomes,
        &reasons as &[Option<String>]
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Who has these addresses here, by address in small letters.
pub(super) async fn list_known(db: &mut PgConnection, emails: &[String]) -> Result<Vec<(String, Known)>> {
    let rows = sqlx::query!(
        r#"select lower(p.email::text) as "email!", p.id as "id!", p.postcode is not null as "has_postcode!",
                  m.personal as "personal?: Json<Personal>", m.subscription is not null as "has_subscription!",
                  exists (select from consents c where c.person_id = p.id and c.purpose = 'email_updates'
                                                   and c.withdrawn_at is null) as "agrees!",
                  exists (select from consents c where c.person_id = p.id and c.purpose = 'email_updates') as "was_asked!"
           from people p left join memberships m on m.person_id = p.id
           where p.email = any($1::text[]::citext[])"#,
        emails
    )
    .fetch_all(db)
    .await?;
    let known = rows.into_iter().map(|row| {
        let known = Known {
            person: row.id,
            has_postcode: row.has_postcode,
            personal: row.personal.map(|Json(personal)| personal),
            has_subscription: row.has_subscription,
            emails: match (row.agrees, row.was_asked) {
                (true, _) => Emails::Agree,
                (false, true) => Emails::Stopped,
                (false, false) => Emails::NeverAsked,
            },
        };
        (row.email, known)
    });
    Ok(known.collect())
}

/// A line that was not taken.
#[derive(Clone, Debug)]
pub(super) struct Rejected {
    pub number: i32,
    pub line: i32,
    pub cells: Vec<String>,
    pub reason: String,
}

impl Rejected {
    /// Enough of it to know it by.
    pub fn in_short(&self) -> String {
        let cells = self.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        crate::kit::markdown::shorten(&cells.take(6).collect::<Vec<_>>().join(", "), 120)
    }
}

pub(super) async fn list_rejected(
    db: &mut PgConnection,
    import: Uuid,
    after: i32,
    most: i64,
) -> Result<Vec<Rejected>> {
    let rows = sqlx::query!(
        r#"select number, line, cells as "cells: Json<Vec<String>>", reason as "reason!" from import_lines
           where import_id = $1 and outcome = 'rejected' and number > $2 order by number limit $3"#,
        import,
        after,
        most
    )
    .fetch_all(db)
    .await?;
    let rejected = rows.into_iter().map(|row| Rejected {
        number: row.number,
        line: row.line,
        cells: row.cells.0,
        reason: row.reason,
    });
    Ok(rejected.collect())
}

/// What these heads were taken for before.
pub(super) async fn recall_columns(
    db: &mut PgConnection,
    heads: &[String],
) -> Result<Vec<(String, Option<Field>)>> {
    let rows = sqlx::query!(
        r#"select head, field as "field: Field" from import_columns where head = any($1)"#,
        heads
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.head, row.field)).collect())
}

pub(super) async fn remember_columns(
    db: &mut PgConnection,
    heads: &[String],
    columns: &[Option<Field>],
    now: DateTime<Utc>,
) -> Result<()> {
    let fields: Vec<_> = columns.iter().map(|field| field.map(|field| field.code().to_owned())).collect();
    sqlx::query!(
        "insert into import_columns (head, field, set_at)
         select head, field, $3 from unnest($1::text[], $2::text[]) as new (head, field) where head <> ''
         on conflict (head) do update set field = excluded.field, set_at = excluded.set_at",
        heads,
        &fields as &[Option<String>],
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn insert_opt_outs(
    db: &mut PgConnection,
    hashes: &[Vec<u8>],
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into import_opt_outs (email_hash, since) select distinct hash, $2::timestamptz from unnest($1::bytea[]) as new (hash)
         on conflict (email_hash) do nothing",
        hashes,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Which of these are known to have stopped emails elsewhere.
pub(super) async fn list_opt_outs(db: &mut PgConnection, hashes: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
    sqlx::query_scalar!("select email_hash from import_opt_outs where email_hash = any($1)", hashes)
        .fetch_all(db)
        .await
}

/// Deletes the lines of a file. What it brought stays.
pub(super) async fn empty(db: &mut PgConnection, import: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query!(
        "update imports set emptied_at = $2 where id = $1 and emptied_at is null and state not in ('trying', 'running')",
        import,
        now
    )
    .execute(&mut *db)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!("delete from import_lines where import_id = $1", import).execute(db).await?;
    Ok(true)
}

/// Files that are older than they may be.
pub(super) async fn list_old(db: &mut PgConnection, before: DateTime<Utc>) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!("select id from imports where emptied_at is null and created_at < $1", before)
        .fetch_all(db)
        .await
}
