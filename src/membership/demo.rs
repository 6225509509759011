//! Some three hundred invented members in every state, with two years of payments: the same every time.

mod names;
mod stories;

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use uuid::{Builder, Uuid};

use self::stories::{Fate, Story, refused, story};
use super::{
    gifts,
    model::{Decision, EndReason, Hardship, Less, NewOverride, OverrideKind, State},
    personal::Personal,
    sql::{self, hardships, overrides::Setting},
};
use crate::{
    accounts::{
        Standing,
        demo::{CastMember, DemoPerson, add_people},
    },
    kit::{app::App, dates, money::Money},
    parties,
    payments::demo::load as load_payments,
};

/// Members beside the named cast.
const CROWD: u32 = 300;

/// Who of the cast pays less for a time.
const IN_HARDSHIP: &str = "returning@demo.test";

/// A small generator of its own (splitmix64), so that the demo never changes with a library.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to, but not including, `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.next() % sides.max(1)
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = self.roll(from.len() as u64);
        &from[usize::try_from(at).unwrap_or_default()]
    }

    pub fn id(&mut self) -> Uuid {
        let (high, low) = (self.next().to_be_bytes(), self.next().to_be_bytes());
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&high);
        bytes[8..].copy_from_slice(&low);
        Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// Makes members of the cast, and the crowd around them.
pub async fn load(app: &App, db: &mut PgConnection, cast: &[CastMember]) -> anyhow::Result<()> {
    let mut dice = Dice::new(2021);
    let now = app.clock().now();
    let mut stories = Vec::new();
    for member in cast.iter().filter(|member| member.has_membership) {
        let fate =
            if member.standing == Standing::Member { Fate::Paying } else { Fate::Ended(EndReason::Lapsed) };
        let mut story = story(&mut dice, now, stories.len(), fate, Some(member.name))?;
        story.person.id = member.person;
        story.payment.person = Some(member.person);
        member.email.clone_into(&mut story.person.email);
        member.email.clone_into(&mut story.payment.email);
        if member.email == IN_HARDSHIP {
            story.payment.pence = story.usual / 2;
        }
        stories.push(story);
    }
    for _ in 0..CROWD {
        let fate = match dice.roll(100) {
            0..=2 => Fate::FirstDebit,
            3..=6 => Fate::Overdue,
            7..=8 => Fate::Leaving,
            9 => Fate::Suspended,
            10..=17 => Fate::Ended(EndReason::Lapsed),
            18..=22 => Fate::Ended(EndReason::Left),
            _ => Fate::Paying,
        };
        stories.push(story(&mut dice, now, stories.len(), fate, None)?);
    }
    stories.push(refused(&mut dice, now, stories.len())?);
    // Numbers are given in the order of joining.
    stories.sort_by_key(|story| (story.joined_on, story.membership));
    let people: Vec<_> = stories.iter().map(|story| story.person.clone()).collect();
    add_people(db, &people).await?;
    let payments: Vec<_> = stories.iter().map(|story| story.payment.clone()).collect();
    load_payments(app, db, &payments).await?;
    insert(db, &stories, now).await?;
    for story in stories.iter().filter(|story| story.fate == Fate::Ended(EndReason::Refused)) {
        let on = story.payment.ended_at.map_or(story.joined_on, dates::london_date);
        let decision = Decision {
            by: "The membership committee".to_owned(),
            on,
            appeal_until: Some(on + Days::new(28)),
            rule: Some(parties::demo::RULE.to_owned()),
            reason: Some(parties::demo::NOT_ADMITTED.to_owned()),
        };
        sqlx::query!(
            "update memberships set decision = $2 where id = $1",
            story.membership,
            Json(&decision) as _
        )
        .execute(&mut *db)
        .await?;
    }
    for story in stories.iter().filter(|story| story.usual != story.payment.pence) {
        let less = Less { amount: Money::from_pence(story.payment.pence), months: 3 };
        let hardship = Hardship {
            id: dice.id(),
            person: story.person.id,
            every: story.payment.every,
            amount: less.amount,
            until: less.until(dates::london_date(story.payment.current_period_end)),
            turn: 1,
            told: Some(less.amount),
            is_over: false,
        };
        hardships::insert(db, &hardship, now - Duration::days(20)).await?;
    }
    let officer = cast.iter().find(|member| member.email == "alex@demo.test");
    let overdue = stories.iter().find(|story| story.fate == Fate::Overdue);
    if let Some((officer, overdue)) = officer.zip(overdue) {
        set_by_hand(app, db, overdue, officer.person).await?;
    }
    // Who was given a year has a story like the others, but paid nothing.
    let taker = story(&mut dice, now, stories.len(), Fate::Paying, Some("Nia Morris"))?;
    let created_at = now - Duration::days(120);
    let person = DemoPerson { created_at, ..taker.person };
    gifts::demo::load(app, db, || dice.id(), (person, taker.personal)).await?;
    Ok(())
}

