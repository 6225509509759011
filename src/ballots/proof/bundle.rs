//! What is published after a ballot: a handful of plain files with which anyone can repeat everything.
//!
//! | file | is |
//! |---|---|
//! | `manifest.json` | the ballot as it was written down before it opened |
//! | `roll.csv` | who could vote, as hashes, and whether they did |
//! | `board.jsonl` | the board, one entry a line |
//! | `openings.jsonl` | the papers, one a line, in the order of their commitments |
//! | `result.json` | the result with the whole count |
//! | `papers.blt` | a ranked ballot's papers for any counting program |
//! | `SHA256SUMS`, `SHA256SUMS.sig` | the hashes of the others, signed by the board key |
//!
//! Blind tokens would add a file of theirs; the others stay as they are.

use std::{
    collections::BTreeMap,
    fs, io,
    io::{BufRead, Write},
    path::Path,
};

use ed25519_dalek::SigningKey;

use super::{
    board::{Signed, What},
    commitment::Commitment,
    hash::Sha,
    keys::sign,
    manifest::{Kind, Manifest},
    paper::{Choices, PaperError, PaperReader},
    tally::{Outcome, TallyError, blt, tally},
};

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const ROLL: &str = "roll.csv";
pub(super) const BOARD: &str = "board.jsonl";
pub(super) const OPENINGS: &str = "openings.jsonl";
pub(super) const RESULT: &str = "result.json";
pub(super) const PAPERS: &str = "papers.blt";
pub(super) const SUMS: &str = "SHA256SUMS";
pub(super) const SIGNATURE: &str = "SHA256SUMS.sig";

pub(super) const ROLL_HEAD: &str = "entry,voted";

/// Somebody on the roll, as the bundle shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RollEntry {
    /// See [`roll_entry`].
    pub entry: Sha,
    pub voted: bool,
}

/// What stands for a member on the published roll. Whoever knows their salt, which only they can see, finds
/// themselves: `printf '%s%s' NUMBER SALT | sha256sum`, the salt as 32 hex digits.
pub fn roll_entry(member_number: &str, salt: &[u8; 16]) -> Sha {
    Sha::of(&[member_number.as_bytes(), hex::encode(salt).as_bytes()])
}

/// By which the roll that was frozen is known again: SHA-256 of "pb1r" and the sorted entries.
pub fn roll_fingerprint(entries: impl IntoIterator<Item = Sha>) -> Sha {
    let mut entries: Vec<Sha> = entries.into_iter().collect();
    entries.sort_unstable();
    let parts: Vec<&[u8]> =
        std::iter::once(&b"pb1r"[..]).chain(entries.iter().map(|entry| &entry.0[..])).collect();
    Sha::of(&parts)
}

