//! Deliveries, one a reader, and their senders.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, QueryBuilder};
use uuid::Uuid;

use super::Result;
use crate::{
    accounts::Scope,
    newsletters::model::{Audience, Counts, Outcome, Unsettled},
    people,
};

/// Writes a row for each reader: from here on it is settled who gets it. Returns how many.
pub async fn insert_deliveries(
    db: &mut PgConnection,
    id: Uuid,
    audience: &Audience,
    scope: &Scope,
) -> Result<u64> {
    let mut query = QueryBuilder::new("insert into deliveries (update_id, person_id, state) select ");
    query.push_bind(id).push(", reader.id, 'waiting' from (");
    people::push_ids(&mut query, &audience.readers(), scope);
    query.push(") reader on conflict do nothing");
    Ok(query.build().execute(db).await?.rows_affected())
}

pub async fn count_deliveries(db: &mut PgConnection, id: Uuid) -> Result<Counts> {
    sqlx::query_as!(
        Counts,
        r#"select count(*) as "all!", count(*) filter (where state = 'waiting') as "waiting!",
                  count(*) filter (where state = 'sending') as "in_hand!", count(*) filter (where state = 'sent') as "sent!",
                  count(*) filter (where state = 'refused') as "refused!",
                  count(*) filter (where state = 'uncertain') as "uncertain!",
                  count(*) filter (where state = 'left') as "left!", count(*) filter (where state = 'skipped') as "skipped!"
           from deliveries where update_id = $1"#,
        id
    )
    .fetch_one(db)
    .await
}

/// Somebody whose mail is uncertain or refused.
pub struct DeliveryLine {
    pub state: Unsettled,
    pub person_id: Uuid,
    pub name: String,
    pub email: String,
    pub answer: String,
}

/// At most so many uncertain ones, and as many refused ones.
pub async fn list_unsettled(db: &mut PgConnection, id: Uuid, limit: i64) -> Result<Vec<DeliveryLine>> {
    sqlx::query_as!(
        DeliveryLine,
        r#"select d.state as "state: Unsettled", d.person_id, p.name, p.email::text as "email!", coalesce(d.answer, '') as "answer!"
           from unnest(array['uncertain', 'refused']) as wanted (state)
           cross join lateral (
               select * from deliveries
               where update_id = $1 and state = wanted.state and state in ('sending', 'uncertain', 'refused', 'left', 'skipped')
               order by person_id limit $2
           ) d
           join people p on p.id = d.person_id
           order by d.person_id"#,
        id,
        limit
    )
    .fetch_all(db)
    .await
}

