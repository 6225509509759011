//! What the party decides about members of other parties.

use crate::kit::settings::{Setting, since};

pub const APPEAL_DAYS: Setting<u32> = Setting::number(
    "admission_appeal_days",
    1..=365,
    "Time to appeal against not being admitted (days)",
    "Counted from the decision. Whoever is not admitted is told the last day",
    &[since(2021, 1, 1, "28", "party rules: four weeks to appeal")],
);

pub const KEPT_MONTHS: Setting<u32> = Setting::number(
    "declarations_kept_months",
    1..=120,
    "Months for which old declarations about other parties are kept",
    "Counted from the day on which they were replaced, or the membership ended",
    &[since(2021, 1, 1, "24", "UK GDPR art. 5(1)(e): as long as a lapsed membership is kept")],
);
