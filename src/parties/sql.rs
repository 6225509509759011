//! The room's statements.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::model::{Asked, Dated, Declared, NewParty, NewRuling, Outcome, Ruled, Ruling, Source};

/// What waits; see [`Room::counts`](crate::accounts::Room).
pub(super) const COUNTS: &str = "
    select jsonb_build_object('to_decide',
        (select count(*) from party_declarations
         where ruling in ('ask', 'barred') and outcome is null and replaced_on is null and left_on is null
           and (decide_until is null or decide_until >= ($5::timestamptz at time zone 'Europe/London')::date)))";

type Result<T> = std::result::Result<T, sqlx::Error>;

// The list.

/// Every party with what holds of it on a day, by name.
pub async fn list_ruled(db: &mut PgConnection, day: NaiveDate) -> Result<Vec<Ruled>> {
    sqlx::query_as!(
        Ruled,
        r#"select p.id, p.name, p.other_names, r.ruling as "ruling?: Ruling", r.reason as "reason?", r.rule as "rule?",
                  r.starts_on as "starts_on?"
           from other_parties p
           left join lateral (select * from other_party_rulings r where r.party_id = p.id and r.starts_on <= $1
                              order by r.starts_on desc, r.set_at desc limit 1) r on true
           order by lower(p.name)"#,
        day
    )
    .fetch_all(db)
    .await
}

/// One party with all its rulings, the newest first.
pub async fn find_party(db: &mut PgConnection, id: Uuid) -> Result<Option<(NewParty, Vec<Dated>)>> {
    let party = sqlx::query_as!(NewParty, "select name, other_names from other_parties where id = $1", id)
        .fetch_optional(&mut *db)
        .await?;
    let Some(party) = party else { return Ok(None) };
    let rulings = sqlx::query_as!(
        Dated,
        r#"select r.ruling as "ruling: Ruling", r.starts_on, r.reason, r.rule, p.name as "set_by?", r.set_at
           from other_party_rulings r left join people p on p.id = r.set_by
           where r.party_id = $1 order by r.starts_on desc, r.set_at desc"#,
        id
    )
    .fetch_all(db)
    .await?;
    Ok(Some((party, rulings)))
}

/// The same, whose history nobody else adds to until the transaction ends.
pub async fn lock_party(db: &mut PgConnection, id: Uuid) -> Result<Option<(NewParty, Vec<Dated>)>> {
    sqlx::query!("select from other_parties where id = $1 for update", id).execute(&mut *db).await?;
    find_party(db, id).await
}

/// `false` if a party of that name is there.
pub async fn insert_party(
    db: &mut PgConnection,
    id: Uuid,
    new: &NewParty,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into other_parties (id, name, other_names, added_at) values ($1, $2, $3, $4) on conflict do nothing",
        id,
        new.name,
        &new.other_names,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// `false` if it was sent before.
pub async fn insert_ruling(
    db: &mut PgConnection,
    party: Uuid,
    new: &NewRuling,
    by: Uuid,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into other_party_rulings (id, party_id, ruling, starts_on, reason, rule, set_by, set_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do nothing",
        new.key,
        party,
        new.ruling.code(),
        new.starts_on,
        new.reason,
        new.rule,
        by,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

// Declarations.

/// What somebody says now, and when they said it; `None` if they were never asked.
pub async fn find_current(db: &mut PgConnection, person: Uuid) -> Result<Option<(Declared, DateTime<Utc>)>> {
    let row = sqlx::query!(
        "select parties, declared_at from party_declarations where person_id = $1 and replaced_on is null",
        person
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (Declared::new(row.parties), row.declared_at)))
}

/// Makes declarations of one person wait for each other until the transaction ends.
pub async fn lock(db: &mut PgConnection, person: Uuid) -> Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('declarations of ' || $1::uuid::text, 0))",
        person
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A declaration with what the list says of it.
pub struct Added<'a> {
    pub id: Uuid,
    pub person: Uuid,
    pub declared: &'a Declared,
    pub source: Source,
    pub ruling: Option<Ruling>,
    pub decide_until: Option<NaiveDate>,
}

