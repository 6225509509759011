//! Jobs that need a person: those that had all their tries, and those that were running when the program ended.
//!
//! The latter are moved out of the queue into `crashed_jobs`. An equal job that is pushed again, by the clock or by a
//! sweep, finds its like there and does nothing until an officer has it tried again.

use serde_json::Value;
use sqlx::{PgConnection, PgPool};

/// Jobs that need a person, as a `jsonb` object.
pub const COUNTS: &str = "
    select jsonb_build_object('failed', (select count(*) from crashed_jobs) + (
        select count(*) from graphile_worker._private_jobs j
        where j.attempts >= j.max_attempts and j.locked_at is null
          and not exists (select from graphile_worker._private_job_retirements r where r.id = j.id)))";

/// Jobs of one name that need a person.
#[derive(Debug, sqlx::FromRow)]
pub struct Failed {
    pub name: String,
    /// Had all their tries.
    pub given_up: i64,
    /// Were running when the program ended.
    pub crashed: i64,
}

/// By name.
pub async fn list_failed(db: &mut PgConnection) -> Result<Vec<Failed>, sqlx::Error> {
    // No checked queries here: the queue's tables are made by the library. A job that was replaced under its key is
    // retired, not given up; one in its last try is still at work.
    sqlx::query_as(
        "select name, count(*) filter (where not crashed) as given_up, count(*) filter (where crashed) as crashed
         from (
             select name, true as crashed from crashed_jobs
             union all
             select t.identifier, false from graphile_worker._private_jobs j
             join graphile_worker._private_tasks t on t.id = j.task_id
             where j.attempts >= j.max_attempts and j.locked_at is null
               and not exists (select from graphile_worker._private_job_retirements r where r.id = j.id)
         ) failed
         group by name order by name",
    )
    .fetch_all(db)
    .await
}

/// Gives all jobs of a name that need a person their tries afresh. Returns how many.
pub async fn try_again(db: &mut PgConnection, name: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "with crashed as (
             delete from crashed_jobs where name = $1 returning payload, tries
         ), pushed as (
             select (graphile_worker.add_job(name, payload => payload::json, max_attempts => tries)).id from crashed,
                 (select $1::text as name) job
         ), given_up as (
             select array_agg(j.id) as ids from graphile_worker._private_jobs j
             join graphile_worker._private_tasks t on t.id = j.task_id
             where t.identifier = $1 and j.attempts >= j.max_attempts and j.locked_at is null
               and not exists (select from graphile_worker._private_job_retirements r where r.id = j.id)
         ), again as (
             select j.id from given_up, graphile_worker.reschedule_jobs(ids, run_at => now(), attempts => 0) j
         )
         select (select count(*) from pushed) + (select count(*) from again)",
    )
    .bind(name)
    .fetch_one(db)
    .await
}

/// Whether an equal job is set aside.
pub(super) async fn is_set_aside(pool: &PgPool, name: &str, payload: &Value) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select from crashed_jobs where name = $1 and payload = $2)")
        .bind(name)
        .bind(payload)
        .fetch_one(pool)
        .await
}

/// Sets workers' locks apart from everybody else who takes advisory locks.
const WORKERS: i32 = 7_265_005;

/// Makes a worker known as alive for as long as the connection lasts.
pub(super) async fn lock_worker(session: &mut PgConnection, worker: &str) -> Result<(), sqlx::Error> {
    sqlx::query("select pg_advisory_lock($1, hashtext($2))")
        .bind(WORKERS)
        .bind(worker)
        .execute(session)
        .await?;
    Ok(())
}

/// Sets aside what workers that are no more had in hand, except jobs that go on by themselves. Returns how many.
///
/// `forgiving`: a job that began before the database did was broken off with the database, not by what it does.
pub(super) async fn set_crashed_aside(
    pool: &PgPool,
    going_on: &[&str],
    forgiving: bool,
) -> Result<u64, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let dead: Vec<String> = sqlx::query_scalar(
        "select distinct j.locked_by from graphile_worker._private_jobs j
         where j.locked_by is not null and not exists (
             select from pg_locks l
             where l.locktype = 'advisory' and l.granted and l.objsubid = 2
               and l.database = (select oid from pg_database where datname = current_database())
               and l.classid::bigint = $1 and l.objid::bigint = hashtext(j.locked_by)::bigint & 4294967295)",
    )
    .bind(i64::from(WORKERS))
    .fetch_all(&mut *tx)
    .await?;
    if dead.is_empty() {
        return Ok(0);
    }
    let set_aside = sqlx::query(
        "insert into crashed_jobs (name, payload, tries, crashed_at)
         select t.identifier, j.payload::jsonb, j.max_attempts, now() from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id
         where j.locked_by = any($1) and t.identifier <> all($2)
           and not ($3 and j.locked_at < pg_postmaster_start_time())
         on conflict do nothing",
    )
    .bind(&dead)
    .bind(going_on)
    .bind(forgiving)
    .execute(&mut *tx)
    .await?;
    release(&mut tx, &dead).await?;
    tx.commit().await?;
    Ok(set_aside.rows_affected())
}

/// Gives jobs back that these workers had taken, with the try they began.
pub(super) async fn release(db: &mut PgConnection, workers: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query("select graphile_worker.recover_dead_worker_jobs($1)").bind(workers).execute(db).await?;
    Ok(())
}
