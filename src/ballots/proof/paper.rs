//! A paper, and the commitment that stands for it in public while the ballot is open.
//!
//! Nothing here shows a choice when it is printed for debugging.

use std::fmt;

use serde::Deserialize;

use super::{
    codes::VoterMark,
    hash::Sha,
    manifest::{Kind, Manifest},
};

/// Options by number, from 1: none or one for a motion or a single choice, ascending for approval, in the order of
/// preference for a ranking. None at all is a blank paper, which is valid.
#[derive(Clone, PartialEq, Eq)]
pub struct Choices(Vec<u16>);

/// Why a paper can't be filled in like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoicesError {
    #[error("there is no option {0}")]
    Unknown(u16),
    #[error("option {0} is named twice")]
    Twice(u16),
    #[error("{given} options are named, and at most {most} may be")]
    TooMany { given: usize, most: usize },
    #[error("the options must be in ascending order")]
    NotAscending,
}

impl Choices {
    pub fn new(manifest: &Manifest, numbers: Vec<u16>) -> Result<Self, ChoicesError> {
        for (at, number) in numbers.iter().enumerate() {
            if *number == 0 || usize::from(*number) > manifest.options.len() {
                return Err(ChoicesError::Unknown(*number));
            }
            if numbers[..at].contains(number) {
                return Err(ChoicesError::Twice(*number));
            }
        }
        let most = manifest.most_choices();
        if numbers.len() > most {
            return Err(ChoicesError::TooMany { given: numbers.len(), most });
        }
        if matches!(manifest.kind, Kind::Approval { .. }) && !numbers.is_sorted() {
            return Err(ChoicesError::NotAscending);
        }
        Ok(Self(numbers))
    }

    pub fn numbers(&self) -> &[u16] {
        &self.0
    }

    pub const fn is_blank(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Choices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Choices(secret)")
    }
}

/// A paper as it is cast.
#[derive(Clone, PartialEq, Eq)]
pub struct Paper {
    /// The hash of the manifest.
    pub ballot: Sha,
    pub choices: Choices,
    pub mark: VoterMark,
    /// At random, so that nobody can find the choices of a commitment by trying all.
    pub nonce: [u8; 32],
}

impl fmt::Debug for Paper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Paper(secret)")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    ballot: Sha,
    choices: Vec<u16>,
    mark: VoterMark,
    nonce: Sha,
}

/// Why bytes are no paper of a ballot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    #[error("this is no paper: {0}")]
    Unreadable(String),
    #[error("the paper is of another ballot")]
    AnotherBallot,
    #[error("the paper isn't filled in by the rules: {0}")]
    Choices(#[from] ChoicesError),
    #[error("the paper isn't written as papers of this ballot are, to the byte")]
    NotCanonical,
}

impl Paper {
    /// Canonical JSON, with spaces behind it so that all papers of the ballot are of one size: what is committed,
    /// sealed, and published after the close.
    pub fn bytes(&self, manifest: &Manifest) -> Vec<u8> {
        self.padded(paper_size(manifest))
    }

    fn padded(&self, size: usize) -> Vec<u8> {
        let mut bytes = self.written().into_bytes();
        bytes.resize(size.max(bytes.len()), b' ');
        bytes
    }

    /// Takes only what [`Self::bytes`] gave. For many papers, use [`PaperReader`].
    pub fn parse(manifest: &Manifest, bytes: &[u8]) -> Result<Self, PaperError> {
        PaperReader::new(manifest).read(bytes)
    }

    /// Canonical JSON, put together by hand because a count does it for every paper.
    fn written(&self) -> String {
        let Self { ballot, choices, mark, nonce } = self;
        let numbers: Vec<String> = choices.0.iter().map(ToString::to_string).collect();
        let numbers = numbers.join(",");
        let nonce = Sha(*nonce);
        format!(r#"{{"ballot":"{ballot}","choices":[{numbers}],"mark":"{mark}","nonce":"{nonce}"}}"#)
    }
}

/// Reads papers of one ballot.
#[derive(Debug)]
pub struct PaperReader<'a> {
    manifest: &'a Manifest,
    ballot: Sha,
    size: usize,
}

impl<'a> PaperReader<'a> {
    pub fn new(manifest: &'a Manifest) -> Self {
        Self { manifest, ballot: manifest.hash(), size: paper_size(manifest) }
    }

    /// Takes only what [`Paper::bytes`] gave.
    pub fn read(&self, bytes: &[u8]) -> Result<Paper, PaperError> {
        let written: Written =
            serde_json::from_slice(bytes).map_err(|error| PaperError::Unreadable(error.to_string()))?;
        if written.ballot != self.ballot {
            return Err(PaperError::AnotherBallot);
        }
        let choices = Choices::new(self.manifest, written.choices)?;
        let paper = Paper { ballot: written.ballot, choices, mark: written.mark, nonce: written.nonce.0 };
        if paper.padded(self.size) == bytes { Ok(paper) } else { Err(PaperError::NotCanonical) }
    }
}

