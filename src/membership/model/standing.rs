//! Where somebody stood on a day, from what is kept of their past. Pure; the function `membership_standing` in the
//! database says the same of everybody at once.

use chrono::{Days, NaiveDate};
use serde::Deserialize;

use super::{EndReason, Override, OverrideKind, State, Status};
use crate::kit::{codes::codes, dates};

/// Where a membership stands, in the words that rules and ballots use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The first payment is on its way.
    Pending,
    /// Joined a short while ago: officers can still object.
    New,
    Current,
    /// A payment is overdue, and the days to pay it are not over.
    Grace,
    Suspended,
    Lapsed,
    Resigned,
    Expelled,
    Deceased,
    /// By an officer, or for a reason that was not kept.
    Ended,
}
codes!(Standing {
    Pending = "pending",
    New = "new",
    Current = "current",
    Grace = "grace",
    Suspended = "suspended",
    Lapsed = "lapsed",
    Resigned = "resigned",
    Expelled = "expelled",
    Deceased = "deceased",
    Ended = "ended",
});

impl Standing {
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "First payment on its way",
            Self::New => "New member",
            Self::Current => "Current member",
            Self::Grace => "Member, payment overdue",
            Self::Suspended => "Suspended",
            Self::Lapsed => "Lapsed",
            Self::Resigned => "Resigned",
            Self::Expelled => "Expelled",
            Self::Deceased => "Has died",
            Self::Ended => "Ended",
        }
    }

    /// The class of its tag in the style sheet.
    pub fn colour(self) -> &'static str {
        match self {
            Self::Pending | Self::New | Self::Grace => "wait",
            Self::Current => "good",
            Self::Suspended => "bad",
            Self::Lapsed | Self::Resigned | Self::Expelled | Self::Deceased | Self::Ended => "off",
        }
    }

    /// Whether somebody in it has a vote, if no other rule takes it.
    pub fn votes(self) -> bool {
        matches!(self, Self::New | Self::Current | Self::Grace)
    }

    fn is_over(self) -> bool {
        !self.votes() && !matches!(self, Self::Pending | Self::Suspended)
    }

    /// What it means, of somebody else.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Pending => "They have joined, but the bank has not made the first payment yet.",
            Self::New => "They are a member, and officers can still object to their joining.",
            Self::Current => "They are a member with full rights.",
            Self::Grace => {
                "A payment did not go through. They stay a member for as long as they can still pay it."
            }
            Self::Suspended => "The party has suspended their membership temporarily.",
            Self::Lapsed => "Their payments stopped, so their membership ended.",
            Self::Resigned => "They left.",
            Self::Expelled => "The party ended their membership.",
            Self::Deceased => "They have died.",
            Self::Ended => "Their membership had ended.",
        }
    }
}

/// One state, from its first day to the day before that of the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Era {
    pub state: Past,
    pub starts_on: NaiveDate,
    pub ends_on: Option<NaiveDate>,
}

impl Era {
    /// Whether it held on any day at all.
    pub fn has_days(&self) -> bool {
        self.ends_on.is_none_or(|end| self.starts_on < end)
    }

    pub fn last_day(&self) -> Option<NaiveDate> {
        self.ends_on.and_then(|end| end.pred_opt())
    }
}

/// A [`State`] of the past. Why something ended was not always kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    Pending,
    Active,
    Grace { until: NaiveDate },
    Suspended { until: NaiveDate },
    Ended { reason: Option<EndReason> },
}

impl From<State> for Past {
    fn from(state: State) -> Self {
        match state {
            State::Pending => Self::Pending,
            State::Active => Self::Active,
            State::Grace { until } => Self::Grace { until },
            State::Suspended { until } => Self::Suspended { until },
            State::Ended { reason, .. } => Self::Ended { reason: Some(reason) },
        }
    }
}

/// From when to when somebody was a member.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Period {
    pub started_on: NaiveDate,
    pub ended_on: Option<NaiveDate>,
    /// The first day on which they were not new any more, if officers had days to object.
    pub settled_on: Option<NaiveDate>,
}

/// What is kept of one member's past, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    pub eras: Vec<Era>,
    pub periods: Vec<Period>,
    /// What officers set by hand, newest first.
    pub overrides: Vec<Override>,
}

/// What the party has decided about voting, as it held on the day that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VotingRules {
    /// Days of membership before somebody may vote.
    pub waiting_days: u32,
    pub voting_age: u32,
}

/// Why somebody may not vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoVote {
    Standing,
    /// By hand.
    Barred,
    Waiting,
    Age,
}
codes!(NoVote { Standing = "standing", Barred = "barred", Waiting = "waiting", Age = "age" });

/// Where somebody stood on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stood {
    pub standing: Standing,
    /// The day from which on that held.
    pub since: NaiveDate,
    /// When they joined, for the time that the day lies in.
    pub member_since: Option<NaiveDate>,
    pub no_vote: Option<NoVote>,
}

fn covers(day: NaiveDate, from: NaiveDate, to: Option<NaiveDate>) -> bool {
    from <= day && to.is_none_or(|to| day < to)
}

