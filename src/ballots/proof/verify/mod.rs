//! Verifies a bundle in eight steps, each a function, and stops at the first that fails.
//!
//! Lists are read line by line, each step anew; what is kept grows with 32 bytes a paper and the different papers of
//! the count.

mod fault;
mod reading;

use std::collections::HashSet;

use chrono::SecondsFormat;

pub use self::fault::{Fault, Step};
use self::{
    fault::{AGAIN, COMPLAIN, Found},
    reading::{ballot_of, each, hash, text},
};
use super::{
    board::{Chain, Signed, What, fork},
    bundle::{
        BOARD, Files, MANIFEST, OPENINGS, PAPERS, RESULT, ROLL, ROLL_HEAD, SIGNATURE, SUMS, roll_fingerprint,
    },
    codes::{TrackingCode, VoterMark},
    commitment::Commitment,
    hash::Sha,
    keys::BoardKey,
    manifest::{Kind, Manifest},
    paper::{Choices, Paper, PaperReader},
    tally::{blt, tally},
};

/// What a verifier is asked beside the bundle.
#[derive(Debug, Default)]
pub struct Asked {
    /// Whose paper to show.
    pub code: Option<TrackingCode>,
    /// The mark that must stand on it.
    pub mark: Option<VoterMark>,
    /// The board key from somewhere else than the bundle: with it nobody can have signed another bundle.
    pub key: Option<BoardKey>,
    /// Entries of the board that were kept while the ballot was open.
    pub heads: Vec<Signed>,
}

/// What a step found, in words.
type Passed = Result<String, Found>;

/// Runs the steps in order. `say` hears of each that passed; papers that only scrutineers have leave out the steps
/// that need them, and the answer is then no proof: false.
pub fn verify(
    files: &(impl Files + ?Sized),
    asked: &Asked,
    mut say: impl FnMut(Step, &str),
) -> Result<bool, Fault> {
    let read_manifest = manifest(files).map_err(|found| found.at(Step::Signatures))?;
    let mut bundle = Bundle {
        files,
        asked,
        ballot: read_manifest.hash(),
        manifest: read_manifest,
        chain: Chain::default(),
    };
    let withheld = bundle.withheld().map_err(|found| found.at(Step::Signatures))?;
    let mut run = |step: Step, check: &mut dyn FnMut() -> Passed| {
        check().map(|words| say(step, &words)).map_err(|found| found.at(step))
    };
    run(Step::Signatures, &mut || bundle.signatures(withheld))?;
    run(Step::Chain, &mut || bundle.chain())?;
    run(Step::OneBallot, &mut || bundle.one_ballot(withheld))?;
    if withheld {
        run(Step::Totals, &mut || bundle.totals())?;
        return Ok(false);
    }
    run(Step::Opened, &mut || bundle.opened())?;
    run(Step::Totals, &mut || bundle.totals())?;
    run(Step::Papers, &mut || bundle.papers())?;
    run(Step::Recount, &mut || bundle.recount())?;
    run(Step::Mine, &mut || bundle.mine())?;
    Ok(true)
}

struct Bundle<'a, F: ?Sized> {
    files: &'a F,
    asked: &'a Asked,
    manifest: Manifest,
    /// The hash of the manifest.
    ballot: Sha,
    /// The board, once the second step has read it.
    chain: Chain,
}

fn manifest(files: &(impl Files + ?Sized)) -> Result<Manifest, Found> {
    Manifest::from_json(&text(files, MANIFEST)?).map_err(|error| Found::new(MANIFEST, error, AGAIN))
}

