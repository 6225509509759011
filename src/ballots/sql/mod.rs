//! The statements of this room. Those of casting keep what ties a person to a paper out of every table.

pub mod casting;
pub mod complaints;
pub mod record;
pub mod roll;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{PgConnection, Result};
use uuid::Uuid;

use crate::{
    ballots::model::{Ballot, Draft, Electorate, Held, Roll, State, Step, Times},
    kit::db::impossible,
    places::Region,
};

/// Votes that wait for their officers, as a `jsonb` object.
pub const COUNTS: &str = "
    select jsonb_build_object(
        'to_count', (select count(*) from ballots where state = 'closed'),
        'to_declare', (select count(*) from ballots where state = 'counted'),
        'to_answer', (select count(*) from ballot_complaints
                      where replied_at is null or (appeal is not null and decided_at is null)))";

struct Row {
    id: Uuid,
    slug: String,
    state: State,
    title: String,
    question: String,
    kind: Value,
    options: Value,
    regions: Option<Vec<Region>>,
    oldest: Option<i32>,
    roll_on: chrono::NaiveDate,
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
    held: Held,
    is_made: bool,
    count_key: Option<Value>,
    roll_size: Option<i32>,
    roll_fingerprint: Option<String>,
    roll_frozen_at: Option<DateTime<Utc>>,
    manifest_hash: Option<String>,
    announced_at: Option<DateTime<Utc>>,
    declared_at: Option<DateTime<Utc>>,
    complaints_until: Option<DateTime<Utc>>,
    void_reason: Option<String>,
    opened_papers: i32,
    outcome: Option<Value>,
}

impl TryFrom<Row> for Ballot {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self> {
        let number = |number: i32| u32::try_from(number).map_err(impossible);
        let roll = match (row.roll_size, row.roll_fingerprint, row.roll_frozen_at) {
            (Some(size), Some(fingerprint), Some(frozen_at)) => {
                Some(Roll { size: number(size)?, fingerprint, frozen_at })
            }
            _ => None,
        };
        Ok(Self {
            id: row.id,
            slug: row.slug,
            state: row.state,
            draft: Draft {
                title: row.title,
                question: row.question,
                kind: serde_json::from_value(row.kind).map_err(impossible)?,
                options: serde_json::from_value(row.options).map_err(impossible)?,
                electorate: Electorate {
                    regions: row.regions.unwrap_or_default(),
                    oldest: row.oldest.map(number).transpose()?,
                },
                times: Times { roll_on: row.roll_on, opens_at: row.opens_at, closes_at: row.closes_at },
                held: row.held,
            },
            is_made: row.is_made,
            count_key: row.count_key.map(serde_json::from_value).transpose().map_err(impossible)?,
            roll,
            hash: row.manifest_hash,
            announced_at: row.announced_at,
            declared_at: row.declared_at,
            complaints_until: row.complaints_until,
            void_reason: row.void_reason,
            opened_papers: number(row.opened_papers)?,
            outcome: row.outcome.map(serde_json::from_value).transpose().map_err(impossible)?,
        })
    }
}

/// `ballots!("where id = $1", id)`
macro_rules! ballots {
    ($which:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select id, slug, state as "state: State", title, question, kind, options, regions as "regions: Vec<Region>", oldest,
                      roll_on, opens_at, closes_at, held as "held: Held", written_by is null as "is_made!", count_key, roll_size, roll_fingerprint,
                      roll_frozen_at, manifest_hash, announced_at, declared_at, complaints_until, void_reason, opened_papers, outcome
               from ballots "# + $which
            $(, $value)*
        )
    };
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<Ballot>> {
    ballots!("where id = $1", id).fetch_optional(db).await?.map(Ballot::try_from).transpose()
}

pub async fn lock(db: &mut PgConnection, id: Uuid) -> Result<Option<Ballot>> {
    ballots!("where id = $1 for update", id).fetch_optional(db).await?.map(Ballot::try_from).transpose()
}

pub async fn find_by_slug(db: &mut PgConnection, slug: &str) -> Result<Option<Ballot>> {
    ballots!("where slug = $1 and state <> 'draft'", slug)
        .fetch_optional(db)
        .await?
        .map(Ballot::try_from)
        .transpose()
}

/// Those that everybody may read of, with the next to close first and then the newest.
pub async fn list_public(db: &mut PgConnection, limit: i64) -> Result<Vec<Ballot>> {
    ballots!(
        "where state <> 'draft'
         order by state in ('announced', 'open') desc, case when state in ('announced', 'open') then closes_at end, closes_at desc
         limit $1",
        limit
    )
    .fetch_all(db)
    .await?
    .into_iter()
    .map(Ballot::try_from)
    .collect()
}

/// All of them, for their officers: what is under way first.
pub async fn list_all(db: &mut PgConnection, limit: i64) -> Result<Vec<Ballot>> {
    ballots!("order by state in ('declared', 'void'), closes_at desc limit $1", limit)
        .fetch_all(db)
        .await?
        .into_iter()
        .map(Ballot::try_from)
        .collect()
}

