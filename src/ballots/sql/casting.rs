//! The box, and the way into it. See `casting` for what is kept apart here and why.

use sqlx::{AssertSqlSafe, PgConnection, Result};
use uuid::Uuid;

/// Casting takes this lock with others, closing a lot takes it alone, so that no vote falls between two lots. It leaves
/// nothing in any row, as locks on rows would.
pub async fn lock_with_others(db: &mut PgConnection, ballot: Uuid) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock_shared(hashtextextended($1::uuid::text, 7265006))", ballot)
        .execute(db)
        .await?;
    Ok(())
}

pub async fn lock_alone(db: &mut PgConnection, ballot: Uuid) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1::uuid::text, 7265006))", ballot)
        .execute(db)
        .await?;
    Ok(())
}

/// A vote that waits for its lot.
pub struct Incoming {
    pub commitment: Vec<u8>,
    /// `None` for a paper that takes the place of another.
    pub voter: Option<Vec<u8>>,
    pub person: Option<Vec<u8>>,
    pub sealed: Vec<u8>,
    pub change_hash: Vec<u8>,
}

/// Whether somebody on the roll has voted: in a lot, or with what waits for one. `None` if they are not on it.
pub async fn has_voted(
    db: &mut PgConnection,
    ballot: Uuid,
    person: Uuid,
    voter: &[u8],
) -> Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"select r.voted or exists (select from ballot_incoming i where i.ballot_id = $1 and i.voter = $3) as "voted!"
           from ballot_roll r where r.ballot_id = $1 and r.person_id = $2"#,
        ballot,
        person,
        voter
    )
    .fetch_optional(db)
    .await
}

/// Which of these ballots somebody has voted in with a vote that waits for its lot.
pub async fn list_waiting_of(db: &mut PgConnection, voters: &[(Uuid, Vec<u8>)]) -> Result<Vec<Uuid>> {
    let (ids, hashes): (Vec<Uuid>, Vec<Vec<u8>>) = voters.iter().cloned().unzip();
    sqlx::query_scalar!(
        "select i.ballot_id from ballot_incoming i
         join unnest($1::uuid[], $2::bytea[]) as asked (ballot_id, voter)
           on i.ballot_id = asked.ballot_id and i.voter = asked.voter",
        &ids,
        &hashes
    )
    .fetch_all(db)
    .await
}

/// Puts a vote in; false if this voter has one already.
pub async fn insert(db: &mut PgConnection, ballot: Uuid, vote: &Incoming) -> Result<bool> {
    let added = sqlx::query!(
        "insert into ballot_incoming (commitment, ballot_id, voter, person, sealed, change_hash)
         values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        vote.commitment,
        ballot,
        vote.voter.as_deref(),
        vote.person.as_deref(),
        vote.sealed,
        vote.change_hash
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// Whether a paper was shown to be checked, so that it cannot be cast.
pub async fn is_spoilt(db: &mut PgConnection, commitment: &[u8]) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from ballot_spoilt where commitment = $1) as "spoilt!""#,
        commitment
    )
    .fetch_one(db)
    .await
}

/// Whether a paper is in the box, or waits for it.
pub async fn is_cast(db: &mut PgConnection, commitment: &[u8]) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from ballot_papers where commitment = $1)
               or exists (select from ballot_incoming where commitment = $1) as "cast!""#,
        commitment
    )
    .fetch_one(db)
    .await
}

/// Shows a paper: it cannot be cast any more. False if it has been cast.
pub async fn spoil(db: &mut PgConnection, ballot: Uuid, commitment: &[u8]) -> Result<bool> {
    if is_cast(db, commitment).await? {
        return Ok(false);
    }
    sqlx::query!(
        "insert into ballot_spoilt (commitment, ballot_id) values ($1, $2) on conflict do nothing",
        commitment,
        ballot
    )
    .execute(db)
    .await?;
    Ok(true)
}

