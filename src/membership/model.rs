//! Rates, states, and the rules by which a state follows from the facts. Pure.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{personal::Personal, settings};
use crate::{
    accounts::{ConsentPurpose, PurposeKind},
    kit::{
        codes::codes,
        dates,
        email_address::EmailAddress,
        money::Money,
        settings::{Setting, Settings},
        stripe::{Interval, SubscriptionStatus},
    },
    payments::Subscription,
    places::Region,
};

/// What a member's subscription is in the books.
pub const DUES: PurposeKind = PurposeKind {
    code: "membership",
    name: "Membership",
    paid: "for membership",
    income: "Membership",
    source: "from members’ subscriptions",
};

/// What a member chose to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    LowWage,
    Standard,
    Solidarity,
}
codes!(Rate { LowWage = "low_wage", Standard = "standard", Solidarity = "solidarity" });

impl Rate {
    pub fn name(self) -> &'static str {
        match self {
            Self::LowWage => "Low-wage or unwaged",
            Self::Standard => "Standard",
            Self::Solidarity => "Solidarity",
        }
    }

    pub fn for_whom(self) -> &'static str {
        match self {
            Self::LowWage => {
                "If you earn little or nothing: students, carers, people looking for work, pensioners"
            }
            Self::Standard => "What most members pay, and what keeps the party going",
            Self::Solidarity => "If you can pay more: it carries those who cannot. You choose how much",
        }
    }
}

/// One price of the list that holds on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    pub rate: Rate,
    pub every: Interval,
    /// Of the solidarity rate the least that can be chosen.
    pub amount: Money,
}

/// The price list of a day.
#[derive(Clone, Debug, Default)]
pub struct Prices(pub Vec<Price>);

/// The settings that hold the prices.
const PRICES: [(Setting<Money>, Rate, Interval); 6] = [
    (settings::LOW_WAGE_MONTH, Rate::LowWage, Interval::Month),
    (settings::LOW_WAGE_YEAR, Rate::LowWage, Interval::Year),
    (settings::STANDARD_MONTH, Rate::Standard, Interval::Month),
    (settings::STANDARD_YEAR, Rate::Standard, Interval::Year),
    (settings::SOLIDARITY_MONTH, Rate::Solidarity, Interval::Month),
    (settings::SOLIDARITY_YEAR, Rate::Solidarity, Interval::Year),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongAmount {
    TooLittle(Money),
    TooMuch(Money),
    NotSold,
}

impl Prices {
    /// What the party asks for on that day. Those who pay already keep their price.
    pub fn on(settings: &Settings, day: NaiveDate) -> Self {
        let price = |(setting, rate, every)| Price { rate, every, amount: settings.get(setting, day) };
        Self(PRICES.into_iter().map(price).collect())
    }

    pub fn of(&self, rate: Rate, every: Interval) -> Option<Money> {
        self.0.iter().find(|price| (price.rate, price.every) == (rate, every)).map(|price| price.amount)
    }

    /// What is charged: the list's price, or more by choice at the solidarity rate, up to `most` (above the sum from
    /// which the law wants donors checked, a subscription would be a donation: PPERA 2000 s.50, s.52(2)(b)).
    pub fn charge(
        &self,
        rate: Rate,
        every: Interval,
        own: Option<Money>,
        most: Money,
    ) -> Result<Money, WrongAmount> {
        let least = self.of(rate, every).ok_or(WrongAmount::NotSold)?;
        let Some(own) = own.filter(|_| rate == Rate::Solidarity) else { return Ok(least) };
        if own < least {
            Err(WrongAmount::TooLittle(least))
        } else if own > most {
            Err(WrongAmount::TooMuch(most))
        } else {
            Ok(own)
        }
    }
}

/// Why a membership is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// At the member's request.
    Left,
    /// The payments stopped.
    Lapsed,
    /// By the party, which also bars them from joining again by the form.
    Expelled,
    Died,
    /// It should never have been made.
    Error,
}
codes!(EndReason { Left = "left", Lapsed = "lapsed", Expelled = "expelled", Died = "died", Error = "error" });

impl EndReason {
    pub fn words(self) -> &'static str {
        match self {
            Self::Left => "left at the member’s request",
            Self::Lapsed => "the payments stopped",
            Self::Expelled => "ended by the party",
            Self::Died => "has died",
            Self::Error => "made by mistake",
        }
    }

    /// Whether it was decided by people, so that no payment brings the membership back.
    fn is_final(self) -> bool {
        matches!(self, Self::Expelled | Self::Died | Self::Error)
    }
}

