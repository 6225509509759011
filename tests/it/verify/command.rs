//! The commands `verify` and `ballot`, as people type them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use breakthrough::ballots::{
    counting::Method,
    proof::{Bundle, Commitment, CountKey, CountSecretKey, Kind, Signed, SigningKey, TrackingCode, What},
};

use super::made::{Made, any, ballot, names, ranked, rechained, usual_motion};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_breakthrough")).env_clear().args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("verify-{name}"));
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn written(name: &str, made: &Made) -> String {
    let folder = folder(name);
    made.bundle().write(&folder).unwrap();
    folder.to_str().unwrap().to_owned()
}

#[test]
fn a_right_bundle_passes_eight_steps_in_words() {
    let ballots = [
        ballot(ranked(Method::ScottishStv, 3, true, 7), 400, 21),
        ballot(usual_motion(), 400, 22),
        ballot((Kind::Approval { seats: 2 }, names(6)), 400, 23),
    ];
    for (number, made) in ballots.iter().enumerate() {
        let folder = written(&format!("right-{number}"), made);
        let output = run(&["verify", &folder]);
        let words = said(&output);
        assert_eq!(output.status.code(), Some(0), "{words}");
        assert_eq!(words.matches(" of 8  right  ").count(), 8, "{words}");
        assert!(words.contains(&made.manifest.hash().to_string()), "{words}");
        let again = made.bundle().write(Path::new(&folder)).unwrap_err();
        assert_eq!(again.kind(), std::io::ErrorKind::AlreadyExists);
        // The list of hashes is what sha256sum reads.
        let sums = Command::new("sha256sum")
            .args(["--check", "--strict", "SHA256SUMS"])
            .current_dir(&folder)
            .output();
        assert!(sums.unwrap().status.success());
        // And the archive is one that tar unpacks.
        let mut archive = Vec::new();
        made.bundle().tar("ballot", &mut archive).unwrap();
        let other = self::folder(&format!("tar-{number}"));
        fs::create_dir_all(&other).unwrap();
        fs::write(other.join("ballot.tar"), archive).unwrap();
        assert!(
            Command::new("tar").args(["xf", "ballot.tar"]).current_dir(&other).status().unwrap().success()
        );
        assert_eq!(run(&["verify", other.join("ballot").to_str().unwrap()]).status.code(), Some(0));
    }
    // The ballot file and the seed give the same count to the command that counts.
    let made = &ballots[0];
    let folder = written("right-0", made);
    let seed = made.board[made.board.len() - 1].hash.to_string();
    let file = format!("{folder}/papers.blt");
    let counted = run(&["count", &file, "--method", "scottish-stv", "--lot-seed", &seed, "--reopen", "7"]);
    let counted: serde_json::Value = serde_json::from_slice(&counted.stdout).unwrap();
    let result: serde_json::Value =
        serde_json::from_slice(&fs::read(format!("{folder}/result.json")).unwrap()).unwrap();
    assert_eq!(result["verdict"]["elected"]["count"], counted);
}

#[test]
fn questions_beside_the_bundle_are_answered() {
    let made = ballot(ranked(Method::ScottishStv, 2, true, 5), 200, 24);
    let folder = written("asked", &made);
    let paper = String::from_utf8(made.papers[11].clone()).unwrap();
    let code = TrackingCode::of(&Commitment::of(paper.as_bytes())).to_string();
    let mark = &paper.split_once("\"mark\":\"").unwrap().1[..6];
    let typed = code.to_lowercase().replace('-', " ");
    let key = made.manifest.board_key.to_string();
    let output = run(&["verify", &folder, "--code", &typed, "--mark", mark, "--key", &key]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains(&format!("{code} with the mark {mark} chose: ")), "{}", said(&output));

    let fails = |arguments: &[&str], code: i32, words: &[&str]| {
        let output = run(&[&["verify"], arguments].concat());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        for word in words {
            assert!(said(&output).contains(word), "{arguments:?}: {}", said(&output));
        }
    };
    let other_mark = if mark == "000000" { "111111" } else { "000000" };
    fails(&[&folder, "--code", &code, "--mark", other_mark], 1, &["8 of 8  WRONG", "openings.jsonl, line "]);
    fails(&[&folder, "--code", "ABCDE-FGHJK"], 1, &["8 of 8  WRONG", "no paper has the code", "scrutineers"]);
    fails(&[&folder, "--key", &"zz".repeat(32)], 2, &["--key"]);
    let stranger = breakthrough::ballots::proof::BoardKey::of(&SigningKey::from_bytes(&[1; 32])).to_string();
    fails(&[&folder, "--key", &stranger], 1, &["1 of 8  WRONG", "manifest.json"]);
    fails(&[&folder, "--code", "ABC"], 2, &["tracking code"]);
    fails(&[&folder, "--mark", mark], 2, &["--code"]);
    fails(&["/no/such/folder"], 2, &["no such folder"]);

    let kept = format!("{folder}.heads");
    fs::write(&kept, made.board[2].to_json() + "\n").unwrap();
    fails(&[&folder, "--heads", &kept], 0, &["8 of 8  right"]);
    let mut shown: Vec<Signed> = made.board.clone();
    let What::Batch { papers, .. } = &mut shown[1].entry.what else { unreachable!() };
    *papers += 1;
    fs::write(&kept, rechained(&shown, &made.key)[1].to_json() + "\n").unwrap();
    fails(&[&folder, "--heads", &kept], 1, &["2 of 8  WRONG", "forked", "board.jsonl, line 2"]);
    fs::write(&kept, "{}\n").unwrap();
    fails(&[&folder, "--heads", &kept], 2, &["line 1"]);

    fs::write(format!("{folder}/roll.csv"), "entry,voted\n").unwrap();
    fails(&[&folder], 1, &["1 of 8  WRONG", "SHA256SUMS, line ", "roll.csv", "Download the bundle again"]);
}

