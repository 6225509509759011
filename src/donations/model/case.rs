//! A donation in law: who gave it, how long there is to decide, what was decided, and how far its return has got. Pure.

use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    kit::{codes::codes, email_address::EmailAddress, money::Money},
    membership::Unaccepted,
    payments::KindCode,
    places::Address,
};

/// What the law says from a day on: above which sum a receipt is a donation, and how many days there are to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Law {
    pub from: NaiveDate,
    pub check_above: Money,
    pub check_days: u32,
}

/// The days of a case on which officers are warned, counted from receipt, the first warning first.
pub type Warnings = [u32; 3];

/// After the last day officers are reminded each time that so many days have passed.
const REMIND_DAYS: i64 = 7;

/// One receipt that is a donation in law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The payment's line in the books, which is the case's own id.
    pub line: Uuid,
    /// What it was paid for.
    pub kind: KindCode,
    pub amount: Money,
    pub received_on: NaiveDate,
    /// The last day on which it may be accepted or sent back (PPERA 2000 s.56(2)).
    pub decide_by: NaiveDate,
    pub donor: Donor,
    pub decision: Option<Decision>,
    pub books: Books,
}

/// Who gave, as they said it themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Donor {
    pub name: String,
    pub email: Option<EmailAddress>,
    pub address: Option<Address>,
    pub person: Option<Uuid>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub on: NaiveDate,
    /// The officer's name; `None` is the site itself.
    pub by: Option<String>,
    /// Why it came after the last day.
    pub late: Option<String>,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// `None`: accepted before the register's details were kept here.
    Accepted(Option<Register>),
    Refused {
        why: Why,
        by_hand: Option<ByHand>,
    },
}

/// The donor as they stand on the electoral register (PPERA 2000 Sch. 6 para. 2): an overseas elector with their home
/// address, wherever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// The day of the register, which was in force when the money was received.
    pub dated: NaiveDate,
    pub name: String,
    pub address: Address,
    pub number: String,
}

/// Why a donation is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    NotOnRegister,
    Unidentified,
    NotPermissible,
    AboveCap,
    /// More than the law lets an overseas elector give in a year.
    AboveOverseasCap,
    PartyRules,
    /// It was refunded at Stripe, or the donor's bank took it, before anybody had decided.
    WentBack,
}
codes!(Why {
    NotOnRegister = "not_on_register",
    Unidentified = "unidentified",
    NotPermissible = "not_permissible",
    AboveCap = "above_cap",
    AboveOverseasCap = "above_overseas_cap",
    PartyRules = "party_rules",
    WentBack = "went_back",
});

impl Why {
    /// What an officer chooses from.
    pub const CHOICES: [Self; 5] = [
        Self::NotOnRegister,
        Self::Unidentified,
        Self::NotPermissible,
        Self::AboveOverseasCap,
        Self::PartyRules,
    ];

    pub fn words(self) -> &'static str {
        match self {
            Self::NotOnRegister => "The donor is not on a UK electoral register",
            Self::Unidentified => "We cannot tell who the donor is",
            Self::NotPermissible => "The money is not the donor’s own, or comes from a company",
            Self::AboveCap => "Above the party’s annual limit",
            Self::AboveOverseasCap => "Above the annual limit for overseas electors",
            Self::PartyRules => "The party’s rules do not allow it",
            Self::WentBack => "Refunded, or taken back by the bank, before it was decided",
        }
    }
}

/// What an officer decides who does not keep a donation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refuse {
    pub why: Why,
    /// Of dues that pay for a membership: what becomes of it.
    pub membership: Option<Unaccepted>,
    /// Why it comes after the last day.
    pub late: Option<String>,
}

/// Money that was sent back outside of Stripe (PPERA 2000 s.57).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByHand {
    pub on: NaiveDate,
    pub how: String,
    pub to: String,
}

/// What the books say of the payment now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Books {
    /// What is left after refunds and disputes.
    pub left: Money,
    /// When money last went back.
    pub back_on: Option<NaiveDate>,
    /// Whether a refund of it has failed.
    pub failed: bool,
    /// Whether it can go back the way it came.
    pub by_stripe: bool,
}

/// How far a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody has decided.
    Open(Urgency),
    Accepted,
    /// Refused, and the refund is not in the books yet.
    GoingBack,
    /// Refused, and it has to be sent by hand: the refund failed, or it did not come by Stripe.
    Stuck,
    WentBack(NaiveDate),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    Calm,
    /// How many warning days have passed.
    Warned(usize),
    Late,
}

impl Case {
    pub fn stage(&self, today: NaiveDate, warnings: Warnings) -> Stage {
        let Some(decision) = &self.decision else { return Stage::Open(self.urgency(today, warnings)) };
        match &decision.outcome {
            Outcome::Accepted(_) => Stage::Accepted,
            Outcome::Refused { by_hand: Some(by_hand), .. } => Stage::WentBack(by_hand.on),
            Outcome::Refused { by_hand: None, .. } => match self.books {
                Books { left: Money::ZERO, back_on: Some(on), .. } => Stage::WentBack(on),
                Books { failed: false, by_stripe: true, .. } => Stage::GoingBack,
                _ => Stage::Stuck,
            },
        }
    }