/// For which the clock may bring something.
pub async fn list_under_way(db: &mut PgConnection) -> Result<Vec<Ballot>> {
    ballots!("where state in ('announced', 'open', 'closed') order by closes_at")
        .fetch_all(db)
        .await?
        .into_iter()
        .map(Ballot::try_from)
        .collect()
}

/// With the secret that signs its board, sealed.
pub struct New<'a> {
    pub id: Uuid,
    pub slug: &'a str,
    pub board_secret: &'a [u8],
    pub by: Option<Uuid>,
    pub now: DateTime<Utc>,
}

fn document(value: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

fn regions(draft: &Draft) -> Option<Vec<String>> {
    let regions: Vec<_> = draft.electorate.regions.iter().map(|it| it.slug().to_owned()).collect();
    (!regions.is_empty()).then_some(regions)
}

/// Adds a draft; false if its address is taken.
pub async fn insert(db: &mut PgConnection, new: &New<'_>, draft: &Draft) -> Result<bool> {
    let regions = regions(draft);
    let added = sqlx::query!(
        "insert into ballots (id, slug, state, title, question, kind, options, regions, oldest, roll_on, opens_at, closes_at,
                              held, board_secret, written_by, written_at)
         values ($1, $2, 'draft', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         on conflict do nothing",
        new.id,
        new.slug,
        draft.title,
        draft.question,
        document(&draft.kind)?,
        document(&draft.options)?,
        regions.as_deref(),
        draft.electorate.oldest.map(i64::from).and_then(|age| i32::try_from(age).ok()),
        draft.times.roll_on,
        draft.times.opens_at,
        draft.times.closes_at,
        draft.held.code(),
        new.board_secret,
        new.by,
        new.now
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() > 0)
}

pub async fn set_draft(db: &mut PgConnection, id: Uuid, draft: &Draft) -> Result<()> {
    let regions = regions(draft);
    sqlx::query!(
        "update ballots set title = $2, question = $3, kind = $4, options = $5, regions = $6, oldest = $7, roll_on = $8,
                            opens_at = $9, closes_at = $10, held = $11,
                            count_key = case when held = $11 then count_key end,
                            count_secret = case when held = $11 then count_secret end
         where id = $1 and state = 'draft'",
        id,
        draft.title,
        draft.question,
        document(&draft.kind)?,
        document(&draft.options)?,
        regions.as_deref(),
        draft.electorate.oldest.map(i64::from).and_then(|age| i32::try_from(age).ok()),
        draft.times.roll_on,
        draft.times.opens_at,
        draft.times.closes_at,
        draft.held.code()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The key that papers are sealed to, and its secret half if the site has it.
pub async fn set_key(
    db: &mut PgConnection,
    id: Uuid,
    public: Option<&super::proof::CountKey>,
    secret: Option<&[u8]>,
) -> Result<()> {
    sqlx::query!(
        "update ballots set count_key = coalesce($2, count_key), count_secret = $3 where id = $1",
        id,
        public.map(document).transpose()?,
        secret
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The sealed secrets of a ballot: of its count key, if the site has it, and of its board.
pub async fn find_secrets(db: &mut PgConnection, id: Uuid) -> Result<(Option<Vec<u8>>, Vec<u8>)> {
    let row = sqlx::query!("select count_secret, board_secret from ballots where id = $1", id)
        .fetch_one(db)
        .await?;
    Ok((row.count_secret, row.board_secret))
}

pub async fn find_manifest(db: &mut PgConnection, id: Uuid) -> Result<Option<String>> {
    sqlx::query_scalar!("select manifest from ballots where id = $1", id).fetch_one(db).await
}

pub async fn delete_draft(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    let deleted =
        sqlx::query!("delete from ballots where id = $1 and state = 'draft'", id).execute(db).await?;
    Ok(deleted.rows_affected() > 0)
}

/// A draft becomes public, or goes back to being one.
pub async fn set_announced(db: &mut PgConnection, id: Uuid, at: Option<DateTime<Utc>>) -> Result<()> {
    sqlx::query!(
        "update ballots set state = case when $2::timestamptz is null then 'draft' else 'announced' end, announced_at = $2
         where id = $1",
        id,
        at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Fixes the words of a ballot.
pub async fn set_manifest(db: &mut PgConnection, id: Uuid, manifest: &str, hash: &str) -> Result<()> {
    sqlx::query!("update ballots set manifest = $2, manifest_hash = $3 where id = $1", id, manifest, hash)
        .execute(db)
        .await?;
    Ok(())
}

/// What was fixed can be changed again.
pub async fn clear_manifest(db: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query!("update ballots set manifest = null, manifest_hash = null where id = $1", id)
        .execute(db)
        .await?;
    Ok(())
}

/// False where it had got there already.
pub async fn set_open(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let set = sqlx::query!(
        "update ballots set state = 'open', opened_at = $2 where id = $1 and state = 'announced'",
        id,
        now
    );
    Ok(set.execute(db).await?.rows_affected() > 0)
}

pub async fn set_closed(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<bool> {
    let set = sqlx::query!(
        "update ballots set state = 'closed', closed_at = $2 where id = $1 and state = 'open'",
        id,
        now
    );
    Ok(set.execute(db).await?.rows_affected() > 0)
}

pub async fn set_opened_papers(db: &mut PgConnection, id: Uuid, papers: usize) -> Result<()> {
    let papers = i32::try_from(papers).unwrap_or(i32::MAX);
    sqlx::query!("update ballots set opened_papers = $2 where id = $1", id, papers).execute(db).await?;
    Ok(())
}

pub async fn set_counted(
    db: &mut PgConnection,
    id: Uuid,
    outcome: &Value,
    now: DateTime<Utc>,
) -> Result<bool> {
    let set = sqlx::query!(
        "update ballots set state = 'counted', counted_at = $3, outcome = $2 where id = $1 and state = 'closed'",
        id,
        outcome,
        now
    );
    Ok(set.execute(db).await?.rows_affected() > 0)
}

pub async fn set_declared(
    db: &mut PgConnection,
    id: Uuid,
    now: DateTime<Utc>,
    complaints_until: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update ballots set state = 'declared', declared_at = $2, complaints_until = $3 where id = $1 and state = 'counted'",
        id,
        now,
        complaints_until
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Why it is to be called off; the first who agrees to that says it.
pub async fn set_void_reason(db: &mut PgConnection, id: Uuid, reason: Option<&str>) -> Result<()> {
    sqlx::query!("update ballots set void_reason = coalesce(void_reason, $2) where id = $1", id, reason)
        .execute(db)
        .await?;
    Ok(())
}

/// Ends it without a count: with its key its papers can never be opened.
pub async fn set_void(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update ballots set state = 'void', voided_at = $2, count_secret = null where id = $1",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Who has agreed to a step, and when.
#[derive(Clone, Debug)]
pub struct Approval {
    pub person: Uuid,
    pub name: String,
    pub at: DateTime<Utc>,
}

pub async fn list_approvals(db: &mut PgConnection, id: Uuid, step: Step) -> Result<Vec<Approval>> {
    sqlx::query_as!(
        Approval,
        "select a.person_id as person, p.name, a.approved_at as at
         from ballot_approvals a join people p on p.id = a.person_id where a.ballot_id = $1 and a.step = $2
         order by a.approved_at",
        id,
        step.code()
    )
    .fetch_all(db)
    .await
}

/// How many have agreed.
pub async fn count_approvals(db: &mut PgConnection, id: Uuid, step: Step) -> Result<usize> {
    let many = sqlx::query_scalar!(
        r#"select count(*) as "many!" from ballot_approvals where ballot_id = $1 and step = $2"#,
        id,
        step.code()
    )
    .fetch_one(db)
    .await?;
    Ok(usize::try_from(many).unwrap_or_default())
}

pub async fn insert_approval(
    db: &mut PgConnection,
    id: Uuid,
    step: Step,
    person: Uuid,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "insert into ballot_approvals (ballot_id, step, person_id, approved_at) values ($1, $2, $3, $4)
         on conflict do nothing",
        id,
        step.code(),
        person,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What was agreed to has changed.
pub async fn delete_approvals(db: &mut PgConnection, id: Uuid, step: Step) -> Result<()> {
    sqlx::query!("delete from ballot_approvals where ballot_id = $1 and step = $2", id, step.code())
        .execute(db)
        .await?;
    Ok(())
}

/// An open vote in which somebody may vote.
pub struct OpenVote {
    pub id: Uuid,
    pub slug: String,
    pub title: String,
    pub closes_at: DateTime<Utc>,
    /// As far as lots are closed.
    pub voted: bool,
}

pub async fn list_open_of(db: &mut PgConnection, person: Uuid, now: DateTime<Utc>) -> Result<Vec<OpenVote>> {
    sqlx::query_as!(
        OpenVote,
        "select b.id, b.slug, b.title, b.closes_at, r.voted from ballot_roll r join ballots b on b.id = r.ballot_id
         where r.person_id = $1 and b.state = 'open' and b.closes_at > $2 order by b.closes_at",
        person,
        now
    )
    .fetch_all(db)
    .await
}

/// A vote that is open, for who may not vote in it too.
#[derive(Clone, Debug)]
pub struct OpenBallot {
    pub slug: String,
    pub title: String,
    pub closes_at: DateTime<Utc>,
}

/// The votes that are open, the next to close first.
///
/// # Errors
/// The database is away.
pub async fn list_open(db: &mut PgConnection) -> Result<Vec<OpenBallot>> {
    sqlx::query_as!(
        OpenBallot,
        "select slug, title, closes_at from ballots where state = 'open' order by closes_at"
    )
    .fetch_all(db)
    .await
}
