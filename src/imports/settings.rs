use crate::kit::settings::{Setting, since};

pub const KEEP_DAYS: Setting<u32> = Setting::number(
    "import_keep_days",
    1..=365,
    "Uploaded lists of members are kept (days)",
    "After that their lines are deleted; what they brought stays",
    &[since(
        2026,
        11,
        26,
        "30",
        "UK GDPR, Article 5(1)(e): no longer than is needed to mend what was rejected",
    )],
);
