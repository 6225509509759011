//! Every field of every file is changed, once by somebody who can't sign and once by somebody who can, and the verifier
//! fails at the step that is about it. The changes are found by walking the files.

use breakthrough::ballots::{
    counting::Method,
    proof::{Kind, Manifest, SigningKey, Step, canonical},
};
use serde_json::Value;

use super::{
    Loose, fails,
    made::{Made, ballot, names, ranked, resigned, usual_motion},
};

/// Three kinds of ballots, some hundred papers each.
fn ballots() -> [Made; 3] {
    [
        ballot(ranked(Method::ScottishStv, 2, true, 5), 160, 1),
        ballot(usual_motion(), 160, 2),
        ballot((Kind::Approval { seats: 2 }, names(6)), 160, 3),
    ]
}

/// The document with one thing changed, for every thing in it: each value, each key taken out, a key and an item
/// put in. With it, the path to what was changed.
fn changed(value: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                for (path, inner) in changed(inner) {
                    let mut fields = fields.clone();
                    fields.insert(key.clone(), inner);
                    all.push((format!("/{key}{path}"), Value::Object(fields)));
                }
                let mut without = fields.clone();
                without.remove(key);
                all.push((format!("/{key}"), Value::Object(without)));
            }
            let mut more = fields.clone();
            more.insert("zz".to_owned(), Value::Null);
            all.push(("/zz".to_owned(), Value::Object(more)));
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                for (path, item) in changed(item) {
                    let mut items = items.clone();
                    items[at] = item;
                    all.push((format!("/{at}{path}"), Value::Array(items)));
                }
            }
            let first = items.first().cloned().unwrap_or(Value::from(1));
            all.push(("/+".to_owned(), Value::Array([&items[..], &[first]].concat())));
            if !items.is_empty() {
                all.push(("/-".to_owned(), Value::Array(items[1..].to_vec())));
            }
        }
        Value::String(text) => {
            all.push((String::new(), Value::from(other_text(text))));
            all.push((String::new(), Value::Null));
        }
        Value::Number(number) => all.push((String::new(), Value::from(number.as_u64().unwrap() + 1))),
        Value::Bool(yes) => all.push((String::new(), Value::from(!yes))),
        Value::Null => all.push((String::new(), Value::from(1))),
    }
    all
}

/// A text of the same form with another last digit, or with a letter more.
fn other_text(text: &str) -> String {
    match text.rfind(|letter: char| letter.is_ascii_digit()) {
        Some(at) => {
            let digit = if &text[at..=at] == "1" { "2" } else { "1" };
            format!("{}{digit}{}", &text[..at], &text[at + 1..])
        }
        None => format!("{text}x"),
    }
}

/// Where a change of a file must be found if its list of hashes is signed anew.
fn wanted(file: &str, path: &str, text: &str, made: &Made) -> Step {
    match file {
        "manifest.json" => match Manifest::from_json(text) {
            Ok(manifest) if manifest.board_key != made.manifest.board_key => Step::Signatures,
            Ok(_) if path == "/closes_at" => Step::Chain,
            Ok(_) => Step::OneBallot,
            Err(_) => Step::Signatures,
        },
        "board.jsonl" => Step::Signatures,
        "openings.jsonl" | "result.json" if path == "/ballot" && text.contains("\"ballot\":\"") => {
            Step::OneBallot
        }
        "openings.jsonl" => Step::Opened,
        "result.json" | "papers.blt" => Step::Recount,
        _ => Step::Totals,
    }
}

