//! Ballots for the unit tests of this folder.

use super::{
    BoardKey, Choice, CountKey, CountSecretKey, Format, Held, Kind, MOTION, Manifest, RollSummary, Sha,
    SigningKey,
};
use crate::ballots::counting::{Base, Fraction, Majority, Method, Motion, Quorum, Threshold};

use rand::{SeedableRng, rngs::StdRng};

pub(super) fn all() -> [Manifest; 4] {
    let single = Manifest { kind: Kind::Single { seats: 1 }, ..ranked() };
    [motion(), single, approval(), ranked()]
}

pub(super) fn motion() -> Manifest {
    let quorum = Quorum {
        share: Fraction::new(1, 5).unwrap(),
        threshold: Threshold::AtLeast,
        abstentions_count: true,
    };
    let majority = Majority::Fraction(Fraction::new(2, 3).unwrap(), Threshold::AtLeast);
    let kind = Kind::Motion(Motion { quorum: Some(quorum), base: Base::ForAndAgainst, majority });
    manifest(kind, &MOTION)
}

pub(super) fn approval() -> Manifest {
    let names: Vec<String> = (1..=12).map(|number| format!("Option {number}")).collect();
    manifest(Kind::Approval { seats: 3 }, &names.iter().map(String::as_str).collect::<Vec<_>>())
}

pub(super) fn ranked() -> Manifest {
    let kind = Kind::Ranked { method: Method::ScottishStv, seats: 2, reopen: true, most_ranks: Some(3) };
    manifest(kind, &["Ana", "Ben", "Cai", "Re-open nominations"])
}

fn manifest(kind: Kind, names: &[&str]) -> Manifest {
    let options = names.iter().map(|name| Choice { name: (*name).to_owned(), statement: String::new() });
    let key = CountSecretKey::generate(&mut StdRng::seed_from_u64(2));
    Manifest {
        format: Format::One,
        id: "018f4e2a-0000-7000-8000-000000000001".parse().unwrap(),
        title: "Committee 2027".to_owned(),
        question: "Who shall be on the **committee**?".to_owned(),
        options: options.collect(),
        kind,
        roll: RollSummary { size: 500, fingerprint: Sha([1; 32]), frozen_on: "2026-11-30".parse().unwrap() },
        opens_at: "2026-12-01T09:00:00Z".parse().unwrap(),
        closes_at: "2026-12-08T20:00:00Z".parse().unwrap(),
        key: CountKey { public: key.public().unwrap(), held: Held::Site },
        board_key: BoardKey::of(&SigningKey::from_bytes(&[3; 32])),
        publish_papers: true,
        software: "breakthrough 0.1.0".to_owned(),
    }
}