    fn urgency(&self, today: NaiveDate, warnings: Warnings) -> Urgency {
        let passed = warnings.iter().filter(|day| self.day(today) >= i64::from(**day)).count();
        match (self.is_late(today), passed) {
            (true, _) => Urgency::Late,
            (false, 0) => Urgency::Calm,
            (false, passed) => Urgency::Warned(passed),
        }
    }

    /// Days since receipt; the day of receipt is day 0.
    pub fn day(&self, today: NaiveDate) -> i64 {
        (today - self.received_on).num_days()
    }

    /// How many days there are in all.
    pub fn days(&self) -> i64 {
        (self.decide_by - self.received_on).num_days()
    }

    /// Whether the last day has passed: whatever is decided now needs a reason, since the law takes it as accepted.
    pub fn is_late(&self, today: NaiveDate) -> bool {
        today > self.decide_by
    }

    /// The newest day, counted from receipt, on which officers are warned of it. `None` before the first.
    pub fn warning(&self, today: NaiveDate, warnings: Warnings) -> Option<i64> {
        let late = (today - self.decide_by).num_days();
        if late > 0 {
            return Some(self.days() + 1 + (late - 1) / REMIND_DAYS * REMIND_DAYS);
        }
        warnings.into_iter().map(i64::from).filter(|day| *day <= self.day(today)).max()
    }
}

/// The last day to decide on what was received on a day, as the database works it out when it opens a case.
#[cfg(test)]
pub fn decide_by(received_on: NaiveDate, check_days: u32) -> NaiveDate {
    received_on + chrono::Days::new(check_days.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::donations::GIFTS;

    const WARNINGS: Warnings = [14, 21, 25];

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn case(received_on: &str) -> Case {
        let received_on = on(received_on);
        Case {
            line: Uuid::nil(),
            kind: GIFTS.into(),
            amount: Money::from_pence(50_001),
            received_on,
            decide_by: decide_by(received_on, 30),
            donor: Donor { name: "Ana".into(), email: None, address: None, person: None },
            decision: None,
            books: Books { left: Money::from_pence(50_001), by_stripe: true, ..Books::default() },
        }
    }

    #[test]
    fn m7_the_clock_counts_from_receipt_and_has_two_sides_at_each_mark() {
        let case = case("2026-11-01");
        for (today, day, urgency, warning) in [
            ("2026-11-01", 0, Urgency::Calm, None),
            ("2026-11-14", 13, Urgency::Calm, None),
            ("2026-11-15", 14, Urgency::Warned(1), Some(14)),
            ("2026-11-21", 20, Urgency::Warned(1), Some(14)),
            ("2026-11-22", 21, Urgency::Warned(2), Some(21)),
            ("2026-11-25", 24, Urgency::Warned(2), Some(21)),
            ("2026-11-26", 25, Urgency::Warned(3), Some(25)),
            ("2026-12-01", 30, Urgency::Warned(3), Some(25)),
            ("2026-12-02", 31, Urgency::Late, Some(31)),
            ("2026-12-08", 37, Urgency::Late, Some(31)),
            ("2026-12-09", 38, Urgency::Late, Some(38)),
            ("2027-12-09", 403, Urgency::Late, Some(402)),
        ] {
            let today = on(today);
            assert_eq!(case.day(today), day);
            assert_eq!(case.stage(today, WARNINGS), Stage::Open(urgency), "{today}");
            assert_eq!(case.warning(today, WARNINGS), warning, "{today}");
            assert_eq!(case.is_late(today), day > 30);
        }
        // Thirty days from the last of January pass over the end of February, in a leap year too.
        assert_eq!(decide_by(on("2027-01-31"), 30), on("2027-03-02"));
        assert_eq!(decide_by(on("2028-01-31"), 30), on("2028-03-01"));
    }

    #[test]
    fn m8_a_refused_donation_is_followed_until_it_has_gone_back() {
        let today = on("2026-11-10");
        let refused = |by_hand: Option<ByHand>, books: Books| {
            let outcome = Outcome::Refused { why: Why::NotOnRegister, by_hand };
            let decision = Some(Decision { on: today, by: None, late: None, outcome });
            Case { decision, books, ..case("2026-11-01") }.stage(today, WARNINGS)
        };
        let left = Money::from_pence(50_001);
        let here = Books { left, by_stripe: true, ..Books::default() };
        assert_eq!(refused(None, here), Stage::GoingBack);
        let back = Books { left: Money::ZERO, back_on: Some(today), ..here };
        assert_eq!(refused(None, back), Stage::WentBack(today));
        // A refund that failed is not one, and what came in cash has no way back of its own.
        assert_eq!(refused(None, Books { back_on: Some(today), failed: true, ..here }), Stage::Stuck);
        assert_eq!(refused(None, Books { by_stripe: false, ..here }), Stage::Stuck);
        let by_hand = ByHand { on: on("2026-11-09"), how: "Cheque".into(), to: "Ana".into() };
        assert_eq!(refused(Some(by_hand), here), Stage::WentBack(on("2026-11-09")));
        // It failed once, and arrived at the second try.
        assert_eq!(refused(None, Books { failed: true, ..back }), Stage::WentBack(today));
    }
}
