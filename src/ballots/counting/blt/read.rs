//! Reads a ballot file.

use std::io::Read;

use super::super::candidate::Candidate;
use super::super::election::{Election, ElectionError, check_size};
use super::super::papers::Mark;
use super::fault::{Fault, ReadError};
use super::scan::{Scanner, Token};

/// Reads a whole ballot file. Memory grows with the number of different papers, not with
/// the length of the file or of a line.
///
/// # Errors
/// The first fault of the file with its line, or that the input can't be read.
pub fn read(input: impl Read) -> Result<Election, ReadError> {
    let mut reader = Reader { scanner: Scanner::new(input)?, seen: Vec::new(), ballot: 0, marks: Vec::new() };
    let mut election = reader.header()?;
    reader.seen = vec![0; election.candidates()];
    reader.ballots(&mut election)?;
    reader.names(&mut election)?;
    Ok(election)
}

struct Reader<R> {
    scanner: Scanner<R>,
    /// For each candidate, the ballot that ranked it last, which finds repetitions without
    /// clearing a list for each ballot.
    seen: Vec<u64>,
    ballot: u64,
    marks: Vec<Mark>,
}

impl<R: Read> Reader<R> {
    fn bad<T>(&self, fault: Fault) -> Result<T, ReadError> {
        Err(self.scanner.bad(fault))
    }

    /// The next token that isn't the end of a line.
    fn next_in_lines(&mut self) -> Result<Token, ReadError> {
        loop {
            match self.scanner.next()? {
                Token::LineEnd => {}
                token => return Ok(token),
            }
        }
    }

    fn header(&mut self) -> Result<Election, ReadError> {
        let candidates = match self.next_in_lines()? {
            Token::Number(candidates) => candidates,
            Token::End => return self.bad(Fault::Empty),
            _ => return self.bad(Fault::Header),
        };
        let Token::Number(seats) = self.scanner.next()? else {
            return self.bad(Fault::Header);
        };
        // A number that doesn't fit is beyond every limit that is checked next.
        let [candidates, seats] = [candidates, seats].map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        check_size(candidates, seats).map_err(|error| self.scanner.bad(Fault::Election(error)))?;
        match self.scanner.next()? {
            Token::LineEnd => Ok(Election::unnamed(candidates, seats)),
            Token::End => self.bad(Fault::PapersNotEnded),
            _ => self.bad(Fault::Header),
        }
    }

    fn ballots(&mut self, election: &mut Election) -> Result<(), ReadError> {
        loop {
            match self.next_in_lines()? {
                Token::Number(0) => return self.end_of_line(Fault::EndNotAlone),
                Token::Number(weight) => self.ballot(weight, election)?,
                Token::Negative(number) => self.withdrawn(number, election)?,
                Token::End => return self.bad(Fault::PapersNotEnded),
                Token::Text(_) => return self.bad(Fault::NameBeforeEnd),
                Token::Dash | Token::Equals => return self.bad(Fault::WeightMissing),
                Token::LineEnd => {}
            }
        }
    }

    fn end_of_line(&mut self, otherwise: Fault) -> Result<(), ReadError> {
        match self.scanner.next()? {
            Token::LineEnd | Token::End => Ok(()),
            _ => self.bad(otherwise),
        }
    }

    fn withdrawn(&mut self, first: u64, election: &mut Election) -> Result<(), ReadError> {
        let mut number = first;
        loop {
            let Some(candidate) = self.candidate(number) else {
                let candidates = election.candidates();
                return self.bad(Fault::WithdrawnUnknown { number, candidates });
            };
            if election.is_withdrawn(candidate) {
                return self.bad(Fault::WithdrawnTwice(number));
            }
            election.withdraw(candidate);
            match self.scanner.next()? {
                Token::Negative(next) => number = next,
                Token::LineEnd | Token::End => return Ok(()),
                _ => return self.bad(Fault::WithdrawnLine),
            }
        }
    }

