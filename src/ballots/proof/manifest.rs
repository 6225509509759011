//! What a ballot is, written down before it opens. Everything else hangs on the hash of this text: every paper and
//! every entry of the board names it, so that nothing can be changed afterwards without being seen.

use chrono::{DateTime, NaiveDate, SubsecRound as _, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    hash::{Sha, canonical},
    keys::{BoardKey, CountKey, Held},
    terms,
};
use crate::ballots::counting::{Election, ElectionError, LONGEST_TEXT, Method, Motion};

/// One ballot: one question to one roll. A question to several regions is several ballots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: Format,
    pub id: Uuid,
    pub title: String,
    /// Markdown, as it was written.
    pub question: String,
    /// In the order of the paper; papers name them by number, from 1.
    pub options: Vec<Choice>,
    pub kind: Kind,
    pub roll: RollSummary,
    /// Whole seconds, as is `closes_at`.
    pub opens_at: DateTime<Utc>,
    pub closes_at: DateTime<Utc>,
    pub key: CountKey,
    pub board_key: BoardKey,
    /// Whether everybody gets the opened papers. A long ranking can be a mark by which its voter is known to whoever
    /// asked for it, so that some ballots give them to scrutineers only.
    pub publish_papers: bool,
    /// The version of the program, for whoever wants to read it.
    pub software: String,
}

/// The version of this form. Another one, in which papers come with blind tokens, adds fields and not another pool:
/// commitments, board and openings stay what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    #[serde(rename = "breakthrough-ballot/1")]
    One,
}

/// An option that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub name: String,
    /// Markdown; may be empty.
    pub statement: String,
}

/// How people choose, and how it is counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// The options are [`MOTION`].
    Motion(#[serde(with = "terms::motion")] Motion),
    /// Mark one option; the `seats` with most votes win.
    Single { seats: usize },
    /// Mark as many as you like.
    Approval { seats: usize },
    Ranked {
        #[serde(with = "terms::method")]
        method: Method,
        seats: usize,
        /// Whether the last option is "re-open nominations".
        reopen: bool,
        /// At most so many preferences; without it, as many as there are options.
        most_ranks: Option<usize>,
    },
}

/// The options of a motion.
pub const MOTION: [&str; 3] = ["For", "Against", "Abstain"];

/// The roll that a ballot was frozen with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollSummary {
    pub size: u64,
    /// See [`super::roll_fingerprint`].
    pub fingerprint: Sha,
    pub frozen_on: NaiveDate,
}

/// Why a ballot can't be held like this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    #[error("the {0} is empty; write it")]
    Empty(&'static str),
    #[error("the {0} is longer than {LONGEST_TEXT} bytes; shorten it")]
    TooLong(&'static str),
    #[error(transparent)]
    Options(#[from] ElectionError),
    #[error("a motion has the options For, Against and Abstain, in this order")]
    NotAMotion,
    #[error("the alternative vote fills one place; give 1, or another method")]
    OneSeat,
    #[error("with re-open nominations as an option, give fewer places than there are options")]
    NothingToReopen,
    #[error("{0} preferences can't be asked for: give from 1 to as many as there are options")]
    Ranks(usize),
    #[error("nobody is on the roll")]
    NobodyOnRoll,
    #[error("the ballot closes before it opens; give a later close")]
    ClosesBeforeItOpens,
    #[error("opening and close are whole seconds")]
    NotWholeSeconds,
    #[error(
        "{need} of {shares} shares with {checks} checks: at least 2 and at most {MOST_SHARES} are needed, no more than there are, and each has its check"
    )]
    Shares { shares: u8, need: u8, checks: usize },
    #[error("the manifest can't be read: {0}")]
    Unreadable(String),
    #[error("the manifest isn't written in canonical JSON; use the file as it was published")]
    NotCanonical,
}

/// More trustees than this can't be brought together.
pub(super) const MOST_SHARES: u8 = 20;

