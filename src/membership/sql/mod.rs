//! The room's statements: memberships here, everything else by its noun.

mod applications;
pub mod carried;
pub mod hardships;
pub mod history;
pub mod merging;
pub mod overrides;
pub mod rate_changes;

pub(super) use applications::{
    Application, delete_old_applications, find_application, find_open_application, find_same_application,
    insert_application, list_abandoned, lock_applicant, lock_application, set_above_limit, set_reminded,
    set_settled,
};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{
    model::{Decision, EndReason, Membership, Rate, State, Status, Suspension},
    personal::Personal,
};
use crate::kit::{db::impossible, money::Money, stripe::Interval};

/// By state, and who came and left this month; see [`Room::counts`](crate::accounts::Room).
pub(super) const COUNTS: &str = "
    select jsonb_build_object(
               'active', coalesce(sum(number) filter (where what = 'memberships' and key = 'active'), 0),
               'grace', coalesce(sum(number) filter (where what = 'memberships' and key = 'grace'), 0),
               'pending', coalesce(sum(number) filter (where what = 'memberships' and key = 'pending'), 0),
               'suspended', coalesce(sum(number) filter (where what = 'memberships' and key = 'suspended'), 0),
               'joined', coalesce(sum(number) filter (where what = 'joined' and key >= $2::text), 0),
               'left', coalesce(sum(number) filter (where what = 'left' and key >= $2::text), 0))
    from (
        select what, key, number from tallies where $1::text[] is null
        union all
        (select 'memberships', m.state, count(*) from people p join memberships m on m.person_id = p.id
         where p.region = any($1) group by 2)
        union all
        (select 'joined', q.started_on::text, count(*)
         from membership_periods q join memberships n on n.id = q.membership_id join people p on p.id = n.person_id
         where q.started_on >= $2 and p.region = any($1) group by 2)
        union all
        (select 'left', q.ended_on::text, count(*)
         from membership_periods q join memberships n on n.id = q.membership_id join people p on p.id = n.person_id
         where q.ended_on >= $2 and p.region = any($1) group by 2)
    ) counted";

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Members who do not pay through Stripe and have paid until one of these days.
pub(super) async fn list_paid_until(db: &mut PgConnection, days: &[NaiveDate]) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select person_id from memberships
         where ends_on = any($1) and subscription is null and state in ('active', 'grace') order by id",
        days
    )
    .fetch_all(db)
    .await
}

#[derive(Deserialize)]
struct Row {
    id: Uuid,
    person_id: Uuid,
    number: i64,
    joined_on: NaiveDate,
    personal: Json<Personal>,
    rate: Rate,
    billing_interval: Interval,
    amount_pence: Money,
    subscription: Option<String>,
    state: Status,
    state_since: DateTime<Utc>,
    grace_until: Option<NaiveDate>,
    ends_on: Option<NaiveDate>,
    ended_on: Option<NaiveDate>,
    end_reason: Option<EndReason>,
    end_words: Option<String>,
    decision: Option<Json<Decision>>,
    suspended_at: Option<DateTime<Utc>>,
    suspended_until: Option<NaiveDate>,
    suspended_words: Option<String>,
    suspended_by: Option<Uuid>,
}

impl TryFrom<Row> for Membership {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self> {
        let lacks = || impossible(format!("membership {} in state {} lacks its facts", row.id, row.state));
        let state = match row.state {
            Status::Pending => State::Pending,
            Status::Active => State::Active,
            Status::Grace => State::Grace { until: row.grace_until.ok_or_else(lacks)? },
            Status::Suspended => State::Suspended { until: row.suspended_until.ok_or_else(lacks)? },
            Status::Ended => State::Ended {
                on: row.ended_on.ok_or_else(lacks)?,
                reason: row.end_reason.ok_or_else(lacks)?,
            },
        };
        let suspension = match (row.suspended_at, row.suspended_until, row.suspended_words) {
            (Some(since), Some(until), Some(reason)) => {
                Some(Suspension { since, until, reason, by: row.suspended_by })
            }
            _ => None,
        };
        Ok(Self {
            id: row.id,
            person: row.person_id,
            number: row.number,
            joined_on: row.joined_on,
            personal: row.personal.0,
            rate: row.rate,
            every: row.billing_interval,
            amount: row.amount_pence,
            subscription: row.subscription,
            state,
            state_since: row.state_since,
            ends_on: row.ends_on,
            end_words: row.end_words,
            decision: row.decision.map(|it| it.0),
            suspension,
        })
    }
}