/// Puts another paper in the place of one whose key is known. False if there is none with that key.
pub async fn replace(db: &mut PgConnection, ballot: Uuid, known: &[u8], vote: &Incoming) -> Result<bool> {
    let waiting = sqlx::query!(
        "update ballot_incoming set commitment = $3, sealed = $4, change_hash = $5 where ballot_id = $1 and change_hash = $2",
        ballot,
        known,
        vote.commitment,
        vote.sealed,
        vote.change_hash
    )
    .execute(&mut *db)
    .await?;
    if waiting.rows_affected() > 0 {
        return Ok(true);
    }
    // On the board already: it comes off with the next lot, and the other goes in with it.
    let taken = sqlx::query!(
        "with taken as (delete from ballot_papers where ballot_id = $1 and change_hash = $2 returning commitment)
         insert into ballot_withdrawn (commitment, ballot_id) select commitment, $1 from taken",
        ballot,
        known
    )
    .execute(&mut *db)
    .await?;
    if taken.rows_affected() == 0 {
        return Ok(false);
    }
    insert(db, ballot, vote).await
}

/// Whether there is a paper with that key.
pub async fn is_key_known(db: &mut PgConnection, ballot: Uuid, known: &[u8]) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from ballot_papers where ballot_id = $1 and change_hash = $2)
               or exists (select from ballot_incoming where ballot_id = $1 and change_hash = $2) as "known!""#,
        ballot,
        known
    )
    .fetch_one(db)
    .await
}

/// How many voters wait for a lot.
pub async fn count_waiting(db: &mut PgConnection, ballot: Uuid) -> Result<i64> {
    sqlx::query_scalar!(r#"select count(voter) as "many!" from ballot_incoming where ballot_id = $1"#, ballot)
        .fetch_one(db)
        .await
}

/// The hidden ids of the voters that wait for a lot.
pub async fn list_waiting(db: &mut PgConnection, ballot: Uuid) -> Result<Vec<Vec<u8>>> {
    sqlx::query_scalar!(
        r#"select person as "person!" from ballot_incoming where ballot_id = $1 and person is not null"#,
        ballot
    )
    .fetch_all(db)
    .await
}

/// Takes out what waits: the papers of so many voters at most, in an order that says nothing, and all that replace others.
pub async fn take_incoming(db: &mut PgConnection, ballot: Uuid, most: Option<i64>) -> Result<Vec<Incoming>> {
    sqlx::query_as!(
        Incoming,
        "delete from ballot_incoming where ballot_id = $1 and (voter is null or commitment in (
             select commitment from ballot_incoming where ballot_id = $1 and voter is not null order by commitment limit $2
         ))
         returning commitment, voter, person, sealed, change_hash",
        ballot,
        most
    )
    .fetch_all(db)
    .await
}

