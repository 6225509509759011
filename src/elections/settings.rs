//! What the rule book says about elections.

use crate::kit::settings::{Setting, since};

pub const NOTICE_DAYS: Setting<u32> = Setting::number(
    "election_notice_days",
    1..=180,
    "Notice of an election, in days before nominations open",
    "For elections that are called from the start date",
    &[since(2021, 1, 1, "7", "party rules: notice of elections")],
);

pub const NOMINATION_DAYS: Setting<u32> = Setting::number(
    "election_nomination_days",
    1..=180,
    "Days in which members can be nominated",
    "For elections that are called from the start date",
    &[since(2021, 1, 1, "14", "party rules: nominations")],
);

pub const WITHDRAWAL_DAYS: Setting<u32> = Setting::number(
    "election_withdrawal_days",
    0..=60,
    "Days after nominations in which candidates can withdraw",
    "For elections that are called from the start date",
    &[since(2021, 1, 1, "3", "party rules: nominations")],
);

pub const HUSTINGS_DAYS: Setting<u32> = Setting::number(
    "election_hustings_days",
    1..=60,
    "Days for questions to the candidates before the vote opens",
    "For elections that are called from the start date",
    &[since(2021, 1, 1, "10", "party rules: hustings")],
);

pub const ANSWER_HOURS: Setting<u32> = Setting::number(
    "election_answer_hours",
    1..=336,
    "Hours in which all candidates answer a question",
    "The answers then appear together",
    &[since(2021, 1, 1, "48", "party rules: hustings")],
);

pub const POLL_DAYS: Setting<u32> = Setting::number(
    "election_poll_days",
    4..=90,
    "Days in which members vote in an election",
    "For elections that are called from the start date",
    &[since(2021, 1, 1, "14", "party rules: elections")],
);

pub const SECONDERS: Setting<u32> = Setting::number(
    "election_seconders",
    0..=1000,
    "Members who have to second a nomination",
    "Beside whoever nominates. For elections that are called from the start date",
    &[since(2021, 1, 1, "3", "party rules: nominations")],
);

pub const STATEMENT_LENGTH: Setting<u32> = Setting::number(
    "election_statement_length",
    100..=20_000,
    "Longest statement of a candidate (characters)",
    "For elections that are called from the start date",
    &[since(2021, 1, 1, "2000", "party rules: equal treatment of candidates")],
);
