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

/// How many working days before it is collected a Direct Debit is announced.
pub const NOTICE_DAYS: Setting<u32> = Setting::number(
    "debit_notice_days",
    2..=30,
    "Notice before a Direct Debit (working days)",
    "For the notices that we send ourselves",
    &[
        since(2021, 1, 1, "10", "Bacs Direct Debit: ten working days unless agreed otherwise"),
        since(2026, 1, 1, "3", "agreed with the payment provider: three working days"),
    ],
);

pub const OWN_NOTICES: Setting<bool> = Setting::yes_or_no(
    "debit_notices_own",
    "We send the notices before Direct Debits ourselves",
    "No: Stripe sends them, and nobody gets two. Yes only once Stripe has approved ours and its own are switched off",
    &[since(2021, 1, 1, "no", "Stripe sends them by default; notices of one’s own need its approval")],
);

pub const REFUND_ALONE: Setting<Money> = Setting::money(
    "refund_alone_pence",
    (Money::ZERO, Money::from_pence(10_000_000)),
    "Refunds above this need a second person",
    "In pounds. With £0, every refund does",
    &[since(2021, 1, 1, "10000", "party rules: two people for larger sums")],
);
