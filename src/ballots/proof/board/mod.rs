//! The public board of a ballot: a chain of signed entries that anyone can copy while the ballot is open. Each entry
//! carries the hash of the one before, so that whoever has the newest knows all of them.
//!
//! Papers appear only as commitments, sorted and at least [`SMALLEST_BATCH`] at a time, so that the board doesn't tell
//! who voted when.

mod chain;

use chrono::{DateTime, SubsecRound as _, Utc};
use ed25519_dalek::SigningKey;
use serde::{Deserialize, Serialize};

pub use self::chain::Chain;
use super::{
    commitment::Commitment,
    hash::{Sha, canonical},
    keys::{BoardKey, sign},
};

/// Fewer changes than this wait for others, or for the close.
pub const SMALLEST_BATCH: usize = 20;

/// One entry, as it is hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// From 1.
    pub n: u64,
    /// The hash of the manifest.
    pub ballot: Sha,
    /// The hash of the entry before; nought before the first.
    pub prev: Sha,
    /// Whole seconds.
    pub at: DateTime<Utc>,
    pub what: What,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum What {
    Opened {},
    Batch {
        /// Ascending, as is `withdrawn`.
        added: Vec<Commitment>,
        /// Whose voters have replaced them.
        withdrawn: Vec<Commitment>,
        /// How many there are after this entry.
        papers: u64,
    },
    Closed {
        /// How many on the roll are marked as having voted.
        voted: u64,
        papers: u64,
    },
}

/// An entry with its hash and its signature, one line of `board.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    pub entry: Entry,
    pub hash: Sha,
    /// Ed25519 over "pb1b" and the hash; 128 hex digits.
    pub signature: String,
}

/// Why an entry can't follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoardError {
    #[error("the board can't be read: {0}")]
    Unreadable(&'static str),
    #[error("the hash of the entry isn't that of its text")]
    Hash,
    #[error("the signature isn't the board key's")]
    Signature,
    #[error("the entry has number {found} where {wanted} should follow")]
    Number { found: u64, wanted: u64 },
    #[error("the entry doesn't name the hash of the one before")]
    Chain,
    #[error("the entry is of another ballot")]
    AnotherBallot,
    #[error("the entry is earlier than the one before")]
    Earlier,
    #[error("the board must begin with the opening, and open once only")]
    Opening,
    #[error("after the close nothing follows")]
    AfterClose,
    #[error("the board has no close")]
    NotClosed,
    #[error("{0} changes are too few for a batch before the close; {SMALLEST_BATCH} are the least")]
    SmallBatch(usize),
    #[error("commitments must be ascending, each once")]
    Order,
    #[error("commitment {0} was on the board before")]
    AddedTwice(Commitment),
    #[error("commitment {0} is withdrawn but not on the board")]
    NotThere(Commitment),
    #[error("the entry counts {found} papers where there are {there}")]
    Papers { found: u64, there: u64 },
}

/// The first entry of a ballot's board.
pub fn begin(ballot: Sha, at: DateTime<Utc>, key: &SigningKey) -> Signed {
    signed(Entry { n: 1, ballot, prev: Sha([0; 32]), at: at.trunc_subsecs(0), what: What::Opened {} }, key)
}

/// The next entry. Looks at what can be known without the whole board: [`Chain`] looks at the rest.
pub fn append(prev: &Signed, what: What, at: DateTime<Utc>, key: &SigningKey) -> Result<Signed, BoardError> {
    if let What::Batch { added, withdrawn, .. } = &what {
        let changes = added.len() + withdrawn.len();
        if changes < SMALLEST_BATCH {
            return Err(BoardError::SmallBatch(changes));
        }
    }
    follow(prev, what, at, key)
}

/// The last entries: what still waits, however few, and the close.
pub fn close(
    prev: &Signed,
    added: Vec<Commitment>,
    withdrawn: Vec<Commitment>,
    papers: u64,
    voted: u64,
    at: DateTime<Utc>,
    key: &SigningKey,
) -> Result<Vec<Signed>, BoardError> {
    let mut entries = Vec::new();
    if !added.is_empty() || !withdrawn.is_empty() {
        entries.push(follow(prev, What::Batch { added, withdrawn, papers }, at, key)?);
    }
    let before = entries.last().unwrap_or(prev);
    let closed = follow(before, What::Closed { voted, papers }, at, key)?;
    entries.push(closed);
    Ok(entries)
}

