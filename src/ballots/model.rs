//! What a ballot is, where it stands, and what comes next. Pure.

use std::{borrow::Borrow, fmt::Write as _};

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::proof::{Choice, CountKey, Kind, Outcome};
use crate::{
    accounts::{Permission, Role},
    kit::{codes::codes, dates},
    places::Region,
};

/// Running votes: apart from administrators, and from whoever stands in them.
pub const RUN_BALLOTS: Permission = Permission { code: "run_ballots", held_by: &[Role::ReturningOfficer] };

/// Watching them: the board and the counts, which are nobody's secret, before they are everybody's.
pub const WATCH_BALLOTS: Permission =
    Permission { code: "watch_ballots", held_by: &[Role::ReturningOfficer, Role::Observer] };

/// How many people each step needs that cannot be taken back.
pub const TWO_PEOPLE: usize = 2;

/// Fewer on the roll than this, and a result tells much of each voter.
pub const SMALL_ROLL: u32 = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Draft,
    Announced,
    Open,
    Closed,
    Counted,
    Declared,
    Void,
}
codes!(State {
    Draft = "draft",
    Announced = "announced",
    Open = "open",
    Closed = "closed",
    Counted = "counted",
    Declared = "declared",
    Void = "void",
});

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Announced => "Announced",
            Self::Open => "Open",
            Self::Closed => "Closed",
            Self::Counted => "Counted",
            Self::Declared => "Result",
            Self::Void => "Called off",
        }
    }

    /// The class of its tag in the style sheet.
    pub fn colour(self) -> &'static str {
        match self {
            Self::Open | Self::Declared => "good",
            Self::Announced | Self::Closed | Self::Counted => "wait",
            Self::Draft | Self::Void => "off",
        }
    }
}

/// Who keeps the key that opens the papers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Site,
    Shares,
}
codes!(Held { Site = "site", Shares = "shares" });

impl Held {
    pub fn words(self) -> &'static str {
        match self {
            Self::Site => "The site keeps it",
            Self::Shares => "Scrutineers keep it in shares, off the site",
        }
    }

    /// What voters read of it: what it promises, and what not.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Site => {
                "The site keeps the key that papers are sealed to. Whoever runs it could open papers before the close."
            }
            Self::Shares => {
                "Scrutineers keep the key that papers are sealed to, in parts and off this site: nobody can open a paper before they put it together after the close."
            }
        }
    }
}

/// What a second person has to agree to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Open,
    Count,
    Declare,
    Void,
}
codes!(Step { Open = "open", Count = "count", Declare = "declare", Void = "void" });

impl Step {
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "Open the vote",
            Self::Count => "Open the papers and count",
            Self::Declare => "Declare the result",
            Self::Void => "Call the vote off",
        }
    }
}

/// Who may vote, of those whom the rules of membership let vote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Electorate {
    /// Empty for everywhere.
    pub regions: Vec<Region>,
    /// In years, on the day of the roll.
    pub oldest: Option<u32>,
}

impl Electorate {
    /// `members in Wales and the North West who are 30 or younger`
    pub fn words(&self) -> String {
        let mut words = "members".to_owned();
        let regions: Vec<_> = self.regions.iter().map(|region| region.in_words()).collect();
        if let Some((last, first)) = regions.split_last() {
            words += " in ";
            words += &first.join(", ");
            words += if first.is_empty() { "" } else { " and " };
            words += last;
        }
        if let Some(oldest) = self.oldest {
            // Writing into a string cannot fail.
            let _ = write!(words, " who are {oldest} or younger");
        }
        words
    }
}

/// The days and hours of a ballot, all of them known before it is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The roll is of everybody who may vote at the end of this day.
    pub roll_on: NaiveDate,
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
}

impl Times {
    /// When the roll can be made: the day that it is of has ended.
    pub fn roll_from(&self) -> DateTime<Utc> {
        dates::start_of_day(self.roll_on.succ_opt().unwrap_or(self.roll_on))
    }
}

