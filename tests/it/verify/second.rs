//! A second verifier, `tests/ballots/verify.py`, written in another language, agrees on random ballots: with those that
//! are right, and on the step of those that are wrong.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use breakthrough::ballots::proof::{Commitment, Step, TrackingCode, canonical};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::{
    Loose, fails,
    made::{Made, any, ballot, resigned},
};

const BALLOTS: u64 = 24;

/// The step at which the second verifier fails, or 0.
fn second(folder: &Path, code: Option<&str>) -> (i32, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ballots/verify.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(folder)
        .args(code.map(|code| format!("--code={code}")))
        .output()
        .expect("python3 runs the second verifier; install it");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code().unwrap(), said)
}

fn written(name: &str, files: &Loose) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("second-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    for (name, file) in &files.0 {
        fs::write(folder.join(name), file).unwrap();
    }
    folder
}

/// One character of one file exchanged, and the list of hashes signed anew.
fn spoilt(made: &Made, rng: &mut StdRng) -> (&'static str, Loose) {
    let mut files = made.loose();
    let names = ["manifest.json", "roll.csv", "board.jsonl", "openings.jsonl", "result.json"];
    let name = names[rng.random_range(0..names.len())];
    let mut text = files.0[name].clone();
    let digits: Vec<usize> = (0..text.len()).filter(|at| text[*at].is_ascii_digit()).collect();
    let at = digits[rng.random_range(0..digits.len())];
    text[at] = if text[at] == b'7' { b'8' } else { b'7' };
    files.set(name, text);
    (name, resigned(files, &made.key))
}

#[test]
fn a_second_verifier_agrees() {
    let mut rng = StdRng::seed_from_u64(41);
    let mut kinds = std::collections::BTreeSet::new();
    for seed in 0..BALLOTS {
        let made = ballot(any(&mut rng), 75, 500 + seed);
        let kind = serde_json::to_value(&made.manifest.kind).unwrap();
        let method = kind.pointer("/ranked/method").map_or("", |method| method.as_str().unwrap()).to_owned();
        kinds.insert((kind.as_object().unwrap().keys().next().unwrap().clone(), method));
        let right = made.loose();
        assert_eq!(fails(&right), None);
        let code = made.papers.first().map(|paper| TrackingCode::of(&Commitment::of(paper)).to_string());
        let (step, said) = second(&written(&seed.to_string(), &right), code.as_deref());
        assert_eq!(step, 0, "ballot {seed} of {}: {said}", canonical(&made.manifest.kind));
        let (file, wrong) = spoilt(&made, &mut rng);
        let first = fails(&wrong).map_or(0, Step::number);
        let (step, said) = second(&written(&seed.to_string(), &wrong), None);
        let step = usize::try_from(step).unwrap();
        // The first verifier looks sooner at what a manifest says, at whether a key is one for example.
        let agree =
            if file == "manifest.json" { first > 0 && first <= step } else { first > 0 && first == step };
        assert!(agree, "ballot {seed}, {file} spoilt, {first} and not: {said}");
    }
    // Motion, single choice, approval, and the four methods of ranked ballots.
    assert_eq!(kinds.len(), 7, "{kinds:?}");
}
