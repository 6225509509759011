//! The rounds of a count, as a table.

use super::{
    count::{Count, Stage, Tie, milli, plain},
    flow::Flow,
};

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
    pub fn of(count: &Count) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

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
