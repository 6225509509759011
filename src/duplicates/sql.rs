//! Pairs, merges, and the carrying of rows from one person to another.
//!
//! Rooms state as constants (`Room::people`) which rows point to a person; the statements are built from those and from
//! what the catalogue says of their tables.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, types::Json};
use uuid::Uuid;

use super::model::{Merge, Why, reasons};
use crate::accounts::{Carry, Points};

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Two records that may be one person.
#[derive(Clone, Debug)]
pub struct Pair {
    pub a: Uuid,
    pub a_name: String,
    pub a_email: String,
    pub b: Uuid,
    pub b_name: String,
    pub b_email: String,
    pub why: Vec<Why>,
}

impl Pair {
    pub fn reasons(&self) -> String {
        reasons(&self.why)
    }
}

/// Most likely first.
pub async fn list_pairs(db: &mut PgConnection, most: i64) -> Result<Vec<Pair>> {
    let rows = sqlx::query!(
        r#"select d.a, d.b, p.name as a_name, p.email::text as "a_email!", q.name as b_name, q.email::text as "b_email!", d.why
           from duplicate_pairs d join people p on p.id = d.a join people q on q.id = d.b
           order by d.score desc, d.a, d.b limit $1"#,
        most
    )
    .fetch_all(db)
    .await?;
    let pairs = rows.into_iter().map(|row| Pair {
        a: row.a,
        a_name: row.a_name,
        a_email: row.a_email,
        b: row.b,
        b_name: row.b_name,
        b_email: row.b_email,
        why: row.why.iter().filter_map(|code| code.parse().ok()).collect(),
    });
    Ok(pairs.collect())
}

/// Finds all pairs anew: one walk over everybody for each thing that two may have in common. What more than five share,
/// like the telephone number of an office, tells us nothing.
pub async fn find_pairs(db: &mut PgConnection) -> Result<u64> {
    sqlx::query!("delete from duplicate_pairs").execute(&mut *db).await?;
    let done = sqlx::query!(
        "with everybody as materialized (
             select p.id, plain_text(p.name) as name, same_mailbox(p.email::text) as mailbox, p.postcode,
                    m.personal ->> 'born_on' as born_on, m.personal ->> 'phone' as phone
             from people p left join memberships m on m.person_id = p.id
         ), alike as (
             select array_agg(id) as ids, 60 as score, 'email' as why from everybody group by mailbox having count(*) between 2 and 5
             union all
             select array_agg(id), 60, 'birth' from everybody where born_on is not null
             group by name, born_on having count(*) between 2 and 5
             union all
             select array_agg(id), 50, 'place' from everybody where postcode is not null
             group by name, postcode having count(*) between 2 and 5
             union all
             select array_agg(id), 30, 'phone' from everybody where phone is not null group by phone having count(*) between 2 and 5
         )
         insert into duplicate_pairs (a, b, score, why)
         select one, other, sum(score), array_agg(why order by score desc, why)
         from alike, unnest(ids) as one, unnest(ids) as other
         where one < other and not exists (select from not_duplicates n where n.a = one and n.b = other)
         group by one, other"
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

pub async fn insert_not_duplicate(
    db: &mut PgConnection,
    (a, b): (Uuid, Uuid),
    officer: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into not_duplicates (a, b, officer_id, said_at) values ($1, $2, $3, $4) on conflict (a, b) do nothing",
        a,
        b,
        officer,
        now
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("delete from duplicate_pairs where a = $1 and b = $2", a, b).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// How many payments, notes and consents there are of somebody.
pub async fn count_of(db: &mut PgConnection, person: Uuid) -> Result<(i64, i64, i64)> {
    let row = sqlx::query!(
        r#"select (select count(*) from ledger where person_id = $1 and kind = 'payment') as "payments!",
                  (select count(*) from membership_notes where person_id = $1) as "notes!",
                  (select count(*) from consents where person_id = $1) as "consents!""#,
        person
    )
    .fetch_one(db)
    .await?;
    Ok((row.payments, row.notes, row.consents))
}

/// Holds two people until the transaction ends. Says whether both are there.
pub async fn lock_both(db: &mut PgConnection, one: Uuid, other: Uuid) -> Result<bool> {
    let held =
        sqlx::query_scalar!("select id from people where id in ($1, $2) order by id for update", one, other)
            .fetch_all(db)
            .await?;
    Ok(held.len() == 2)
}

/// The rows of one column that were carried over, or put aside because the other record had its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Carried {
    pub table: String,
    pub column: String,
    pub moved: Vec<Value>,
    pub aside: Vec<Value>,
}

/// Whether somebody has rows that cannot be changed.
pub async fn has_rows(db: &mut PgConnection, points: &Points, person: Uuid) -> Result<bool> {
    let Points { table, column, .. } = points;
    let statement = format!("select exists (select from {table} where {column} = $1)");
    sqlx::query_scalar(AssertSqlSafe(statement)).bind(person).fetch_one(db).await
}

/// Carries the rows of one column from one person to another.
pub async fn carry(db: &mut PgConnection, points: &Points, gone: Uuid, kept: Uuid) -> Result<Carried> {
    let Points { table, column, carry } = points;
    let aside = match carry {
        Carry::MovesUnless(clash) => {
            let statement = format!(
                "delete from {table} g using {table} k
                 where g.{column} = $1 and k.{column} = $2 and ({clash}) returning to_jsonb(g)"
            );
            sqlx::query_scalar(AssertSqlSafe(statement)).bind(gone).bind(kept).fetch_all(&mut *db).await?
        }
        Carry::Moves | Carry::Ends | Carry::Stays => Vec::new(),
    };
    let moved = match carry {
        Carry::Moves | Carry::MovesUnless(_) => {
            let kept_as = format!("select to_jsonb(t) from {table} t where {column} = $1");
            let rows = sqlx::query_scalar(AssertSqlSafe(kept_as)).bind(gone).fetch_all(&mut *db).await?;
            let statement = format!("update {table} set {column} = $2 where {column} = $1");
            sqlx::query(AssertSqlSafe(statement)).bind(gone).bind(kept).execute(db).await?;
            rows
        }
        Carry::Ends => {
            let statement = format!("delete from {table} where {column} = $1");
            sqlx::query(AssertSqlSafe(statement)).bind(gone).execute(db).await?;
            Vec::new()
        }
        Carry::Stays => Vec::new(),
    };
    Ok(Carried { table: (*table).to_owned(), column: (*column).to_owned(), moved, aside })
}

/// The columns of a table: those of its key, and all that can be written.
async fn columns(db: &mut PgConnection, table: &str) -> Result<(Vec<String>, Vec<String>)> {
    sqlx::query_as(
        "select coalesce((select array_agg(quote_ident(a.attname)) from pg_index i
                          join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
                          where i.indrelid = $1::text::regclass and i.indisprimary), '{}'),
                (select array_agg(quote_ident(attname) order by attnum) from pg_attribute
                 where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attgenerated = '')",
    )
    .bind(table)
    .fetch_one(db)
    .await
}