/// Writes a declaration in place of the one before.
pub async fn replace(
    db: &mut PgConnection,
    new: &Added<'_>,
    today: NaiveDate,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update party_declarations set replaced_on = $2 where person_id = $1 and replaced_on is null",
        new.person,
        today
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into party_declarations (id, person_id, parties, source, declared_at, ruling, decide_until)
         values ($1, $2, $3, $4, $5, $6, $7)",
        new.id,
        new.person,
        new.declared.as_str(),
        new.source.code(),
        now,
        new.ruling.map(Ruling::code),
        new.decide_until
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes since when somebody is no member, or that they are one.
pub async fn set_left(db: &mut PgConnection, person: Uuid, on: Option<NaiveDate>) -> Result<()> {
    sqlx::query!(
        "update party_declarations set left_on = $2
         where person_id = $1 and replaced_on is null and (left_on is null) <> ($2::date is null)",
        person,
        on
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Who decided on a declaration, when, why, and under which rule.
pub struct Decision<'a> {
    pub outcome: Outcome,
    pub by: Option<Uuid>,
    pub reason: &'a str,
    pub rule: &'a str,
    pub now: DateTime<Utc>,
}

/// Decides on what waits of one person. `false` if nothing does.
pub async fn decide(db: &mut PgConnection, person: Uuid, decision: &Decision<'_>) -> Result<bool> {
    let done = sqlx::query!(
        "update party_declarations set outcome = $2, decided_by = $3, decided_at = $4, reason = $5, rule = $6
         where person_id = $1 and replaced_on is null and ruling in ('ask', 'barred') and outcome is null",
        person,
        decision.outcome.code(),
        decision.by,
        decision.now,
        decision.reason,
        decision.rule
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

struct AskedRow {
    id: Uuid,
    person_id: Uuid,
    name: String,
    parties: String,
    source: Source,
    declared_at: DateTime<Utc>,
    ruling: Ruling,
    decide_until: Option<NaiveDate>,
    outcome: Option<Outcome>,
    decided_at: Option<DateTime<Utc>>,
    decided_by: Option<String>,
    reason: Option<String>,
    rule: Option<String>,
    over_on: Option<NaiveDate>,
}

impl From<AskedRow> for Asked {
    fn from(row: AskedRow) -> Self {
        Self {
            id: row.id,
            person: row.person_id,
            name: row.name,
            parties: row.parties,
            source: row.source,
            declared_at: row.declared_at,
            ruling: row.ruling,
            decide_until: row.decide_until,
            outcome: row.outcome,
            decided_at: row.decided_at,
            decided_by: row.decided_by,
            reason: row.reason,
            rule: row.rule,
            over_on: row.over_on,
        }
    }
}

/// `declarations!("where d.id = $1", id)`
macro_rules! declarations {
    ($which:literal, $($value:expr),*) => {
        sqlx::query_as!(
            AskedRow,
            r#"select d.id, d.person_id, p.name, d.parties, d.source as "source: Source", d.declared_at,
                      d.ruling as "ruling!: Ruling", d.decide_until, d.outcome as "outcome: Outcome", d.decided_at,
                      o.name as "decided_by?", d.reason, d.rule, coalesce(d.replaced_on, d.left_on) as over_on
               from party_declarations d join people p on p.id = d.person_id left join people o on o.id = d.decided_by "# + $which,
            $($value),*
        )
    };
}

/// Declarations that wait for a decision in these regions (`None`: everywhere), the most urgent first.
pub async fn list_open(
    db: &mut PgConnection,
    regions: Option<&[String]>,
    today: NaiveDate,
) -> Result<Vec<Asked>> {
    let rows = declarations!(
        "where d.ruling in ('ask', 'barred') and d.outcome is null and d.replaced_on is null and d.left_on is null
           and (d.decide_until is null or d.decide_until >= $2) and ($1::text[] is null or p.region = any($1))
         order by d.decide_until nulls last, d.declared_at limit 500",
        regions as _,
        today
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Asked::from).collect())
}

/// Declarations of another party for which nothing is to be done, the newest first.
pub async fn list_decided(
    db: &mut PgConnection,
    regions: Option<&[String]>,
    today: NaiveDate,
) -> Result<Vec<Asked>> {
    let rows = declarations!(
        "where d.ruling is not null and ($1::text[] is null or p.region = any($1))
           and (d.ruling = 'allowed' or d.outcome is not null or d.replaced_on is not null or d.left_on is not null or d.decide_until < $2)
         order by coalesce(d.decided_at, d.declared_at) desc, d.id limit 200",
        regions as _,
        today
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(Asked::from).collect())
}

/// One declaration of another party, if the person lives in these regions.
pub async fn find_asked(
    db: &mut PgConnection,
    id: Uuid,
    regions: Option<&[String]>,
) -> Result<Option<Asked>> {
    let row = declarations!(
        "where d.id = $1 and d.ruling is not null and ($2::text[] is null or p.region = any($2))",
        id,
        regions as _
    );
    Ok(row.fetch_optional(db).await?.map(Asked::from))
}

/// Forgets what was replaced, or whose membership ended, before a day.
pub async fn forget(db: &mut PgConnection, before: NaiveDate) -> Result<u64> {
    let done = sqlx::query!(
        "delete from party_declarations where coalesce(left_on, replaced_on) is not null and coalesce(left_on, replaced_on) < $1",
        before
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