/// What has to hold of the days and hours.
#[derive(Clone, Copy, Debug)]
pub struct Hours {
    pub now: DateTime<Utc>,
    pub objections: u32,
    pub least: u32,
}

impl Hours {
    /// When a ballot with this roll can open at the earliest.
    pub fn earliest(self, roll_on: NaiveDate) -> DateTime<Utc> {
        let roll_at = dates::start_of_day(roll_on.succ_opt().unwrap_or(roll_on)).max(self.now);
        roll_at + Duration::hours(self.objections.into())
    }
}

/// What a returning officer writes, and can change until the ballot is announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub title: String,
    /// Markdown.
    pub question: String,
    pub kind: Kind,
    /// In the order of their numbers, which voters see in an order of their own.
    pub options: Vec<Choice>,
    pub electorate: Electorate,
    pub times: Times,
    pub held: Held,
}

/// The roll, once it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roll {
    pub size: u32,
    pub fingerprint: String,
    pub frozen_at: DateTime<Utc>,
}

#[derive(Clone, Debug)]
pub struct Ballot {
    pub id: Uuid,
    pub slug: String,
    pub state: State,
    pub draft: Draft,
    /// By the site, for an election: nobody changes its words, and its options have the numbers of candidates.
    pub is_made: bool,
    pub count_key: Option<CountKey>,
    pub roll: Option<Roll>,
    /// The hash of everything that voters were told, from when it is fixed on.
    pub hash: Option<String>,
    pub announced_at: Option<DateTime<Utc>>,
    pub declared_at: Option<DateTime<Utc>>,
    pub complaints_until: Option<DateTime<Utc>>,
    pub void_reason: Option<String>,
    pub opened_papers: u32,
    pub outcome: Option<Outcome>,
}

/// What a returning officer has to do, or to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Scrutineers make a key, and its public half is entered.
    Key,
    Announce,
    /// The day of the roll has to end.
    Roll(DateTime<Utc>),
    /// Members can say that the roll is wrong.
    Objections(DateTime<Utc>),
    /// Two people fix the words and open the vote.
    Open,
    /// Agreed; it opens by itself.
    Opening(DateTime<Utc>),
    Voting,
    /// The hour has passed; the last papers are put into the box.
    Closing,
    /// Two people open the papers.
    Count,
    Counting,
    Declare,
    /// The result is provisional.
    Complaints(DateTime<Utc>),
    Nothing,
}

impl Ballot {
    pub fn path(&self) -> String {
        format!("/ballots/{}", self.slug)
    }

    /// Whether a vote can be cast now. The hours count, not when the site got to open or close it.
    pub fn takes_votes(&self, now: impl Borrow<DateTime<Utc>>) -> bool {
        let now = *now.borrow();
        let times = &self.draft.times;
        self.state == State::Open && times.opens_at <= now && now < times.closes_at
    }

    pub fn is_public(&self) -> bool {
        self.state != State::Draft
    }

    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Closed | State::Counted | State::Declared | State::Void)
    }

    /// Until when members can object to the roll.
    pub fn objections_until(&self, hours: u32) -> Option<DateTime<Utc>> {
        self.roll.as_ref().map(|roll| roll.frozen_at + Duration::hours(hours.into()))
    }

    /// `approved`: by how many people the step is agreed to that comes next.
    pub fn next(&self, now: DateTime<Utc>, objection_hours: u32, approved: usize) -> Next {
        match self.state {
            State::Draft if self.count_key.is_none() => Next::Key,
            State::Draft => Next::Announce,
            State::Announced => match self.objections_until(objection_hours) {
                None => Next::Roll(self.draft.times.roll_from()),
                Some(until) if now < until => Next::Objections(until),
                Some(_) if approved < TWO_PEOPLE => Next::Open,
                Some(_) => Next::Opening(self.draft.times.opens_at),
            },
            State::Open if now < self.draft.times.closes_at => Next::Voting,
            State::Open => Next::Closing,
            State::Closed if approved < TWO_PEOPLE => Next::Count,
            State::Closed => Next::Counting,
            State::Counted => Next::Declare,
            State::Declared => match self.complaints_until {
                Some(until) if now < until => Next::Complaints(until),
                _ => Next::Nothing,
            },
            State::Void => Next::Nothing,
        }
    }

    /// Whether the time has come for what the clock brings.
    pub fn is_due_to_open(&self, now: DateTime<Utc>, objection_hours: u32, approved: usize) -> bool {
        self.state == State::Announced
            && self.next(now, objection_hours, approved) == Next::Opening(self.draft.times.opens_at)
            && self.draft.times.opens_at <= now
            && now < self.draft.times.closes_at
    }

    /// A draft is deleted instead, unless it was made.
    pub fn can_be_called_off(&self) -> bool {
        match self.state {
            State::Draft => self.is_made,
            State::Declared | State::Void => false,
            _ => true,
        }
    }

    pub fn is_provisional(&self, now: impl Borrow<DateTime<Utc>>) -> bool {
        self.complaints_until.is_some_and(|until| *now.borrow() < until)
    }
}