/// Where a membership stands, with what belongs to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The first Direct Debit is on its way.
    Pending,
    Active,
    /// A payment failed; they count as a member until this day.
    Grace {
        until: NaiveDate,
    },
    /// By an officer, until this day.
    Suspended {
        until: NaiveDate,
    },
    /// `on` is the first day on which they were not a member.
    Ended {
        on: NaiveDate,
        reason: EndReason,
    },
}

impl State {
    pub fn code(self) -> &'static str {
        self.status().code()
    }

    pub fn status(self) -> Status {
        match self {
            Self::Pending => Status::Pending,
            Self::Active => Status::Active,
            Self::Grace { .. } => Status::Grace,
            Self::Suspended { .. } => Status::Suspended,
            Self::Ended { .. } => Status::Ended,
        }
    }

    /// Whether the members' pages open. `pending_counts` is the party's rule for a first debit on its way.
    pub fn is_member(self, pending_counts: bool) -> bool {
        match self {
            Self::Active | Self::Grace { .. } => true,
            Self::Pending => pending_counts,
            Self::Suspended { .. } | Self::Ended { .. } => false,
        }
    }

    /// Of a membership that begins at this moment: whoever has paid was a member, even if it is over by now.
    #[must_use]
    pub fn begun(self) -> Self {
        if self.is_ended() { Self::Active } else { self }
    }

    /// Whether a payment failed that they can still pay.
    pub fn is_overdue(self) -> bool {
        matches!(self, Self::Grace { .. })
    }

    pub fn is_ended(self) -> bool {
        matches!(self, Self::Ended { .. })
    }
}

/// A [`State`] without its facts: what lists show and filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Active,
    Grace,
    Pending,
    Suspended,
    Ended,
}
codes!(Status {
    Active = "active",
    Grace = "grace",
    Pending = "pending",
    Suspended = "suspended",
    Ended = "ended",
});

impl Status {
    /// The word for lists and tags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "First payment on its way",
            Self::Active => "In good standing",
            Self::Grace => "Payment overdue",
            Self::Suspended => "Suspended",
            Self::Ended => "Ended",
        }
    }

    /// The class of its tag in the style sheet.
    pub fn colour(self) -> &'static str {
        match self {
            Self::Pending | Self::Grace => "wait",
            Self::Active => "good",
            Self::Suspended => "bad",
            Self::Ended => "off",
        }
    }
}

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
    /// Set when renewal is stopped.
    pub ends_on: Option<NaiveDate>,
    pub end_words: Option<String>,
    pub suspension: Option<Suspension>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    pub since: DateTime<Utc>,
    pub until: NaiveDate,
    pub reason: String,
    pub by: Option<Uuid>,
}

/// What an officer wrote down about a member, for other officers.
#[derive(Clone, Debug, Deserialize)]
pub struct Note {
    pub words: String,
    pub author: String,
    pub written_at: DateTime<Utc>,
}

impl Membership {
    /// In words, for the member.
    pub fn in_words(&self) -> String {
        match self.state {
            State::Pending => {
                "Your first Direct Debit is on its way. Banks take up to seven working days.".to_owned()
            }
            State::Active => match self.ends_on {
                Some(on) => format!(
                    "You have stopped renewal. You are a member with every right until {}.",
                    dates::day(on)
                ),
                None => "You are a member in good standing.".to_owned(),
            },
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
                format!("Your membership ended on {}: {}.", dates::day(on), reason.words())
            }
        }
    }

    /// What an officer wrote beside the end, or the reason in general words; empty while it has not ended.
    pub fn why_ended(&self) -> &str {
        let State::Ended { reason, .. } = self.state else { return "" };
        self.end_words.as_deref().filter(|words| !words.is_empty()).unwrap_or(reason.words())
    }

    /// `£5 a month`
    pub fn price(&self) -> String {
        format!("{} a {}", self.amount, self.every)
    }
}

/// What the party has decided about states.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub grace_days: u64,
    pub pending_counts: bool,
}