/// Gives the rows of one column back to the person they came from; what was put aside comes back too. Rows that came
/// later stay where they are.
pub async fn give_back(db: &mut PgConnection, carried: &Carried, gone: Uuid, kept: Uuid) -> Result<()> {
    let Carried { table, column, moved, aside } = carried;
    let (key, all) = columns(db, table).await?;
    if !moved.is_empty() {
        let same: Vec<_> = key
            .iter()
            .filter(|name| *name != column)
            .map(|name| format!(" and t.{name} = o.{name}"))
            .collect();
        let same = same.concat();
        let statement = format!(
            "update {table} t set {column} = $2 from jsonb_populate_recordset(null::{table}, $1) o
             where t.{column} = $3{same}"
        );
        sqlx::query(AssertSqlSafe(statement))
            .bind(Json(moved))
            .bind(gone)
            .bind(kept)
            .execute(&mut *db)
            .await?;
    }
    if !aside.is_empty() {
        let all = all.join(", ");
        let statement = format!(
            "insert into {table} ({all}) overriding system value
             select {all} from jsonb_populate_recordset(null::{table}, $1) on conflict do nothing"
        );
        sqlx::query(AssertSqlSafe(statement)).bind(Json(aside)).execute(db).await?;
    }
    Ok(())
}

pub async fn insert_merge(
    db: &mut PgConnection,
    id: Uuid,
    (gone, kept): (Uuid, Uuid),
    officer: Uuid,
    undo: &Value,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into merges (id, gone_id, kept_id, officer_id, merged_at, undo) values ($1, $2, $3, $4, $5, $6)",
        id,
        gone,
        kept,
        officer,
        now,
        undo
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A merge that can be undone, held until the transaction ends.
pub struct Undoable {
    pub gone: Uuid,
    pub kept: Uuid,
    pub merged_at: DateTime<Utc>,
    pub undo: Value,
    /// Whether the record that stayed has been part of another merge since.
    pub is_built_on: bool,
}

pub async fn lock_merge(db: &mut PgConnection, id: Uuid) -> Result<Option<Undoable>> {
    let row = sqlx::query!(
        r#"select gone_id, kept_id, merged_at, undo as "undo!",
                  exists (select from merges n where n.kept_id = m.kept_id and n.undone_at is null
                                                 and (n.merged_at, n.id) > (m.merged_at, m.id)) as "is_built_on!"
           from merges m where id = $1 and undone_at is null and undo is not null for update"#,
        id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Undoable {
        gone: row.gone_id,
        kept: row.kept_id,
        merged_at: row.merged_at,
        undo: row.undo,
        is_built_on: row.is_built_on,
    }))
}

pub async fn set_undone(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update merges set undone_at = $2, undo = null where id = $1", id, now).execute(db).await?;
    Ok(())
}

/// What can be undone, the newest first.
pub async fn list_merges(db: &mut PgConnection, most: i64) -> Result<Vec<Merge>> {
    sqlx::query_as!(
        Merge,
        r#"select m.id, m.kept_id as kept, p.name, coalesce(m.undo #>> '{gone,name}', '') as "gone_name!", m.merged_at
           from merges m join people p on p.id = m.kept_id
           where m.undo is not null order by m.merged_at desc, m.id limit $1"#,
        most
    )
    .fetch_all(db)
    .await
}

/// Forgets what is needed to undo merges before that time; where each record went stays.
pub async fn forget_undo(db: &mut PgConnection, before: DateTime<Utc>) -> Result<u64> {
    let done =
        sqlx::query!("update merges set undo = null where undo is not null and merged_at < $1", before)
            .execute(db)
            .await?;
    Ok(done.rows_affected())
}

/// The record that another one became part of; itself if it is none of those.
pub async fn kept(db: &mut PgConnection, person: Uuid) -> Result<Uuid> {
    let kept =
        sqlx::query_scalar!("select kept_id from merges where gone_id = $1 and undone_at is null", person)
            .fetch_optional(db)
            .await?;
    Ok(kept.unwrap_or(person))
}