fn follow(prev: &Signed, what: What, at: DateTime<Utc>, key: &SigningKey) -> Result<Signed, BoardError> {
    let at = at.trunc_subsecs(0);
    match (&prev.entry.what, &what) {
        (What::Closed { .. }, _) => return Err(BoardError::AfterClose),
        (_, What::Opened {}) => return Err(BoardError::Opening),
        (_, What::Batch { added, withdrawn, .. }) if !ascending(added) || !ascending(withdrawn) => {
            return Err(BoardError::Order);
        }
        _ if at < prev.entry.at => return Err(BoardError::Earlier),
        _ => {}
    }
    let entry = Entry { n: prev.entry.n + 1, ballot: prev.entry.ballot, prev: prev.hash, at, what };
    Ok(signed(entry, key))
}

fn ascending(commitments: &[Commitment]) -> bool {
    commitments.is_sorted_by(|a, b| a < b)
}

fn signed(entry: Entry, key: &SigningKey) -> Signed {
    let hash = entry.hash();
    Signed { entry, hash, signature: sign(key, &message(&hash)) }
}

fn message(hash: &Sha) -> Vec<u8> {
    [&b"pb1b"[..], &hash.0].concat()
}

impl Entry {
    /// SHA-256 of "pb1b" and the canonical JSON of the entry.
    pub fn hash(&self) -> Sha {
        Sha::of(&[b"pb1b", canonical(self).as_bytes()])
    }
}

impl Signed {
    /// One line, without its end.
    pub fn to_json(&self) -> String {
        canonical(self)
    }

    /// Takes only what [`Self::to_json`] gave.
    pub fn from_json(line: &str) -> Result<Self, BoardError> {
        let signed: Self = serde_json::from_str(line)
            .map_err(|_| BoardError::Unreadable("it isn't an entry of this program"))?;
        if signed.to_json() == line {
            Ok(signed)
        } else {
            Err(BoardError::Unreadable("it isn't written as entries are, to the byte"))
        }
    }

    /// Whether the hash is the entry's and the signature the key's.
    pub fn check(&self, key: &BoardKey) -> Result<(), BoardError> {
        if self.hash != self.entry.hash() {
            return Err(BoardError::Hash);
        }
        if key.has_signed(&message(&self.hash), &self.signature) {
            Ok(())
        } else {
            Err(BoardError::Signature)
        }
    }
}