/// Where a membership stands today: the first rule that fits.
pub fn state(
    membership: &Membership,
    subscription: Option<&Subscription>,
    rules: Rules,
    today: NaiveDate,
) -> State {
    use SubscriptionStatus as S;
    // 1. What people decided to end stays ended.
    if let State::Ended { reason, .. } = membership.state
        && reason.is_final()
    {
        return membership.state;
    }
    // 2. A suspension holds through its last day, whatever is paid.
    if let Some(suspension) = &membership.suspension
        && today <= suspension.until
    {
        return State::Suspended { until: suspension.until };
    }
    // 3. Who does not pay through Stripe stays as they are.
    let Some(subscription) = subscription else {
        return match membership.state {
            ended @ State::Ended { .. } => ended,
            _ => State::Active,
        };
    };
    let stopped = subscription.cancel_at_period_end || membership.ends_on.is_some();
    let over = |on: NaiveDate| {
        // The day on which it ended stays what it was.
        match membership.state {
            ended @ State::Ended { .. } => ended,
            _ => State::Ended { on, reason: if stopped { EndReason::Left } else { EndReason::Lapsed } },
        }
    };
    // What was promised when a payment failed is kept, even if Stripe gives up earlier. A first payment that failed
    // makes no member.
    let grace = subscription
        .failing_since
        .filter(|_| subscription.first_paid_at.is_some())
        .and_then(|at| dates::london_date(at).checked_add_days(Days::new(rules.grace_days)));
    let keep_grace = |until: NaiveDate| {
        if today <= until { State::Grace { until } } else { over(until.succ_opt().unwrap_or(until)) }
    };
    match subscription.state {
        // 4. Stripe has given up, or renewal was stopped and the paid period is over.
        S::Canceled | S::Unpaid if grace.is_some() && !stopped => keep_grace(grace.unwrap_or(today)),
        S::Canceled | S::IncompleteExpired | S::Unpaid => {
            over(subscription.ended_at.map_or(today, dates::london_date).min(today))
        }
        _ if membership.ends_on.is_some_and(|end| subscription.cancel_at_period_end && end <= today) => {
            over(membership.ends_on.unwrap_or(today))
        }
        // 5. A payment that failed leaves some days.
        S::PastDue | S::Paused => grace.map_or_else(|| over(today), keep_grace),
        // 6. By Direct Debit the money comes days later.
        S::Incomplete => State::Pending,
        S::Active | S::Other if subscription.first_paid_at.is_none() => State::Pending,
        // 7. Everything is paid.
        S::Active | S::Trialing | S::Other => State::Active,
    }
}

/// What to do with a subscription that somebody's application brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meeting {
    /// They become a member, for the first time or again.
    Join,
    /// It takes the place of one that fails or was stopped.
    Replace,
    /// They are a member already, or barred: end it and pay it back.
    Surplus,
}

/// Decides for a person who may be a member already, by another subscription (`present`). Who applied without proving
/// that they are this person (`is_proved`) replaces nothing.
pub fn meet(membership: Option<&Membership>, present: Option<&Subscription>, is_proved: bool) -> Meeting {
    let Some(membership) = membership else { return Meeting::Join };
    match membership.state {
        State::Ended { reason: EndReason::Expelled, .. } | State::Suspended { .. } => Meeting::Surplus,
        State::Ended { .. } => Meeting::Join,
        State::Pending | State::Active if membership.ends_on.is_none() && present.is_some() => {
            Meeting::Surplus
        }
        State::Grace { .. } | State::Pending | State::Active if !is_proved => Meeting::Surplus,
        State::Grace { .. } | State::Pending | State::Active => Meeting::Replace,
    }
}

/// What stands beside the box that has to be ticked, and is kept with the application.
pub(super) const DECLARATION: &str = "I share the party’s aims and values, and I am not a member of a party that stands against it in elections.";

/// Everything somebody answers to become a member. Kept as one JSON document until it is paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answers {
    pub name: String,
    /// `None` outside the United Kingdom's regions.
    pub region: Option<Region>,
    pub personal: Personal,
    pub rate: Rate,
    pub every: Interval,
    pub amount: Money,
    pub consents: Vec<ConsentPurpose>,
}

/// What is sent to become a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Join {
    /// `None` when they are signed in: their account's address counts.
    pub email: Option<EmailAddress>,
    pub answers: Answers,
}

/// What changes about a member.
pub(super) struct NewDetails {
    /// The account's name and email address, which officers change; `None` leaves them.
    pub account: Option<(String, EmailAddress)>,
    /// `None` outside the United Kingdom's regions.
    pub region: Option<Region>,
    pub personal: Personal,
}

/// Why an officer ends a membership.
pub(super) struct Ending {
    pub reason: EndReason,
    pub words: String,
}

