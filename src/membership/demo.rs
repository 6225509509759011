//! Some three hundred invented members in every state, with two years of payments: the same every time.

mod names;

use anyhow::Context;
use chrono::{DateTime, Days, Duration, Months, NaiveDate, Utc};
use serde::Serialize;
use sqlx::{PgConnection, types::Json};
use uuid::{Builder, Uuid};

use self::names::{FIRST, LAST, PLACES, STREETS};
use super::{
    gifts,
    model::{DUES, Decision, EndReason, Hardship, Less, NewOverride, OverrideKind, Rate, State},
    personal::Personal,
    sql::{self, hardships, overrides::Setting},
};
use crate::{
    accounts::{
        ConsentPurpose, Standing,
        demo::{CastMember, DemoPerson, add_people},
    },
    kit::{
        app::App,
        dates,
        money::Money,
        stripe::{Interval, SubscriptionStatus},
    },
    parties,
    payments::{
        LineKind, Purpose,
        demo::{DemoSubscription, load as load_payments},
    },
    places::{Address, Postcode, Region, region_of},
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

/// Where somebody's story stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Paying,
    FirstDebit,
    Overdue,
    Leaving,
    Suspended,
    Ended(EndReason),
}

struct Story {
    person: DemoPerson,
    membership: Uuid,
    period: Uuid,
    joined_on: NaiveDate,
    personal: Personal,
    rate: Rate,
    /// The usual price, in pence; what is collected may be less for a time.
    usual: i64,
    fate: Fate,
    payment: DemoSubscription,
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

/// Somebody to whom officers objected in time: what they had paid went back.
fn refused(dice: &mut Dice, now: DateTime<Utc>, number: usize) -> anyhow::Result<Story> {
    let fate = Fate::Ended(EndReason::Refused);
    let made = story(dice, now, number, fate, Some(parties::demo::REFUSED))?;
    let joined_at = now - Duration::days(24);
    let payment = DemoSubscription {
        started_at: joined_at,
        ended_at: Some(joined_at + Duration::days(9)),
        current_period_end: joined_at.checked_add_months(Months::new(1)).unwrap_or(now),
        paid_at: vec![joined_at],
        returned: Some(LineKind::Refund),
        by_debit: false,
        ..made.payment
    };
    let person = DemoPerson { created_at: joined_at, ..made.person };
    Ok(Story { joined_on: dates::london_date(joined_at), person, payment, ..made })
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

fn story(
    dice: &mut Dice,
    now: DateTime<Utc>,
    number: usize,
    fate: Fate,
    known: Option<&str>,
) -> anyhow::Result<Story> {
    let today = dates::london_date(now);
    let name = known.map_or_else(|| format!("{} {}", dice.pick(&FIRST), dice.pick(&LAST)), str::to_owned);
    let (town, district) = *dice.pick(&PLACES);
    let (postcode, region) = postcode(dice, district)?;
    // Most joined lately: the party grows. A first debit is days old, everyone else some weeks at least.
    let ago = match fate {
        Fate::FirstDebit => 1 + dice.roll(5),
        _ => 40 + dice.roll(33) * dice.roll(33),
    };
    let joined_on = today - Days::new(ago);
    let joined_at = dates::start_of_day(joined_on)
        + Duration::minutes(8 * 60 + i64::try_from(dice.roll(780)).unwrap_or_default());
    let rate = match dice.roll(10) {
        0..=2 => Rate::LowWage,
        3..=7 => Rate::Standard,
        _ => Rate::Solidarity,
    };
    let every = if dice.roll(5) == 0 { Interval::Year } else { Interval::Month };
    let pence = match rate {
        Rate::LowWage => 100,
        Rate::Standard => 500,
        Rate::Solidarity => *dice.pick(&[1_000, 1_000, 1_500, 2_000, 2_500, 5_000]),
    };
    let pence = if every == Interval::Year { pence * 10 } else { pence };
    let id = dice.id();
    let consents = ConsentPurpose::ALL.into_iter().filter(|_| dice.roll(3) > 0).collect();
    let person = DemoPerson {
        id,
        email: address(&name, number),
        name,
        postcode: postcode.to_string(),
        region,
        standing: match fate {
            Fate::Suspended | Fate::Ended(_) => Standing::None,
            _ => Standing::Member,
        },
        created_at: joined_at,
        consents,
    };
    let payment = payment(dice, &person, number, (joined_at, now), (pence, every), fate);
    Ok(Story {
        membership: dice.id(),
        period: dice.id(),
        joined_on,
        personal: Personal {
            born_on: Some(today - Days::new(365 * 17 + dice.roll(365 * 62))),
            address: Some(Address::Uk {
                line1: format!("{} {}", 1 + dice.roll(180), dice.pick(&STREETS)),
                line2: String::new(),
                town: town.to_owned(),
                postcode,
            }),
            // Numbers that Ofcom keeps for plays and films.
            phone: format!("07700 9{number:05}").parse().ok().filter(|_| number % 3 != 2),
        },
        rate,
        usual: pence,
        fate,
        payment,
        person,
    })
}

/// `aisha.khan7@members.example`
fn address(name: &str, number: usize) -> String {
    let plain: String = name
        .to_lowercase()
        .chars()
        .map(|letter| match letter {
            'á' | 'à' | 'â' | 'ã' | 'ą' => 'a',
            'é' | 'è' | 'ê' | 'ë' | 'ę' => 'e',
            'í' | 'ì' | 'î' => 'i',
            'ó' | 'ö' | 'ô' | 'ø' => 'o',
            'ú' | 'ü' | 'ŵ' => 'u',
            'ç' | 'ć' => 'c',
            'ñ' | 'ń' => 'n',
            'ł' => 'l',
            'ş' | 'ś' => 's',
            ' ' => '.',
            letter => letter,
        })
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '.')
        .collect();
    format!("{plain}{number}@members.example")
}

/// A postcode in a real district with an invented second half, and its region.
fn postcode(dice: &mut Dice, district: &str) -> anyhow::Result<(Postcode, Region)> {
    const UNIT: &[u8] = b"ABDEFGHJLNPQRSTUWXYZ";
    let mut unit = || char::from(*dice.pick(UNIT));
    let letters = [unit(), unit()];
    let postcode =
        format!("{district} {}{}{}", 1 + dice.roll(8), letters[0], letters[1]).parse::<Postcode>()?;
    // The list holds only districts that lie in one region; a test sees to it.
    let region = region_of(&postcode, None)?.context("a demo postcode outside the regions")?;
    Ok((postcode, region))
}

fn payment(
    dice: &mut Dice,
    person: &DemoPerson,
    number: usize,
    (joined_at, now): (DateTime<Utc>, DateTime<Utc>),
    (pence, every): (i64, Interval),
    fate: Fate,
) -> DemoSubscription {
    let step = Months::new(if every == Interval::Year { 12 } else { 1 });
    let stop = match fate {
        // Somewhere between the beginning and last month.
        Fate::Ended(_) => {
            let days = (now - joined_at).num_days().unsigned_abs();
            joined_at + Days::new(1 + dice.roll(days.saturating_sub(20).max(1)))
        }
        // The last collection failed some days ago.
        Fate::Overdue => now - Duration::days(8),
        _ => now,
    };
    let mut paid_at = Vec::new();
    let mut next = joined_at;
    while next <= stop && fate != Fate::FirstDebit {
        paid_at.push(next);
        next = next.checked_add_months(step).unwrap_or(now + Duration::days(1));
    }
    let mut failing_since = None;
    let mut state = SubscriptionStatus::Active;
    let mut ended_at = None;
    match fate {
        Fate::Overdue => {
            state = SubscriptionStatus::PastDue;
            // In the past for everyone: the day on which the failed attempt was made.
            failing_since = Some(next.min(now - Duration::days(2)));
            next = next.checked_add_months(step).unwrap_or(next);
        }
        Fate::Ended(_) => {
            state = SubscriptionStatus::Canceled;
            ended_at = Some(next.min(now - Duration::days(1)));
        }
        Fate::FirstDebit => next = joined_at.checked_add_months(step).unwrap_or(joined_at),
        Fate::Paying | Fate::Leaving | Fate::Suspended => {}
    }
    // Now and then somebody's bank takes a payment back, or the treasurer returns one.
    let returned = match (fate, dice.roll(60)) {
        (Fate::Paying | Fate::Ended(_), 0) => Some(LineKind::Refund),
        (Fate::Ended(_), 1..=3) => Some(LineKind::Dispute),
        _ => None,
    };
    let old = now - Duration::days(2 * 366);
    let returned =
        returned.filter(|_| paid_at.last().is_some_and(|at| *at > old && *at < now - Duration::days(3)));
    // The books of the demo go back two years.
    if let Some(last) = paid_at.last().copied() {
        paid_at.retain(|at| *at >= old || *at == last);
    }
    DemoSubscription {
        key: format!("{number:04}"),
        purpose: Purpose::new(DUES, dice.id()),
        checkout: dice.id(),
        person: Some(person.id),
        name: person.name.clone(),
        email: person.email.clone(),
        product: "Membership",
        pence,
        every,
        by_debit: fate == Fate::FirstDebit || dice.roll(3) == 0,
        state,
        cancel_at_period_end: fate == Fate::Leaving,
        started_at: joined_at,
        ended_at,
        failing_since,
        current_period_end: next,
        paid_at,
        returned,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_place_lies_in_one_region_and_every_region_has_one() {
        let mut regions = HashSet::new();
        for (town, district) in PLACES {
            let postcode: Postcode = format!("{district} 1AA").parse().unwrap();
            match region_of(&postcode, None) {
                Ok(Some(region)) => regions.insert(region.slug()),
                other => panic!("{town} {district}: {other:?}"),
            };
        }
        assert_eq!(regions.len(), Region::ALL.len());
    }

    #[test]
    fn the_same_every_time_and_nobody_twice() {
        let now: DateTime<Utc> = "2026-11-21T12:00:00Z".parse().unwrap();
        let crowd = || {
            let mut dice = Dice::new(7);
            (0..300)
                .map(|number| story(&mut dice, now, number, Fate::Paying, None).unwrap())
                .collect::<Vec<_>>()
        };
        let (first, second) = (crowd(), crowd());
        let emails: HashSet<_> = first.iter().map(|story| story.person.email.clone()).collect();
        assert_eq!(emails.len(), 300);
        assert!(
            first.iter().zip(&second).all(|(a, b)| a.person.id == b.person.id && a.joined_on == b.joined_on)
        );
        for story in &first {
            assert!(
                story.person.email.parse::<crate::kit::email_address::EmailAddress>().is_ok(),
                "{}",
                story.person.email
            );
            assert!(story.payment.paid_at.iter().all(|at| *at <= now));
            assert!(story.payment.current_period_end > now);
        }
    }
}
