//! Who may vote in a ballot.

use chrono::NaiveDate;
use sqlx::{PgConnection, Result};
use uuid::Uuid;

use crate::{ballots::model::Electorate, membership::VotingRules};

fn regions(electorate: &Electorate) -> Option<Vec<String>> {
    let regions: Vec<_> = electorate.regions.iter().map(|region| region.slug().to_owned()).collect();
    (!regions.is_empty()).then_some(regions)
}

/// Makes the roll in one pass: everybody who may vote on a day by the rules of membership, had joined by another, and is
/// one of those the ballot is for, in an order that says nothing. The public entry of each is the hash of their
/// number and a salt of 122 random bits ([`crate::ballots::proof::roll_entry`]). Returns how many they are.
pub async fn make(
    db: &mut PgConnection,
    ballot: Uuid,
    electorate: &Electorate,
    (day, joined_by): (NaiveDate, NaiveDate),
    rules: VotingRules,
) -> Result<i64> {
    let regions = regions(electorate);
    let made = sqlx::query!(
        "insert into ballot_roll (ballot_id, person_id, salt, entry)
         select $1, r.person_id, r.salt, sha256(convert_to(r.number::text || encode(r.salt, 'hex'), 'UTF8'))
         from (
             select m.person_id, m.number, uuid_send(gen_random_uuid()) as salt
             from membership_roll($2, $3, $4, $5) as entitled (person_id)
             join memberships m on m.person_id = entitled.person_id
             join people p on p.id = m.person_id
             where ($6::text[] is null or p.region = any ($6))
               and ($7::int is null or (m.personal ->> 'born_on')::date > ($2::date - make_interval(years => $7 + 1))::date)
         ) r
         order by r.salt",
        ballot,
        day,
        joined_by,
        whole(rules.waiting_days),
        whole(rules.voting_age),
        regions.as_deref(),
        electorate.oldest.map(whole)
    )
    .execute(&mut *db)
    .await?;
    Ok(i64::try_from(made.rows_affected()).unwrap_or(i64::MAX))
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// How many would be on it if it were made of a day.
pub async fn count(
    db: &mut PgConnection,
    electorate: &Electorate,
    (day, joined_by): (NaiveDate, NaiveDate),
    rules: VotingRules,
) -> Result<i64> {
    let regions = regions(electorate);
    sqlx::query_scalar!(
        r#"select count(*) as "many!" from membership_roll($1, $2, $3, $4) as entitled (person_id)
           join memberships m on m.person_id = entitled.person_id
           join people p on p.id = m.person_id
           where ($5::text[] is null or p.region = any ($5))
             and ($6::int is null or (m.personal ->> 'born_on')::date > ($1::date - make_interval(years => $6 + 1))::date)"#,
        day,
        joined_by,
        whole(rules.waiting_days),
        whole(rules.voting_age),
        regions.as_deref(),
        electorate.oldest.map(whole)
    )
    .fetch_one(db)
    .await
}

/// Whom [`count`] counts.
pub async fn list_electors(
    db: &mut PgConnection,
    electorate: &Electorate,
    (day, joined_by): (NaiveDate, NaiveDate),
    rules: VotingRules,
) -> Result<Vec<Uuid>> {
    let regions = regions(electorate);
    sqlx::query_scalar!(
        r#"select m.person_id from membership_roll($1, $2, $3, $4) as entitled (person_id)
           join memberships m on m.person_id = entitled.person_id
           join people p on p.id = m.person_id
           where ($5::text[] is null or p.region = any ($5))
             and ($6::int is null or (m.personal ->> 'born_on')::date > ($1::date - make_interval(years => $6 + 1))::date)"#,
        day,
        joined_by,
        whole(rules.waiting_days),
        whole(rules.voting_age),
        regions.as_deref(),
        electorate.oldest.map(whole)
    )
    .fetch_all(db)
    .await
}

/// The fingerprint of the roll, as [`crate::ballots::proof::roll_fingerprint`] works it out.
pub async fn fingerprint(db: &mut PgConnection, ballot: Uuid) -> Result<String> {
    sqlx::query_scalar!(
        r#"select encode(sha256(convert_to('pb1r', 'UTF8') || coalesce(string_agg(entry, ''::bytea order by entry), '')), 'hex') as "print!"
           from ballot_roll where ballot_id = $1"#,
        ballot
    )
    .fetch_one(db)
    .await
}

pub async fn set_frozen(
    db: &mut PgConnection,
    ballot: Uuid,
    size: i64,
    fingerprint: &str,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    sqlx::query!(
        "update ballots set roll_size = $2, roll_fingerprint = $3, roll_frozen_at = coalesce(roll_frozen_at, $4) where id = $1",
        ballot,
        i32::try_from(size).unwrap_or(i32::MAX),
        fingerprint,
        now
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn size(db: &mut PgConnection, ballot: Uuid) -> Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "many!" from ballot_roll where ballot_id = $1"#, ballot)
        .fetch_one(db)
        .await
}

/// Takes a roll away that was made of a ballot that goes back to being a draft.
pub async fn delete(db: &mut PgConnection, ballot: Uuid) -> Result<()> {
    sqlx::query!("delete from ballot_roll where ballot_id = $1", ballot).execute(&mut *db).await?;
    sqlx::query!(
        "update ballots set roll_size = null, roll_fingerprint = null, roll_frozen_at = null where id = $1",
        ballot
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Adds somebody by a ruling; false if they are no member or on it already.
pub async fn insert_person(db: &mut PgConnection, ballot: Uuid, number: i64) -> Result<bool> {
    let added = sqlx::query!(
        "insert into ballot_roll (ballot_id, person_id, salt, entry)
         select $1, r.person_id, r.salt, sha256(convert_to(r.number::text || encode(r.salt, 'hex'), 'UTF8'))
         from (select person_id, number, uuid_send(gen_random_uuid()) as salt from memberships where number = $2) r
         on conflict do nothing",
        ballot,
        number
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() > 0)
}

pub async fn delete_person(db: &mut PgConnection, ballot: Uuid, number: i64) -> Result<bool> {
    let gone = sqlx::query!(
        "delete from ballot_roll r using memberships m where r.ballot_id = $1 and m.number = $2 and m.person_id = r.person_id",
        ballot,
        number
    )
    .execute(db)
    .await?;
    Ok(gone.rows_affected() > 0)
}

/// What a roll says of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// As it stands in the public roll.
    pub entry: String,
    /// What their number was hashed with, so that they find themselves there.
    pub salt: String,
    pub voted: bool,
    /// Whether they are a member now: who is suspended, or has left, stays on the roll and cannot vote.
    pub is_member: bool,
}

pub async fn find_line(db: &mut PgConnection, ballot: Uuid, person: Uuid) -> Result<Option<Line>> {
    sqlx::query_as!(
        Line,
        r#"select encode(r.entry, 'hex') as "entry!", encode(r.salt, 'hex') as "salt!", r.voted, p.standing = 'member' as "is_member!"
           from ballot_roll r join people p on p.id = r.person_id where r.ballot_id = $1 and r.person_id = $2"#,
        ballot,
        person
    )
    .fetch_optional(db)
    .await
}

/// On which rolls of these somebody is who is a member still, and whether they are marked as having voted.
pub async fn list_of_person(
    db: &mut PgConnection,
    ballots: &[Uuid],
    person: Uuid,
) -> Result<Vec<(Uuid, bool)>> {
    let rows = sqlx::query!(
        "select r.ballot_id, r.voted from ballot_roll r join people p on p.id = r.person_id
         where r.person_id = $2 and r.ballot_id = any ($1) and p.standing = 'member'",
        ballots,
        person
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.ballot_id, row.voted)).collect())
}

/// Everybody on a roll, in an order that does not change with the salts.
pub async fn list_by_person(db: &mut PgConnection, ballot: Uuid) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"select r.person_id as "person!" from ballot_roll r join memberships m on m.person_id = r.person_id
           where r.ballot_id = $1 order by m.number"#,
        ballot
    )
    .fetch_all(db)
    .await
}