/// `memberships!("where person_id = $1", person)`
macro_rules! memberships {
    ($which:literal, $($value:expr),*) => {
        sqlx::query_as!(
            Row,
            r#"select id, person_id, number, joined_on, personal as "personal: Json<Personal>", rate as "rate: Rate",
                      billing_interval as "billing_interval: Interval", amount_pence as "amount_pence: Money", subscription,
                      state as "state: Status", state_since, grace_until, ends_on, ended_on,
                      end_reason as "end_reason: EndReason", end_words, decision as "decision: Json<Decision>",
                      suspended_at, suspended_until, suspended_words, suspended_by
               from memberships "# + $which,
            $($value),*
        )
    };
}

fn one(row: Option<Row>) -> Result<Option<Membership>> {
    row.map(Membership::try_from).transpose()
}

/// A membership from its row as JSON, for a query of a higher room that reads much at once.
///
/// # Errors
/// It is no such row, or an impossible one.
pub fn read_membership(row: serde_json::Value) -> Result<Membership> {
    serde_json::from_value::<Row>(row).map_err(impossible)?.try_into()
}

/// A person's membership, ended ones too.
pub async fn find_of_person(db: &mut PgConnection, person: Uuid) -> Result<Option<Membership>> {
    one(memberships!("where person_id = $1", person).fetch_optional(db).await?)
}

pub(super) async fn lock_of_person(db: &mut PgConnection, person: Uuid) -> Result<Option<Membership>> {
    one(memberships!("where person_id = $1 for update", person).fetch_optional(db).await?)
}

pub(super) async fn lock_by_subscription(db: &mut PgConnection, id: &str) -> Result<Option<Membership>> {
    one(memberships!("where subscription = $1 for update", id).fetch_optional(db).await?)
}

/// Everyone whose state may change by the mere passing of a day.
pub(super) async fn list_due(db: &mut PgConnection, today: NaiveDate) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select person_id from memberships
         where state <> 'ended' and least(grace_until, ends_on, suspended_until) <= $1 order by id",
        today
    )
    .fetch_all(db)
    .await
}

/// Adds a membership. Its number is the next one.
pub(super) async fn insert_membership(db: &mut PgConnection, new: &Membership) -> Result<i64> {
    let (grace_until, ended_on, end_reason) = facts(new);
    sqlx::query_scalar!(
        "insert into memberships (id, person_id, joined_on, personal, rate, billing_interval, amount_pence, subscription,
                state, state_since, grace_until, ended_on, end_reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning number",
        new.id,
        new.person,
        new.joined_on,
        Json(&new.personal) as _,
        new.rate.code(),
        new.every.code(),
        new.amount.pence(),
        new.subscription,
        new.state.code(),
        new.state_since,
        grace_until,
        ended_on,
        end_reason
    )
    .fetch_one(db)
    .await
}

