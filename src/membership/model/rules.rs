//! The rules by which a state follows from the facts.

use chrono::{Days, NaiveDate};

use super::{EndReason, Membership, State};
use crate::{
    kit::{dates, stripe::SubscriptionStatus},
    payments::Subscription,
};

/// What the party has decided about states.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    pub grace_days: u64,
    pub pending_counts: bool,
    /// The last day on which an officer has them count as current, although a payment is open.
    pub counted_until: Option<NaiveDate>,
}

/// Where a membership stands today.
pub fn state(
    membership: &Membership,
    subscription: Option<&Subscription>,
    rules: Rules,
    today: NaiveDate,
) -> State {
    let counted = rules.counted_until.filter(|until| today <= *until);
    match (by_the_facts(membership, subscription, rules, today), counted) {
        // Who counts by hand has until then to pay.
        (State::Ended { reason: EndReason::Lapsed, .. }, Some(until)) => State::Grace { until },
        (State::Grace { until }, Some(by_hand)) => State::Grace { until: until.max(by_hand) },
        (State::Ended { on, reason: EndReason::Lapsed }, None) => {
            // Days that were promised are not taken back.
            let promised = match membership.state {
                State::Grace { until } => until.succ_opt().unwrap_or(until).min(today),
                _ => on,
            };
            State::Ended { on: on.max(promised), reason: EndReason::Lapsed }
        }
        (state, _) => state,
    }
}

/// The first rule that fits.
fn by_the_facts(
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
    // 3. Who does not pay through Stripe stays as they are, to the end of what they paid by hand and some days more.
    let Some(subscription) = subscription else {
        let last = |paid_until: NaiveDate| paid_until.checked_add_days(Days::new(rules.grace_days));
        let lapsed = |until: NaiveDate| State::Ended {
            on: until.succ_opt().unwrap_or(until),
            reason: EndReason::Lapsed,
        };
        return match (membership.state, membership.ends_on) {
            (ended @ State::Ended { .. }, _) => ended,
            (_, Some(paid_until)) if paid_until < today => match last(paid_until).unwrap_or(paid_until) {
                until if today <= until => State::Grace { until },
                until => lapsed(until),
            },
            // By an officer's hand.
            (State::Grace { until }, None) if until < today => lapsed(until),
            (grace @ State::Grace { .. }, None) => grace,
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

/// The first day of a state that follows another, found out today: what ends by its date ends on it, whenever it is
/// looked at.
pub fn begins(before: State, after: State, today: NaiveDate) -> NaiveDate {
    let free = match before {
        State::Suspended { until } => until.succ_opt().unwrap_or(until).min(today),
        _ => NaiveDate::MIN,
    };
    match after {
        State::Ended { on, .. } => on.max(free),
        _ if free > NaiveDate::MIN => free,
        _ => today,
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

/// Decides for a person who may be a member already, by another subscription (`present`). An applicant who has not
/// proved that they are this person (`is_proved`) replaces nothing.
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

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use uuid::Uuid;

    use super::*;
    use crate::{
        kit::{money::Money, stripe::Interval},
        membership::{DUES, Rate, model::Suspension, personal::Personal},
        payments::Purpose,
    };

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
            decision: None,
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
            payment_method: None,
            method: None,
            seen_at: at("2026-11-10"),
        }
    }

    const RULES: Rules = Rules { grace_days: 30, pending_counts: true, counted_until: None };
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
    fn what_was_paid_elsewhere_makes_a_member_to_its_last_day_and_for_the_days_of_grace() {
        let mut member = membership(State::Active);
        let on = |member: &Membership, today: &str| state(member, None, RULES, day(today));
        assert_eq!(on(&member, "2036-01-01"), State::Active, "nothing was said of an end");
        member.ends_on = Some(day("2026-10-31"));
        let grace = State::Grace { until: day("2026-11-30") };
        let ended = State::Ended { on: day("2026-12-01"), reason: EndReason::Lapsed };
        for (today, stands) in [
            ("2026-10-31", State::Active),
            ("2026-11-01", grace),
            ("2026-11-30", grace),
            ("2026-12-01", ended),
        ] {
            assert_eq!(on(&member, today), stands, "{today}");
        }
        member.state = ended;
        assert_eq!(on(&member, "2027-05-01"), ended, "the day stays");
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
    fn who_counts_by_hand_has_until_then_to_pay() {
        let by_hand = |until: &str| Rules { counted_until: Some(day(until)), ..RULES };
        let ended = |on: &str, reason| State::Ended { on: day(on), reason };
        let grace = |until: &str| State::Grace { until: day(until) };
        let mut failing = subscription(SubscriptionStatus::PastDue);
        failing.failing_since = Some(at("2026-10-01"));
        for (before, found) in [
            (State::Active, grace("2026-12-01")),
            (grace("2026-10-31"), grace("2026-12-01")),
            (ended("2026-11-01", EndReason::Lapsed), grace("2026-12-01")),
            (ended("2026-11-01", EndReason::Expelled), ended("2026-11-01", EndReason::Expelled)),
        ] {
            let rules = by_hand("2026-12-01");
            assert_eq!(state(&membership(before), Some(&failing), rules, day(TODAY)), found, "{before:?}");
        }
        // It ends by itself, or today when it is lifted; with or without a payment at Stripe.
        for money in [Some(&failing), None] {
            let over =
                state(&membership(grace("2026-12-01")), money, by_hand("2026-12-01"), day("2027-01-01"));
            assert_eq!(over, ended("2026-12-02", EndReason::Lapsed));
        }
        let lifted = state(&membership(grace("2026-12-01")), Some(&failing), RULES, day(TODAY));
        assert_eq!(lifted, ended(TODAY, EndReason::Lapsed));
        // What is paid needs no hand.
        let paid = subscription(SubscriptionStatus::Active);
        assert_eq!(
            state(&membership(grace("2026-12-01")), Some(&paid), by_hand("2026-12-01"), day(TODAY)),
            State::Active
        );
    }

    #[test]
    fn what_ends_by_its_date_ends_on_it_however_late_it_is_found_out() {
        let lapsed = |on: &str| State::Ended { on: day(on), reason: EndReason::Lapsed };
        let suspended = |until: &str| State::Suspended { until: day(until) };
        for (before, after, begun) in [
            (State::Active, State::Grace { until: day("2026-12-10") }, TODAY),
            (State::Grace { until: day("2026-11-10") }, lapsed("2026-11-11"), "2026-11-11"),
            (suspended("2026-11-10"), State::Active, "2026-11-11"),
            (suspended("2026-11-10"), lapsed("2026-10-01"), "2026-11-11"),
            (suspended("2026-11-10"), lapsed("2026-11-15"), "2026-11-15"),
            // Lifted before its time.
            (suspended("2026-12-10"), State::Active, TODAY),
        ] {
            assert_eq!(begins(before, after, day(TODAY)), day(begun), "{before:?} {after:?}");
        }
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
}
