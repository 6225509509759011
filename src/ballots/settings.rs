//! What the party decides about votes.

use crate::kit::settings::{Setting, since};

pub const OBJECTION_HOURS: Setting<u32> = Setting::number(
    "ballot_objection_hours",
    0..=720,
    "Hours in which members can object to the roll of a vote",
    "From when the roll is made until the vote can open",
    &[since(2021, 1, 1, "48", "party rules: procedure for votes")],
);

pub const LEAST_HOURS: Setting<u32> = Setting::number(
    "ballot_least_hours",
    1..=2160,
    "Hours that a vote is open, at least",
    "For votes announced from the start date",
    &[since(2021, 1, 1, "72", "party rules: procedure for votes")],
);

pub const COMPLAINT_DAYS: Setting<u32> = Setting::number(
    "ballot_complaint_days",
    0..=90,
    "Days in which members can complain about a vote, after its result",
    "The result is provisional until then",
    &[since(2021, 1, 1, "7", "party rules: complaints go to the returning officer within seven days")],
);
