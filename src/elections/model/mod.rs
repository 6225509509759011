//! Posts, the elections for them, and where one stands. Pure.

mod eligibility;
mod news;
mod nomination;
mod office;
mod question;
mod timetable;

use std::borrow::Borrow;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

pub use eligibility::{Known, Part, obstacle};
pub use news::{News, TellElectors};
pub use nomination::{Candidate, Ended, Nomination, Seconder, Standing, numbered};
pub use office::{How, Office};
pub use question::{Answer, LONGEST_ANSWER, LONGEST_LETTER, LONGEST_QUESTION, Question};
pub use timetable::{Rules, Step, Timetable};

use crate::{
    accounts::Role,
    ballots::{Electorate, Held},
    kit::codes::codes,
    places::Region,
};

/// Offices of the site that can come with a post. Those that look after elections and officers are kept apart.
pub const ROLES: [Role; 5] =
    [Role::Membership, Role::Treasurer, Role::Editor, Role::Communications, Role::Organiser];

/// What a returning officer writes of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostWords {
    pub title: String,
    /// Markdown.
    pub duties: String,
    pub seats: u32,
    pub term_months: u32,
    pub electorate: Electorate,
    /// The office of the site that comes with it.
    pub role: Option<Role>,
}

impl PostWords {
    /// An organiser's region: that of the post.
    pub fn role_region(&self) -> Option<Region> {
        self.electorate.regions.first().copied().filter(|_| self.role == Some(Role::Organiser))
    }

    /// `2 years`
    pub fn term(&self) -> String {
        months(self.term_months)
    }
}

#[derive(Clone, Debug)]
pub struct Post {
    pub id: Uuid,
    pub slug: String,
    pub words: PostWords,
    /// The election for it that is under way, or written.
    pub under_way: Option<Uuid>,
}

/// What a returning officer decides of an election before it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub seats: u32,
    pub seconders: u32,
    /// Characters.
    pub statement_length: u32,
    /// Whether voters can ask for other candidates, by “re-open nominations”.
    pub reopen: bool,
    pub held: Held,
    pub timetable: Timetable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Elected,
    Unopposed,
    NoCandidates,
    /// The voters elected nobody.
    Nobody,
    Void,
}
codes!(Outcome {
    Elected = "elected",
    Unopposed = "unopposed",
    NoCandidates = "no_candidates",
    Nobody = "nobody",
    Void = "void",
});

#[derive(Clone, Debug)]
pub struct Election {
    pub id: Uuid,
    pub slug: String,
    pub post: Uuid,
    pub words: PostWords,
    pub plan: Plan,
    pub fills_vacancy: bool,
    pub published_at: Option<DateTime<Utc>>,
    /// The stage at which the clock's work left it.
    pub turned_to: Stage,
    pub judged_at: Option<DateTime<Utc>>,
    pub ballot: Option<Ballot>,
    /// Of a by-election: when the terms end that it fills the rest of.
    pub term_ends_on: Option<NaiveDate>,
    /// Whether the one email of all candidates has gone to the sender.
    pub letters_sent: bool,
    pub outcome: Option<Outcome>,
    pub void_reason: Option<String>,
}

/// The vote that an election came to.
#[derive(Clone, Debug)]
pub struct Ballot {
    pub id: Uuid,
    pub slug: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Draft,
    Notice,
    Nominations,
    Withdrawals,
    Hustings,
    Poll,
    Count,
    Over,
}
codes!(Stage {
    Draft = "draft",
    Notice = "notice",
    Nominations = "nominations",
    Withdrawals = "withdrawals",
    Hustings = "hustings",
    Poll = "poll",
    Count = "count",
    Over = "over",
});

impl Stage {
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Notice => "Called",
            Self::Nominations => "Nominations open",
            Self::Withdrawals => "Nominations closed",
            Self::Hustings => "Hustings",
            Self::Poll => "Voting",
            Self::Count => "Counting",
            Self::Over => "Over",
        }
    }

    /// The class of its tag in the style sheet.
    pub fn colour(self) -> &'static str {
        match self {
            Self::Nominations | Self::Poll => "good",
            Self::Draft | Self::Over => "off",
            _ => "wait",
        }
    }
}

