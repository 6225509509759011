//! The sum above which the law requires checks on who pays, and when payers are warned.

use crate::kit::{
    money::Money,
    settings::{Setting, since},
};

/// More than this at once is a donation in law: its giver is checked against the electoral register, and no
/// subscription may pass it in one payment.
pub const CHECK_ABOVE: Setting<Money> = Setting::money(
    "donation_check_pence",
    (Money::ZERO, Money::from_pence(10_000_000)),
    "Donations above this are checked against the electoral register",
    "In pounds. The law sets it",
    &[since(
        2010,
        1,
        1,
        "50000",
        "PPERA 2000 s.52(2)(b) as amended by PPEA 2009 s.20: more than £500 is a donation",
    )],
);

pub const CARD_DAYS: Setting<u32> = Setting::number(
    "card_warning_days",
    1..=60,
    "Warning that a card expires (days before)",
    "Only if it expires before the next payment",
    &[since(2021, 1, 1, "30", "usual practice of shops and banks")],
);

pub const REFUND_ALONE: Setting<Money> = Setting::money(
    "refund_alone_pence",
    (Money::ZERO, Money::from_pence(10_000_000)),
    "Refunds above this need a second person",
    "In pounds. With £0, every refund does",
    &[since(2021, 1, 1, "10000", "party rules: two people for larger sums")],
);
