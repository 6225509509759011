//! Ballots as the site would hold them, from a seed.

use std::collections::BTreeMap;

use breakthrough::ballots::{
    counting::{Base, Fraction, Majority, Method, Motion, Quorum, Threshold},
    proof::{
        BoardKey, Bundle, Choice, Choices, Commitment, CountKey, CountSecretKey, Entry, Format, Held, Kind,
        MOTION, Manifest, Paper, RollEntry, RollSummary, SMALLEST_BATCH, Sha, Signed, SigningKey, What,
        board, open, roll_entry, roll_fingerprint, seal,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use ed25519_dalek::Signer as _;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};

use super::Loose;

pub struct Made {
    pub manifest: Manifest,
    pub key: SigningKey,
    pub roll: Vec<RollEntry>,
    pub board: Vec<Signed>,
    pub papers: Vec<Vec<u8>>,
}

impl Made {
    pub fn bundle(&self) -> Bundle {
        Bundle::make(&self.manifest, &self.roll, &self.board, &self.papers, &self.key).unwrap()
    }

    pub fn loose(&self) -> Loose {
        Loose(self.bundle().files().map(|(name, file)| (name.to_owned(), file.to_vec())).collect())
    }
}

pub fn motion(majority: Majority, base: Base, quorum: Option<Quorum>) -> (Kind, Vec<String>) {
    (Kind::Motion(Motion { quorum, base, majority }), MOTION.map(str::to_owned).to_vec())
}

pub fn usual_motion() -> (Kind, Vec<String>) {
    let quorum = Quorum {
        share: Fraction::new(1, 5).unwrap(),
        threshold: Threshold::AtLeast,
        abstentions_count: true,
    };
    let two_thirds = Majority::Fraction(Fraction::new(2, 3).unwrap(), Threshold::AtLeast);
    motion(two_thirds, Base::ForAndAgainst, Some(quorum))
}

pub fn names(count: usize) -> Vec<String> {
    ["Ana", "Ben “Benji”", "Siân", "Dee \\ Dai", "Róisín \"Ro\"", "Eli", "Flo", "Gwen", "Huw", "Ida", "Jo"]
        .into_iter()
        .map(str::to_owned)
        .take(count)
        .collect()
}

pub fn ranked(method: Method, seats: usize, reopen: bool, options: usize) -> (Kind, Vec<String>) {
    (Kind::Ranked { method, seats, reopen, most_ranks: None }, names(options))
}

/// Any ballot at all.
pub fn any(rng: &mut StdRng) -> (Kind, Vec<String>) {
    let options = rng.random_range(2..=11);
    let seats = rng.random_range(1..options);
    match rng.random_range(0..8) {
        0 => (Kind::Single { seats }, names(options)),
        1 => (Kind::Approval { seats }, names(options)),
        2 | 3 => {
            let share = Fraction::new(rng.random_range(1..=4), rng.random_range(4..=6)).unwrap();
            let threshold = if rng.random() { Threshold::AtLeast } else { Threshold::MoreThan };
            let quorum = Quorum { share, threshold, abstentions_count: rng.random() };
            let majority = [Majority::Simple, Majority::Absolute, Majority::Fraction(share, threshold)];
            let base = [Base::Cast, Base::ForAndAgainst, Base::Entitled];
            let [m, b] = [0; 2].map(|_| rng.random_range(0..3));
            motion(majority[m], base[b], rng.random::<bool>().then_some(quorum))
        }
        kind => {
            let method = [Method::ScottishStv, Method::Ers97, Method::Meek, Method::Irv][kind - 4];
            let seats = if method == Method::Irv { 1 } else { seats };
            let most_ranks = rng.random::<bool>().then(|| rng.random_range(1..=options));
            (Kind::Ranked { method, seats, reopen: rng.random(), most_ranks }, names(options))
        }
    }
}

fn choose(manifest: &Manifest, rng: &mut StdRng) -> Choices {
    let mut numbers: Vec<u16> = (1..=u16::try_from(manifest.options.len()).unwrap()).collect();
    numbers.shuffle(rng);
    // Few marked alike, so that some win clearly.
    if rng.random() {
        numbers.sort_by_key(|number| *number > 2);
    }
    let most = manifest.most_choices();
    let blank = rng.random_range(0..12) == 0;
    numbers.truncate(if blank { 0 } else { rng.random_range(1..=most) });
    if let Kind::Approval { .. } = manifest.kind {
        numbers.sort_unstable();
    }
    Choices::new(manifest, numbers).unwrap()
}

/// The papers on the board and those that wait for it.
#[derive(Default)]
struct Papers {
    on_board: BTreeMap<Commitment, Vec<u8>>,
    added: BTreeMap<Commitment, Vec<u8>>,
    withdrawn: Vec<Commitment>,
}

impl Papers {
    fn take(&mut self, commitment: Commitment, sealed: Vec<u8>) {
        self.added.insert(commitment, sealed);
    }

    fn withdraw(&mut self, commitment: Commitment) {
        // What was never on the board leaves no trace.
        if self.added.remove(&commitment).is_none() {
            self.on_board.remove(&commitment).unwrap();
            self.withdrawn.push(commitment);
        }
    }

    fn waits(&self) -> usize {
        self.added.len() + self.withdrawn.len()
    }

    fn batch(&mut self) -> (Vec<Commitment>, Vec<Commitment>, u64) {
        let added = self.added.keys().copied().collect();
        self.on_board.append(&mut self.added);
        self.withdrawn.sort_unstable();
        (added, std::mem::take(&mut self.withdrawn), self.on_board.len() as u64)
    }
}

/// A ballot from its opening to its opened papers: of `members`, about two thirds vote, and some of them twice.
pub fn ballot((kind, names): (Kind, Vec<String>), members: usize, seed: u64) -> Made {
    let mut rng = StdRng::seed_from_u64(seed);
    let key = SigningKey::from_bytes(&rng.random());
    let secret = CountSecretKey::generate(&mut rng);
    let salts: Vec<[u8; 16]> = (0..members).map(|_| rng.random()).collect();
    let mut roll: Vec<RollEntry> = (0..members)
        .map(|number| RollEntry { entry: roll_entry(&format!("M-{number}"), &salts[number]), voted: false })
        .collect();
    let opens_at: DateTime<Utc> = "2026-12-01T09:00:00Z".parse().unwrap();
    let closes_at: DateTime<Utc> = "2026-12-08T20:00:00Z".parse().unwrap();
    let manifest = Manifest {
        format: Format::One,
        id: uuid::Builder::from_random_bytes(rng.random()).into_uuid(),
        title: "Committee 2027: “all of us”".to_owned(),
        question: "Who shall be on the **committee**?\n\nRead\tall.".to_owned(),
        options: names
            .into_iter()
            .map(|name| Choice { name, statement: "I would\nlike to.".to_owned() })
            .collect(),
        kind,
        roll: RollSummary {
            size: members as u64,
            fingerprint: roll_fingerprint(roll.iter().map(|one| one.entry)),
            frozen_on: "2026-11-30".parse().unwrap(),
        },
        opens_at,
        closes_at,
        key: CountKey { public: secret.public().unwrap(), held: Held::Site },
        board_key: BoardKey::of(&key),
        publish_papers: true,
        software: "breakthrough 0.1.0".to_owned(),
    };
    manifest.check().unwrap();
    let ballot = manifest.hash();

    let mut board = vec![board::begin(ballot, opens_at, &key)];
    let mut sealed_papers = Papers::default();
    let mut now = opens_at;
    let mut cast = Vec::new();
    for member in &mut roll {
        if rng.random_range(0..3) == 0 {
            continue;
        }
        member.voted = true;
        // Now and then somebody who has voted changes their paper.
        let changes = !cast.is_empty() && rng.random_range(0..6) == 0;
        let changed = changes.then(|| cast.swap_remove(rng.random_range(0..cast.len())));
        if let Some(before) = changed {
            sealed_papers.withdraw(before);
        }
        // Their own paper, and the changed one of the other.
        for _ in 0..=usize::from(changes) {
            let mark = format!("{:06}", rng.random_range(0..1_000_000)).parse().unwrap();
            let paper = Paper { ballot, choices: choose(&manifest, &mut rng), mark, nonce: rng.random() };
            let bytes = paper.bytes(&manifest);
            let commitment = Commitment::of(&bytes);
            let sealed = seal(&manifest.key.public, &ballot, &commitment, &bytes, &mut rng).unwrap();
            sealed_papers.take(commitment, sealed);
            cast.push(commitment);
        }
        if sealed_papers.waits() >= SMALLEST_BATCH + 5 {
            now += TimeDelta::minutes(7);
            let (added, withdrawn, papers) = sealed_papers.batch();
            let what = What::Batch { added, withdrawn, papers };
            board.push(board::append(board.last().unwrap(), what, now, &key).unwrap());
        }
    }
    let voted = roll.iter().filter(|member| member.voted).count() as u64;
    let (added, withdrawn, papers) = sealed_papers.batch();
    let last = board.last().unwrap();
    board.extend(board::close(last, added, withdrawn, papers, voted, closes_at, &key).unwrap());
    let papers = sealed_papers
        .on_board
        .iter()
        .map(|(commitment, sealed)| open(&secret, &ballot, commitment, sealed).unwrap())
        .collect();
    Made { manifest, key, roll, board, papers }
}

/// An entry signed as it stands.
pub fn signed(entry: Entry, key: &SigningKey) -> Signed {
    let hash = entry.hash();
    let signature = hex::encode(key.sign(&[&b"pb1b"[..], &hash.0].concat()).to_bytes());
    Signed { entry, hash, signature }
}

/// Signs entries anew, each with the hash of the one before, as whoever holds the board key could.
pub fn rechained(entries: &[Signed], key: &SigningKey) -> Vec<Signed> {
    let mut made: Vec<Signed> = Vec::new();
    for Signed { entry, .. } in entries {
        let prev = made.last().map_or(Sha([0; 32]), |before| before.hash);
        made.push(signed(Entry { prev, ..entry.clone() }, key));
    }
    made
}

/// Lists and signs the files anew, as whoever holds the board key could.
pub fn resigned(mut files: Loose, key: &SigningKey) -> Loose {
    files.0.retain(|name, _| !name.starts_with("SHA256SUMS"));
    let sums: Vec<String> =
        files.0.iter().map(|(name, file)| format!("{}  {name}\n", Sha::of(&[file]))).collect();
    let sums = sums.concat();
    let signature = hex::encode(key.sign(sums.as_bytes()).to_bytes());
    files.set("SHA256SUMS", sums);
    files.set("SHA256SUMS.sig", signature + "\n");
    files
}
