//! How fast updates go out.

use crate::kit::settings::{Setting, since};

pub const CONNECTIONS: Setting<u32> = Setting::number(
    "update_connections",
    1..=32,
    "Connections to the mail server for one update",
    "More send faster, if the mail provider allows it",
    &[since(2021, 1, 1, "4", "to the mail server, for one update")],
);

pub const PACE: Setting<Option<u32>> = Setting::limit(
    "update_mails_a_second",
    1_000,
    "Sending limit (emails per second)",
    "0 is no limit: as fast as the mail server takes them",
    &[since(2021, 1, 1, "0", "no limit until the mail provider asks for one")],
);
