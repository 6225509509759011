//! A vote on its way from the second page to the box, and what becomes of it. Pure but for the site's key.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ballots::proof::{ChangeKey, Choices, Commitment, Manifest, Paper, Sha, TrackingCode, VoterMark},
    kit::app::App,
};

/// For so long the second page can be sent.
const MINUTES: i64 = 60;

/// Votes that go into the box together, at least.
pub const LOT: i64 = 32;

/// A paper that is filled in and not cast yet.
pub struct Prepared {
    pub paper: Paper,
    pub key: ChangeKey,
    /// Of the paper that it takes the place of.
    pub replaces: Option<Sha>,
    pub until: DateTime<Utc>,
    /// As it is committed to.
    bytes: Vec<u8>,
}

/// What travels in the hidden field: as long for each choice and key, so that its length tells nothing.
#[derive(Serialize, Deserialize)]
struct Travelling {
    paper: String,
    key: String,
    replaces: Option<Sha>,
    /// In seconds.
    until: i64,
}

const PURPOSE: &str = "vote";

/// A hidden field is good for one person in one ballot.
fn context(ballot: Uuid, person: Uuid) -> Vec<u8> {
    [ballot.as_bytes().as_slice(), person.as_bytes()].concat()
}

impl Prepared {
    pub fn new(
        app: &App,
        manifest: &Manifest,
        choices: Choices,
        mark: VoterMark,
        replaces: Option<Sha>,
    ) -> Self {
        let paper = Paper { ballot: manifest.hash(), choices, mark, nonce: app.random().bytes() };
        let until = app.clock().now() + Duration::minutes(MINUTES);
        let bytes = paper.bytes(manifest);
        Self { paper, key: ChangeKey::new(app.random().bytes()), replaces, until, bytes }
    }

    pub fn commitment(&self) -> Commitment {
        Commitment::of(&self.bytes)
    }

    pub fn code(&self) -> TrackingCode {
        TrackingCode::of(&self.commitment())
    }

    /// As anybody can hash it: the text before its padding, and the padded bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn seal(&self, app: &App, ballot: Uuid, person: Uuid) -> String {
        let travelling = Travelling {
            paper: String::from_utf8_lossy(&self.bytes).into_owned(),
            key: self.key.text(),
            replaces: self.replaces,
            until: self.until.timestamp(),
        };
        let plain = serde_json::to_vec(&travelling).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(app.seal(PURPOSE, &context(ballot, person), &plain))
    }

    /// `None` for what the site has not sealed for this person and ballot.
    pub fn unseal(app: &App, manifest: &Manifest, person: Uuid, field: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(field).ok()?;
        let plain = app.unseal(PURPOSE, &context(manifest.id, person), &sealed)?;
        let travelling: Travelling = serde_json::from_slice(&plain).ok()?;
        let bytes = travelling.paper.into_bytes();
        let paper = Paper::parse(manifest, &bytes).ok()?;
        let Travelling { key, replaces, until, .. } = travelling;
        let until = DateTime::from_timestamp(until, 0)?;
        Some(Self { paper, key: key.parse().ok()?, replaces, until, bytes })
    }
}

/// What became of a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    Recorded,
    /// This paper was cast before: the button was pressed twice.
    Again,
    /// The voter has cast another paper.
    Voted,
    /// The voter is not on the roll.
    NotOnRoll,
    /// The hour has passed, or has not come.
    NotOpen,
    /// The paper was shown in full to be checked.
    Spoilt,
    /// No paper has this change key.
    WrongKey,
}

/// The name of a voter where votes wait: nobody without the site's key can tell whose it is.
pub fn pseudonym(app: &App, ballot: Uuid, person: Uuid) -> Vec<u8> {
    app.sign("voter", &context(ballot, person)).into_bytes()
}

const VOTER: &str = "voter id";

/// A voter's id as it waits beside their paper.
pub fn hide(app: &App, ballot: Uuid, person: Uuid) -> Vec<u8> {
    app.seal(VOTER, ballot.as_bytes(), person.as_bytes())
}

/// `None` if the site's secret was replaced meanwhile.
pub fn show(app: &App, ballot: Uuid, hidden: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(&app.unseal(VOTER, ballot.as_bytes(), hidden)?).ok()
}

/// The numbers of the options in the order in which a voter sees them: another for each, the same each time.
/// A motion keeps its order, and so does "re-open nominations", which stands last.
pub fn shuffled(app: &App, manifest: &Manifest, person: Uuid) -> Vec<u16> {
    use crate::ballots::proof::Kind;
    let all = u16::try_from(manifest.options.len()).unwrap_or(u16::MAX);
    let mut numbers: Vec<u16> = (1..=all).collect();
    let fixed = match manifest.kind {
        Kind::Motion(_) => numbers.len(),
        Kind::Ranked { reopen: true, .. } => 1,
        _ => 0,
    };
    let moved = numbers.len().saturating_sub(fixed);
    numbers[..moved].sort_by_cached_key(|number| {
        app.sign("order", &[&context(manifest.id, person), number.to_be_bytes().as_slice()].concat())
    });
    numbers
}
