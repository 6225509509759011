//! The stories of invented members: who they are, when they joined, and what they paid.

use anyhow::Context;
use chrono::{DateTime, Days, Duration, Months, NaiveDate, Utc};
use uuid::Uuid;

use super::{
    Dice,
    names::{FIRST, LAST, PLACES, STREETS},
};
use crate::{
    accounts::{ConsentPurpose, Standing, demo::DemoPerson},
    kit::{
        dates,
        stripe::{Interval, SubscriptionStatus},
    },
    membership::{
        model::{DUES, EndReason, Rate},
        personal::Personal,
    },
    parties,
    payments::{LineKind, Purpose, demo::DemoSubscription},
    places::{Address, Postcode, Region, region_of},
};

/// Where somebody's story stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Paying,
    FirstDebit,
    Overdue,
    Leaving,
    Suspended,
    Ended(EndReason),
}

pub struct Story {
    pub person: DemoPerson,
    pub membership: Uuid,
    pub period: Uuid,
    pub joined_on: NaiveDate,
    pub personal: Personal,
    pub rate: Rate,
    /// The usual price, in pence; what is collected may be less for a time.
    pub usual: i64,
    pub fate: Fate,
    pub payment: DemoSubscription,
}

pub fn story(
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

/// Somebody to whom officers objected in time: what they had paid went back.
pub fn refused(dice: &mut Dice, now: DateTime<Utc>, number: usize) -> anyhow::Result<Story> {
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
