//! Regular payments.

use chrono::{DateTime, Duration, Utc};

use super::methods::PaymentMethod;
use crate::{
    kit::{
        money::Money,
        stripe::{Interval, SubscriptionStatus},
    },
    payments::purposes::Purpose,
};

/// A regular payment, as Stripe last told us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub id: String,
    pub purpose: Purpose,
    pub customer: String,
    pub state: SubscriptionStatus,
    pub amount: Money,
    pub every: Option<Interval>,
    pub current_period_end: Option<DateTime<Utc>>,
    pub cancel_at_period_end: bool,
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub first_paid_at: Option<DateTime<Utc>>,
    pub failing_since: Option<DateTime<Utc>>,
    pub surplus_since: Option<DateTime<Utc>>,
    /// When Stripe tries again to collect what is overdue, and its page where that can be paid at once.
    pub next_try: Option<DateTime<Utc>>,
    pub pay_page: Option<String>,
    /// Stripe's id of what it is charged to.
    pub payment_method: Option<String>,
    /// What that is, as far as it is known here.
    pub method: Option<PaymentMethod>,
    pub seen_at: DateTime<Utc>,
}

impl Subscription {
    /// Whether all that Stripe now says of it is known: `now` is its answer.
    pub fn is_as(&self, now: &Self) -> bool {
        let known = Self {
            started_at: now.started_at,
            first_paid_at: now.first_paid_at,
            surplus_since: now.surplus_since,
            next_try: now.next_try,
            pay_page: now.pay_page.clone(),
            seen_at: now.seen_at,
            failing_since: self.failing_since.and(now.failing_since.or(self.failing_since)),
            method: self.method.clone().map(|method| PaymentMethod { lost_at: None, ..method }),
            ..self.clone()
        };
        known == *now
    }

    /// Whether an attempt to collect has failed. An open invoice alone does not say so: while a Direct Debit is on its
    /// way, its invoice is open and has counted an attempt.
    pub fn is_failing(&self) -> bool {
        use SubscriptionStatus as S;
        matches!(self.state, S::PastDue | S::Unpaid | S::Canceled)
    }

    /// Whether its first payment was left unconfirmed: the payer's bank asked them for something that they did not do.
    /// Right after paying it looks the same, for a moment.
    pub fn was_never_confirmed(&self, now: DateTime<Utc>) -> bool {
        use SubscriptionStatus as S;
        match self.state {
            S::Incomplete => self.started_at < now - Duration::minutes(10),
            S::IncompleteExpired => true,
            _ => false,
        }
    }

    /// Whether it goes on to the end of what is paid, and no further.
    pub fn is_stopping(&self) -> bool {
        self.is_alive() && !self.is_failing() && self.cancel_at_period_end && self.first_paid_at.is_some()
    }

    /// Whether money may still come from it.
    pub fn is_alive(&self) -> bool {
        use SubscriptionStatus as S;
        matches!(self.state, S::Trialing | S::Active | S::PastDue | S::Paused | S::Incomplete | S::Unpaid)
    }
}

pub fn subscription_code(state: SubscriptionStatus) -> &'static str {
    use SubscriptionStatus as S;
    match state {
        S::Incomplete => "incomplete",
        S::IncompleteExpired => "incomplete_expired",
        S::Trialing => "trialing",
        S::Active => "active",
        S::PastDue => "past_due",
        S::Unpaid => "unpaid",
        S::Canceled => "canceled",
        S::Paused => "paused",
        S::Other => "other",
    }
}

pub fn subscription_state(code: &str) -> SubscriptionStatus {
    use SubscriptionStatus as S;
    [
        S::Incomplete,
        S::IncompleteExpired,
        S::Trialing,
        S::Active,
        S::PastDue,
        S::Unpaid,
        S::Canceled,
        S::Paused,
    ]
    .into_iter()
    .find(|state| subscription_code(*state) == code)
    .unwrap_or(S::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_back() {
        for code in ["past_due", "incomplete_expired", "canceled"] {
            assert_eq!(subscription_code(subscription_state(code)), code);
        }
        assert_eq!(subscription_state("resting"), SubscriptionStatus::Other);
    }
}