/// What an officer decided about a suspension.
pub(super) struct NewSuspension {
    pub until: NaiveDate,
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments::Purpose;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}T12:00:00Z").parse().unwrap()
    }

    fn membership(state: State) -> Membership {
        Membership {
            id: Uuid::nil(),
            person: Uuid::nil(),
            number: 1,
            joined_on: day("2026-01-10"),
            personal: Personal::sample(),
            rate: Rate::Standard,
            every: Interval::Month,
            amount: Money::from_pence(500),
            subscription: Some("sub_1".into()),
            state,
            state_since: at("2026-01-10"),
            ends_on: None,
            end_words: None,
            suspension: None,
        }
    }

    fn subscription(state: SubscriptionStatus) -> Subscription {
        Subscription {
            id: "sub_1".into(),
            purpose: Purpose::new(DUES, Uuid::nil()),
            customer: "cus_1".into(),
            state,
            amount: Money::from_pence(500),
            every: Some(Interval::Month),
            current_period_end: Some(at("2026-12-10")),
            cancel_at_period_end: false,
            started_at: at("2026-01-10"),
            ended_at: None,
            first_paid_at: Some(at("2026-01-10")),
            failing_since: None,
            surplus_since: None,
            next_try: None,
            pay_page: None,
            seen_at: at("2026-11-10"),
        }
    }

    const RULES: Rules = Rules { grace_days: 30, pending_counts: true };
    const TODAY: &str = "2026-11-21";

    #[test]
    fn every_state_of_the_subscription_has_its_rule() {
        use SubscriptionStatus as S;
        let ended = |on: &str, reason| State::Ended { on: day(on), reason };
        let grace = State::Grace { until: day("2026-12-10") };
        for (status, paid, unpaid) in [
            (S::Incomplete, State::Pending, State::Pending),
            (S::Trialing, State::Active, State::Active),
            (S::Active, State::Active, State::Pending),
            (S::Other, State::Active, State::Pending),
            (S::PastDue, grace, ended(TODAY, EndReason::Lapsed)),
            (S::Paused, grace, ended(TODAY, EndReason::Lapsed)),
            (S::Unpaid, grace, ended(TODAY, EndReason::Lapsed)),
            (S::Canceled, grace, ended(TODAY, EndReason::Lapsed)),
            (S::IncompleteExpired, ended(TODAY, EndReason::Lapsed), ended(TODAY, EndReason::Lapsed)),
        ] {
            for before in [State::Pending, State::Active, grace] {
                let mut money = subscription(status);
                money.failing_since = Some(at("2026-11-10"));
                let state_of =
                    |money: &Subscription| state(&membership(before), Some(money), RULES, day(TODAY));
                assert_eq!(state_of(&money), paid, "{status:?}, paid before");
                money.first_paid_at = None;
                assert_eq!(state_of(&money), unpaid, "{status:?}, never paid");
            }
        }
    }

    #[test]
    fn grace_ends_after_its_last_day() {
        let mut money = subscription(SubscriptionStatus::PastDue);
        money.failing_since = Some(at("2026-10-22"));
        let until = day("2026-11-21");
        let on = |today: &str| state(&membership(State::Active), Some(&money), RULES, day(today));
        assert_eq!(on("2026-11-21"), State::Grace { until });
        assert_eq!(on("2026-11-22"), State::Ended { on: day("2026-11-22"), reason: EndReason::Lapsed });
        assert_eq!(on("2026-12-30"), State::Ended { on: day("2026-11-22"), reason: EndReason::Lapsed });
    }

    #[test]
    fn stopping_renewal_keeps_her_a_member_to_the_end_of_what_is_paid() {
        let mut member = membership(State::Active);
        member.ends_on = Some(day("2026-12-10"));
        let mut money = subscription(SubscriptionStatus::Active);
        money.cancel_at_period_end = true;
        assert_eq!(state(&member, Some(&money), RULES, day("2026-12-09")), State::Active);
        let ended = State::Ended { on: day("2026-12-10"), reason: EndReason::Left };
        // Also when no webhook said so.
        assert_eq!(state(&member, Some(&money), RULES, day("2026-12-10")), ended);
        money.state = SubscriptionStatus::Canceled;
        money.ended_at = Some(at("2026-12-10"));
        assert_eq!(state(&member, Some(&money), RULES, day("2026-12-11")), ended);
        member.state = ended;
        assert_eq!(state(&member, Some(&money), RULES, day("2027-03-01")), ended, "the day stays");
    }

    #[test]
    fn what_people_decided_outweighs_payments() {
        let active = subscription(SubscriptionStatus::Active);
        for reason in [EndReason::Expelled, EndReason::Died, EndReason::Error] {
            let ended = State::Ended { on: day("2026-05-01"), reason };
            assert_eq!(state(&membership(ended), Some(&active), RULES, day(TODAY)), ended);
        }
        // One who lapsed and whose payment arrives after all is a member again.
        let lapsed = membership(State::Ended { on: day("2026-05-01"), reason: EndReason::Lapsed });
        assert_eq!(state(&lapsed, Some(&active), RULES, day(TODAY)), State::Active);

        let mut member = membership(State::Active);
        let until = day("2026-11-30");
        member.suspension =
            Some(Suspension { since: at("2026-11-01"), until, reason: "A reason".into(), by: None });
        for status in [SubscriptionStatus::Active, SubscriptionStatus::PastDue, SubscriptionStatus::Canceled]
        {
            let money = subscription(status);
            assert_eq!(state(&member, Some(&money), RULES, until), State::Suspended { until });
        }
        // When it is over, what is paid counts again.
        member.state = State::Suspended { until };
        assert_eq!(state(&member, Some(&active), RULES, day("2026-12-01")), State::Active);
        let canceled = subscription(SubscriptionStatus::Canceled);
        assert!(state(&member, Some(&canceled), RULES, day("2026-12-01")).is_ended());
        assert_eq!(state(&member, None, RULES, day("2026-12-01")), State::Active);
    }

    #[test]
    fn a_second_subscription_never_makes_a_second_membership() {
        let money = subscription(SubscriptionStatus::Active);
        let until = day("2026-12-10");
        let ended = |reason| State::Ended { on: day("2026-05-01"), reason };
        assert_eq!(meet(None, None, true), Meeting::Join);
        for (state, meeting) in [
            (State::Active, Meeting::Surplus),
            (State::Pending, Meeting::Surplus),
            (State::Suspended { until }, Meeting::Surplus),
            (State::Grace { until }, Meeting::Replace),
            (ended(EndReason::Left), Meeting::Join),
            (ended(EndReason::Lapsed), Meeting::Join),
            (ended(EndReason::Error), Meeting::Join),
            (ended(EndReason::Expelled), Meeting::Surplus),
        ] {
            assert_eq!(meet(Some(&membership(state)), Some(&money), true), meeting, "{state:?}");
            let by_a_stranger = if meeting == Meeting::Replace { Meeting::Surplus } else { meeting };
            assert_eq!(meet(Some(&membership(state)), Some(&money), false), by_a_stranger, "{state:?}");
        }
        let mut leaving = membership(State::Active);
        leaving.ends_on = Some(until);
        assert_eq!(meet(Some(&leaving), Some(&money), true), Meeting::Replace);
        assert_eq!(meet(Some(&membership(State::Active)), None, true), Meeting::Replace);
    }

    #[test]
    fn who_counts_as_a_member() {
        let until = day("2026-12-10");
        for (state, counts) in [
            (State::Pending, true),
            (State::Active, true),
            (State::Grace { until }, true),
            (State::Suspended { until }, false),
            (State::Ended { on: until, reason: EndReason::Left }, false),
        ] {
            assert_eq!(state.is_member(true), counts);
        }
        assert!(!State::Pending.is_member(false));
    }

    #[test]
    fn only_the_solidarity_rate_is_chosen_and_it_has_bounds() {
        let prices = Prices(vec![
            Price { rate: Rate::Standard, every: Interval::Month, amount: Money::from_pence(500) },
            Price { rate: Rate::Solidarity, every: Interval::Month, amount: Money::from_pence(1000) },
        ]);
        let most = Money::from_pence(50_000);
        let pounds = |pounds: i64| Some(Money::from_pence(pounds * 100));
        let charge = |rate, own| prices.charge(rate, Interval::Month, own, most);
        assert_eq!(charge(Rate::Standard, pounds(1)), Ok(Money::from_pence(500)));
        assert_eq!(charge(Rate::Solidarity, None), Ok(Money::from_pence(1000)));
        assert_eq!(charge(Rate::Solidarity, pounds(25)), Ok(Money::from_pence(2500)));
        assert_eq!(charge(Rate::Solidarity, pounds(500)), Ok(most));
        assert_eq!(charge(Rate::Solidarity, pounds(9)), Err(WrongAmount::TooLittle(Money::from_pence(1000))));
        assert_eq!(charge(Rate::Solidarity, pounds(501)), Err(WrongAmount::TooMuch(most)));
        assert_eq!(charge(Rate::LowWage, None), Err(WrongAmount::NotSold));
    }
}