/// What the clock brings: rolls, openings, closes, lots. A job of each minute.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct TurnBallots {}

/// Tells the voters of a lot that their votes were recorded: a job.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellVoters {
    pub ballot: Uuid,
    pub lot: i32,
}

/// Opens the papers of a closed ballot, counts them, and writes what will be published: a job.
#[derive(Debug, Serialize, Deserialize)]
pub struct CountPapers {
    pub ballot: Uuid,
}

/// How much time is left, in words: `3 days`, `5 hours`, `20 minutes`.
pub fn left(until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let minutes = (until - now).num_minutes().max(0);
    let (number, what) = match minutes {
        0 => return "less than a minute".to_owned(),
        1..=119 => (minutes, "minute"),
        120..=2879 => (minutes / 60, "hour"),
        _ => (minutes / (60 * 24), "day"),
    };
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_left_is_said_in_words() {
        let now = at("2026-11-26T12:00:00Z");
        for (until, words) in [
            ("2026-11-26T12:00:30Z", "less than a minute"),
            ("2026-11-26T12:01:00Z", "1 minute"),
            ("2026-11-26T13:59:59Z", "119 minutes"),
            ("2026-11-26T14:00:00Z", "2 hours"),
            ("2026-11-28T11:59:00Z", "47 hours"),
            ("2026-11-28T12:00:00Z", "2 days"),
            ("2026-12-26T12:00:00Z", "30 days"),
            ("2026-11-01T12:00:00Z", "less than a minute"),
        ] {
            assert_eq!(left(at(until), now), words);
        }
    }

    #[test]
    fn who_may_vote_is_said_in_words() {
        let electorate =
            |regions: &[Region], oldest| Electorate { regions: regions.to_vec(), oldest }.words();
        assert_eq!(electorate(&[], None), "members");
        assert_eq!(electorate(&[Region::Wales], None), "members in Wales");
        assert_eq!(
            electorate(&[Region::London, Region::NorthWest, Region::Wales], Some(30)),
            "members in London, the North West and Wales who are 30 or younger"
        );
    }

    /// At midnight in London, also in summer.
    #[test]
    fn a_roll_is_made_when_its_day_has_ended() {
        let times = |day: &str| Times {
            roll_on: day.parse().unwrap(),
            opens_at: at("2026-12-01T00:00:00Z"),
            closes_at: at("2026-12-02T00:00:00Z"),
        };
        assert_eq!(times("2026-11-20").roll_from(), at("2026-11-21T00:00:00Z"));
        assert_eq!(times("2026-07-20").roll_from(), at("2026-07-20T23:00:00Z"));
        assert_eq!(times("2026-10-25").roll_from(), at("2026-10-26T00:00:00Z"), "the clocks go back");
        assert_eq!(times("2027-03-28").roll_from(), at("2027-03-28T23:00:00Z"), "they go forward");
    }
}
