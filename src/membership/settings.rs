//! What the party decides about membership.

use crate::kit::{
    money::Money,
    settings::{Given, Setting, since},
};

/// Stripe collects no less than £0.30 and no more than £100,000 at once.
const COLLECTED: (Money, Money) = (Money::from_pence(30), Money::from_pence(10_000_000));

const fn price(key: &'static str, label: &'static str, given: &'static [Given]) -> Setting<Money> {
    let hint = "In pounds, £0.30 or more. For those who join from then on; existing members keep their price";
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
    "How long somebody stays a member after a payment failed",
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