/// Adds memberships with their first period, whose id stands beside each. Their numbers are the next ones.
pub(super) async fn insert_memberships(db: &mut PgConnection, new: &[(Membership, Uuid)]) -> Result<()> {
    #[derive(Serialize)]
    struct Added<'a> {
        id: Uuid,
        person_id: Uuid,
        joined_on: NaiveDate,
        personal: &'a Personal,
        rate: Rate,
        billing_interval: Interval,
        amount_pence: i64,
        state: &'static str,
        state_since: DateTime<Utc>,
        grace_until: Option<NaiveDate>,
        ends_on: Option<NaiveDate>,
        ended_on: Option<NaiveDate>,
        end_reason: Option<&'static str>,
        period: Uuid,
    }
    let added: Vec<_> = new
        .iter()
        .map(|(it, period)| {
            let (grace_until, ended_on, end_reason) = facts(it);
            Added {
                id: it.id,
                person_id: it.person,
                joined_on: it.joined_on,
                personal: &it.personal,
                rate: it.rate,
                billing_interval: it.every,
                amount_pence: it.amount.pence(),
                state: it.state.code(),
                state_since: it.state_since,
                grace_until,
                ends_on: it.ends_on,
                ended_on,
                end_reason,
                period: *period,
            }
        })
        .collect();
    sqlx::query!(
        "with new as (
             select * from jsonb_to_recordset($1::jsonb) as new (
                 id uuid, person_id uuid, joined_on date, personal jsonb, rate text, billing_interval text, amount_pence bigint,
                 state text, state_since timestamptz, grace_until date, ends_on date, ended_on date, end_reason text, period uuid)
         ), added as (
             insert into memberships (id, person_id, joined_on, personal, rate, billing_interval, amount_pence, state, state_since,
                    grace_until, ends_on, ended_on, end_reason)
             select id, person_id, joined_on, personal, rate, billing_interval, amount_pence, state, state_since,
                    grace_until, ends_on, ended_on, end_reason
             from new order by joined_on, id returning id
         ), stood as (
             insert into membership_states (membership_id, state, until_on, reason, starts_on, ends_on, recorded_at)
             select new.id, was.state, was.until_on, was.reason, was.starts_on, was.ends_on, new.state_since
             from new join added using (id)
             cross join lateral (
                 select greatest(joined_on, case new.state when 'ended' then ended_on when 'grace' then new.ends_on + 1 end) as turn
             ) t
             cross join lateral (
                 select 'active' as state, null::date as until_on, null::text as reason, joined_on as starts_on, turn as ends_on
                 where turn > joined_on
                 union all
                 select new.state, new.grace_until, new.end_reason, turn, null
             ) was
         )
         insert into membership_periods (id, membership_id, started_on, ended_on)
         select new.period, new.id, new.joined_on, new.ended_on from new join added using (id)",
        Json(&added) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what members say about themselves.
pub(super) async fn set_personal(db: &mut PgConnection, all: &[(Uuid, Personal)]) -> Result<()> {
    let people: Vec<_> = all.iter().map(|(person, _)| *person).collect();
    let personal: Vec<_> = all.iter().map(|(_, personal)| Json(personal)).collect();
    sqlx::query!(
        "update memberships m set personal = new.personal
         from unnest($1::uuid[], $2::jsonb[]) as new (person_id, personal) where m.person_id = new.person_id",
        &people,
        &personal as _
    )
    .execute(db)
    .await?;
    Ok(())
}

fn facts(membership: &Membership) -> (Option<NaiveDate>, Option<NaiveDate>, Option<&'static str>) {
    match membership.state {
        State::Grace { until } => (Some(until), None, None),
        State::Ended { on, reason } => (None, Some(on), Some(reason.code())),
        State::Pending | State::Active | State::Suspended { .. } => (None, None, None),
    }
}

/// Writes everything that can change.
pub(super) async fn set_membership(db: &mut PgConnection, it: &Membership) -> Result<()> {
    let (grace_until, ended_on, end_reason) = facts(it);
    let suspension = it.suspension.as_ref();
    sqlx::query!(
        "update memberships set personal = $2, rate = $3, billing_interval = $4, amount_pence = $5, subscription = $6,
                state = $7, state_since = $8, grace_until = $9, ends_on = $10, ended_on = $11, end_reason = $12,
                end_words = $13, suspended_at = $14, suspended_until = $15, suspended_words = $16, suspended_by = $17,
                decision = $18
         where id = $1",
        it.id,
        Json(&it.personal) as _,
        it.rate.code(),
        it.every.code(),
        it.amount.pence(),
        it.subscription,
        it.state.code(),
        it.state_since,
        grace_until,
        it.ends_on,
        ended_on,
        end_reason,
        it.end_words,
        suspension.map(|suspension| suspension.since),
        suspension.map(|suspension| suspension.until),
        suspension.map(|suspension| suspension.reason.as_str()),
        suspension.and_then(|suspension| suspension.by),
        it.decision.as_ref().map(Json) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

// Notes.

pub(super) async fn insert_note(
    db: &mut PgConnection,
    id: Uuid,
    person: Uuid,
    author: Uuid,
    words: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "insert into membership_notes (id, person_id, author_id, words, written_at) values ($1, $2, $3, $4, $5)
         on conflict (id) do nothing",
        id,
        person,
        author,
        words,
        now
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