impl Manifest {
    /// What is published and hashed.
    pub fn to_json(&self) -> String {
        canonical(self)
    }

    /// Takes only what [`Self::to_json`] gave, to the byte; the meaning is left to [`Self::check`].
    pub fn from_json(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self =
            serde_json::from_str(text).map_err(|error| ManifestError::Unreadable(error.to_string()))?;
        if manifest.to_json() == text { Ok(manifest) } else { Err(ManifestError::NotCanonical) }
    }

    /// SHA-256 of the published text: `sha256sum manifest.json`.
    pub fn hash(&self) -> Sha {
        Sha::of(&[self.to_json().as_bytes()])
    }

    /// How many win; none for a motion.
    pub const fn seats(&self) -> Option<usize> {
        match self.kind {
            Kind::Motion(_) => None,
            Kind::Single { seats } | Kind::Approval { seats } | Kind::Ranked { seats, .. } => Some(seats),
        }
    }

    /// The most options that a paper may name.
    pub fn most_choices(&self) -> usize {
        match self.kind {
            Kind::Motion(_) | Kind::Single { .. } => 1,
            Kind::Approval { .. } => self.options.len(),
            Kind::Ranked { most_ranks, .. } => most_ranks.unwrap_or(self.options.len()),
        }
    }

    /// Whether a ballot can be held like this, from its votes to its count.
    pub fn check(&self) -> Result<(), ManifestError> {
        for (what, text) in [("title", &self.title), ("question", &self.question)] {
            if text.trim().is_empty() {
                return Err(ManifestError::Empty(what));
            }
        }
        if self.title.len() > LONGEST_TEXT {
            return Err(ManifestError::TooLong("title"));
        }
        // Names must be fit for a ballot file and told apart on a count sheet.
        self.election()?;
        match self.kind {
            Kind::Motion(_) if self.options.iter().map(|option| option.name.as_str()).ne(MOTION) => {
                return Err(ManifestError::NotAMotion);
            }
            Kind::Ranked { method: Method::Irv, seats: 2.., .. } => return Err(ManifestError::OneSeat),
            Kind::Ranked { reopen: true, seats, .. } if seats >= self.options.len() => {
                return Err(ManifestError::NothingToReopen);
            }
            Kind::Ranked { most_ranks: Some(most), .. } if most == 0 || most > self.options.len() => {
                return Err(ManifestError::Ranks(most));
            }
            _ => {}
        }
        if self.roll.size == 0 {
            return Err(ManifestError::NobodyOnRoll);
        }
        if [self.opens_at, self.closes_at].iter().any(|at| at.trunc_subsecs(0) != *at) {
            return Err(ManifestError::NotWholeSeconds);
        }
        if self.closes_at <= self.opens_at {
            return Err(ManifestError::ClosesBeforeItOpens);
        }
        if let Held::Shares { shares, need, ref checks } = self.key.held
            && !(2 <= need && need <= shares && shares <= MOST_SHARES && checks.len() == usize::from(shares))
        {
            return Err(ManifestError::Shares { shares, need, checks: checks.len() });
        }
        Ok(())
    }

    /// An election of these options, without papers.
    pub(super) fn election(&self) -> Result<Election, ElectionError> {
        let names = self.options.iter().map(|option| option.name.clone()).collect();
        let mut election = Election::new(names, self.seats().unwrap_or(1))?;
        election.title = Some(self.title.clone());
        Ok(election)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::examples, *};
    use ManifestError as E;

    #[test]
    fn manifests_are_read_as_they_were_written() {
        for manifest in examples::all() {
            assert_eq!(manifest.check(), Ok(()));
            let text = manifest.to_json();
            assert_eq!(Manifest::from_json(&text).as_ref(), Ok(&manifest));
            assert_eq!(Manifest::from_json(&(text.clone() + "\n")), Err(E::NotCanonical));
            assert_eq!(Manifest::from_json(&text.replace("Z\"", "+00:00\"")), Err(E::NotCanonical));
            for unreadable in [
                text.replace("ballot/1", "ballot/2"),
                text.replacen('{', "{\"a\":1,", 1),
                text.replacen("\"id\"", "\"it\"", 1),
            ] {
                assert!(matches!(Manifest::from_json(&unreadable), Err(E::Unreadable(_))), "{unreadable}");
            }
        }
    }

