//! Results that others have published: an official Scottish report, the model election of
//! the ERS97 booklet, a by-election, and constructed cases.

use std::fs;

use breakthrough::ballots::counting::{Lots, Method, Terms, count};
use serde_json::Value;

use super::{path, read};

#[test]
fn every_published_stage_is_right() {
    let expected: Value = serde_json::from_str(&fs::read_to_string(path("expected.json")).unwrap()).unwrap();
    let mut counted = 0;
    for case in expected.as_object().unwrap().values() {
        let election = read(&fs::read_to_string(path(case["file"].as_str().unwrap())).unwrap());
        for (rule, wanted) in case["methods"].as_object().unwrap() {
            let method = method(rule);
            let seats = usize::try_from(wanted["seats"].as_u64().unwrap()).unwrap();
            let terms = Terms { seats, lots: Lots::file_order(election.candidates()), reopen: None };
            let report = count(&election, method, &terms).to_json().unwrap();
            let report: Value = serde_json::from_str(&report).unwrap();
            let name = format!("{} by {rule}", case["file"]);
            assert_eq!(report["rule"], *rule);
            for key in ["seats", "valid_votes", "invalid_votes", "quota", "elected"] {
                assert_eq!(report[key], wanted[key], "{key} of {name}");
            }
            let stages = report["stages"].as_array().unwrap();
            let groups: Vec<&Value> = stages.iter().map(|stage| &stage["elected"]).collect();
            let groups: Vec<&Value> =
                groups.into_iter().filter(|g| !g.as_array().unwrap().is_empty()).collect();
            assert_eq!(groups, wanted["groups"].as_array().unwrap().iter().collect::<Vec<_>>(), "{name}");
            if let Some(wanted) = wanted.get("stages").and_then(Value::as_array) {
                assert_eq!(stages.len(), wanted.len(), "stages of {name}");
                for (stage, wanted) in stages.iter().zip(wanted) {
                    let number = &stage["stage"];
                    assert_eq!(
                        stage["non_transferable"], wanted["non_transferable"],
                        "{name}, stage {number}"
                    );
                    assert_eq!(stage["elected"], wanted["elected"], "{name}, stage {number}");
                    let tally = stage["tally"].as_array().unwrap();
                    assert_eq!(tally.len(), wanted["votes"].as_object().unwrap().len());
                    for line in tally {
                        let candidate = line["candidate"].as_str().unwrap();
                        assert_eq!(
                            line["votes"], wanted["votes"][candidate],
                            "{name}, stage {number}, {candidate}"
                        );
                    }
                }
            }
            counted += 1;
        }
    }
    assert_eq!(counted, 14);
}

fn method(rule: &str) -> Method {
    match rule {
        "scottish-stv" => Method::ScottishStv,
        "ers97" => Method::Ers97,
        "meek" => Method::Meek,
        "irv" => Method::Irv,
        other => panic!("no rule {other}"),
    }
}
