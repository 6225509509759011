//! What Stripe tells and only a person can settle.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::kit::{codes::codes, money::Money};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertKind {
    /// A payer's bank takes a payment back, or questions it.
    Dispute,
    /// Money that left the balance at Stripe did not arrive at the party's bank.
    Payout,
    /// A message of test mode where real money moves, or the other way round.
    Mode,
}
codes!(AlertKind { Dispute = "dispute", Payout = "payout", Mode = "mode" });

impl AlertKind {
    /// The heading over them.
    pub fn title(self) -> &'static str {
        match self {
            Self::Dispute => "Disputed payments",
            Self::Payout => "Failed payouts",
            Self::Mode => "Messages of the wrong mode",
        }
    }

    /// What it means, and what to do.
    pub fn lead(self) -> &'static str {
        match self {
            Self::Dispute => {
                "Somebody asked their bank for their money back. A card’s bank takes an answer until the day shown: give it at Stripe. A Direct Debit that was claimed back is decided already: ask the payer what was wrong, and mark it as done."
            }
            Self::Payout => {
                "Stripe could not pay our money into the party’s bank account, and stops paying out until the account is put right at Stripe. The money is in the balance there again."
            }
            Self::Mode => {
                "Stripe sent a message of test mode to a site that takes real payments, or the other way round. Nothing of it was booked. Put the webhook’s address or key right at Stripe."
            }
        }
    }
}

/// How far an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertState {
    /// A person has to look at it.
    Open,
    /// A bank is deciding.
    Waiting,
    Settled,
}
codes!(AlertState { Open = "open", Waiting = "waiting", Settled = "settled" });

impl AlertState {
    /// Of a dispute, by Stripe's word for how it stands.
    pub fn of_dispute(status: &str) -> Self {
        match status {
            "under_review" | "warning_under_review" => Self::Waiting,
            "won" | "warning_closed" | "prevented" => Self::Settled,
            _ => Self::Open,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    pub id: Uuid,
    pub kind: AlertKind,
    /// Stripe's id; for the other mode its name, `live` or `test`.
    pub stripe_id: String,
    pub amount: Option<Money>,
    /// The line of the books that is disputed.
    pub payment: Option<Uuid>,
    /// How it stands at Stripe, in Stripe's words.
    pub status: String,
    pub state: AlertState,
    /// Until when Stripe takes an answer.
    pub due_by: Option<DateTime<Utc>>,
    pub opened_at: DateTime<Utc>,
}

impl Alert {
    /// A tag's colour and words.
    pub fn tag(&self) -> (&'static str, String) {
        match (self.kind, self.status.as_str()) {
            (AlertKind::Dispute, "needs_response") => ("bad", "Answer at Stripe".to_owned()),
            (AlertKind::Dispute, "warning_needs_response") => {
                ("wait", "The bank asks, no money has moved".to_owned())
            }
            (AlertKind::Dispute, "under_review" | "warning_under_review") => {
                ("wait", "The bank is deciding".to_owned())
            }
            (AlertKind::Dispute, "won") => ("good", "Decided for us".to_owned()),
            (AlertKind::Dispute, "lost") => ("bad", "Taken back by the bank".to_owned()),
            (AlertKind::Dispute, "warning_closed" | "prevented") => ("off", "Closed".to_owned()),
            (AlertKind::Dispute, other) => ("wait", other.replace('_', " ")),
            (AlertKind::Payout, why) => ("bad", why.to_owned()),
            (AlertKind::Mode, _) => ("bad", format!("Sent in {} mode", self.stripe_id)),
        }
    }
}

/// What the officers have not been told yet, of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct News {
    pub what: Told,
    pub count: i64,
    /// What it comes to, where it is about a sum.
    pub amount: Option<Money>,
    /// The first day by which Stripe wants an answer.
    pub due: Option<NaiveDate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Dispute,
    Payout,
    Mode,
    RefundFailed,
    DebitCancelled,
}
codes!(Told {
    Dispute = "dispute",
    Payout = "payout",
    Mode = "mode",
    RefundFailed = "refund",
    DebitCancelled = "mandate",
});

impl Told {
    /// The list of them.
    pub fn path(self) -> &'static str {
        match self {
            Self::Dispute => "/admin/payments/alerts/dispute",
            Self::Payout => "/admin/payments/alerts/payout",
            Self::Mode => "/admin/payments/alerts/mode",
            Self::RefundFailed => "/admin/payments/refunds",
            Self::DebitCancelled => "/admin/payments/cancelled",
        }
    }

    /// Behind a 1, and behind any other number.
    fn words(self) -> [&'static str; 2] {
        match self {
            Self::Dispute => ["payment was disputed", "payments were disputed"],
            Self::Payout => ["payout to the bank failed", "payouts to the bank failed"],
            Self::Mode => [
                "message from Stripe came in the wrong mode, live or test",
                "messages from Stripe came in the wrong mode, live or test",
            ],
            Self::RefundFailed => ["refund failed", "refunds failed"],
            Self::DebitCancelled => {
                ["Direct Debit was cancelled at the bank", "Direct Debits were cancelled at the bank"]
            }
        }
    }
}

impl News {
    /// `2 payments were disputed, £10 in all`
    pub fn words(&self) -> String {
        let [one, many] = self.what.words();
        let counted = crate::kit::money::grouped(self.count.unsigned_abs());
        let words = format!("{counted} {}", if self.count == 1 { one } else { many });
        match self.amount {
            Some(amount) if self.count == 1 => format!("{words}, {amount}"),
            Some(amount) => format!("{words}, {amount} in all"),
            None => words,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dispute_needs_somebody_until_the_bank_has_it_or_we_have_won() {
        for (status, state) in [
            ("needs_response", AlertState::Open),
            ("warning_needs_response", AlertState::Open),
            ("lost", AlertState::Open),
            ("under_review", AlertState::Waiting),
            ("won", AlertState::Settled),
            ("warning_closed", AlertState::Settled),
            // One that Stripe has made since this was written.
            ("on_the_moon", AlertState::Open),
        ] {
            assert_eq!(AlertState::of_dispute(status), state, "{status}");
        }
    }

    #[test]
    fn news_in_plain_words() {
        let news = |what, count, pence: Option<i64>| {
            News { what, count, amount: pence.map(Money::from_pence), due: None }.words()
        };
        assert_eq!(news(Told::Dispute, 1, Some(500)), "1 payment was disputed, £5");
        assert_eq!(news(Told::Dispute, 1_200, Some(600_000)), "1,200 payments were disputed, £6,000 in all");
        assert_eq!(news(Told::DebitCancelled, 2, None), "2 Direct Debits were cancelled at the bank");
    }
}
