//! What the party decides about membership.

use crate::kit::{
    money::Money,
    settings::{Given, Setting, since},
};

/// Stripe collects no less than £0.30 and no more than £100,000 at once.
const COLLECTED: (Money, Money) = (Money::from_pence(30), Money::from_pence(10_000_000));

const fn price(key: &'static str, label: &'static str, given: &'static [Given]) -> Setting<Money> {
    let hint =
        "In pounds, £0.30 or more. For those who join from the start date; existing members keep their price";
    Setting::money(key, COLLECTED, label, hint, given)
}

pub const LOW_WAGE_MONTH: Setting<Money> = price(
    "rate_low_wage_month",
    "Low-wage or unwaged rate, a month",
    &[since(2021, 1, 1, "100", "founding")],
);
pub const LOW_WAGE_YEAR: Setting<Money> = price(
    "rate_low_wage_year",
    "Low-wage or unwaged rate, a year",
    &[since(2021, 1, 1, "1000", "founding: ten months’ price")],
);
pub const STANDARD_MONTH: Setting<Money> =
    price("rate_standard_month", "Standard rate, a month", &[since(2021, 1, 1, "500", "founding")]);
pub const STANDARD_YEAR: Setting<Money> = price(
    "rate_standard_year",
    "Standard rate, a year",
    &[since(2021, 1, 1, "5000", "founding: ten months’ price")],
);
pub const SOLIDARITY_MONTH: Setting<Money> = price(
    "rate_solidarity_month",
    "Minimum solidarity rate, a month",
    &[since(2021, 1, 1, "1000", "founding: this or more")],
);
pub const SOLIDARITY_YEAR: Setting<Money> = price(
    "rate_solidarity_year",
    "Minimum solidarity rate, a year",
    &[since(2021, 1, 1, "10000", "founding: ten months’ price, or more")],
);

pub const MIN_AGE: Setting<u32> = Setting::number(
    "member_min_age",
    1..=120,
    "Minimum age of members",
    "In whole years",
    &[since(2021, 1, 1, "14", "party rules")],
);

pub const GRACE_DAYS: Setting<u32> = Setting::number(
    "grace_days",
    0..=365,
    "Grace period (days)",
    "How long somebody stays a member after a payment fails",
    &[since(2021, 1, 1, "30", "party rules: how long a member whose payment failed stays one")],
);

pub const PENDING_COUNTS: Setting<bool> = Setting::yes_or_no(
    "debit_pending_is_member",
    "Members’ pages open while a first Direct Debit is on its way",
    "Yes or no",
    &[since(
        2021,
        1,
        1,
        "yes",
        "party rules: members’ pages open while the first Direct Debit is on its way",
    )],
);

pub const HARDSHIP_MONTH: Setting<Money> = Setting::money(
    "rate_hardship_month",
    COLLECTED,
    "Least that members in hardship pay, a month",
    "In pounds, £0.30 or more. Members decide by themselves to pay less for a time; no page of officers says who does",
    &[since(2021, 1, 1, "50", "party rules: nobody stays out for lack of money")],
);
pub const HARDSHIP_YEAR: Setting<Money> = Setting::money(
    "rate_hardship_year",
    COLLECTED,
    "Least that members in hardship pay, a year",
    "In pounds, £0.30 or more",
    &[since(2021, 1, 1, "500", "party rules: nobody stays out for lack of money; ten months’ price")],
);

pub const HARDSHIP_MONTHS: Setting<u32> = Setting::number(
    "hardship_months",
    1..=24,
    "Longest time for which members in hardship pay less, in months",
    "They can declare it again before it ends, any number of times",
    &[since(2021, 1, 1, "12", "party rules: declared for a year at most, and anew after it")],
);

pub const HARDSHIP_REMIND_DAYS: Setting<u32> = Setting::number(
    "hardship_reminder_days",
    1..=60,
    "Reminder that paying less ends, in days before",
    "By email, to the member alone",
    &[since(2021, 1, 1, "14", "site default: two weeks before")],
);

pub const GIFT_DAYS: Setting<u32> = Setting::number(
    "gift_membership_days",
    1..=180,
    "Days in which a gift membership can be accepted",
    "After them the money goes back to whoever gave it. For gifts that are sent from then on",
    &[since(2021, 1, 1, "30", "site default: a month")],
);

pub const REMIND_HOURS: Setting<u32> = Setting::number(
    "joining_reminder_hours",
    0..=144,
    "Reminder of an unfinished payment (hours after)",
    "Anyone who filled in the joining form but did not pay gets one email. 0 for none",
    &[since(2021, 1, 1, "24", "site default: a day later")],
);

pub const RENEWAL_FIRST: Setting<u32> = Setting::number(
    "renewal_first_days",
    0..=90,
    "First reminder of renewal, in days before the end",
    "For members who do not pay automatically. 0 for none",
    &[since(2021, 1, 1, "28", "site default: four weeks before")],
);

pub const RENEWAL_LAST: Setting<u32> = Setting::number(
    "renewal_last_days",
    0..=90,
    "Last reminder of renewal, in days before the end",
    "For members who do not pay automatically. 0 for none",
    &[since(2021, 1, 1, "7", "site default: a week before")],
);

pub const STANDING_AGE: Setting<u32> = Setting::number(
    "standing_min_age",
    1..=120,
    "Minimum age for standing for a role or an election",
    "In whole years",
    &[since(2021, 1, 1, "18", "Electoral Administration Act 2006 s.17, for elections; the same for roles")],
);

pub const FREEZE_DAYS: Setting<u32> = Setting::number(
    "freeze_days",
    0..=731,
    "Joining deadline, in days before a ballot opens",
    "For voting in it. 0 for the day it opens",
    &[since(2021, 1, 1, "1", "party rules: members who joined by the day before a ballot opens")],
);

pub const OBJECTION_DAYS: Setting<u32> = Setting::number(
    "objection_days",
    0..=365,
    "Days in which officers can object to a new member",
    "They are called new until then. 0 for none. Applies to those who join from the start date",
    &[since(2021, 1, 1, "14", "party rules: how long a new member can be objected to")],
);

pub const VOTING_WAIT_DAYS: Setting<u32> = Setting::number(
    "voting_wait_days",
    0..=731,
    "Days of membership before a member may vote",
    "0 if members vote from the first day",
    &[since(2021, 1, 1, "0", "party rules: members vote from the first day")],
);

pub const VOTING_AGE: Setting<u32> = Setting::number(
    "voting_min_age",
    1..=120,
    "Minimum age for voting in the party",
    "In whole years",
    &[since(2021, 1, 1, "14", "party rules: every member votes")],
);
