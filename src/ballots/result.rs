//! A result as people read it: the answer in one line, figures, and every round as a table and as a drawing. Pure.

use std::fmt::Write as _;

use serde::Deserialize;

use super::{
    counting::{Base, Decision, Majority, Motion, Threshold},
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

/// By which rule a vote is decided, in a sentence that everybody can read before they vote.
pub fn rule(kind: &Kind) -> String {
    match kind {
        Kind::Motion(motion) => motion_rule(motion),
        Kind::Single { seats: 1 } => "The option with most votes wins.".to_owned(),
        Kind::Single { seats } => format!("The {seats} options with most votes win."),
        Kind::Approval { seats: 1 } => "The option that most people choose wins.".to_owned(),
        Kind::Approval { seats } => format!("The {seats} options that most people choose win."),
        Kind::Ranked { method, seats, reopen, .. } => {
            let places = if *seats == 1 { "one place".to_owned() } else { format!("{seats} places") };
            let reopen = if *reopen {
                " “Re-open nominations” stands like a candidate: a place that it wins stays empty, and nominations are opened again."
            } else {
                ""
            };
            format!("It fills {places}, counted by {}.{reopen}", method_in_words(*method))
        }
    }
}

fn method_in_words(method: super::counting::Method) -> &'static str {
    use super::counting::Method;
    match method {
        Method::ScottishStv => "the single transferable vote, by the rules of Scottish council elections",
        Method::Ers97 => "the single transferable vote, by the rules of the Electoral Reform Society (ERS97)",
        Method::Meek => "the single transferable vote, by Meek’s method",
        Method::Irv => "the alternative vote",
    }
}

fn motion_rule(motion: &Motion) -> String {
    let base = match motion.base {
        Base::Cast => "of all votes cast, abstentions too",
        Base::ForAndAgainst => "of the votes for and against",
        Base::Entitled => "of everybody who may vote",
    };
    let needs = match motion.majority {
        Majority::Simple => "It is carried if more people vote for it than against it".to_owned(),
        Majority::Absolute => format!("It is carried if more than half {base} are for it"),
        Majority::Fraction(share, threshold) => {
            let reach = if threshold == Threshold::AtLeast { "at least" } else { "more than" };
            format!("It is carried if {reach} {share} {base} are for it")
        }
    };
    match motion.quorum {
        None => format!("{needs}."),
        Some(quorum) => {
            format!("{needs}, and if at least {}% of those who may vote take part.", quorum.share.percent())
        }
    }
}

#[derive(Default, Deserialize)]
struct Count {
    quota: String,
    stages: Vec<Stage>,
    ties: Vec<Tie>,
}

#[derive(Deserialize)]
struct Stage {
    #[serde(rename = "stage")]
    number: usize,
    action: String,
    of: Vec<String>,
    tally: Vec<Line>,
    non_transferable: String,
    elected: Vec<String>,
}

#[derive(Deserialize)]
struct Line {
    candidate: String,
    votes: String,
    status: String,
}

#[derive(Deserialize)]
struct Tie {
    stage: usize,
    what: String,
    candidates: Vec<String>,
    decided_by: String,
    chosen: String,
}

/// Votes in thousandths, for drawing alone.
fn milli(votes: &str) -> u64 {
    let (whole, part) = votes.split_once('.').unwrap_or((votes, ""));
    let part = format!("{part:0<3}");
    whole.parse::<u64>().unwrap_or_default() * 1000
        + part.get(..3).and_then(|it| it.parse().ok()).unwrap_or(0)
}