/// Puts papers into the box, in the order they are given in.
pub async fn insert_papers(db: &mut PgConnection, ballot: Uuid, papers: &[Incoming]) -> Result<()> {
    let column = |of: fn(&Incoming) -> &Vec<u8>| papers.iter().map(of).cloned().collect::<Vec<_>>();
    sqlx::query!(
        "insert into ballot_papers (commitment, ballot_id, sealed, change_hash)
         select commitment, $1, sealed, change_hash
         from unnest($2::bytea[], $3::bytea[], $4::bytea[]) as paper (commitment, sealed, change_hash)
         order by commitment",
        ballot,
        &column(|it| &it.commitment),
        &column(|it| &it.sealed),
        &column(|it| &it.change_hash)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Marks voters on the roll and notes whom to tell, each in the order of their ids.
pub async fn mark_voted(db: &mut PgConnection, ballot: Uuid, lot: i32, people: &[Uuid]) -> Result<u64> {
    let marked = sqlx::query!(
        "update ballot_roll r set voted = true
         from (select person_id from unnest($2::uuid[]) as voter (person_id) order by person_id) v
         where r.ballot_id = $1 and r.person_id = v.person_id and not r.voted",
        ballot,
        people
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into ballot_confirmations (ballot_id, lot, person_id)
         select $1, $2, person_id from unnest($3::uuid[]) as voter (person_id) order by person_id
         on conflict do nothing",
        ballot,
        lot,
        people
    )
    .execute(db)
    .await?;
    Ok(marked.rows_affected())
}

/// Papers that come off the board with this lot.
pub async fn take_withdrawn(db: &mut PgConnection, ballot: Uuid) -> Result<Vec<Vec<u8>>> {
    sqlx::query_scalar!("delete from ballot_withdrawn where ballot_id = $1 returning commitment", ballot)
        .fetch_all(db)
        .await
}

pub async fn count_papers(db: &mut PgConnection, ballot: Uuid) -> Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "many!" from ballot_papers where ballot_id = $1"#, ballot)
        .fetch_one(db)
        .await
}

/// Gives `ballot_incoming` a new file without what was taken out of it: a deleted row would stay readable in the old one.
/// What waits for other ballots goes in again, in an order that says nothing.
pub async fn empty_incoming(db: &mut PgConnection) -> Result<()> {
    write_anew(db, "ballot_incoming", "commitment").await
}

/// Writes the boxes and rolls anew, each in an order of its own: the lots that votes came in are gone from the rows, and
/// the old files with them.
pub async fn rewrite(db: &mut PgConnection) -> Result<()> {
    write_anew(db, "ballot_papers", "commitment").await?;
    write_anew(db, "ballot_roll", "entry").await
}

/// Everybody else waits for the table meanwhile.
async fn write_anew(db: &mut PgConnection, table: &'static str, order: &'static str) -> Result<()> {
    let statements = format!(
        "lock table {table} in access exclusive mode;
         create temporary table kept on commit drop as select * from {table};
         truncate {table};
         insert into {table} select * from kept order by {order};
         drop table kept"
    );
    sqlx::raw_sql(AssertSqlSafe(statements)).execute(db).await?;
    Ok(())
}

/// The newest entry of the board.
pub async fn find_head(db: &mut PgConnection, ballot: Uuid) -> Result<Option<String>> {
    sqlx::query_scalar!("select line from ballot_board where ballot_id = $1 order by n desc limit 1", ballot)
        .fetch_optional(db)
        .await
}

pub async fn insert_entry(db: &mut PgConnection, ballot: Uuid, n: u64, line: &str) -> Result<()> {
    sqlx::query!(
        "insert into ballot_board (ballot_id, n, line) values ($1, $2, $3)",
        ballot,
        i32::try_from(n).unwrap_or(i32::MAX),
        line
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Tells nobody.
pub async fn take_all_confirmations(db: &mut PgConnection, ballot: Uuid) -> Result<()> {
    sqlx::query!("delete from ballot_confirmations where ballot_id = $1", ballot).execute(db).await?;
    Ok(())
}

/// Takes who is to be told of their vote out of a lot.
pub async fn take_confirmations(db: &mut PgConnection, ballot: Uuid, lot: i32) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "delete from ballot_confirmations where ballot_id = $1 and lot = $2 returning person_id",
        ballot,
        lot
    )
    .fetch_all(db)
    .await
}

/// What this database keeps of changes beside its tables, by which votes could be put in an order.
pub async fn list_traces(db: &mut PgConnection) -> Result<Vec<&'static str>> {
    let row = sqlx::query!(
        r#"select current_setting('archive_mode') <> 'off' as "archives!",
                  current_setting('wal_level') = 'logical' as "decodes!",
                  current_setting('track_commit_timestamp') = 'on' as "dates!",
                  current_setting('log_statement') not in ('none', 'ddl') or current_setting('log_min_duration_statement') <> '-1' as "logs!",
                  exists (select from pg_replication_slots) as "replicates!""#
    )
    .fetch_one(db)
    .await?;
    let found = [
        (row.archives, "archive_mode is on: archived journals keep every change in its order"),
        (row.decodes, "wal_level is logical: the journal can be read as changes"),
        (row.dates, "track_commit_timestamp is on: every change has its time"),
        (row.logs, "log_statement or log_min_duration_statement writes statements into the log"),
        (row.replicates, "there are replication slots: another server receives every change"),
    ];
    Ok(found.into_iter().filter_map(|(is_on, words)| is_on.then_some(words)).collect())
}
