//! One membership.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Rate, State};
use crate::{
    kit::{dates, money::Money, stripe::Interval},
    membership::personal::Personal,
    payments::Subscription,
};

/// One person's membership, all their periods together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub id: Uuid,
    pub person: Uuid,
    pub number: i64,
    /// Of the first period; never changes.
    pub joined_on: NaiveDate,
    pub personal: Personal,
    pub rate: Rate,
    pub every: Interval,
    pub amount: Money,
    pub subscription: Option<String>,
    pub state: State,
    pub state_since: DateTime<Utc>,
    /// Set when renewal is stopped; of those who do not pay through Stripe, the last day that is paid for.
    pub ends_on: Option<NaiveDate>,
    pub end_words: Option<String>,
    /// Of an expulsion, or that they were not admitted.
    pub decision: Option<Decision>,
    pub suspension: Option<Suspension>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    pub since: DateTime<Utc>,
    pub until: NaiveDate,
    pub reason: String,
    pub by: Option<Uuid>,
}

/// Who decided to expel somebody or not to admit them, when, and under which rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// A committee or panel.
    pub by: String,
    pub on: NaiveDate,
    /// The last day on which they can appeal; `None` if the rules give no appeal.
    pub appeal_until: Option<NaiveDate>,
    /// The version of the party's rules, and the clause. Older decisions lack it.
    #[serde(default)]
    pub rule: Option<String>,
    /// As the person reads it; of an expulsion they are told by whoever decided.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Decision {
    /// In words, for the member and for officers.
    pub fn in_words(&self) -> String {
        let appeal = match self.appeal_until {
            Some(until) => format!("An appeal is possible until {}.", dates::day(until)),
            None => "The rules give no appeal.".to_owned(),
        };
        let rule = self.rule.as_ref().map(|rule| format!(", under this rule: {rule}")).unwrap_or_default();
        let reason = self.reason.as_ref().map(|reason| format!(" Reason: {}.", reason.trim_end_matches('.')));
        let reason = reason.unwrap_or_default();
        format!("Decided by {} on {}{rule}.{reason} {appeal}", self.by, dates::day(self.on))
    }
}

/// What an officer wrote down about a member, for other officers.
#[derive(Clone, Debug, Deserialize)]
pub struct Note {
    pub words: String,
    pub author: String,
    pub written_at: DateTime<Utc>,
}

impl Membership {
    /// One in good standing, for tests.
    #[cfg(test)]
    pub fn sample() -> Self {
        let joined_on = NaiveDate::from_ymd_opt(2026, 1, 10).unwrap();
        Self {
            id: Uuid::nil(),
            person: Uuid::nil(),
            number: 1,
            joined_on,
            personal: Personal::sample(),
            rate: Rate::Standard,
            every: Interval::Month,
            amount: Money::from_pence(500),
            subscription: Some("sub_1".into()),
            state: State::Active,
            state_since: dates::start_of_day(joined_on),
            ends_on: None,
            end_words: None,
            decision: None,
            suspension: None,
        }
    }

    /// In words, for the member.
    pub fn in_words(&self) -> String {
        match self.state {
            State::Pending => {
                "Your first Direct Debit is on its way. Banks take up to seven working days.".to_owned()
            }
            State::Active => match self.ends_on {
                Some(on) if self.subscription.is_none() => {
                    format!("Your membership is paid until {}.", dates::day(on))
                }
                Some(on) => format!(
                    "You have stopped renewal. You keep all your rights as a member until {}.",
                    dates::day(on)
                ),
                None => "You are a member in good standing.".to_owned(),
            },
            State::Grace { until } if self.subscription.is_none() => format!(
                "Your membership needs renewing. You stay a member until {}; please join again and pay before then.",
                dates::day(until)
            ),
            State::Grace { until } => format!(
                "Your last payment did not go through. You stay a member until {}; please pay before then.",
                dates::day(until)
            ),
            State::Suspended { until } => {
                format!(
                    "Your membership is suspended until {}. Write to us if you want to know more.",
                    dates::day(until)
                )
            }
            State::Ended { on, reason } => {
                format!("Your membership ended on {}: {}.", dates::day(on), reason.own_words())
            }
        }
    }

    /// What an officer wrote beside the end, or the reason in general words; empty while it has not ended.
    pub fn why_ended(&self) -> &str {
        let State::Ended { reason, .. } = self.state else { return "" };
        self.end_words.as_deref().filter(|words| !words.is_empty()).unwrap_or(reason.words())
    }

    /// The colour and the words of a tag on a day.
    pub fn tag(&self, today: NaiveDate) -> (&'static str, String) {
        self.state.status().tag(self.ends_on, today)
    }

    /// The last day that is paid for, of those who do not pay through Stripe.
    pub fn paid_until(&self) -> Option<String> {
        self.ends_on.filter(|_| self.subscription.is_none()).map(dates::day)
    }

    /// The first day that is not paid for, of those whom no regular payment takes on: who paid by hand, was given a year, or
    /// has stopped renewal.
    pub fn paid_before(&self, subscription: Option<&Subscription>) -> Option<NaiveDate> {
        match subscription {
            None => self.ends_on.and_then(|last| last.succ_opt()),
            Some(it) if it.is_stopping() => it.current_period_end.map(dates::london_date),
            Some(_) => None,
        }
    }

    /// `£5 a month`
    pub fn price(&self) -> String {
        format!("{} a {}", self.amount, self.every)
    }
}
