//! The bounds that law and party rules give to gifts.

use crate::kit::{
    money::Money,
    settings::{Setting, since},
};

/// Stripe collects no less than £0.30 at once.
pub const LEAST: Setting<Money> = Setting::money(
    "donation_min_pence",
    (Money::from_pence(30), Money::from_pence(10_000_000)),
    "Smallest donation",
    "In pounds, £0.30 or more",
    &[since(2021, 1, 1, "100", "cost of a card payment")],
);

/// In one calendar year, all gifts of one person together.
pub const CAP: Setting<Money> = Setting::money(
    "donation_cap_pence",
    (Money::ZERO, Money::from_pence(100_000_000)),
    "Annual donation limit",
    "In pounds, for each person",
    &[since(2021, 1, 1, "500000", "party rules: no super-rich")],
);

/// In one calendar year, in pounds, of somebody who votes as an overseas elector. What was received in that year before the
/// limit began counts too, which is the stricter reading.
pub const OVERSEAS_CAP: Setting<Option<u32>> = Setting::limit(
    "donation_overseas_cap_pounds",
    100_000_000,
    "Annual limit for overseas electors",
    "In whole pounds, or 0 for no limit of its own. The law sets it",
    &[
        since(2001, 2, 16, "0", "PPERA 2000 s.54: permissible like any elector"),
        since(
            2026,
            3,
            25,
            "100000",
            "Rycroft Review, recommendation 1, accepted by the Government on 25 March 2026 for the Representation of the People Bill: compare with the Act",
        ),
    ],
);

/// Whether the law forbids what the party's rules refuse in any case.
pub const CRYPTO_BANNED: Setting<bool> = Setting::yes_or_no(
    "donation_crypto_banned",
    "The law forbids donations in cryptoassets",
    "yes or no. We take none either way: this is what the treasurer is told",
    &[
        since(2001, 2, 16, "no", "PPERA 2000 s.50: a gift like any other; refused by party rules"),
        since(
            2026,
            3,
            25,
            "yes",
            "Rycroft Review, recommendation 3; the Government announced on 25 March 2026 that the Representation of the People Bill forbids them from that day: compare with the Act",
        ),
    ],
);

pub const CHECK_DAYS: Setting<u32> = Setting::number(
    "donation_check_days",
    1..=90,
    "Time to check or return a donation (days)",
    "Counted from the day it arrived. The law sets it",
    &[since(2001, 2, 16, "30", "PPERA 2000 s.56(2): accept or return within 30 days")],
);

/// Payments from this up to the law's sum are looked at for split gifts.
pub const SPLIT_FROM: Setting<Money> = Setting::money(
    "donation_split_from_pence",
    (Money::ZERO, Money::from_pence(10_000_000)),
    "Smallest payment that may be part of a split donation",
    "In pounds. Two or more of these close together are shown to the treasurer",
    &[since(2021, 1, 1, "40000", "party rules: to find what PPERA 2000 s.61 forbids")],
);

pub const SPLIT_DAYS: Setting<u32> = Setting::number(
    "donation_split_days",
    1..=366,
    "Time between parts of a split donation (days)",
    "Payments further apart are not taken as one donation",
    &[since(2021, 1, 1, "30", "party rules: to find what PPERA 2000 s.61 forbids")],
);

const PENCE: (Money, Money) = (Money::ZERO, Money::from_pence(1_000_000_000));

/// In one calendar year, from one source.
pub const REPORT_ABOVE: Setting<Money> = Setting::money(
    "donation_report_pence",
    PENCE,
    "Donations from one donor above this are reported",
    "In pounds, in a calendar year. The law sets it",
    &[
        since(2010, 1, 1, "750000", "PPERA 2000 s.62 as amended by PPEA 2009 s.20"),
        since(2024, 1, 1, "1118000", "PPERA 2000 s.62 as amended by SI 2023/1235"),
    ],
);

pub const REPORT_FURTHER: Setting<Money> = Setting::money(
    "donation_report_further_pence",
    PENCE,
    "Further donations above this are reported",
    "In pounds, once a donor has been reported that year. The law sets it",
    &[
        since(2010, 1, 1, "150000", "PPERA 2000 s.62 as amended by PPEA 2009 s.20"),
        since(2024, 1, 1, "223000", "PPERA 2000 s.62 as amended by SI 2023/1235"),
    ],
);

pub const RETURN_DAYS: Setting<u32> = Setting::number(
    "donation_return_days",
    1..=90,
    "Time to file a quarterly return (days)",
    "Counted from the end of the quarter. The law sets it",
    &[since(2001, 2, 16, "30", "PPERA 2000 s.65(1)")],
);

pub const WEEKLY_RETURN_DAYS: Setting<u32> = Setting::number(
    "donation_weekly_return_days",
    1..=90,
    "Time to file a weekly return (days)",
    "Counted from the end of the week. The law sets it",
    &[since(2001, 2, 16, "7", "PPERA 2000 s.65(2)")],
);

/// One of the days on which officers are warned of a donation that nobody has decided on.
const fn warning(
    key: &'static str,
    label: &'static str,
    given: &'static [crate::kit::settings::Given],
) -> Setting<u32> {
    Setting::number(key, 1..=90, label, "Days since it arrived. The treasurer gets an email", given)
}

const CHOSEN: &str = "party rules: in time to find a donor, or to send the money back";

/// The days of a donor check on which officers are warned, the first one first.
pub const WARN_DAYS: [Setting<u32>; 3] = [
    warning("donation_warn_first_days", "First warning of a donor check", &[since(2021, 1, 1, "14", CHOSEN)]),
    warning(
        "donation_warn_second_days",
        "Second warning of a donor check",
        &[since(2021, 1, 1, "21", CHOSEN)],
    ),
    warning("donation_warn_last_days", "Last warning of a donor check", &[since(2021, 1, 1, "25", CHOSEN)]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::settings::Settings;

    #[test]
    fn b1_b2_overseas_electors_and_cryptoassets_have_a_rule_from_25_march_2026() {
        let settings = Settings::default();
        for (day, cap, banned) in
            [("2001-02-16", None, false), ("2026-03-24", None, false), ("2026-03-25", Some(100_000), true)]
        {
            let day = day.parse().unwrap();
            assert_eq!(settings.get(OVERSEAS_CAP, day), cap, "{day}");
            assert_eq!(settings.get(CRYPTO_BANNED, day), banned, "{day}");
        }
    }
}