/// Whether these two prove that the board was forked: two different entries, both signed, for one number of one
/// ballot, so that two people were shown different boards.
pub fn fork(a: &Signed, b: &Signed, key: &BoardKey) -> bool {
    a.entry.ballot == b.entry.ballot
        && a.entry.n == b.entry.n
        && a.hash != b.hash
        && a.check(key).is_ok()
        && b.check(key).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[3; 32])
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + second, 500).unwrap()
    }

    fn commitments(numbers: std::ops::Range<u8>) -> Vec<Commitment> {
        numbers.map(|number| Commitment(Sha([number; 32]))).collect()
    }

    fn batch(added: std::ops::Range<u8>, withdrawn: std::ops::Range<u8>, papers: u64) -> What {
        What::Batch { added: commitments(added), withdrawn: commitments(withdrawn), papers }
    }

    fn board() -> Vec<Signed> {
        let mut board = vec![begin(Sha([9; 32]), at(0), &key())];
        board.push(append(&board[0], batch(0..25, 0..0, 25), at(1), &key()).unwrap());
        board.push(append(&board[1], batch(30..45, 5..10, 35), at(1), &key()).unwrap());
        board.extend(close(&board[2], commitments(50..52), vec![], 37, 37, at(5), &key()).unwrap());
        board
    }

    fn read(board: impl IntoIterator<Item = Signed>) -> Result<Chain, BoardError> {
        let mut chain = Chain::default();
        board.into_iter().try_for_each(|signed| chain.take(signed))?;
        chain.closed()?;
        Ok(chain)
    }

    #[test]
    fn a_board_is_read_as_it_was_written() {
        let board = board();
        for signed in &board {
            assert_eq!(Signed::from_json(&signed.to_json()).as_ref(), Ok(signed));
            assert_eq!(signed.check(&BoardKey::of(&key())), Ok(()));
            assert_eq!(
                signed.check(&BoardKey::of(&SigningKey::from_bytes(&[4; 32]))),
                Err(BoardError::Signature)
            );
            assert!(Signed::from_json(&(signed.to_json() + " ")).is_err());
        }
        let chain = read(board.clone()).unwrap();
        assert_eq!(chain.papers(), 37);
        assert_eq!(chain.live().len(), 37);
        assert!(!chain.live().contains(&Commitment(Sha([5; 32]))));
        assert_eq!(chain.head(), board.last());
    }

    #[test]
    fn what_cannot_follow_is_refused() {
        use BoardError as E;
        let board = board();
        let key = key();
        let next = |what| {
            append(&board[2], what, at(9), &key).map(|signed| {
                let mut all = board[..3].to_vec();
                all.push(signed);
                all
            })
        };
        assert_eq!(next(batch(60..79, 0..0, 54)).unwrap_err(), E::SmallBatch(19));
        assert_eq!(next(What::Opened {}).unwrap_err(), E::Opening);
        let mut turned = commitments(60..80);
        turned.swap(3, 4);
        let what = What::Batch { added: turned, withdrawn: vec![], papers: 55 };
        assert_eq!(next(what).unwrap_err(), E::Order);
        let what = What::Batch {
            added: [commitments(60..80), commitments(79..80)].concat(),
            withdrawn: vec![],
            papers: 56,
        };
        assert_eq!(next(what).unwrap_err(), E::Order);
        assert_eq!(append(&board[2], batch(60..90, 0..0, 65), at(0), &key).unwrap_err(), E::Earlier);
        assert_eq!(append(&board[4], batch(60..90, 0..0, 65), at(9), &key).unwrap_err(), E::AfterClose);
        // What only the whole board shows.
        let read_next = |what| read(next(what).unwrap()).unwrap_err();
        assert_eq!(read_next(batch(60..90, 0..0, 66)), E::Papers { found: 66, there: 65 });
        assert_eq!(read_next(batch(60..90, 5..6, 65)), E::NotThere(Commitment(Sha([5; 32]))));
        let again = What::Batch {
            added: commitments(5..6),
            withdrawn: [commitments(10..25), commitments(30..40)].concat(),
            papers: 11,
        };
        assert_eq!(read_next(again), E::AddedTwice(Commitment(Sha([5; 32]))));
        assert_eq!(read_next(batch(60..90, 0..0, 65)), E::NotClosed);
        assert_eq!(read_next(What::Closed { voted: 35, papers: 36 }), E::Papers { found: 36, there: 35 });
        // Left out, repeated, turned round.
        for left_out in 0..board.len() - 1 {
            let mut cut = board.clone();
            cut.remove(left_out);
            assert!(matches!(read(cut), Err(E::Number { .. })));
        }
        assert_eq!(read(board[..4].to_vec()).unwrap_err(), E::NotClosed);
        assert_eq!(read([]).unwrap_err(), E::NotClosed);
        // A small batch with another behind it.
        let small = close(&board[2], commitments(50..52), vec![], 37, 37, at(5), &key).unwrap().remove(0);
        let after = append(&small, batch(60..90, 0..0, 67), at(6), &key).unwrap();
        let all = [&board[..3], &[small, after]].concat();
        assert_eq!(read(all).unwrap_err(), E::SmallBatch(2));
    }

    #[test]
    fn two_entries_for_one_number_prove_a_fork() {
        let board = board();
        let other = append(&board[1], batch(30..55, 0..0, 50), at(1), &key()).unwrap();
        let public = BoardKey::of(&key());
        assert!(fork(&board[2], &other, &public));
        assert!(!fork(&board[2], &board[2], &public));
        assert!(!fork(&board[1], &other, &public));
        let by_another = append(&board[1], batch(30..55, 0..0, 50), at(1), &SigningKey::from_bytes(&[4; 32]));
        assert!(!fork(&board[2], &by_another.unwrap(), &public));
        let of_another = begin(Sha([8; 32]), at(0), &key());
        assert!(!fork(&board[0], &of_another, &public));
    }
}