/// Why a bundle can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    #[error("the board isn't closed")]
    NotClosed,
    #[error(transparent)]
    Paper(#[from] PaperError),
    #[error(transparent)]
    Tally(#[from] TallyError),
}

/// The files of a ballot by name, in memory.
#[derive(Clone, Debug)]
pub struct Bundle {
    files: BTreeMap<&'static str, Vec<u8>>,
    /// What `result.json` says.
    pub outcome: Outcome,
}

impl Bundle {
    /// Counts the opened papers, which come in any order, and puts the files together. Whether they fit the board is
    /// left to [`super::verify`], which takes a bundle too.
    pub fn make(
        manifest: &Manifest,
        roll: &[RollEntry],
        board: &[Signed],
        papers: &[Vec<u8>],
        key: &SigningKey,
    ) -> Result<Self, BundleError> {
        let closed = board.last().filter(|last| matches!(last.entry.what, What::Closed { .. }));
        let lots_seed = closed.ok_or(BundleError::NotClosed)?.hash;
        let mut papers: Vec<(Commitment, &[u8])> =
            papers.iter().map(|paper| (Commitment::of(paper), &paper[..])).collect();
        papers.sort_unstable();
        let reader = PaperReader::new(manifest);
        let read = papers.iter().map(|(_, paper)| Ok(reader.read(paper)?.choices));
        let choices: Vec<Choices> = read.collect::<Result<_, PaperError>>()?;
        let outcome = tally(manifest, roll.len() as u64, choices.iter().cloned(), &lots_seed)?;

        let mut roll = roll.to_vec();
        roll.sort_unstable();
        let roll = std::iter::once(ROLL_HEAD.to_owned())
            .chain(roll.iter().map(|one| format!("{},{}", one.entry, u8::from(one.voted))));
        let mut files = BTreeMap::from([
            (MANIFEST, manifest.to_json().into_bytes()),
            (ROLL, lines(roll)),
            (BOARD, lines(board.iter().map(Signed::to_json))),
            (OPENINGS, lines(papers.iter().map(|(_, paper)| paper))),
            (RESULT, outcome.to_json().into_bytes()),
        ]);
        if let Kind::Ranked { .. } = manifest.kind {
            files.insert(PAPERS, blt(manifest, choices.into_iter())?.into_bytes());
        }
        let mut bundle = Self { files, outcome };
        bundle.sign(key);
        Ok(bundle)
    }

    /// The bundle for everybody of a ballot whose papers only scrutineers get.
    #[must_use]
    pub fn without_papers(mut self, key: &SigningKey) -> Self {
        self.files.retain(|name, _| ![OPENINGS, PAPERS, SUMS, SIGNATURE].contains(name));
        self.sign(key);
        self
    }

    fn sign(&mut self, key: &SigningKey) {
        // As `sha256sum` writes and `sha256sum --check` reads.
        let sums = self.files.iter().map(|(name, file)| format!("{}  {name}", Sha::of(&[file])));
        let sums = lines(sums);
        self.files.insert(SIGNATURE, (sign(key, &sums) + "\n").into_bytes());
        self.files.insert(SUMS, sums);
    }

    /// Every file by name.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        self.files.iter().map(|(name, file)| (*name, &file[..]))
    }

    /// Writes the files into a folder that has none of them yet.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        for (name, file) in self.files() {
            fs::File::create_new(folder.join(name))?.write_all(file)?;
        }
        Ok(())
    }

    /// Writes all files as one archive that any `tar` unpacks into a folder of that name. It says nothing of who made
    /// it and when.
    pub fn tar(&self, folder: &str, mut out: impl Write) -> io::Result<()> {
        for (name, file) in self.files() {
            let mut head = [0; 512];
            let mut field =
                |at: usize, text: &str| head[at..at + text.len()].copy_from_slice(text.as_bytes());
            let path = format!("{folder}/{name}");
            if path.len() > 100 {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "the folder's name is too long for an archive",
                ));
            }
            field(0, &path);
            field(100, "0000644\0");
            field(108, "0000000\0");
            field(116, "0000000\0");
            field(124, &format!("{:011o}\0", file.len()));
            field(136, "00000000000\0");
            field(148, "        ");
            field(156, "0");
            field(257, "ustar\x0000");
            let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
            head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            out.write_all(&head)?;
            out.write_all(file)?;
            out.write_all(&vec![0; file.len().next_multiple_of(512) - file.len()])?;
        }
        out.write_all(&[0; 1024])
    }
}

fn lines(lines: impl Iterator<Item = impl AsRef<[u8]>>) -> Vec<u8> {
    let mut file = Vec::new();
    for line in lines {
        file.extend_from_slice(line.as_ref());
        file.push(b'\n');
    }
    file
}

/// Where a verifier reads: a folder, or a bundle before it is published.
pub trait Files {
    fn names(&self) -> io::Result<Vec<String>>;
    fn read(&self, name: &str) -> io::Result<Box<dyn BufRead + '_>>;
}

impl Files for Path {
    /// Without hidden files, which some systems put into every folder.
    fn names(&self) -> io::Result<Vec<String>> {
        let names: io::Result<Vec<String>> =
            fs::read_dir(self)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect();
        names.map(|names| names.into_iter().filter(|name| !name.starts_with('.')).collect())
    }

    fn read(&self, name: &str) -> io::Result<Box<dyn BufRead + '_>> {
        Ok(Box::new(io::BufReader::new(fs::File::open(self.join(name))?)))
    }
}

impl Files for Bundle {
    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.files.keys().map(ToString::to_string).collect())
    }

    fn read(&self, name: &str) -> io::Result<Box<dyn BufRead + '_>> {
        let file = self.files.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(&file[..]))
    }
}
