//! Elections.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::{PgConnection, Result};
use uuid::Uuid;

use super::whole;
use crate::{
    accounts::Role,
    ballots::{Electorate, Held},
    elections::model::{Ballot, Election, Outcome, Plan, PostWords, Stage, Timetable},
    kit::db::impossible,
    places::Region,
};

struct Row {
    id: Uuid,
    slug: String,
    post: Uuid,
    title: String,
    duties: String,
    post_seats: i32,
    term_months: i32,
    regions: Option<Vec<Region>>,
    oldest: Option<i32>,
    role: Option<Role>,
    seats: i32,
    fills_vacancy: bool,
    seconders: i32,
    statement_length: i32,
    reopen: bool,
    held: Held,
    timetable: Value,
    published_at: Option<DateTime<Utc>>,
    turned_to: Stage,
    judged_at: Option<DateTime<Utc>>,
    ballot_id: Option<Uuid>,
    ballot_slug: Option<String>,
    term_ends_on: Option<NaiveDate>,
    letters_sent: bool,
    outcome: Option<Outcome>,
    void_reason: Option<String>,
}

impl TryFrom<Row> for Election {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self> {
        let number = |number: i32| u32::try_from(number).map_err(impossible);
        Ok(Self {
            id: row.id,
            slug: row.slug,
            post: row.post,
            words: PostWords {
                title: row.title,
                duties: row.duties,
                seats: number(row.post_seats)?,
                term_months: number(row.term_months)?,
                electorate: Electorate {
                    regions: row.regions.unwrap_or_default(),
                    oldest: row.oldest.map(number).transpose()?,
                },
                role: row.role,
            },
            plan: Plan {
                seats: number(row.seats)?,
                seconders: number(row.seconders)?,
                statement_length: number(row.statement_length)?,
                reopen: row.reopen,
                held: row.held,
                timetable: serde_json::from_value(row.timetable).map_err(impossible)?,
            },
            fills_vacancy: row.fills_vacancy,
            published_at: row.published_at,
            turned_to: row.turned_to,
            judged_at: row.judged_at,
            ballot: row.ballot_id.zip(row.ballot_slug).map(|(id, slug)| Ballot { id, slug }),
            term_ends_on: row.term_ends_on,
            letters_sent: row.letters_sent,
            outcome: row.outcome,
            void_reason: row.void_reason,
        })
    }
}

/// `elections!("where e.id = $1", id)`
macro_rules! elections {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select e.id, e.slug, e.post_id as post, p.title, p.duties, p.seats as post_seats, p.term_months,
                      p.regions as "regions: Vec<Region>", p.oldest, p.role as "role: Role", e.seats, e.fills_vacancy, e.seconders,
                      e.statement_length, e.reopen, e.held as "held: Held", e.timetable, e.published_at,
                      e.turned_to as "turned_to: Stage", e.judged_at, e.ballot_id, b.slug as "ballot_slug?", e.term_ends_on, e.letters_sent,
                      e.outcome as "outcome: Outcome", e.void_reason
               from elections e join election_posts p on p.id = e.post_id left join ballots b on b.id = e.ballot_id "# + $which
            $(, $value)*
        )
    };
}

