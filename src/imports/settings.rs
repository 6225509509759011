use crate::kit::settings::{Setting, since};

pub const KEEP_DAYS: Setting<u32> = Setting::number(
    "import_keep_days",
    1..=365,
    "How long uploaded lists of members are kept (days)",
    "After that the lines are deleted; imported details stay",
    &[since(
        2026,
        11,
        26,
        "30",
        "UK GDPR, Article 5(1)(e): no longer than is needed to correct what was rejected",
    )],
);