impl<F: Files + ?Sized> Bundle<'_, F> {
    /// Whether the papers are with the scrutineers alone, as the manifest says.
    fn withheld(&self) -> Result<bool, Found> {
        let names = self.files.names().map_err(|error| Found::new(SUMS, error, AGAIN))?;
        Ok(!self.manifest.publish_papers && !names.iter().any(|name| name == OPENINGS))
    }

    /// 1. The list of hashes and every entry of the board are signed by the board key, and every file is as listed.
    fn signatures(&self, withheld: bool) -> Passed {
        let key = self.manifest.board_key;
        if let Some(given) = self.asked.key.filter(|given| *given != key) {
            return Err(Found::new(MANIFEST, format!("the board key is {key} and not {given}"), AGAIN));
        }
        let sums = text(self.files, SUMS)?;
        if !key.has_signed(sums.as_bytes(), text(self.files, SIGNATURE)?.trim_end_matches('\n')) {
            return Err(Found::new(SIGNATURE, "the list of hashes is not signed by the board key", AGAIN));
        }
        let mut wanted = vec![MANIFEST, ROLL, BOARD, RESULT];
        if !withheld {
            wanted.push(OPENINGS);
            wanted.extend(matches!(self.manifest.kind, Kind::Ranked { .. }).then_some(PAPERS));
        }
        wanted.sort_unstable();
        let hashes: Result<Vec<String>, Found> =
            wanted.iter().map(|name| Ok(format!("{}  {name}\n", hash(self.files, name)?))).collect();
        let hashes = hashes?;
        for (at, line) in sums.split_inclusive('\n').enumerate() {
            if hashes.get(at).is_none_or(|wanted| wanted != line) {
                let what = format!(
                    "the file `{}` is not the one that was signed",
                    line.get(66..).unwrap_or("").trim_end()
                );
                return Err(Found::new(SUMS, what, AGAIN).line(at + 1));
            }
        }
        if let Some(left_out) = hashes.get(sums.split_inclusive('\n').count()) {
            let what = format!("the file `{}` is not listed", left_out[66..].trim_end());
            return Err(Found::new(SUMS, what, AGAIN));
        }
        let names = self.files.names().map_err(|error| Found::new(SUMS, error, AGAIN))?;
        let strange =
            names.iter().find(|name| ![SUMS, SIGNATURE].contains(&&***name) && !wanted.contains(&&***name));
        if let Some(strange) = strange {
            return Err(Found::new(
                SUMS,
                format!("the file `{strange}` is not part of a bundle"),
                "Take it away",
            ));
        }
        let mut entries = 0;
        each(self.files, BOARD, |line, text| {
            entries = line;
            Signed::from_json(text)
                .and_then(|signed| signed.check(&key))
                .map_err(|error| Found::new(BOARD, error, AGAIN).line(line))
        })?;
        let trust = if self.asked.key.is_some() {
            "the key that you gave"
        } else {
            "compare the key with the printed one"
        };
        Ok(format!("{} files and {entries} entries of the board are signed by {key} ({trust})", wanted.len()))
    }

    /// 2. The board is one chain from the opening to the close, in batches, and nobody was shown another one.
    fn chain(&mut self) -> Passed {
        let mut chain = Chain::default();
        let mut heads: Vec<&Signed> = self.asked.heads.iter().collect();
        let key = self.manifest.board_key;
        each(self.files, BOARD, |line, text| {
            let wrong = |what: &dyn std::fmt::Display| Found::new(BOARD, what, COMPLAIN).line(line);
            let signed = Signed::from_json(text).map_err(|error| wrong(&error))?;
            if let Some(head) = heads.iter().find(|head| fork(head, &signed, &key)) {
                let what = format!(
                    "the board was forked: entry {} was also signed with hash {}",
                    head.entry.n, head.hash
                );
                return Err(wrong(&what));
            }
            heads.retain(|head| head.hash != signed.hash);
            chain.take(signed).map_err(|error| wrong(&error))
        })?;
        let closed = chain.closed().map_err(|error| Found::new(BOARD, error, COMPLAIN))?;
        let entries = closed.entry.n;
        if closed.entry.at < self.manifest.closes_at {
            let at = closed.entry.at.to_rfc3339_opts(SecondsFormat::Secs, true);
            let what = format!("the ballot was closed at {at}, before its time");
            return Err(
                Found::new(BOARD, what, COMPLAIN).line(usize::try_from(entries).unwrap_or(usize::MAX))
            );
        }
        let lost = heads.iter().find(|head| head.entry.ballot == self.ballot && head.check(&key).is_ok());
        if let Some(lost) = lost {
            let what = format!("entry {} with hash {} was signed and is not here", lost.entry.n, lost.hash);
            return Err(Found::new(BOARD, what, COMPLAIN));
        }
        let papers = chain.papers();
        self.chain = chain;
        Ok(format!("{entries} entries follow one another to the close, with {papers} papers"))
    }

    /// 3. The manifest can be held, and its hash is the same everywhere.
    fn one_ballot(&self, withheld: bool) -> Passed {
        self.manifest.check().map_err(|error| Found::new(MANIFEST, error, COMPLAIN))?;
        let other = |file, found: &str| {
            let what = format!("this belongs to the ballot {found} and not to {}", self.ballot);
            Found::new(file, what, COMPLAIN)
        };
        if let Some(found) =
            self.chain.head().map(|head| head.entry.ballot).filter(|found| *found != self.ballot)
        {
            return Err(other(BOARD, &found.to_string()).line(1));
        }
        let named = ballot_of(&text(self.files, RESULT)?);
        if let Some(found) = named.filter(|found| *found != self.ballot.to_string()) {
            return Err(other(RESULT, &found));
        }
        if !withheld {
            each(self.files, OPENINGS, |line, text| match ballot_of(text) {
                Some(found) if found != self.ballot.to_string() => Err(other(OPENINGS, &found).line(line)),
                // What can't be read is no paper of the board, which the next step says.
                _ => Ok(()),
            })?;
        }
        Ok(format!("board, papers and result belong to the ballot {}", self.ballot))
    }

    /// 4. Every commitment on the board is opened once, nothing else is, and no two papers have one code.
    fn opened(&self) -> Passed {
        let live = self.chain.live();
        let mut codes = Codes::default();
        let mut opened = 0;
        each(self.files, OPENINGS, |line, text| {
            let commitment = Commitment::of(text.as_bytes());
            let wanted = live.get(line - 1);
            let wrong = |what: &str| {
                Found::new(OPENINGS, format!("{what} (commitment {commitment})"), COMPLAIN).line(line)
            };
            if wanted != Some(&commitment) {
                return Err(match (live.binary_search(&commitment), wanted) {
                    (Err(_), _) => wrong("this paper is not on the board"),
                    (Ok(at), _) if at + 1 < line => wrong("this paper stands here twice, or out of order"),
                    (Ok(_), Some(missing)) => {
                        wrong(&format!("the paper of commitment {missing} is missing before this one"))
                    }
                    (Ok(_), None) => wrong("this paper stands here twice"),
                });
            }
            opened = line;
            let code = TrackingCode::of(&commitment);
            codes.take(&code).map_err(|()| wrong(&format!("the code {code} belongs to another paper too")))
        })?;
        match live.get(opened) {
            Some(missing) => Err(Found::new(
                OPENINGS,
                format!("the paper of commitment {missing} is missing at the end"),
                COMPLAIN,
            )),
            None => Ok(format!("each of the {opened} papers on the board is here once, and nothing else")),
        }
    }

    /// 5. As many papers as voted, all of them on the roll that was frozen.
    fn totals(&self) -> Passed {
        let mut entries: Vec<Sha> = Vec::new();
        let mut voted = 0;
        each(self.files, ROLL, |line, text| {
            let wrong = |what: &str| Found::new(ROLL, what, COMPLAIN).line(line);
            if line == 1 {
                return if text == ROLL_HEAD { Ok(()) } else { Err(wrong("the head is not `entry,voted`")) };
            }
            let (entry, bit) = text.split_once(',').ok_or_else(|| wrong("the line is not `entry,voted`"))?;
            let entry: Sha = entry.parse().map_err(|_| wrong("the entry is no SHA-256"))?;
            if entries.last().is_some_and(|before| *before >= entry) {
                return Err(wrong("the entries are not ascending, each once"));
            }
            voted += match bit {
                "0" => 0,
                "1" => 1,
                _ => return Err(wrong("who voted has 1, and who did not has 0")),
            };
            entries.push(entry);
            Ok(())
        })?;
        let size = entries.len() as u64;
        let wrong = |what: String| Err(Found::new(ROLL, what, COMPLAIN));
        if size != self.manifest.roll.size {
            return wrong(format!(
                "{size} stand on the roll, and {} on the one that was frozen",
                self.manifest.roll.size
            ));
        }
        if roll_fingerprint(entries) != self.manifest.roll.fingerprint {
            return wrong("this is not the roll that was frozen".to_owned());
        }
        let papers = self.chain.papers();
        let marked = match self.chain.head().map(|head| &head.entry.what) {
            Some(What::Closed { voted, .. }) => *voted,
            _ => 0,
        };
        if voted != marked {
            return wrong(format!("{voted} on the roll voted, and the close of the board says {marked}"));
        }
        if papers != voted {
            return wrong(format!("there are {papers} papers from {voted} who voted"));
        }
        Ok(format!("{voted} of {size} on the roll voted, and there are as many papers"))
    }

    /// 6. Every paper is filled in by the rules.
    fn papers(&self) -> Passed {
        let reader = PaperReader::new(&self.manifest);
        each(self.files, OPENINGS, |line, text| {
            let read = reader.read(text.as_bytes());
            read.map(drop).map_err(|error| Found::new(OPENINGS, error, COMPLAIN).line(line))
        })?;
        Ok("every paper is filled in by the rules of the ballot".to_owned())
    }

    /// 7. The papers, counted again, give the result to the byte.
    fn recount(&self) -> Passed {
        let lots_seed = self.chain.head().map_or(Sha([0; 32]), |head| head.hash);
        let mut choices: Vec<Choices> = Vec::new();
        let reader = PaperReader::new(&self.manifest);
        each(self.files, OPENINGS, |_, text| {
            choices.extend(reader.read(text.as_bytes()).map(|paper| paper.choices));
            Ok(())
        })?;
        let cannot = |error| Found::new(OPENINGS, format!("the papers can't be counted: {error}"), COMPLAIN);
        let outcome = tally(&self.manifest, self.manifest.roll.size, choices.iter().cloned(), &lots_seed)
            .map_err(cannot)?;
        if text(self.files, RESULT)? != outcome.to_json() {
            let what = format!("the papers give another result: {}", outcome.to_json());
            return Err(Found::new(RESULT, what, COMPLAIN));
        }
        if let Kind::Ranked { .. } = self.manifest.kind {
            let file = blt(&self.manifest, choices.into_iter()).map_err(cannot)?;
            if text(self.files, PAPERS)? != file {
                return Err(Found::new(PAPERS, "these are not the papers of openings.jsonl", COMPLAIN));
            }
        }
        Ok("the papers, counted again, give the result to the byte".to_owned())
    }

    /// 8. The paper of a code is there, says what its voter chose, and carries their mark.
    fn mine(&self) -> Passed {
        let Some(code) = &self.asked.code else {
            return Ok("not asked for; give --code with your tracking code to see your paper".to_owned());
        };
        let reader = PaperReader::new(&self.manifest);
        let mut mine: Option<(usize, Paper)> = None;
        each(self.files, OPENINGS, |line, text| {
            if TrackingCode::of(&Commitment::of(text.as_bytes())) == *code {
                mine = reader.read(text.as_bytes()).ok().map(|paper| (line, paper));
            }
            Ok(())
        })?;
        let Some((line, paper)) = mine else {
            let remedy = "Compare the code with the one you kept: if you changed your paper, the newest counts. If it is right, tell the scrutineers";
            return Err(Found::new(OPENINGS, format!("no paper has the code {code}"), remedy));
        };
        if self.asked.mark.as_ref().is_some_and(|mark| *mark != paper.mark) {
            let remedy = "If the mark that you chose is another, tell the scrutineers: somebody else was given the same code, and your paper is missing";
            return Err(
                Found::new(OPENINGS, format!("the mark on this paper is {}", paper.mark), remedy).line(line)
            );
        }
        let names = paper
            .choices
            .numbers()
            .iter()
            .filter_map(|number| self.manifest.options.get(usize::from(*number) - 1));
        let names: Vec<&str> = names.map(|option| option.name.as_str()).collect();
        let chosen =
            if names.is_empty() { "nothing (a blank paper)".to_owned() } else { names.join(", then ") };
        let chosen = if let Kind::Approval { .. } = self.manifest.kind {
            chosen.replace(", then ", ", ")
        } else {
            chosen
        };
        Ok(format!("{code} with the mark {} chose: {chosen}", paper.mark))
    }
}

/// Codes that have been given out.
#[derive(Default)]
struct Codes(HashSet<TrackingCode>);

impl Codes {
    fn take(&mut self, code: &TrackingCode) -> Result<(), ()> {
        if self.0.insert(code.clone()) { Ok(()) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_given_out_once() {
        let mut codes = Codes::default();
        let of = |paper: &[u8]| TrackingCode::of(&Commitment::of(paper));
        assert_eq!(codes.take(&of(b"one")), Ok(()));
        assert_eq!(codes.take(&of(b"two")), Ok(()));
        assert_eq!(codes.take(&of(b"one")), Err(()));
    }
}