#[test]
fn a_key_is_made_divided_and_put_together() {
    let folder = folder("keys");
    let out = folder.to_str().unwrap();
    let output = run(&["ballot", "keygen", "--shares", "3", "--need", "2", "--out", out]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let public = CountKey::from_file(&fs::read_to_string(file("count-key.json")).unwrap()).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(file("share-1.txt")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let again = run(&["ballot", "keygen", "--shares", "3", "--need", "2", "--out", out]);
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("is there already"), "{}", said(&again));
    assert_eq!(CountKey::from_file(&fs::read_to_string(file("count-key.json")).unwrap()).unwrap(), public);

    let combine = |shares: &[&str]| {
        let mut arguments =
            vec!["ballot".to_owned(), "combine".to_owned(), "--key".to_owned(), file("count-key.json")];
        for share in shares {
            arguments.extend(["--share".to_owned(), file(share)]);
        }
        run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    for pair in [["share-1.txt", "share-2.txt"], ["share-3.txt", "share-1.txt"]] {
        let output = combine(&pair);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let secret: CountSecretKey = said(&output).parse().unwrap();
        assert_eq!(secret.public(), Ok(public.public.clone()));
    }
    let refused = |shares: &[&str], words: &str| {
        let output = combine(shares);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty() && said(&output).contains(words), "{}", said(&output));
    };
    refused(&["share-2.txt"], "1 shares don't open: 2 are needed");
    refused(&["share-2.txt", "share-2.txt"], "share 2 is given twice");
    refused(&["share-2.txt", "share-4.txt"], "share-4.txt: can't be read");
    let share = fs::read_to_string(file("share-3.txt")).unwrap();
    let last = share.trim_end().chars().next_back().unwrap();
    let mistyped =
        format!("{}{}", &share.trim_end()[..share.trim_end().len() - 1], if last == 'A' { 'B' } else { 'A' });
    fs::write(file("typed.txt"), mistyped).unwrap();
    refused(&["share-1.txt", "typed.txt"], "it reads as share 3");
    let other = self::folder("other-keys");
    let output = run(&["ballot", "keygen", "--shares", "3", "--need", "2", "--out", other.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0));
    fs::copy(other.join("share-2.txt"), file("foreign.txt")).unwrap();
    refused(&["share-1.txt", "foreign.txt"], "share 2 is of another count key");
    for (shares, need) in [("3", "1"), ("3", "4"), ("0", "0"), ("99", "2")] {
        let output = run(&["ballot", "keygen", "--shares", shares, "--need", need, "--out", out]);
        assert_eq!(output.status.code(), Some(2), "{shares} {need}");
    }
}

#[test]
fn any_ballot_can_be_verified() {
    use rand::{SeedableRng as _, rngs::StdRng};
    let mut rng = StdRng::seed_from_u64(30);
    for seed in 0..12 {
        let made = ballot(any(&mut rng), 60, 100 + seed);
        let bundle: Bundle = made.bundle();
        assert_eq!(
            super::fails(&made.loose()),
            None,
            "{:?} {}",
            made.manifest.kind,
            bundle.outcome.to_json()
        );
    }
}
