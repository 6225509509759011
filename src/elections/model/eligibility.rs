//! Whether somebody may take part in an election before there is a roll, and if not, by which rule.

use chrono::{Days, NaiveDate};

use crate::{
    ballots::Electorate,
    kit::dates,
    membership::{NoVote, Stood, VotingRules},
    places::Region,
};

/// In which part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Nominating, seconding, asking.
    Elector,
    Candidate,
}

/// What is known of somebody on a day.
#[derive(Clone, Debug)]
pub struct Known {
    pub day: NaiveDate,
    /// `None` if they had never joined.
    pub stood: Option<Stood>,
    pub rules: VotingRules,
    /// In whole years, for whoever stands.
    pub standing_age: u32,
    pub region: Option<Region>,
    pub born_on: Option<NaiveDate>,
}

/// The rule that stops them, in words for them; `None` if no rule does.
pub fn obstacle(electorate: &Electorate, part: Part, known: &Known) -> Option<String> {
    let only_members = || Some("Only members in good standing can take part.".to_owned());
    let Some(stood) = &known.stood else { return only_members() };
    match stood.no_vote {
        None => {}
        Some(NoVote::Standing) => return only_members(),
        Some(NoVote::Barred) => {
            return Some("An officer has decided that you cannot vote at present. Your membership page says until when.".to_owned());
        }
        Some(NoVote::Waiting) => {
            let days = known.rules.waiting_days;
            let from = stood.member_since.and_then(|since| since.checked_add_days(Days::new(days.into())));
            let from = from.map(|from| format!(" For you that is {}.", dates::day(from)));
            let words = "Members can take part once they have been members for";
            return Some(format!("{words} {days} days.{}", from.unwrap_or_default()));
        }
        Some(NoVote::Age) => {
            return Some(format!("Members can take part from the age of {}.", known.rules.voting_age));
        }
    }
    let regions = &electorate.regions;
    if !regions.is_empty() && known.region.is_none_or(|region| !regions.contains(&region)) {
        let theirs = match known.region {
            Some(region) => format!("By your postcode you are in {}.", region.in_words()),
            None => "We do not know your region.".to_owned(),
        };
        return Some(format!("This election is for {}. {theirs}", electorate.words()));
    }
    let age = known.born_on.map(|born| i64::from(dates::age_on(born, known.day)));
    if let Some(oldest) = electorate.oldest
        && age.is_none_or(|age| age > i64::from(oldest))
    {
        return Some(format!("This election is for {}.", electorate.words()));
    }
    if part == Part::Candidate && age.is_some_and(|age| age < i64::from(known.standing_age)) {
        return Some(format!("Members can stand from the age of {}.", known.standing_age));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::membership::Standing;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn known() -> Known {
        let since = date("2026-01-01");
        Known {
            day: date("2027-03-01"),
            stood: Some(Stood {
                standing: Standing::Current,
                since,
                member_since: Some(since),
                no_vote: None,
            }),
            rules: VotingRules { waiting_days: 28, voting_age: 14 },
            standing_age: 18,
            region: Some(Region::Wales),
            born_on: Some(date("1996-02-29")),
        }
    }

    fn words(electorate: &Electorate, part: Part, known: &Known) -> String {
        obstacle(electorate, part, known).unwrap_or_default()
    }

    #[test]
    fn the_rule_that_stops_somebody_is_said() {
        let all = Electorate::default();
        assert_eq!(words(&all, Part::Candidate, &known()), "");
        let no_vote = |no_vote| {
            let mut known = known();
            known.stood.as_mut().unwrap().no_vote = Some(no_vote);
            words(&all, Part::Elector, &known)
        };
        assert!(no_vote(NoVote::Standing).contains("in good standing"));
        assert!(no_vote(NoVote::Barred).contains("officer"));
        assert!(no_vote(NoVote::Waiting).contains("28 days. For you that is 29 January 2026"));
        assert!(no_vote(NoVote::Age).contains("14"));
        assert!(words(&all, Part::Elector, &Known { stood: None, ..known() }).contains("members"));
    }

    #[test]
    fn a_post_of_a_region_or_of_the_young_is_for_them() {
        let wales = Electorate { regions: vec![Region::Wales], oldest: None };
        assert_eq!(words(&wales, Part::Elector, &known()), "");
        let london = Known { region: Some(Region::London), ..known() };
        assert!(words(&wales, Part::Elector, &london).contains("By your postcode you are in London"));
        assert!(
            words(&wales, Part::Elector, &Known { region: None, ..known() }).contains("do not know your")
        );
        let young = Electorate { regions: Vec::new(), oldest: Some(30) };
        // Born on 29 February, they turn 31 on 1 March.
        let eve = Known { day: date("2027-02-28"), ..known() };
        assert_eq!(words(&young, Part::Candidate, &eve), "");
        assert!(words(&young, Part::Candidate, &known()).contains("30 or younger"));
        assert!(!words(&young, Part::Elector, &Known { born_on: None, ..known() }).is_empty());
    }

    #[test]
    fn members_vote_before_they_can_stand() {
        let all = Electorate::default();
        let born = |text| Known { born_on: Some(date(text)), ..known() };
        assert_eq!(words(&all, Part::Elector, &born("2009-03-02")), "");
        assert!(words(&all, Part::Candidate, &born("2009-03-02")).contains("age of 18"));
        assert_eq!(words(&all, Part::Candidate, &born("2009-03-01")), "");
    }
}