/// Puts mails that ended like that, of one person or all, among those that wait, with all their tries before them.
/// Returns how many.
pub async fn set_waiting_again(
    db: &mut PgConnection,
    id: Uuid,
    which: Unsettled,
    person: Option<Uuid>,
) -> Result<u64> {
    let done = sqlx::query!(
        "update deliveries set state = 'waiting', run = null, settled_at = null, retry_at = null, tries = 0
         where update_id = $1 and state = $2 and ($3::uuid is null or person_id = $3)",
        id,
        which.code(),
        person
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Lets uncertain mails be. Returns how many.
pub async fn set_left(db: &mut PgConnection, id: Uuid, person: Option<Uuid>) -> Result<u64> {
    let done = sqlx::query!(
        "update deliveries set state = 'left' where update_id = $1 and state = 'uncertain' and ($2::uuid is null or person_id = $2)",
        id,
        person
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// For the demo party: everything has gone well.
pub async fn set_all_sent(db: &mut PgConnection, id: Uuid, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update deliveries set state = 'sent', tries = 1, settled_at = $2 where update_id = $1 and state = 'waiting'",
        id,
        at
    )
    .execute(db)
    .await?;
    Ok(())
}

// The sender.

/// Sets an update's senders apart from everybody else who takes advisory locks.
const SENDERS: i32 = 7_265_002;

/// Senders that work at the same time, in all processes together. Two of the four slots of the lane for long work are
/// left to the night's.
const SLOTS: i32 = 7_265_003;

/// Takes one of the two places for senders, if one is free, for as long as the connection lasts.
pub async fn try_take_slot(session: &mut PgConnection) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select pg_try_advisory_lock($1, 1) or pg_try_advisory_lock($1, 2) as "got!""#,
        SLOTS
    )
    .fetch_one(session)
    .await
}

/// Takes the lock of an update's sender, if nobody has it, for as long as the connection lasts.
pub async fn try_lock_sender(session: &mut PgConnection, number: i32) -> Result<bool> {
    sqlx::query_scalar!(r#"select pg_try_advisory_lock($1, $2) as "got!""#, SENDERS, number)
        .fetch_one(session)
        .await
}

pub async fn is_session_alive(session: &mut PgConnection) -> bool {
    sqlx::query!("select").execute(session).await.is_ok()
}

/// The senders among an update's mails are dead: whoever calls this has the lock. What they had in hand is uncertain.
/// Returns how many.
pub async fn set_orphans_uncertain(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<u64> {
    let done = sqlx::query!(
        "update deliveries set state = 'uncertain', settled_at = $2,
                answer = 'The sender stopped before the mail server had answered'
         where update_id = $1 and state = 'sending'",
        id,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Notes that an update's letter is about to be made. `false` if that was noted already, by a sender that came no
/// further: the note is gone then.
pub async fn set_preparing(db: &mut PgConnection, id: Uuid) -> Result<bool> {
    sqlx::query_scalar!(
        r#"update updates set preparing = not preparing where id = $1 returning preparing as "is_first!""#,
        id
    )
    .fetch_one(db)
    .await
}

pub async fn set_prepared(db: &mut PgConnection, id: Uuid) -> Result<()> {
    sqlx::query!("update updates set preparing = false where id = $1", id).execute(db).await?;
    Ok(())
}

/// Makes this run the one that may take mails. `false` if the update is not to be sent at present.
pub async fn set_run(db: &mut PgConnection, id: Uuid, run: Uuid) -> Result<bool> {
    let done = sqlx::query!("update updates set run = $2 where id = $1 and state = 'sending'", id, run)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// What became of a mail, as its row says it.
struct Settled {
    person: Uuid,
    state: &'static str,
    answer: Option<String>,
    /// How many tries it counts as.
    tries: i16,
    retry_at: Option<DateTime<Utc>>,
}

impl Settled {
    fn new(person: Uuid, outcome: &Outcome) -> Self {
        let (state, answer, tries, retry_at) = match outcome {
            Outcome::Sent => ("sent", None, 1, None),
            Outcome::Refused(answer) => ("refused", Some(answer.clone()), 1, None),
            Outcome::Uncertain(answer) => ("uncertain", Some(answer.clone()), 1, None),
            Outcome::Later { answer, at } => ("waiting", Some(answer.clone()), 1, Some(*at)),
            Outcome::Untried => ("waiting", None, 0, None),
        };
        Self { person, state, answer, tries, retry_at }
    }
}

/// Lets the planner know how many there are: what it does not know yet it takes for a handful, and looks through all of
/// them for each claim.
pub async fn analyze(db: &mut PgConnection) -> Result<()> {
    sqlx::query!("analyze deliveries").execute(db).await?;
    Ok(())
}

/// A mail that is this connection's to send.
pub struct Claimed {
    pub person_id: Uuid,
    pub email: String,
    pub name: String,
    pub tries: i16,
    /// False: has stopped the emails since, or has died; nothing is to be sent, and the row says so.
    pub wanted: bool,
}

/// Settles mails and takes up to so many others whose person comes after another, in the order of their ids, all in one
/// statement. Takes none when none is due, or this run is not the update's any more. Rows are marked before anything of
/// their mails leaves the house.
pub async fn settle_and_claim(
    db: &mut PgConnection,
    id: Uuid,
    run: Uuid,
    settled: &[(Uuid, Outcome)],
    after: Uuid,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Claimed>> {
    let settled: Vec<_> = settled.iter().map(|(person, outcome)| Settled::new(*person, outcome)).collect();
    let mut claimed = sqlx::query_as!(
        Claimed,
        r#"with settled as (
               update deliveries d
               set state = s.state, answer = s.answer, tries = d.tries + s.tries, retry_at = s.retry_at, settled_at = $3
               from unnest($4::uuid[], $5::text[], $6::text[], $7::smallint[], $8::timestamptz[])
                   as s (person_id, state, answer, tries, retry_at)
               where d.update_id = $1 and d.person_id = s.person_id and d.run = $2 and d.state in ('sending', 'uncertain')
           ), next as (
               select d.person_id from deliveries d
               where d.update_id = $1 and d.state = 'waiting' and (d.retry_at is null or d.retry_at <= $3)
                 and d.person_id > $9
                 and exists (select from updates u where u.id = $1 and u.state = 'sending' and u.run = $2)
               order by d.person_id limit $10 for update of d skip locked
           ), reader as (
               select p.id, p.email::text as email, p.name,
                      case when exists (select from mail_stops s where s.email = p.email) then 'no emails go to this address any more'
                           when u.notice_key is null and not exists (
                               select from consents c where c.person_id = p.id and c.purpose = 'email_updates' and c.withdrawn_at is null)
                           then 'had stopped the emails' end as why_not
               from next join people p on p.id = next.person_id cross join (select notice_key from updates where id = $1) u
           )
           update deliveries d
           set state = case when r.why_not is null then 'sending' else 'skipped' end, run = $2, settled_at = $3, answer = r.why_not
           from reader r where d.update_id = $1 and d.person_id = r.id
           returning d.person_id, r.email as "email!", r.name, d.tries, r.why_not is null as "wanted!""#,
        id,
        run,
        now,
        &settled.iter().map(|settled| settled.person).collect::<Vec<_>>(),
        &settled.iter().map(|settled| settled.state.to_owned()).collect::<Vec<_>>(),
        &settled.iter().map(|settled| settled.answer.clone()).collect::<Vec<_>>() as _,
        &settled.iter().map(|settled| settled.tries).collect::<Vec<_>>(),
        &settled.iter().map(|settled| settled.retry_at).collect::<Vec<_>>() as _,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    claimed.sort_unstable_by_key(|claimed| claimed.person_id);
    Ok(claimed)
}

/// Updates that should be on their way, or have mails in hand, and whose sender holds no lock. Notices come first: they
/// have a day by which they have to be there.
pub async fn list_without_sender(db: &mut PgConnection) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select u.id from updates u
         where u.id in (select id from updates where state = 'sending' union select update_id from deliveries where state = 'sending')
           and not exists (
               select from pg_locks l
               where l.locktype = 'advisory' and l.granted and l.objsubid = 2
                 and l.database = (select oid from pg_database where datname = current_database())
                 and l.classid::bigint = $1 and l.objid::bigint = u.number)
         order by u.notice_key is null, u.number",
        i64::from(SENDERS)
    )
    .fetch_all(db)
    .await
}
