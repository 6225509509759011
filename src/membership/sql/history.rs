//! Where memberships stood, and since when: written on with each change of state, and never rewritten.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::{PgConnection, Result, types::Json};
use uuid::Uuid;

use crate::{
    kit::db::impossible,
    membership::model::{
        EndReason, Era, Hardship, History, Membership, NewRate, Override, Past, Period, State, Status,
        VotingRules,
    },
};

/// A state that begins.
pub struct NewEra<'a> {
    pub membership: &'a Membership,
    pub from: NaiveDate,
    /// Of the period, if one begins with it.
    pub period: Uuid,
    pub settled_on: Option<NaiveDate>,
    pub now: DateTime<Utc>,
}

/// Ends what held before and begins what holds now, unless it is the same; a period of membership begins or ends with
/// it. Nothing begins before what it follows: what is heard late cannot change the days that were told already.
pub async fn enter(db: &mut PgConnection, new: &NewEra<'_>) -> Result<()> {
    let it = new.membership;
    let (until, reason) = match it.state {
        State::Grace { until } | State::Suspended { until } => (Some(until), None),
        State::Ended { reason, .. } => (None, Some(reason.code())),
        State::Pending | State::Active => (None, None),
    };
    let open = sqlx::query!(
        r#"select starts_on, (state, until_on, reason) is not distinct from ($2::text, $3::date, $4::text) as "is_same!"
           from membership_states where membership_id = $1 and ends_on is null"#,
        it.id,
        it.state.code(),
        until,
        reason
    )
    .fetch_optional(&mut *db)
    .await?;
    let from = open.as_ref().map_or(new.from, |open| new.from.max(open.starts_on));
    if !open.is_some_and(|open| open.is_same) {
        sqlx::query!(
            "update membership_states set ends_on = $2 where membership_id = $1 and ends_on is null",
            it.id,
            from
        )
        .execute(&mut *db)
        .await?;
        sqlx::query!(
            "insert into membership_states (membership_id, state, until_on, reason, starts_on, recorded_at)
             values ($1, $2, $3, $4, $5, $6)",
            it.id,
            it.state.code(),
            until,
            reason,
            from,
            new.now
        )
        .execute(&mut *db)
        .await?;
    }
    if it.state.is_ended() {
        sqlx::query!(
            "update membership_periods set ended_on = greatest($2, started_on) where membership_id = $1 and ended_on is null",
            it.id,
            from
        )
        .execute(db)
        .await?;
    } else {
        sqlx::query!(
            "insert into membership_periods (id, membership_id, started_on, settled_on) values ($1, $2, $3, $4)
             on conflict (membership_id) where ended_on is null do nothing",
            new.period,
            it.id,
            from,
            new.settled_on
        )
        .execute(db)
        .await?;
    }
    Ok(())
}

/// Who may vote on a day by the rules, of those who had joined by `joined_by` and have been members since.
pub async fn roll(
    db: &mut PgConnection,
    day: NaiveDate,
    joined_by: NaiveDate,
    rules: VotingRules,
) -> Result<Vec<Uuid>> {
    let whole = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
    sqlx::query_scalar!(
        r#"select voter as "voter!" from membership_roll($1, $2, $3, $4) voter order by 1"#,
        day,
        joined_by,
        whole(rules.waiting_days),
        whole(rules.voting_age)
    )
    .fetch_all(db)
    .await
}

/// The first day on which somebody is not new any more; `None` if they are not a member, or nobody could object to them.
pub async fn settled_on(db: &mut PgConnection, membership: Uuid) -> Result<Option<NaiveDate>> {
    let found = sqlx::query_scalar!(
        "select settled_on from membership_periods where membership_id = $1 and ended_on is null",
        membership
    )
    .fetch_optional(db)
    .await?;
    Ok(found.flatten())
}

/// A state as the statement below writes it down.
#[derive(Debug, Deserialize)]
struct Row {
    state: Status,
    until_on: Option<NaiveDate>,
    reason: Option<EndReason>,
    starts_on: NaiveDate,
    ends_on: Option<NaiveDate>,
}

impl Row {
    fn era(self) -> Result<Era> {
        let until = || self.until_on.ok_or_else(|| impossible("a state without its last day"));
        let state = match self.state {
            Status::Pending => Past::Pending,
            Status::Active => Past::Active,
            Status::Grace => Past::Grace { until: until()? },
            Status::Suspended => Past::Suspended { until: until()? },
            Status::Ended => Past::Ended { reason: self.reason },
        };
        Ok(Era { state, starts_on: self.starts_on, ends_on: self.ends_on })
    }
}

/// What somebody asked for of their price.
pub struct Wishes {
    /// A rate of which Stripe has not been told.
    pub rate: Option<NewRate>,
    pub hardship: Option<Hardship>,
}

/// All that is kept of one membership's past, and what was asked for of its price: in one query, for its member's page.
pub async fn find_with_wishes(db: &mut PgConnection, membership: Uuid) -> Result<(History, Wishes)> {
    let row = sqlx::query!(
        r#"select
               (select coalesce(jsonb_agg(to_jsonb(s) order by s.starts_on, s.id), '[]')
                from membership_states s where s.membership_id = $1) as "eras!: Json<Vec<Row>>",
               (select coalesce(jsonb_agg(to_jsonb(p) order by p.started_on, p.id), '[]')
                from membership_periods p where p.membership_id = $1) as "periods!: Json<Vec<Period>>",
               (select coalesce(jsonb_agg(to_jsonb(o) || jsonb_build_object('until', o.until_on, 'by', w.name) order by o.set_at desc, o.id), '[]')
                from membership_overrides o join people w on w.id = o.set_by
                where o.membership_id = $1) as "overrides!: Json<Vec<Override>>",
               (select jsonb_build_object('rate', c.rate, 'every', c.billing_interval, 'amount', c.amount_pence)
                from membership_rate_changes c join memberships m on m.person_id = c.person_id
                where m.id = $1 and c.done_at is null and c.refused is null) as "asked?: Json<NewRate>",
               (select to_jsonb(h) || jsonb_build_object('person', h.person_id, 'every', h.billing_interval, 'amount', h.amount_pence,
                           'until', h.until_on, 'told', h.told_pence, 'is_over', h.over_at is not null)
                from membership_hardships h join memberships m on m.person_id = h.person_id
                where m.id = $1) as "hardship?: Json<Hardship>""#,
        membership
    )
    .fetch_one(db)
    .await?;
    let eras = row.eras.0.into_iter().map(Row::era).collect::<Result<_>>()?;
    let history = History { eras, periods: row.periods.0, overrides: row.overrides.0 };
    let wishes = Wishes { rate: row.asked.map(|it| it.0), hardship: row.hardship.map(|it| it.0) };
    Ok((history, wishes))
}

/// All that is kept of one membership's past.
pub async fn find(db: &mut PgConnection, membership: Uuid) -> Result<History> {
    Ok(find_with_wishes(db, membership).await?.0)
}