impl Election {
    pub fn path(&self) -> String {
        format!("/elections/{}", self.slug)
    }

    pub fn desk(&self) -> String {
        format!("/admin/elections/{}", self.id)
    }

    /// Where it stands by the clock, whenever the site gets to do what follows from it.
    pub fn stage(&self, now: DateTime<Utc>) -> Stage {
        let times = &self.plan.timetable;
        if self.outcome.is_some() {
            return Stage::Over;
        }
        if self.published_at.is_none() {
            return Stage::Draft;
        }
        let begun = [
            (Stage::Count, times.closes),
            (Stage::Poll, times.opens),
            (Stage::Hustings, times.withdrawals_close),
            (Stage::Withdrawals, times.nominations_close),
            (Stage::Nominations, times.nominations_open),
        ];
        begun.into_iter().find(|(_, from)| *from <= now).map_or(Stage::Notice, |(stage, _)| stage)
    }

    /// Whether everybody may read who stands: from the close of nominations on.
    pub fn shows_candidates(&self) -> bool {
        self.judged_at.is_some()
    }

    /// Whether members ask, and candidates answer.
    pub fn takes_questions(&self, now: impl Borrow<DateTime<Utc>>) -> bool {
        self.shows_candidates()
            && self.outcome.is_none()
            && *now.borrow() < self.plan.timetable.questions_close
    }

    pub fn tag(&self, now: &DateTime<Utc>) -> (&'static str, &'static str) {
        let stage = self.stage(*now);
        match self.outcome {
            Some(Outcome::Elected | Outcome::Unopposed) => ("good", "Decided"),
            Some(Outcome::NoCandidates | Outcome::Nobody) => ("off", "Nobody elected"),
            Some(Outcome::Void) => ("off", "Called off"),
            None => (stage.colour(), stage.name()),
        }
    }

    /// `Two places, for two years`
    pub fn places(&self) -> String {
        let plural = if self.plan.seats == 1 { "place" } else { "places" };
        format!("{} {plural}, for {}", self.plan.seats, self.words.term())
    }
}

/// `18 months`, `2 years`
fn months(months: u32) -> String {
    let (number, what) = if months.is_multiple_of(12) { (months / 12, "year") } else { (months, "month") };
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    #[test]
    fn a_term_is_said_in_years_where_it_can() {
        for (number, words) in [(1, "1 month"), (12, "1 year"), (18, "18 months"), (24, "2 years")] {
            assert_eq!(months(number), words);
        }
    }

    #[test]
    fn the_clock_says_where_an_election_stands() {
        let rules =
            Rules { notice: 7, nomination: 14, withdrawal: 3, hustings: 10, poll: 14, objection_hours: 48 };
        let timetable = Timetable::calculate("2027-04-05".parse().unwrap(), rules);
        let mut election = Election {
            id: Uuid::nil(),
            slug: "chair".to_owned(),
            post: Uuid::nil(),
            words: PostWords {
                title: "Chair".to_owned(),
                duties: "x".to_owned(),
                seats: 1,
                term_months: 24,
                electorate: Electorate::default(),
                role: None,
            },
            plan: Plan {
                seats: 1,
                seconders: 3,
                statement_length: 2000,
                reopen: true,
                held: Held::Site,
                timetable,
            },
            fills_vacancy: false,
            published_at: None,
            turned_to: Stage::Draft,
            judged_at: None,
            ballot: None,
            term_ends_on: None,
            letters_sent: false,
            outcome: None,
            void_reason: None,
        };
        assert_eq!(election.stage(timetable.opens), Stage::Draft);
        election.published_at = Some(timetable.notice);
        for (from, before, after) in [
            (timetable.nominations_open, Stage::Notice, Stage::Nominations),
            (timetable.nominations_close, Stage::Nominations, Stage::Withdrawals),
            (timetable.withdrawals_close, Stage::Withdrawals, Stage::Hustings),
            (timetable.opens, Stage::Hustings, Stage::Poll),
            (timetable.closes, Stage::Poll, Stage::Count),
        ] {
            assert_eq!(election.stage(from - Duration::milliseconds(1)), before);
            assert_eq!(election.stage(from), after);
        }
        election.outcome = Some(Outcome::Void);
        assert_eq!(election.stage(timetable.notice), Stage::Over);
    }
}