/// Everybody on a roll, or only who is a member still and has not voted, for notices.
pub async fn list_people(db: &mut PgConnection, ballot: Uuid, only_waiting: bool) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"select r.person_id as "person!" from ballot_roll r join people p on p.id = r.person_id
           where r.ballot_id = $1 and not ($2 and (r.voted or p.standing <> 'member')) order by r.entry"#,
        ballot,
        only_waiting
    )
    .fetch_all(db)
    .await
}

/// Whether somebody is on the roll of a vote whose result is not declared yet.
pub async fn is_on_one_under_way(db: &mut PgConnection, person: Uuid) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from ballot_roll r join ballots b on b.id = r.ballot_id
                          where r.person_id = $1 and b.state not in ('declared', 'void')) as "is_on!""#,
        person
    )
    .fetch_one(db)
    .await
}

/// Leaves the entries of one person, where another stands as well, to nobody. Returns them, in hexadecimal.
pub async fn leave_to_nobody(db: &mut PgConnection, gone: Uuid, kept: Uuid) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"update ballot_roll g set person_id = null from ballot_roll k
           where g.person_id = $1 and k.person_id = $2 and k.ballot_id = g.ballot_id
           returning encode(g.entry, 'hex') as "entry!""#,
        gone,
        kept
    )
    .fetch_all(db)
    .await
}

pub async fn give_back(db: &mut PgConnection, entries: &[String], person: Uuid) -> Result<()> {
    sqlx::query!(
        "update ballot_roll set person_id = $2
         where person_id is null and entry in (select decode(entry, 'hex') from unnest($1::text[]) entry)",
        entries,
        person
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Everybody on a roll.
///
/// # Errors
/// The database is away.
pub async fn list_voters(db: &mut PgConnection, ballot: Uuid) -> Result<Vec<Uuid>> {
    list_people(db, ballot, false).await
}

/// The public roll: the entries, ascending, with whether each has voted.
pub async fn list_entries(db: &mut PgConnection, ballot: Uuid) -> Result<Vec<(Vec<u8>, bool)>> {
    let rows =
        sqlx::query!("select entry, voted from ballot_roll where ballot_id = $1 order by entry", ballot)
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(|row| (row.entry, row.voted)).collect())
}

/// How many on the roll have voted, as far as lots are closed.
pub async fn count_voted(db: &mut PgConnection, ballot: Uuid) -> Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "many!" from ballot_roll where ballot_id = $1 and voted"#,
        ballot
    )
    .fetch_one(db)
    .await
}
