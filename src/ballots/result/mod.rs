//! A result as people read it: the answer in one line, figures, and every round as a table and as a drawing. Pure.

mod count;
mod flow;
mod rounds;
mod rule;

use serde::Deserialize;

use count::{Count, milli, plain};
pub use rounds::Rounds;
pub use rule::rule;

use super::{
    counting::Decision,
    model::Ballot,
    proof::{Kind, Outcome, Verdict},
};
use crate::kit::money::grouped;

/// A result, drawn.
pub struct Drawn {
    pub answer: String,
    /// Whether something or somebody was chosen, for the colour.
    pub is_decided: bool,
    pub electorate: String,
    pub papers: String,
    /// `41.3%`
    pub turnout: String,
    pub blank: u64,
    /// Name, votes in words, percent of the most, and whether it won.
    pub bars: Vec<(String, String, i64, bool)>,
    /// By which rule, in words.
    pub rule: String,
    pub rounds: Option<Rounds>,
}

impl Drawn {
    /// `None` before the count.
    pub fn of(ballot: &Ballot) -> Option<Self> {
        let outcome = ballot.outcome.as_ref()?;
        Some(match &outcome.verdict {
            Verdict::NoResult {} => {
                Self { answer: "No result: nobody chose anything".to_owned(), ..Self::new(ballot, outcome) }
            }
            Verdict::Motion { votes_for, votes_against, abstentions, decision } => {
                let most = *votes_for.max(votes_against).max(abstentions);
                let bar = |name: &str, votes: u64, won| {
                    (name.to_owned(), votes_in_words(votes), share(votes, most), won)
                };
                let (answer, is_decided) = match decision {
                    Decision::Carried => ("Carried".to_owned(), true),
                    Decision::NotCarried => ("Not carried".to_owned(), false),
                    Decision::NoQuorum => ("No decision: too few took part".to_owned(), false),
                };
                Self {
                    answer: format!(
                        "{answer}, by {} votes to {}",
                        grouped(*votes_for),
                        grouped(*votes_against)
                    ),
                    is_decided,
                    bars: vec![
                        bar("For", *votes_for, *decision == Decision::Carried),
                        bar("Against", *votes_against, *decision == Decision::NotCarried),
                        bar("Abstain", *abstentions, false),
                    ],
                    ..Self::new(ballot, outcome)
                }
            }
            Verdict::Elected { elected, reopened, count } => {
                let count = Count::deserialize(count).unwrap_or_default();
                let names: Vec<_> = elected.iter().filter_map(|number| name(ballot, *number)).collect();
                Self {
                    answer: answer(&ballot.draft.kind, &names, *reopened),
                    is_decided: !names.is_empty(),
                    bars: bars(&count, &names),
                    rounds: matches!(ballot.draft.kind, Kind::Ranked { .. }).then(|| Rounds::of(&count)),
                    ..Self::new(ballot, outcome)
                }
            }
        })
    }

    fn new(ballot: &Ballot, outcome: &Outcome) -> Self {
        Self {
            answer: String::new(),
            is_decided: false,
            electorate: grouped(outcome.electorate),
            papers: grouped(outcome.papers),
            turnout: percent(outcome.papers, outcome.electorate),
            blank: outcome.blank,
            bars: Vec::new(),
            rule: rule(&ballot.draft.kind),
            rounds: None,
        }
    }

    /// Over the chart.
    pub fn heading(&self) -> &'static str {
        if self.rounds.is_some() { "First preferences" } else { "Votes" }
    }

    /// For the chart, whose macro knows no winners.
    pub fn chart(&self) -> Vec<(String, String, i64)> {
        self.bars.iter().map(|(name, votes, percent, _)| (name.clone(), votes.clone(), *percent)).collect()
    }
}

fn name(ballot: &Ballot, number: u16) -> Option<String> {
    ballot.draft.options.get(usize::from(number).checked_sub(1)?).map(|option| option.name.clone())
}

fn answer(kind: &Kind, names: &[String], reopened: usize) -> String {
    let list = match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    };
    let done = match kind {
        Kind::Ranked { .. } => "elected",
        _ => "chosen",
    };
    let verb = if names.len() == 1 { "is" } else { "are" };
    match (names.is_empty(), reopened) {
        (true, _) => "Nobody is elected: nominations are opened again".to_owned(),
        (false, 0) => format!("{list} {verb} {done}"),
        (false, 1) => {
            format!("{list} {verb} {done}. One place stays empty, and nominations for it are opened again")
        }
        (false, many) => {
            format!(
                "{list} {verb} {done}. {many} places stay empty, and nominations for them are opened again"
            )
        }
    }
}

fn votes_in_words(votes: u64) -> String {
    if votes == 1 { "1 vote".to_owned() } else { format!("{} votes", grouped(votes)) }
}

fn share(votes: u64, most: u64) -> i64 {
    i64::try_from(votes.saturating_mul(100) / most.max(1)).unwrap_or(100)
}

fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0%".to_owned();
    }
    let mille = part.saturating_mul(1000) / whole;
    if mille.is_multiple_of(10) {
        format!("{}%", mille / 10)
    } else {
        format!("{}.{}%", mille / 10, mille % 10)
    }
}

/// First preferences, most first.
fn bars(count: &Count, elected: &[String]) -> Vec<(String, String, i64, bool)> {
    let Some(first) = count.stages.first() else { return Vec::new() };
    let most = first.tally.iter().map(|line| milli(&line.votes)).max().unwrap_or_default();
    let mut lines: Vec<_> = first.tally.iter().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(milli(&line.votes)));
    lines
        .into_iter()
        .map(|line| {
            let votes = plain(&line.votes);
            let words = if votes == "1" { "1 vote".to_owned() } else { format!("{votes} votes") };
            (
                line.candidate.clone(),
                words,
                share(milli(&line.votes), most),
                elected.contains(&line.candidate),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_written_as_people_read_them() {
        assert_eq!(percent(413, 1000), "41.3%");
        assert_eq!(percent(1, 2), "50%");
        assert_eq!(percent(0, 0), "0%");
    }
}