/// Votes as people read them: no zeros behind the point.
fn plain(votes: &str) -> String {
    match votes.split_once('.') {
        Some((whole, part)) if part.bytes().all(|digit| digit == b'0') => whole.to_owned(),
        Some((whole, part)) => format!("{whole}.{}", part.get(..2).unwrap_or(part)),
        None => votes.to_owned(),
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

/// The rounds of a count.
pub struct Rounds {
    pub quota: String,
    /// What happened in each, in a sentence.
    pub heads: Vec<String>,
    pub rows: Vec<Row>,
    pub exhausted: Vec<String>,
    pub ties: Vec<String>,
    pub flow: Flow,
}

/// One candidate through the rounds.
pub struct Row {
    pub name: String,
    /// Votes, and `elected` or `excluded` in the round in which that happens.
    pub cells: Vec<(String, &'static str)>,
}

impl Rounds {
    fn of(count: &Count) -> Self {
        let heads = count.stages.iter().map(Stage::words).collect();
        let names: Vec<_> =
            count.stages.iter().take(1).flat_map(|stage| &stage.tally).map(|line| &line.candidate).collect();
        let rows =
            names.iter().map(|name| Row { name: (*name).clone(), cells: cells(count, name) }).collect();
        let tie = |tie: &Tie| {
            format!(
                "Round {}: {} were level over {}. Decided by {}: {}.",
                tie.stage,
                tie.candidates.join(" and "),
                tie.what.replace('_', " "),
                tie.decided_by.replace('_', " "),
                tie.chosen
            )
        };
        Self {
            quota: plain(&count.quota),
            heads,
            rows,
            exhausted: count.stages.iter().map(|stage| plain(&stage.non_transferable)).collect(),
            ties: count.ties.iter().map(tie).collect(),
            flow: Flow::of(count),
        }
    }
}

impl Stage {
    fn words(&self) -> String {
        let of = self.of.join(" and ");
        match self.action.as_str() {
            "first preferences" => "First preferences".to_owned(),
            "surplus" | "surplus distribution" if !of.is_empty() => format!("Surplus of {of}"),
            "exclusion" => format!("{of} out"),
            "completion" => "Last places filled".to_owned(),
            other => other.to_owned(),
        }
    }

    fn votes_of(&self, name: &str) -> u64 {
        self.tally.iter().find(|line| line.candidate == name).map_or(0, |line| milli(&line.votes))
    }
}

fn cells(count: &Count, name: &str) -> Vec<(String, &'static str)> {
    let mut before = String::new();
    let mut cells = Vec::new();
    for stage in &count.stages {
        let Some(line) = stage.tally.iter().find(|line| line.candidate == name) else {
            cells.push((String::new(), ""));
            continue;
        };
        let news = match line.status.as_str() {
            _ if line.status == before => "",
            "elected" => "elected",
            "excluded" => "excluded",
            _ if stage.elected.iter().any(|it| it == name) => "elected",
            _ => "",
        };
        before.clone_from(&line.status);
        let gone = milli(&line.votes) == 0 && line.status == "excluded" && news.is_empty();
        cells.push((if gone { String::new() } else { plain(&line.votes) }, news));
    }
    cells
}

/// The votes' way through the rounds, from left to right: a bar for each candidate in each round, bands between them.
pub struct Flow {
    pub width: u32,
    pub height: u32,
    pub bars: Vec<Bar>,
    pub bands: Vec<Band>,
    pub labels: Vec<(u32, u32, String)>,
}

pub struct Bar {
    pub x: u32,
    pub y: u32,
    pub height: u32,
    /// Which of eight looks.
    pub look: usize,
    pub title: String,
}

pub struct Band {
    pub path: String,
    pub look: usize,
    pub moved: bool,
}

const BAR: u32 = 14;
const STEP: u32 = 150;
const GAP: u32 = 10;
const TOP: u32 = 28;
const TALL: u64 = 320;
const LOOKS: usize = 8;

impl Flow {
    fn of(count: &Count) -> Self {
        let names: Vec<String> = count
            .stages
            .iter()
            .take(1)
            .flat_map(|stage| &stage.tally)
            .map(|it| it.candidate.clone())
            .collect();
        let total = count
            .stages
            .first()
            .map_or(1, |stage| stage.tally.iter().map(|it| milli(&it.votes)).sum::<u64>());
        let total = total.max(1);
        let scale = |votes: u64| u32::try_from(votes.saturating_mul(TALL) / total).unwrap_or_default();
        // Where each candidate's bar begins in each round, top down in one order, so that bands cross little.
        let columns: Vec<Vec<(u32, u32)>> = count
            .stages
            .iter()
            .map(|stage| {
                let mut y = TOP;
                names
                    .iter()
                    .map(|name| {
                        let height = scale(stage.votes_of(name));
                        let place = (y, height);
                        y += if height > 0 { height + GAP } else { 0 };
                        place
                    })
                    .collect()
            })
            .collect();
        let x = |column: usize| u32::try_from(column).unwrap_or_default() * STEP;
        let mut flow = Self { width: 0, height: 0, bars: Vec::new(), bands: Vec::new(), labels: Vec::new() };
        for (column, (stage, places)) in count.stages.iter().zip(&columns).enumerate() {
            flow.labels.push((x(column), 12, format!("Round {}", stage.number)));
            for (at, ((y, height), name)) in places.iter().zip(&names).enumerate() {
                if *height == 0 {
                    continue;
                }
                let title =
                    format!("{name}: {} in round {}", plain_milli(stage.votes_of(name)), stage.number);
                flow.bars.push(Bar { x: x(column), y: *y, height: *height, look: at % LOOKS, title });
                flow.height = flow.height.max(y + height);
            }
        }
        for column in 1..columns.len() {
            flow.bands_between(&columns[column - 1], &columns[column], x(column - 1) + BAR, x(column));
        }
        // With room for the words over the last.
        flow.width = x(columns.len().saturating_sub(1)) + STEP;
        flow.height += 8;
        flow
    }

    /// Votes that stay go straight over; what a candidate gains comes from those who lose, in their shares.
    fn bands_between(&mut self, before: &[(u32, u32)], after: &[(u32, u32)], left: u32, right: u32) {
        let mut lost: Vec<(usize, u32, u32)> = Vec::new();
        let mut gained: Vec<(usize, u32, u32)> = Vec::new();
        for (at, ((y, height), (then_y, then_height))) in before.iter().zip(after).enumerate() {
            let stays = (*height).min(*then_height);
            if stays > 0 {
                self.band((left, *y), (right, *then_y), stays, stays, at % LOOKS, false);
            }
            if *height > stays {
                lost.push((at, y + stays, height - stays));
            }
            if *then_height > stays {
                gained.push((at, then_y + stays, then_height - stays));
            }
        }
        let all: u32 = lost.iter().map(|(_, _, height)| height).sum();
        for (from, mut y, height) in lost {
            for (_, then_y, then_height) in &mut gained {
                let takes = (u64::from(*then_height) * u64::from(height) / u64::from(all.max(1)))
                    .try_into()
                    .unwrap_or(*then_height);
                if takes > 0 {
                    self.band((left, y), (right, *then_y), takes, takes, from % LOOKS, true);
                    y += takes;
                    *then_y += takes;
                }
            }
        }
    }

    fn band(&mut self, from: (u32, u32), to: (u32, u32), height: u32, then: u32, look: usize, moved: bool) {
        let middle = u32::midpoint(from.0, to.0);
        let mut path = String::new();
        // Writing into a string cannot fail.
        let _ = write!(
            path,
            "M{} {}C{middle} {} {middle} {} {} {}v{then}C{middle} {} {middle} {} {} {}z",
            from.0,
            from.1,
            from.1,
            to.1,
            to.0,
            to.1,
            to.1 + then,
            from.1 + height,
            from.0,
            from.1 + height
        );
        self.bands.push(Band { path, look, moved });
    }
}

fn plain_milli(votes: u64) -> String {
    plain(&format!("{}.{:03}", votes / 1000, votes % 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_are_written_as_people_read_them() {
        for (votes, read) in [("12.00000", "12"), ("12.50000", "12.50"), ("7", "7"), ("0.00100", "0.00")] {
            assert_eq!(plain(votes), read);
        }
        assert_eq!((milli("12.5"), milli("12"), milli("0.0015")), (12_500, 12_000, 1));
        assert_eq!(percent(413, 1000), "41.3%");
        assert_eq!(percent(1, 2), "50%");
        assert_eq!(percent(0, 0), "0%");
    }

    /// What leaves one candidate arrives at others, and never more than that.
    #[test]
    fn a_flow_moves_votes_and_makes_none() {
        let line = |candidate: &str, votes: &str, status: &str| serde_json::json!({ "candidate": candidate, "votes": votes, "status": status });
        let count: Count = serde_json::from_value(serde_json::json!({
            "quota": "51.00000",
            "stages": [
                { "stage": 1, "action": "first preferences", "of": [], "non_transferable": "0", "elected": [],
                  "tally": [line("Ann", "45", "continuing"), line("Bo", "35", "continuing"), line("Cy", "20", "continuing")] },
                { "stage": 2, "action": "exclusion", "of": ["Cy"], "non_transferable": "5", "elected": ["Ann"],
                  "tally": [line("Ann", "55", "elected"), line("Bo", "40", "continuing"), line("Cy", "0", "excluded")] },
            ],
            "ties": [],
        }))
        .unwrap();
        let rounds = Rounds::of(&count);
        assert_eq!(rounds.heads, ["First preferences", "Cy out"]);
        assert_eq!(rounds.rows[0].cells, [("45".to_owned(), ""), ("55".to_owned(), "elected")]);
        assert_eq!(rounds.rows[2].cells[1].1, "excluded");
        let moved = rounds.flow.bands.iter().filter(|band| band.moved);
        assert_eq!(moved.count(), 2, "from Cy to Ann and to Bo");
        assert_eq!(rounds.flow.bars.len(), 5);
    }
}