fn read(rows: Vec<Row>) -> Result<Vec<Election>> {
    rows.into_iter().map(Election::try_from).collect()
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Election>> {
    elections!("where e.id = $1", id).fetch_optional(db).await?.map(Election::try_from).transpose()
}

/// Whoever changes anything of an election takes it first: what may be done hangs on its clock, and on what others did.
pub async fn lock(db: &mut PgConnection, id: Uuid) -> Result<Option<Election>> {
    elections!("where e.id = $1 for update of e", id)
        .fetch_optional(db)
        .await?
        .map(Election::try_from)
        .transpose()
}

pub async fn find_by_slug(db: &mut PgConnection, slug: &str) -> Result<Option<Election>> {
    elections!("where e.slug = $1 and e.published_at is not null", slug)
        .fetch_optional(db)
        .await?
        .map(Election::try_from)
        .transpose()
}

/// What everybody may read of, those under way first.
pub async fn list_public(db: &mut PgConnection, limit: i64) -> Result<Vec<Election>> {
    read(
        elections!(
            "where e.published_at is not null
             order by e.settled_at is not null, e.settled_at desc, e.timetable ->> 'closes', e.id limit $1",
            limit
        )
        .fetch_all(db)
        .await?,
    )
}

pub async fn list_all(db: &mut PgConnection, limit: i64) -> Result<Vec<Election>> {
    read(
        elections!(
            "order by e.settled_at is not null, e.settled_at desc, e.timetable ->> 'closes', e.id limit $1",
            limit
        )
        .fetch_all(db)
        .await?,
    )
}

/// For which the clock may bring something.
pub async fn list_under_way(db: &mut PgConnection) -> Result<Vec<Election>> {
    read(
        elections!("where e.published_at is not null and e.settled_at is null order by e.id")
            .fetch_all(db)
            .await?,
    )
}

pub struct New<'a> {
    pub id: Uuid,
    pub slug: &'a str,
    pub post: Uuid,
    pub fills_vacancy: bool,
    pub term_ends_on: Option<NaiveDate>,
    pub by: Option<Uuid>,
    pub now: DateTime<Utc>,
}

fn document(timetable: &Timetable) -> Result<Value> {
    serde_json::to_value(timetable).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// Adds a draft; false if its address is taken, or there is one for the post already.
pub async fn insert(db: &mut PgConnection, new: &New<'_>, plan: &Plan) -> Result<bool> {
    let added = sqlx::query!(
        "insert into elections (id, slug, post_id, seats, fills_vacancy, seconders, statement_length, reopen, held, timetable,
                                written_by, written_at, term_ends_on)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing",
        new.id,
        new.slug,
        new.post,
        whole(plan.seats),
        new.fills_vacancy,
        whole(plan.seconders),
        whole(plan.statement_length),
        plan.reopen,
        plan.held.code(),
        document(&plan.timetable)?,
        new.by,
        new.now,
        new.term_ends_on
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() > 0)
}

pub async fn set_timetable(db: &mut PgConnection, id: Uuid, timetable: &Timetable) -> Result<()> {
    sqlx::query!("update elections set timetable = $2 where id = $1", id, document(timetable)?)
        .execute(db)
        .await?;
    Ok(())
}

pub async fn set_published(
    db: &mut PgConnection,
    id: Uuid,
    timetable: &Timetable,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update elections set published_at = $3, timetable = $2, turned_to = 'notice' where id = $1",
        id,
        document(timetable)?,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn delete_draft(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    let deleted =
        sqlx::query!("delete from elections where id = $1 and published_at is null", id).execute(db).await?;
    Ok(deleted.rows_affected() > 0)
}

pub async fn set_turned(db: &mut PgConnection, id: Uuid, stage: Stage) -> Result<()> {
    sqlx::query!("update elections set turned_to = $2 where id = $1", id, stage.code()).execute(db).await?;
    Ok(())
}

pub async fn set_judged(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!("update elections set judged_at = $2 where id = $1", id, now).execute(db).await?;
    Ok(())
}

/// The vote that it came to.
pub async fn set_ballot(db: &mut PgConnection, id: Uuid, ballot: Uuid) -> Result<()> {
    sqlx::query!("update elections set ballot_id = $2 where id = $1", id, ballot).execute(db).await?;
    Ok(())
}

pub async fn set_letters_sent(db: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query!("update elections set letters_sent = true where id = $1", id).execute(db).await?;
    Ok(())
}

/// The end of an election; whoever stood stands no more.
pub async fn set_settled(
    db: &mut PgConnection,
    id: Uuid,
    outcome: Outcome,
    why: Option<&str>,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update elections set outcome = $2, void_reason = $3, settled_at = $4, turned_to = 'over' where id = $1",
        id,
        outcome.code(),
        why,
        now
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update election_nominations set stands = false, ended_how = 'settled', ended_at = $2
         where election_id = $1 and stands",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}