/// The size of every paper of a ballot in bytes: that of one which names as many options as it may, those with the
/// longest numbers.
pub fn paper_size(manifest: &Manifest) -> usize {
    let longest = (1..=manifest.options.len()).rev().take(manifest.most_choices());
    let numbers: usize = longest.map(|number| number.to_string().len() + 1).sum();
    let blank = Paper {
        ballot: Sha([0; 32]),
        choices: Choices(Vec::new()),
        mark: VoterMark::longest(),
        nonce: [0; 32],
    };
    // A comma before each number but the first.
    blank.written().len() + numbers.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::{
        super::{examples, hash::canonical},
        *,
    };

    fn paper(manifest: &Manifest, numbers: &[u16]) -> Paper {
        let choices = Choices::new(manifest, numbers.to_vec()).unwrap();
        Paper { ballot: manifest.hash(), choices, mark: "040 917".parse().unwrap(), nonce: [0xab; 32] }
    }

    #[test]
    fn papers_are_of_one_size_and_read_as_they_were_written() {
        for manifest in examples::all() {
            let most = u16::try_from(manifest.most_choices()).unwrap();
            let last = u16::try_from(manifest.options.len()).unwrap();
            let longest: Vec<u16> = (last - most + 1..=last).collect();
            for numbers in [&[][..], &[1], &[last], &longest] {
                let paper = paper(&manifest, numbers);
                let bytes = paper.bytes(&manifest);
                assert_eq!(bytes.len(), paper_size(&manifest));
                let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                assert_eq!(paper.written(), canonical(&value));
                assert_eq!(Paper::parse(&manifest, &bytes).as_ref(), Ok(&paper));
                assert!(!format!("{paper:?}{:?}{:?}", paper.choices, paper.mark).contains(char::is_numeric));
            }
            assert_eq!(paper(&manifest, &longest).written().len(), paper_size(&manifest));
        }
    }

    #[test]
    fn a_paper_is_read_in_one_spelling_only() {
        let manifest = examples::ranked();
        let bytes = String::from_utf8(paper(&manifest, &[3, 1]).bytes(&manifest)).unwrap();
        assert!(bytes.starts_with(&format!(
            "{{\"ballot\":\"{}\",\"choices\":[3,1],\"mark\":\"040917\",\"nonce\":\"abab",
            manifest.hash()
        )));
        let read = |text: &str| Paper::parse(&manifest, text.as_bytes());
        assert!(read(&bytes).is_ok());
        for other in [
            bytes.trim_end().to_owned(),
            format!("{bytes} "),
            format!(" {}", &bytes[..bytes.len() - 1]),
            bytes.replace("abab", "ABAB"),
            bytes.replace("3,1", "3, 1").replacen("  ", " ", 1),
            bytes.replace("040917", "04 0917").replacen("  ", " ", 1),
        ] {
            assert_eq!(read(&other), Err(PaperError::NotCanonical), "{other}");
        }
        assert_eq!(read(&bytes.replace("3,1", "3,3")), Err(PaperError::Choices(ChoicesError::Twice(3))));
        assert_eq!(Paper::parse(&examples::motion(), bytes.as_bytes()), Err(PaperError::AnotherBallot));
        assert!(matches!(read(&bytes.replace("\"mark\"", "\"more\"")), Err(PaperError::Unreadable(_))));
    }

    #[test]
    fn choices_follow_the_kind_of_ballot() {
        use ChoicesError as E;
        let [motion, approval, ranked] = [examples::motion(), examples::approval(), examples::ranked()];
        let new = |manifest, numbers: &[u16]| Choices::new(manifest, numbers.to_vec()).err();
        for manifest in [&motion, &approval, &ranked] {
            assert_eq!(new(manifest, &[]), None);
            assert_eq!(new(manifest, &[0]), Some(E::Unknown(0)));
            assert_eq!(new(manifest, &[99]), Some(E::Unknown(99)));
        }
        assert_eq!(new(&motion, &[1, 2]), Some(E::TooMany { given: 2, most: 1 }));
        assert_eq!(new(&approval, &[1, 3, 4]), None);
        assert_eq!(new(&approval, &[3, 1]), Some(E::NotAscending));
        assert_eq!(new(&approval, &[1, 1]), Some(E::Twice(1)));
        assert_eq!(new(&ranked, &[4, 1, 3]), None);
        assert_eq!(new(&ranked, &[4, 1, 3, 2]), Some(E::TooMany { given: 4, most: 3 }));
        assert!(Choices::new(&ranked, vec![]).unwrap().is_blank());
    }
}
