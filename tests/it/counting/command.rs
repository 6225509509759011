//! The command, as a person runs it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::path;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_breakthrough")).arg("count").args(arguments).output().unwrap()
}

fn case(name: &str) -> String {
    path("cases").join(name).to_str().unwrap().to_owned()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed a partial result");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn json_is_as_documented() {
    let file = case("food.blt");
    let output = run(&[&file, "--method", "scottish-stv", "--seats", "from-file"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
    let report: Value = serde_json::from_str(stdout(&output)).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let mut documented =
        ["rule", "title", "seats", "valid_votes", "invalid_votes", "quota", "elected", "stages", "ties"];
    documented.sort_unstable();
    let mut found = keys(&report);
    found.sort_unstable();
    assert_eq!(found, documented);
    assert_eq!(report["title"], "Party food");
    assert_eq!(report["valid_votes"], 20);
    let stage = &report["stages"][1];
    assert_eq!(stage["stage"], 2);
    assert_eq!(stage["action"], "surplus");
    assert_eq!(stage["of"], serde_json::json!(["Chocolate"]));
    let line = serde_json::json!({"candidate": "Strawberries", "votes": "5.00000", "status": "continuing"});
    assert_eq!(stage["tally"][3], line);
    let again = run(&[&file, "--method", "scottish-stv", "--seats", "from-file", "--format", "json"]);
    assert_eq!(again.stdout, output.stdout);
}

#[test]
fn ties_are_listed_and_lots_decide_them() {
    let text = "3 1\n2 1 0\n2 2 0\n3 3 0\n0\n\"Ana\"\n\"Ben\"\n\"Cai\"\n\"Tie\"\n";
    let file = std::env::temp_dir().join(format!("breakthrough-tie-{}.blt", std::process::id()));
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let chosen = |more: &[&str]| {
        let output = run(&[&[file, "--method", "irv"], more].concat());
        assert_eq!(output.status.code(), Some(0));
        let report: Value = serde_json::from_str(stdout(&output)).unwrap();
        report["ties"][0].clone()
    };
    let tie = |chosen: &str| {
        serde_json::json!({"stage": 2, "what": "exclusion", "candidates": ["Ana", "Ben"],
            "decided_by": "lot", "chosen": chosen})
    };
    assert_eq!(chosen(&[]), tie("Ana"));
    assert_eq!(chosen(&["--lots", "3,2,1"]), tie("Ben"));
    assert_eq!(chosen(&["--lots", "3,1,2"]), tie("Ana"));
    // printf '%s\n%s' dice Ana | sha256sum: Ben 3d.., Cai b9.., Ana f2..
    assert_eq!(chosen(&["--lot-seed", "dice"]), tie("Ben"));
    let sheet = run(&[file, "--method", "irv", "--format", "text", "--lots", "3,2,1"]);
    assert!(stdout(&sheet).contains("Lots drawn in this order: Cai, Ben and Ana."));
    assert!(
        stdout(&sheet)
            .contains("Stage 2: tie between Ana and Ben over who to exclude; the lot decided: Ben.")
    );
    assert!(refused(&[file, "--method", "irv", "--lots", "1,2"]).contains("don't name candidate 3"));
    assert!(refused(&[file, "--method", "irv", "--lots", "1,2,2,3"]).contains("candidate 2 twice"));
    refused(&[file, "--method", "irv", "--lots", "1,2,3", "--lot-seed", "dice"]);
    std::fs::remove_file(file).unwrap();
}

/// Each sheet of `tests/counting/sheets`, and what it is printed from.
const SHEETS: [(&str, &str); 12] = [
    ("ers97_equal_for_the_last_places.txt", "ers97_equal_for_the_last_places.blt --method ers97"),
    ("ers97_model.txt", "ers97_model.blt --method ers97"),
    ("irv_bute21.txt", "irv_bute21.blt --method irv --lot-seed dice"),
    ("no_papers_to_move.txt", "no_papers_to_move.blt --method ers97 --reopen 3"),
    ("reopened.scottish-stv.txt", "reopened.blt --method scottish-stv --reopen 6 --lots 5,4,3,2,1,6"),
    ("reopened.ers97.txt", "reopened.blt --method ers97 --reopen 6 --lots 5,4,3,2,1,6"),
    ("reopened.meek.txt", "reopened.blt --method meek --reopen 6 --lots 5,4,3,2,1,6"),
    ("reopened.scottish-stv.csv", "reopened.blt --method scottish-stv --reopen 6 --lots 5,4,3,2,1,6"),
    ("too_few_stand.txt", "withdrawn_unicode.blt --method meek --seats 4"),
    ("surplus_without_rest.txt", "surplus_without_rest.blt --method ers97"),
    ("tie.csv", "ers97_tie_from_the_first.blt --method ers97"),
    ("tie.txt", "ers97_tie_from_the_first.blt --method ers97"),
];

#[test]
fn sheets_can_be_read_out_and_tables_opened() {
    for (sheet, command) in SHEETS {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        let file = case(arguments[0]);
        arguments[0] = &file;
        let format = if sheet.rsplit('.').next() == Some("csv") { "csv" } else { "text" };
        arguments.extend(["--format", format]);
        let output = run(&arguments);
        assert_eq!(output.status.code(), Some(0), "{command}");
        let expected = std::fs::read_to_string(path("sheets").join(sheet)).unwrap();
        assert_eq!(stdout(&output), expected, "{sheet}");
    }
}

#[test]
fn the_table_opens_in_a_spreadsheet() {
    let output = run(&[&case("withdrawn_unicode.blt"), "--method", "scottish-stv", "--format", "csv"]);
    let table = stdout(&output);
    assert!(table.starts_with("\u{feff}Election,\"Withdrawn, empty, equal, #\"\r\n"));
    assert!(table.contains("\r\nCandidate,Stage 1: first preferences,Stage 2: exclusion of Dee,Result\r\n"));
    assert!(table.contains("\r\nRóisín Ní Bhriain,6.00000,6.00000,not elected\r\n"));
    assert!(table.contains("\r\nCyd,9.00000,12.00000,elected at stage 2\r\n"));
    assert!(table.contains("\r\nTotal,18.00000,18.00000\r\n"));
    assert!(table.lines().all(|line| !line.is_empty() || table.contains("\r\n\r\n")));
}

#[test]
fn wrong_usage_and_wrong_files_are_refused() {
    let food = case("food.blt");
    let malformed = path("malformed").join("ballot_not_closed.blt");
    let malformed = malformed.to_str().unwrap();
    assert_eq!(
        refused(&[malformed, "--method", "irv"]),
        format!("{malformed}: line 3: the ballot isn't closed; end it with ` 0` on the same line\n")
    );
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    for ballots in ["", "3 0\n", "2 1=2 0\n", "2 - 1 0\n", "-1\n2 1 0\n"] {
        let nobody = folder.join("nobody.blt");
        std::fs::write(&nobody, format!("3 1\n{ballots}0\n\"Ana\"\n\"Ben\"\n\"Cai\"\n\"\"\n")).unwrap();
        let said = refused(&[nobody.to_str().unwrap(), "--method", "scottish-stv"]);
        assert!(said.contains("is valid, so nobody can be elected"), "{ballots:?}: {said}");
    }
    assert!(refused(&[&food, "--method", "irv", "--seats", "2"]).contains("fills one place"));
    assert_eq!(run(&[&food, "--method", "irv", "--seats", "1"]).status.code(), Some(0));
    assert!(refused(&[&food, "--method", "meek", "--seats", "6"]).contains("only 5 candidates"));
    refused(&[&food, "--method", "meek", "--seats", "0"]);
    refused(&[&food, "--method", "meek", "--seats", "many"]);
    refused(&[&food, "--method", "coin"]);
    refused(&[&food]);
    assert!(refused(&[&food, "--method", "meek", "--reopen", "6"]).contains("no such candidate"));
    assert!(
        refused(&["no such file.blt", "--method", "meek"]).starts_with("no such file.blt: can't be opened")
    );
    assert!(refused(&[&case(""), "--method", "meek"]).contains("can't be read"));
}

#[test]
fn standard_input_is_read() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_breakthrough"))
        .args(["count", "-", "--method", "meek", "--seats", "2"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let text = std::fs::read(path("cases").join("food.blt")).unwrap();
    child.stdin.take().unwrap().write_all(&text).unwrap();
    let output = child.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["seats"], 2);
    assert_eq!(report["elected"].as_array().unwrap().len(), 2);
}
