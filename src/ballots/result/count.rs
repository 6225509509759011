//! A count as the record of a ballot keeps it.

use serde::Deserialize;

#[derive(Default, Deserialize)]
pub struct Count {
    pub quota: String,
    pub stages: Vec<Stage>,
    pub ties: Vec<Tie>,
}

#[derive(Deserialize)]
pub struct Stage {
    #[serde(rename = "stage")]
    pub number: usize,
    pub action: String,
    pub of: Vec<String>,
    pub tally: Vec<Line>,
    pub non_transferable: String,
    pub elected: Vec<String>,
}

#[derive(Deserialize)]
pub struct Line {
    pub candidate: String,
    pub votes: String,
    pub status: String,
}

#[derive(Deserialize)]
pub struct Tie {
    pub stage: usize,
    pub what: String,
    pub candidates: Vec<String>,
    pub decided_by: String,
    pub chosen: String,
}

/// Votes in thousandths, for drawing alone.
pub fn milli(votes: &str) -> u64 {
    let (whole, part) = votes.split_once('.').unwrap_or((votes, ""));
    let part = format!("{part:0<3}");
    whole.parse::<u64>().unwrap_or_default() * 1000
        + part.get(..3).and_then(|it| it.parse().ok()).unwrap_or(0)
}

/// Votes as people read them: no zeros behind the point.
pub fn plain(votes: &str) -> String {
    match votes.split_once('.') {
        Some((whole, part)) if part.bytes().all(|digit| digit == b'0') => whole.to_owned(),
        Some((whole, part)) => format!("{whole}.{}", part.get(..2).unwrap_or(part)),
        None => votes.to_owned(),
    }
}

impl Stage {
    pub fn words(&self) -> String {
        let of = self.of.join(" and ");
        match self.action.as_str() {
            "first preferences" => "First preferences".to_owned(),
            "surplus" | "surplus distribution" if !of.is_empty() => format!("Surplus of {of}"),
            "exclusion" => format!("{of} out"),
            "completion" => "Last places filled".to_owned(),
            other => other.to_owned(),
        }
    }

    pub fn votes_of(&self, name: &str) -> u64 {
        self.tally.iter().find(|line| line.candidate == name).map_or(0, |line| milli(&line.votes))
    }
}

pub fn plain_milli(votes: u64) -> String {
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
    }
}