impl History {
    /// Where they stood on a day; `None` before they first joined. Whose age is not known, as of some who came from another
    /// system, is taken to be old enough.
    pub fn on(&self, day: NaiveDate, born_on: Option<NaiveDate>, rules: VotingRules) -> Option<Stood> {
        let era = self.eras.iter().find(|era| covers(day, era.starts_on, era.ends_on))?;
        let period = self.periods.iter().find(|period| covers(day, period.started_on, period.ended_on));
        let settled_on = period.and_then(|period| period.settled_on);
        let by_hand = |kind| self.overrides.iter().filter(move |it| it.kind == kind && it.holds_on(day));
        let counted_from = by_hand(OverrideKind::Current).map(|it| it.starts_on).min();
        let standing = match era.state {
            Past::Pending | Past::Grace { .. } if counted_from.is_some() && !era.state.is_over_on(day) => {
                Standing::Current
            }
            Past::Pending => Standing::Pending,
            Past::Active if settled_on.is_some_and(|settled| day < settled) => Standing::New,
            Past::Active => Standing::Current,
            Past::Grace { until } if day <= until => Standing::Grace,
            Past::Grace { .. } | Past::Ended { reason: Some(EndReason::Lapsed) } => Standing::Lapsed,
            Past::Suspended { .. } => Standing::Suspended,
            Past::Ended { reason: Some(EndReason::Left) } => Standing::Resigned,
            Past::Ended { reason: Some(EndReason::Expelled) } => Standing::Expelled,
            Past::Ended { reason: Some(EndReason::Died) } => Standing::Deceased,
            Past::Ended { .. } => Standing::Ended,
        };
        let since = match (standing, era.state) {
            (Standing::Lapsed, Past::Grace { until }) => until.succ_opt().unwrap_or(until),
            (Standing::Current, Past::Active) => settled_on.map_or(era.starts_on, |it| it.max(era.starts_on)),
            (Standing::Current, _) => counted_from.map_or(era.starts_on, |it| it.max(era.starts_on)),
            _ => era.starts_on,
        };
        let member_since = period.map(|period| period.started_on).filter(|_| !standing.is_over());
        let waits = member_since.is_some_and(|since| day < since + Days::new(rules.waiting_days.into()));
        let is_too_young =
            born_on.is_some_and(|born| i64::from(dates::age_on(born, day)) < i64::from(rules.voting_age));
        let no_vote = if !standing.votes() {
            Some(NoVote::Standing)
        } else if by_hand(OverrideKind::NoVote).next().is_some() {
            Some(NoVote::Barred)
        } else if waits {
            Some(NoVote::Waiting)
        } else {
            is_too_young.then_some(NoVote::Age)
        };
        Some(Stood { standing, since, member_since, no_vote })
    }
}

impl Past {
    /// Whether its last day is over, though nothing followed yet.
    fn is_over_on(self, day: NaiveDate) -> bool {
        matches!(self, Self::Grace { until } if until < day)
    }

    /// Beside its name, for officers: the last day, or why.
    pub fn detail(self) -> String {
        match self {
            Self::Pending | Self::Active => String::new(),
            Self::Grace { until } | Self::Suspended { until } => format!("until {}", dates::day(until)),
            Self::Ended { reason: Some(reason) } => reason.words().to_owned(),
            Self::Ended { reason: None } => "reason not kept".to_owned(),
        }
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
}

impl Stood {
    /// What it lets a member do, said to them.
    pub fn may(&self, pending_counts: bool) -> &'static str {
        match self.standing {
            Standing::New | Standing::Current | Standing::Grace => {
                "Use the members’ pages, and take part in debates, meetings and teams"
            }
            Standing::Pending if pending_counts => "Use the members’ pages, and come to meetings",
            Standing::Pending => "Nothing yet: your membership begins with your first payment",
            Standing::Suspended => "Nothing in the party until the suspension ends",
            Standing::Expelled => "Appeal, if the decision says so. You cannot join using the form",
            _ => "Join again at any time",
        }
    }

    /// Whether they may vote today, said to them.
    pub fn own_vote(&self, rules: VotingRules) -> String {
        match self.no_vote {
            None => "You may vote".to_owned(),
            Some(NoVote::Standing) if self.standing == Standing::Pending => {
                "You may vote once your first payment has arrived".to_owned()
            }
            Some(NoVote::Standing) => "You may not vote".to_owned(),
            Some(NoVote::Barred) => "You may not vote at present".to_owned(),
            Some(NoVote::Waiting) => match self.member_since {
                Some(since) => {
                    let from = dates::day(since + Days::new(rules.waiting_days.into()));
                    format!("You may vote from {from}, after {} days as a member", rules.waiting_days)
                }
                None => "You may not vote yet".to_owned(),
            },
            Some(NoVote::Age) => format!("You may vote from the age of {}", rules.voting_age),
        }
    }

    /// Whether they had a vote, and why not: of a day up to today.
    pub fn vote_in_words(&self, rules: VotingRules) -> String {
        match self.no_vote {
            None => "Yes".to_owned(),
            Some(NoVote::Standing) => "No: nobody with this standing can vote".to_owned(),
            Some(NoVote::Barred) => "No: an officer has decided so".to_owned(),
            Some(NoVote::Waiting) => {
                format!("No: members can vote once they have been members for {} days", rules.waiting_days)
            }
            Some(NoVote::Age) => format!("No: members can vote from the age of {}", rules.voting_age),
        }
    }
}