/// Somebody whose payment is overdue and who counts as current for some days, because an officer said so.
async fn set_by_hand(
    app: &App,
    db: &mut PgConnection,
    story: &Story,
    officer: Uuid,
) -> Result<(), sqlx::Error> {
    let (now, today) = (app.clock().now(), app.clock().today());
    let at = Setting {
        id: app.random().id(now),
        membership: story.membership,
        by: officer,
        from: today - Days::new(2),
        now: now - Duration::days(2),
    };
    let new = NewOverride {
        kind: OverrideKind::Current,
        until: today + Days::new(12),
        reason: "They are moving to another bank and pay as soon as the account is open.".to_owned(),
        is_confidential: false,
    };
    sql::overrides::insert(db, &at, &new).await
}

#[derive(Serialize)]
struct Row<'a> {
    id: Uuid,
    period: Uuid,
    person_id: Uuid,
    joined_on: NaiveDate,
    personal: &'a Personal,
    rate: &'a str,
    billing_interval: &'a str,
    amount_pence: i64,
    subscription: String,
    state: &'a str,
    state_since: DateTime<Utc>,
    grace_until: Option<NaiveDate>,
    ends_on: Option<NaiveDate>,
    ended_on: Option<NaiveDate>,
    end_reason: Option<&'a str>,
    suspended_at: Option<DateTime<Utc>>,
    suspended_until: Option<NaiveDate>,
    suspended_words: Option<&'a str>,
}

fn row(story: &Story, now: DateTime<Utc>) -> Row<'_> {
    let (payment, today) = (&story.payment, dates::london_date(now));
    let until = today + Days::new(45);
    let state = match story.fate {
        Fate::Paying | Fate::Leaving => State::Active,
        Fate::FirstDebit => State::Pending,
        Fate::Overdue => {
            State::Grace { until: payment.failing_since.map_or(today, dates::london_date) + Days::new(30) }
        }
        Fate::Suspended => State::Suspended { until },
        Fate::Ended(reason) => {
            State::Ended { on: payment.ended_at.map_or(today, dates::london_date), reason }
        }
    };
    let suspended = story.fate == Fate::Suspended;
    Row {
        id: story.membership,
        period: story.period,
        person_id: story.person.id,
        joined_on: story.joined_on,
        personal: &story.personal,
        rate: story.rate.code(),
        billing_interval: payment.every.code(),
        amount_pence: story.usual,
        subscription: payment.id(),
        state: state.code(),
        state_since: payment.ended_at.or(payment.failing_since).unwrap_or(payment.started_at),
        grace_until: if let State::Grace { until } = state { Some(until) } else { None },
        ends_on: (story.fate == Fate::Leaving).then(|| dates::london_date(payment.current_period_end)),
        ended_on: if let State::Ended { on, .. } = state { Some(on) } else { None },
        end_reason: if let State::Ended { reason, .. } = state { Some(reason.code()) } else { None },
        suspended_at: suspended.then(|| now - Duration::days(6)),
        suspended_until: suspended.then_some(until),
        suspended_words: suspended
            .then_some("Complaint under rule 7; the committee decides on the next meeting."),
    }
}

async fn insert(db: &mut PgConnection, stories: &[Story], now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let rows: Vec<_> = stories.iter().map(|story| row(story, now)).collect();
    let rows = serde_json::to_value(rows).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query!(
        "insert into memberships (id, person_id, joined_on, personal, rate, billing_interval, amount_pence,
                subscription, state, state_since, grace_until, ends_on, ended_on, end_reason, suspended_at,
                suspended_until, suspended_words)
         select id, person_id, joined_on, personal, rate, billing_interval, amount_pence, subscription,
                state, state_since, grace_until, ends_on, ended_on, end_reason, suspended_at, suspended_until, suspended_words
         from jsonb_to_recordset($1) as r(id uuid, person_id uuid, joined_on date, personal jsonb, rate text, billing_interval text, amount_pence bigint, subscription text,
                state text, state_since timestamptz, grace_until date, ends_on date, ended_on date, end_reason text,
                suspended_at timestamptz, suspended_until date, suspended_words text)
         order by joined_on, id",
        rows
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into membership_periods (id, membership_id, started_on, ended_on, settled_on)
         select period, id, joined_on, ended_on, joined_on + 14
         from jsonb_to_recordset($1) as r(id uuid, period uuid, joined_on date, ended_on date)",
        rows
    )
    .execute(&mut *db)
    .await?;
    // What they were before the state that they are in now, and that state.
    sqlx::query!(
        "insert into membership_states (membership_id, state, until_on, reason, starts_on, ends_on, recorded_at)
         select r.id, was.state, was.until_on, was.reason, was.starts_on, was.ends_on, r.state_since
         from jsonb_to_recordset($1) as r(id uuid, joined_on date, state text, state_since timestamptz, grace_until date,
                 ended_on date, end_reason text, suspended_at timestamptz, suspended_until date)
         cross join lateral (
             select case when state in ('grace', 'ended', 'suspended')
                    then greatest(joined_on, coalesce(ended_on, (coalesce(suspended_at, state_since) at time zone 'Europe/London')::date))
                    else joined_on end as day
         ) turned
         cross join lateral (
             select 'active' as state, null::date as until_on, null::text as reason, joined_on as starts_on, turned.day as ends_on
             where turned.day > joined_on
             union all
             select r.state, coalesce(grace_until, suspended_until), end_reason, turned.day, null
         ) was",
        rows
    )
    .execute(db)
    .await?;
    Ok(())
}