#[test]
fn a_change_of_any_field_is_found_at_its_step() {
    let mut tried = 0;
    for made in ballots() {
        let right = made.loose();
        assert_eq!(fails(&right), None);
        let mut hold = |file: &str, text: String, step: Step, what: &str| {
            let mut files = right.clone();
            files.set(file, text);
            assert_eq!(fails(&files), Some(Step::Signatures), "{file} {what}");
            assert_eq!(fails(&resigned(files, &made.key)), Some(step), "{file} {what}, signed anew");
            tried += 1;
        };
        for file in ["manifest.json", "result.json"] {
            for (path, value) in changed(&serde_json::from_str(&right.text(file)).unwrap()) {
                let text = canonical(&value);
                let step = wanted(file, &path, &text, &made);
                hold(file, text, step, &path);
            }
            for text in [right.text(file) + "\n", right.text(file).replacen(':', ": ", 1)] {
                let step = wanted(file, "", &text, &made);
                hold(file, text, step, "spaces");
            }
        }
        for file in ["board.jsonl", "openings.jsonl"] {
            let text = right.text(file);
            let lines: Vec<&str> = text.lines().collect();
            // Long lists of commitments are cut short only here: a field of each entry is walked, not each line.
            for at in [0, 1, lines.len() / 2, lines.len() - 1] {
                for (path, value) in changed(&serde_json::from_str(lines[at]).unwrap()) {
                    let mut lines = lines.clone();
                    let line = format!("{:1$}", canonical(&value), lines[at].len());
                    lines[at] = &line;
                    let step = wanted(file, &path, &line, &made);
                    hold(file, lines.join("\n") + "\n", step, &format!("line {at} {path}"));
                }
            }
        }
        for file in ["roll.csv", "papers.blt"] {
            if !right.0.contains_key(file) {
                continue;
            }
            let text = right.text(file);
            let lines: Vec<&str> = text.lines().collect();
            for at in 0..lines.len() {
                let fields: Vec<&str> = lines[at].split([',', ' ']).collect();
                for field in 0..fields.len() {
                    let other = other_text(fields[field]);
                    let mut fields = fields.clone();
                    fields[field] = &other;
                    let line = fields.join(if file == "roll.csv" { "," } else { " " });
                    let mut lines = lines.clone();
                    lines[at] = &line;
                    hold(file, lines.join("\n") + "\n", wanted(file, "", "", &made), &format!("line {at}"));
                }
            }
        }
    }
    assert!(tried > 2000, "{tried}");
}

#[test]
fn lines_that_are_lost_added_or_exchanged_are_found() {
    for made in ballots() {
        let right = made.loose();
        for file in ["roll.csv", "board.jsonl", "openings.jsonl", "papers.blt", "SHA256SUMS"] {
            if !right.0.contains_key(file) {
                continue;
            }
            let step = match file {
                "board.jsonl" => Step::Chain,
                "SHA256SUMS" => Step::Signatures,
                _ => wanted(file, "", "", &made),
            };
            let text = right.text(file);
            let lines: Vec<&str> = text.lines().collect();
            for at in [0, 1, lines.len() / 2, lines.len() - 1] {
                let mut lost = lines.clone();
                lost.remove(at);
                let mut twice = lines.clone();
                twice.insert(at, lines[at]);
                let mut exchanged = lines.clone();
                exchanged.swap(at, (at + 1) % lines.len());
                for lines in [lost, twice, exchanged] {
                    let mut files = right.clone();
                    files.set(file, lines.join("\n") + "\n");
                    assert_eq!(fails(&files), Some(Step::Signatures), "{file} line {at}");
                    if file != "SHA256SUMS" {
                        assert_eq!(fails(&resigned(files, &made.key)), Some(step), "{file} line {at}");
                    }
                }
            }
        }
    }
}

#[test]
fn files_that_are_missing_strange_or_signed_by_others_are_found() {
    for made in ballots() {
        let right = made.loose();
        for name in right.0.keys() {
            let mut files = right.clone();
            files.0.remove(name);
            assert_eq!(fails(&files), Some(Step::Signatures), "{name}");
            if !name.starts_with("SHA256SUMS") {
                assert_eq!(fails(&resigned(files, &made.key)), Some(Step::Signatures), "{name}");
            }
            let mut files = right.clone();
            files.set(name, "");
            assert_eq!(fails(&files), Some(Step::Signatures), "{name}");
        }
        let mut files = right.clone();
        files.set("more.txt", "");
        assert_eq!(fails(&files), Some(Step::Signatures));
        assert_eq!(fails(&resigned(files, &made.key)), Some(Step::Signatures));
        let by_another = resigned(right.clone(), &SigningKey::from_bytes(&[1; 32]));
        assert_eq!(fails(&by_another), Some(Step::Signatures));
        let mut files: Loose = right.clone();
        files.set("SHA256SUMS.sig", other_text(&right.text("SHA256SUMS.sig")));
        assert_eq!(fails(&files), Some(Step::Signatures));
    }
}
