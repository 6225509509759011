//! What the party decides about supporters.

use crate::kit::settings::{Setting, since};

pub const MIN_AGE: Setting<u32> = Setting::number(
    "supporter_min_age",
    1..=120,
    "Minimum age of supporters",
    "In whole years",
    &[since(2021, 1, 1, "13", "party rules")],
);
