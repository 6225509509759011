//! Whether somebody can vote in a ballot, and if not, by which rule, and when that will pass. Pure.

use chrono::{Days, NaiveDate};

use super::model::Draft;
use crate::{
    kit::dates,
    membership::{NoVote, Standing, Stood, VotingRules},
    places::Region,
};

/// What is known of somebody on the day of the roll.
#[derive(Clone, Debug)]
pub struct Known {
    /// `None` if they had never joined.
    pub stood: Option<Stood>,
    pub rules: VotingRules,
    pub region: Option<Region>,
    pub born_on: Option<NaiveDate>,
}

/// Whether somebody is on the roll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entitlement {
    OnRoll {
        voted: bool,
    },
    /// On the roll, and suspended or gone since.
    NoMemberNow,
    /// The roll is not made yet: by what is known today they will be on it, or not, and why.
    Expected(Option<String>),
    /// Why not.
    NotOnRoll(String),
}

/// The rule that keeps somebody off the roll, in words; `None` if no rule does.
pub fn obstacle(draft: &Draft, joined_by: NaiveDate, known: &Known) -> Option<String> {
    let roll_on = dates::day(draft.times.roll_on);
    let Some(stood) = &known.stood else {
        return Some(format!("The roll is of {roll_on}. You were not a member on that day."));
    };
    if let Some(no_vote) = stood.no_vote {
        return Some(match no_vote {
            NoVote::Standing => format!("The roll is of {roll_on}. {}", standing(stood.standing)),
            NoVote::Barred => {
                "An officer has decided that you cannot vote at present. Your membership page says until when.".to_owned()
            }
            NoVote::Waiting => {
                let days = known.rules.waiting_days;
                let from = stood.member_since.and_then(|since| since.checked_add_days(Days::new(days.into())));
                let from = from.map(|from| format!(" You can vote in votes whose roll is of {} or later.", dates::day(from)));
                format!("Members can vote once they have been members for {days} days.{}", from.unwrap_or_default())
            }
            NoVote::Age => {
                let age = known.rules.voting_age;
                let from = known.born_on.map(|born| dates::months_later(born, age * 12));
                let from = from.map(|from| format!(" You can vote from {}.", dates::day(from)));
                format!("Members can vote from the age of {age}.{}", from.unwrap_or_default())
            }
        });
    }
    if let Some(since) = stood.member_since.filter(|since| *since > joined_by) {
        return Some(format!(
            "For this vote members had to join by {}. You joined on {}, and can vote in later ones.",
            dates::day(joined_by),
            dates::day(since)
        ));
    }
    let electorate = &draft.electorate;
    if !electorate.regions.is_empty()
        && known.region.is_none_or(|region| !electorate.regions.contains(&region))
    {
        let theirs = match known.region {
            Some(region) => format!("By your postcode you are in {}.", region.in_words()),
            None => "We do not know your region.".to_owned(),
        };
        return Some(format!("This vote is for {}. {theirs}", electorate.words()));
    }
    if let Some(oldest) = electorate.oldest {
        let limit = i64::from(oldest);
        let fits =
            known.born_on.is_some_and(|born| i64::from(dates::age_on(born, draft.times.roll_on)) <= limit);
        if !fits {
            return Some(format!("This vote is for {}.", electorate.words()));
        }
    }
    None
}

fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Pending => {
            "Your first payment had not arrived by then. You can vote in later votes once it has."
        }
        Standing::Suspended => "Your membership was suspended on that day.",
        Standing::Lapsed => {
            "Your membership had lapsed by then. You can vote in later votes if you join again."
        }
        Standing::Resigned => "You had left by then. You can vote in later votes if you join again.",
        Standing::Expelled | Standing::Ended | Standing::Deceased => "You were not a member on that day.",
        Standing::New | Standing::Current | Standing::Grace => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ballots::{
        counting::{Base, Majority, Motion},
        model::{Electorate, Held, Times},
        proof::Kind,
    };

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn draft(regions: &[Region], oldest: Option<u32>) -> Draft {
        Draft {
            title: "Free buses".into(),
            question: "Should they be?".into(),
            kind: Kind::Motion(Motion { quorum: None, base: Base::Cast, majority: Majority::Simple }),
            options: Vec::new(),
            electorate: Electorate { regions: regions.to_vec(), oldest },
            times: Times {
                roll_on: day("2026-11-20"),
                opens_at: "2026-12-01T09:00:00Z".parse().unwrap(),
                closes_at: "2026-12-08T09:00:00Z".parse().unwrap(),
            },
            held: Held::Site,
        }
    }

    fn known(standing: Standing, since: &str, no_vote: Option<NoVote>) -> Known {
        let since = day(since);
        Known {
            stood: Some(Stood { standing, since, member_since: Some(since), no_vote }),
            rules: VotingRules { waiting_days: 30, voting_age: 14 },
            region: Some(Region::London),
            born_on: Some(day("1996-11-20")),
        }
    }

    /// Each rule says itself, and the day on which it will not hold any more.
    #[test]
    fn the_rule_that_stops_somebody_is_said() {
        let current = |since| known(Standing::Current, since, None);
        let open = draft(&[], None);
        let words =
            |draft: &Draft, known: &Known| obstacle(draft, day("2026-11-18"), known).unwrap_or_default();
        assert_eq!(words(&open, &current("2026-11-18")), "");
        assert!(
            words(&open, &current("2026-11-19"))
                .contains("join by 18 November 2026. You joined on 19 November")
        );
        assert!(
            words(&open, &Known { stood: None, ..current("2026-01-01") })
                .contains("not a member on that day")
        );
        let lapsed = known(Standing::Lapsed, "2026-01-01", Some(NoVote::Standing));
        assert!(words(&open, &lapsed).contains("had lapsed"));
        let waiting = known(Standing::New, "2026-11-01", Some(NoVote::Waiting));
        assert!(words(&open, &waiting).contains("of 1 December 2026 or later"));
        let young = Known {
            born_on: Some(day("2013-03-05")),
            ..known(Standing::Current, "2026-01-01", Some(NoVote::Age))
        };
        assert!(words(&open, &young).contains("from 5 March 2027"));
        let wales = draft(&[Region::Wales], None);
        assert!(
            words(&wales, &current("2026-01-01")).contains("in Wales. By your postcode you are in London")
        );
        let unknown = Known { region: None, ..current("2026-01-01") };
        assert!(words(&wales, &unknown).contains("do not know your region"));
        // They turned 30 on the day of the roll.
        assert_eq!(words(&draft(&[], Some(30)), &current("2026-01-01")), "");
        assert!(words(&draft(&[], Some(29)), &current("2026-01-01")).contains("29 or younger"));
        assert!(!words(&draft(&[], Some(30)), &Known { born_on: None, ..current("2026-01-01") }).is_empty());
    }
}