    fn candidate(&self, number: u64) -> Option<Candidate> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        if index < self.seen.len() { Candidate::at(index) } else { None }
    }

    fn ballot(&mut self, weight: u64, election: &mut Election) -> Result<(), ReadError> {
        self.ballot += 1;
        self.marks.clear();
        let mut skipped = 0;
        loop {
            match self.scanner.next()? {
                Token::Number(0) => break,
                Token::Number(number) => {
                    let mark = Mark::Next(self.ranked(number)?);
                    self.marks.push(mark);
                }
                Token::Equals => {
                    if self.marks.last().is_none_or(|mark| mark.candidate().is_none()) {
                        return self.bad(Fault::LooseEquals);
                    }
                    let Token::Number(number @ 1..) = self.scanner.next()? else {
                        return self.bad(Fault::LooseEquals);
                    };
                    let mark = Mark::Equal(self.ranked(number)?);
                    self.marks.push(mark);
                }
                Token::Dash => {
                    skipped += 1;
                    if skipped > self.seen.len() {
                        return self.bad(Fault::TooManySkipped);
                    }
                    self.marks.push(Mark::Skipped);
                }
                Token::Negative(_) => return self.bad(Fault::NegativeInBallot),
                Token::LineEnd | Token::End | Token::Text(_) => return self.bad(Fault::NotClosed),
            }
        }
        self.end_of_line(Fault::AfterClose)?;
        election.papers.add(weight, &self.marks).map_err(|_| self.scanner.bad(Fault::TooManyPapers))
    }

    /// The candidate with this number, ranked for the first time in this ballot.
    fn ranked(&mut self, number: u64) -> Result<Candidate, ReadError> {
        let Some(candidate) = self.candidate(number) else {
            return self.bad(Fault::UnknownCandidate { number, candidates: self.seen.len() });
        };
        let seen = &mut self.seen[candidate.index()];
        if *seen == self.ballot {
            return self.bad(Fault::RankedTwice(number));
        }
        *seen = self.ballot;
        Ok(candidate)
    }

    /// The next token where only names may stand.
    fn next_name(&mut self) -> Result<Token, ReadError> {
        self.next_in_lines().map_err(|error| match error {
            ReadError::Bad {
                line,
                fault:
                    Fault::Unexpected(_) | Fault::Options | Fault::Brackets | Fault::Slash | Fault::Foreign,
            } => ReadError::Bad { line, fault: Fault::NameNotQuoted },
            other => other,
        })
    }

    fn names(&mut self, election: &mut Election) -> Result<(), ReadError> {
        let candidates = election.candidates();
        let mut names = Vec::new();
        let mut lines = Vec::new();
        while names.len() < candidates {
            match self.next_name()? {
                Token::Text(name) => {
                    names.push(name);
                    lines.push(self.scanner.line);
                }
                Token::End => return self.bad(Fault::NameMissing { found: names.len(), candidates }),
                _ => return self.bad(Fault::NameNotQuoted),
            }
        }
        election.name(names).map_err(|error| {
            let (ElectionError::EmptyName(number)
            | ElectionError::ControlCharacterInName(number)
            | ElectionError::SameName { second: number, .. }) = error
            else {
                return self.scanner.bad(Fault::Election(error));
            };
            let line = lines.get(number - 1).copied().unwrap_or(self.scanner.line);
            ReadError::Bad { line, fault: Fault::Election(error) }
        })?;
        // Were it left out, a file that lacks a name would take its title for a candidate.
        match self.next_name()? {
            Token::Text(title) => election.title = Some(title),
            Token::End => return self.bad(Fault::TitleMissing { candidates }),
            _ => return self.bad(Fault::NameNotQuoted),
        }
        for text in [&mut election.source, &mut election.comment] {
            match self.next_name()? {
                Token::Text(found) => *text = Some(found),
                Token::End => return Ok(()),
                _ => return self.bad(Fault::NameNotQuoted),
            }
        }
        match self.next_name()? {
            Token::End => Ok(()),
            Token::Text(_) => self.bad(Fault::NameTooMany { candidates }),
            _ => self.bad(Fault::NameNotQuoted),
        }
    }
}