    #[test]
    fn the_text_of_a_manifest_never_changes() {
        let text = examples::motion().to_json();
        let kind = r#""kind":{"motion":{"base":"for_and_against","majority":{"at_least":"2/3"},"quorum":{"abstentions_count":true,"of":{"at_least":"1/5"}}}}"#;
        assert!(text.contains(kind), "{text}");
        assert!(text.contains(
            r#""closes_at":"2026-12-08T20:00:00Z","format":"breakthrough-ballot/1","id":"018f4e2a"#
        ));
        let text = examples::ranked().to_json();
        let kind = r#""kind":{"ranked":{"method":"scottish-stv","most_ranks":3,"reopen":true,"seats":2}}"#;
        assert!(text.contains(kind), "{text}");
        // sha256sum of the text; every paper of a ballot hangs on it.
        assert_eq!(examples::ranked().hash().short(), "1322 653c e582");
    }

    #[test]
    fn ballots_that_cannot_be_held_are_refused() {
        let with = |change: &dyn Fn(&mut Manifest)| {
            let mut manifest = examples::ranked();
            change(&mut manifest);
            manifest.check().err()
        };
        assert_eq!(with(&|it| it.title = " ".to_owned()), Some(E::Empty("title")));
        assert_eq!(with(&|it| it.title = "a".repeat(LONGEST_TEXT + 1)), Some(E::TooLong("title")));
        assert_eq!(with(&|it| it.question.clear()), Some(E::Empty("question")));
        assert_eq!(with(&|it| it.options.clear()), Some(E::Options(ElectionError::NoCandidates)));
        assert_eq!(
            with(&|it| it.options[1].name = "Ana".to_owned()),
            Some(E::Options(ElectionError::SameName { first: 1, second: 2 }))
        );
        assert_eq!(with(&|it| it.kind = examples::motion().kind), Some(E::NotAMotion));
        let ranked = |method, seats, reopen, most_ranks| {
            with(&|it| it.kind = Kind::Ranked { method, seats, reopen, most_ranks })
        };
        assert_eq!(ranked(Method::Irv, 2, false, None), Some(E::OneSeat));
        assert_eq!(ranked(Method::Irv, 1, false, None), None);
        assert_eq!(ranked(Method::Meek, 4, true, None), Some(E::NothingToReopen));
        assert_eq!(ranked(Method::Meek, 4, false, Some(4)), None);
        assert_eq!(ranked(Method::Meek, 1, false, Some(0)), Some(E::Ranks(0)));
        assert_eq!(ranked(Method::Meek, 1, false, Some(5)), Some(E::Ranks(5)));
        assert!(matches!(ranked(Method::Meek, 0, false, None), Some(E::Options(ElectionError::NoSeats))));
        assert_eq!(with(&|it| it.roll.size = 0), Some(E::NobodyOnRoll));
        assert_eq!(with(&|it| it.closes_at = it.opens_at), Some(E::ClosesBeforeItOpens));
        assert_eq!(with(&|it| it.opens_at += chrono::TimeDelta::milliseconds(1)), Some(E::NotWholeSeconds));
        for (shares, need, checks, fits) in [
            (3, 2, 3, true),
            (3, 3, 3, true),
            (3, 1, 3, false),
            (3, 4, 3, false),
            (3, 2, 2, false),
            (21, 2, 21, false),
        ] {
            let held = Held::Shares { shares, need, checks: vec![Sha([0; 32]); checks] };
            let found = with(&|it| it.key.held = held.clone());
            assert_eq!(found, (!fits).then_some(E::Shares { shares, need, checks }));
        }
    }
}
