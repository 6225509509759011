//! Where a membership stands.

use chrono::NaiveDate;

use crate::kit::{codes::codes, dates};

/// Why a membership is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndReason {
    /// At the member's request.
    Left,
    /// The payments stopped.
    Lapsed,
    /// By the party, which also bars them from joining again by the form.
    Expelled,
    Died,
    /// Officers objected while they were new.
    Refused,
    /// By an officer, for a reason that is none of the others.
    Officer,
    /// It should never have been made.
    Error,
}
codes!(EndReason {
    Left = "left",
    Lapsed = "lapsed",
    Expelled = "expelled",
    Died = "died",
    Refused = "refused",
    Officer = "officer",
    Error = "error",
});

impl EndReason {
    pub fn words(self) -> &'static str {
        match self {
            Self::Left => "left at the member’s request",
            Self::Lapsed => "the payments stopped",
            Self::Expelled => "ended by the party",
            Self::Died => "has died",
            Self::Refused => "not admitted after an objection",
            Self::Officer => "ended by an officer",
            Self::Error => "made by mistake",
        }
    }

    /// The rest of a sentence to the member themselves.
    pub fn own_words(self) -> &'static str {
        match self {
            Self::Left => "you left",
            Self::Lapsed => "your payments stopped",
            Self::Expelled | Self::Officer => "the party ended it",
            Self::Refused => "officers objected to your joining",
            Self::Died | Self::Error => "it was recorded by mistake",
        }
    }

    /// Whether it was decided by people, so that no payment brings the membership back.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Left | Self::Lapsed)
    }
}

/// Where a membership stands, with what belongs to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The first Direct Debit is on its way.
    Pending,
    Active,
    /// A payment failed; they count as a member until this day.
    Grace {
        until: NaiveDate,
    },
    /// By an officer, until this day.
    Suspended {
        until: NaiveDate,
    },
    /// `on` is the first day on which they were not a member.
    Ended {
        on: NaiveDate,
        reason: EndReason,
    },
}

impl State {
    pub fn code(self) -> &'static str {
        self.status().code()
    }

    pub fn status(self) -> Status {
        match self {
            Self::Pending => Status::Pending,
            Self::Active => Status::Active,
            Self::Grace { .. } => Status::Grace,
            Self::Suspended { .. } => Status::Suspended,
            Self::Ended { .. } => Status::Ended,
        }
    }

    /// Whether the members' pages open. `pending_counts` is the party's rule for a first debit on its way.
    pub fn is_member(self, pending_counts: bool) -> bool {
        match self {
            Self::Active | Self::Grace { .. } => true,
            Self::Pending => pending_counts,
            Self::Suspended { .. } | Self::Ended { .. } => false,
        }
    }

    /// Of a membership that begins at this moment: whoever has paid was a member, even if it is over by now.
    #[must_use]
    pub fn begun(self) -> Self {
        if self.is_ended() { Self::Active } else { self }
    }

    /// Whether a payment failed that they can still pay.
    pub fn is_overdue(self) -> bool {
        matches!(self, Self::Grace { .. })
    }

    /// Whether no payment may make them a member again.
    pub fn is_expelled(self) -> bool {
        matches!(self, Self::Ended { reason: EndReason::Expelled, .. })
    }

    /// Whether people decided that it is over.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Ended { reason, .. } if reason.is_final())
    }

    pub fn is_ended(self) -> bool {
        matches!(self, Self::Ended { .. })
    }
}

/// A [`State`] without its facts: what lists show and filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Active,
    Grace,
    Pending,
    Suspended,
    Ended,
}
codes!(Status {
    Active = "active",
    Grace = "grace",
    Pending = "pending",
    Suspended = "suspended",
    Ended = "ended",
});

impl Status {
    /// The word for lists and tags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "First payment on its way",
            Self::Active => "In good standing",
            Self::Grace => "Payment overdue",
            Self::Suspended => "Suspended",
            Self::Ended => "Ended",
        }
    }

    /// The colour and the words of a tag on a day: a membership whose renewal is stopped says when it ends.
    pub fn tag(self, ends_on: Option<NaiveDate>, today: NaiveDate) -> (&'static str, String) {
        match ends_on {
            Some(on) if matches!(self, Self::Active | Self::Pending) => {
                ("wait", format!("Ends {}", dates::near_day(on, today)))
            }
            _ => (self.colour(), self.name().to_owned()),
        }
    }

    /// The class of its tag in the style sheet.
    fn colour(self) -> &'static str {
        match self {
            Self::Pending | Self::Grace => "wait",
            Self::Active => "good",
            Self::Suspended => "bad",
            Self::Ended => "off",
        }
    }
}
