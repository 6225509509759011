//! From papers to the result, through [`crate::ballots::counting`]. The same papers give the same bytes.

use serde::{Deserialize, Serialize};

use super::{
    hash::{Sha, canonical},
    manifest::{Kind, Manifest},
    paper::Choices,
    terms,
};
use crate::ballots::counting::{
    Candidate, Decision, Election, ElectionError, Lots, Mark, MotionVotes, PaperError, Report, Terms,
    blt as file, count, count_approval, count_single_choice,
};

/// What a ballot came to, `result.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    pub format: OutcomeFormat,
    /// The hash of the manifest.
    pub ballot: Sha,
    /// How many could vote.
    pub electorate: u64,
    pub papers: u64,
    /// Papers that name no option. They count for nothing, not even for a quorum.
    pub blank: u64,
    /// What lots follow from, see [`Lots::from_seed`]: the hash of the board's close, which nobody knew before.
    pub lots_seed: Sha,
    pub verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OutcomeFormat {
    #[serde(rename = "breakthrough-result/1")]
    One,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Verdict {
    /// Nobody named an option. A lot would decide everything, so nothing is decided.
    NoResult {},
    Motion {
        votes_for: u64,
        votes_against: u64,
        abstentions: u64,
        #[serde(with = "terms::Decision")]
        decision: Decision,
    },
    Elected {
        /// Options by number, in the order of their election.
        elected: Vec<u16>,
        /// Places that stay empty because re-open nominations won them.
        reopened: usize,
        /// The whole count, as `breakthrough count` prints it.
        count: serde_json::Value,
    },
}

/// Why papers can't be counted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TallyError {
    #[error("{papers} papers are more than the {electorate} who could vote")]
    MoreThanElectorate { papers: u64, electorate: u64 },
    #[error(transparent)]
    Options(#[from] ElectionError),
    #[error(transparent)]
    Papers(#[from] PaperError),
    #[error("the ballot file can't be written: {0}")]
    File(String),
}

impl Outcome {
    /// The bytes of `result.json`.
    pub fn to_json(&self) -> String {
        canonical(self)
    }
}

/// Counts the papers of a ballot by its own terms.
pub fn tally(
    manifest: &Manifest,
    electorate: u64,
    papers: impl Iterator<Item = Choices>,
    lots_seed: &Sha,
) -> Result<Outcome, TallyError> {
    let mut election = manifest.election()?;
    // Votes by option, for motions.
    let mut first = vec![0; manifest.options.len()];
    let (mut cast, mut blank) = (0, 0);
    for choices in papers {
        cast += 1;
        // Refuses options of another ballot, so that the next lines need not.
        add(&mut election, &choices)?;
        match choices.numbers().first() {
            Some(number) => first[usize::from(*number) - 1] += 1,
            None => blank += 1,
        }
    }
    if cast > electorate {
        return Err(TallyError::MoreThanElectorate { papers: cast, electorate });
    }
    let verdict = if cast == blank {
        Verdict::NoResult {}
    } else if let Kind::Motion(motion) = &manifest.kind {
        let [votes_for, votes_against, abstentions, ..] = first[..] else {
            return Err(TallyError::Options(ElectionError::NoCandidates));
        };
        let votes = MotionVotes { votes_for, votes_against, abstentions, entitled: electorate };
        let too_many = TallyError::MoreThanElectorate { papers: cast, electorate };
        let decision = motion.decide(votes).ok_or(too_many)?;
        Verdict::Motion { votes_for, votes_against, abstentions, decision }
    } else {
        elected(&counted(manifest, &election, lots_seed))
    };
    let ballot = manifest.hash();
    Ok(Outcome {
        format: OutcomeFormat::One,
        ballot,
        electorate,
        papers: cast,
        blank,
        lots_seed: *lots_seed,
        verdict,
    })
}

fn add(election: &mut Election, choices: &Choices) -> Result<(), PaperError> {
    let options =
        choices.numbers().iter().filter_map(|number| Candidate::at(usize::from(*number).checked_sub(1)?));
    let marks: Vec<Mark> = options.map(Mark::Next).collect();
    election.add(1, &marks)
}

fn counted(manifest: &Manifest, election: &Election, lots_seed: &Sha) -> Report {
    let lots = Lots::from_seed(&lots_seed.to_string(), election.names());
    let mut terms = Terms { seats: election.seats(), lots, reopen: None };
    match manifest.kind {
        Kind::Approval { .. } => count_approval(election, &terms),
        Kind::Single { .. } | Kind::Motion(_) => count_single_choice(election, &terms),
        Kind::Ranked { method, reopen, .. } => {
            terms.reopen = Candidate::at(election.candidates() - 1).filter(|_| reopen);
            count(election, method, &terms)
        }
    }
}

fn elected(report: &Report) -> Verdict {
    let won = report.elected.iter().filter(|option| Some(**option) != report.reopen);
    Verdict::Elected {
        elected: won.map(|option| u16::try_from(option.number()).unwrap_or(u16::MAX)).collect(),
        reopened: report.reopened_places(),
        // A report is made of texts and whole numbers, which can't fail to be written or read.
        count: report.to_json().and_then(|text| serde_json::from_str(&text)).unwrap_or_default(),
    }
}

/// Counts the papers again as if some options had not been there: who is elected then, by number, in the order of their
/// election. Papers keep their other marks.
pub fn recount(
    manifest: &Manifest,
    papers: impl Iterator<Item = Choices>,
    lots_seed: &Sha,
    without: &[u16],
) -> Result<Vec<u16>, TallyError> {
    let mut election = manifest.election()?;
    for number in without {
        if let Some(option) = usize::from(*number).checked_sub(1).and_then(Candidate::at) {
            election.withdraw(option);
        }
    }
    for choices in papers {
        add(&mut election, &choices)?;
    }
    match elected(&counted(manifest, &election, lots_seed)) {
        Verdict::Elected { elected, .. } => Ok(elected),
        _ => Ok(Vec::new()),
    }
}

/// The papers of a ranked ballot as a file for any counting program, equal ones once and sorted, so that their order
/// says nothing. `breakthrough count papers.blt --method … --lot-seed …` counts it.
pub fn blt(manifest: &Manifest, papers: impl Iterator<Item = Choices>) -> Result<String, TallyError> {
    let mut election = manifest.election()?;
    for choices in papers {
        add(&mut election, &choices)?;
    }
    let mut out = Vec::new();
    file::write(&election, &mut out).map_err(|error| TallyError::File(error.to_string()))?;
    String::from_utf8(out).map_err(|error| TallyError::File(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::{super::examples, *};
    use crate::ballots::counting::Method;

    fn counted(manifest: &Manifest, papers: &[(usize, &[u16])]) -> Outcome {
        let papers = papers
            .iter()
            .flat_map(|(times, numbers)| vec![Choices::new(manifest, numbers.to_vec()).unwrap(); *times]);
        tally(manifest, 100, papers, &Sha([7; 32])).unwrap()
    }

    #[test]
    fn motions_are_decided_by_their_terms() {
        let motion = examples::motion();
        let decided = |papers: &[(usize, &[u16])]| match counted(&motion, papers).verdict {
            Verdict::Motion { decision, .. } => Some(decision),
            _ => None,
        };
        assert_eq!(decided(&[(14, &[1]), (6, &[2])]), Some(Decision::Carried));
        assert_eq!(decided(&[(13, &[1]), (7, &[2])]), Some(Decision::NotCarried));
        assert_eq!(decided(&[(13, &[1]), (6, &[2]), (1, &[3])]), Some(Decision::Carried));
        // A blank paper doesn't help the quorum, an abstention does.
        assert_eq!(decided(&[(13, &[1]), (6, &[2]), (1, &[])]), Some(Decision::NoQuorum));
        let outcome = counted(&motion, &[(13, &[1]), (6, &[2]), (1, &[3]), (4, &[])]);
        assert_eq!((outcome.papers, outcome.blank, outcome.electorate), (24, 4, 100));
        let text = outcome.to_json();
        assert!(text.contains(
            r#""verdict":{"motion":{"abstentions":1,"decision":"carried","votes_against":6,"votes_for":13}}"#
        ));
        assert_eq!(serde_json::from_str::<Outcome>(&text).unwrap(), outcome);
    }

    #[test]
    fn nobody_wins_by_lot_alone() {
        for manifest in examples::all() {
            for papers in [&[][..], &[(9, &[][..])]] {
                assert_eq!(counted(&manifest, papers).verdict, Verdict::NoResult {});
            }
        }
    }

    #[test]
    fn more_papers_than_people_are_not_counted() {
        let motion = examples::motion();
        let papers = vec![Choices::new(&motion, vec![1]).unwrap(); 3];
        assert!(tally(&motion, 3, papers.iter().cloned(), &Sha([7; 32])).is_ok());
        let more = tally(&motion, 2, papers.into_iter(), &Sha([7; 32])).unwrap_err();
        assert_eq!(more, TallyError::MoreThanElectorate { papers: 3, electorate: 2 });
    }

    #[test]
    fn elections_are_counted_with_re_open_nominations() {
        let ranked = examples::ranked();
        let outcome = counted(&ranked, &[(30, &[4]), (20, &[2, 1]), (5, &[3, 2]), (2, &[])]);
        let Verdict::Elected { elected, reopened, count } = outcome.verdict else { unreachable!() };
        assert_eq!((elected, reopened), (vec![2], 1));
        assert_eq!(count["rule"], "scottish-stv");
        assert_eq!(count["invalid_votes"], 2);
        let Verdict::Elected { elected, reopened, .. } =
            counted(&examples::approval(), &[(3, &[1, 12]), (2, &[2, 12]), (1, &[5])]).verdict
        else {
            unreachable!()
        };
        assert_eq!((elected, reopened), (vec![12, 1, 2], 0));
        let single = Manifest { kind: Kind::Single { seats: 1 }, ..ranked };
        let Verdict::Elected { elected, .. } = counted(&single, &[(3, &[1]), (4, &[3])]).verdict else {
            unreachable!()
        };
        assert_eq!(elected, [3]);
    }

    #[test]
    fn a_recount_passes_over_whoever_is_out() {
        let mut ranked = examples::ranked();
        ranked.kind = Kind::Ranked { method: Method::Irv, seats: 1, reopen: false, most_ranks: None };
        let papers = || {
            [&[1, 2][..], &[1, 2], &[1, 2], &[3, 2], &[3], &[2]]
                .into_iter()
                .map(|numbers| Choices::new(&ranked, numbers.to_vec()).unwrap())
        };
        let again = |without: &[u16]| recount(&ranked, papers(), &Sha([7; 32]), without).unwrap();
        assert_eq!(again(&[]), [1]);
        assert_eq!(again(&[1]), [2], "the papers of whoever is out go to the next on them");
        assert_eq!(again(&[1, 2]), [3]);
    }

    #[test]
    fn the_ballot_file_gives_the_same_count() {
        let mut ranked = examples::ranked();
        let papers: Vec<Choices> = [&[4, 1][..], &[2, 1, 3], &[3], &[2, 1, 3], &[], &[1, 2]]
            .map(|numbers| Choices::new(&ranked, numbers.to_vec()).unwrap())
            .into();
        ranked.kind = Kind::Ranked { method: Method::Meek, seats: 2, reopen: false, most_ranks: None };
        let text = blt(&ranked, papers.iter().cloned()).unwrap();
        let backwards = blt(&ranked, papers.iter().rev().cloned()).unwrap();
        assert_eq!(text, backwards);
        let read = file::read(text.as_bytes()).unwrap();
        let seed = Sha([7; 32]);
        let outcome = tally(&ranked, 9, papers.into_iter(), &seed).unwrap();
        assert_eq!(elected(&super::counted(&ranked, &read, &seed)), outcome.verdict);
    }
}
