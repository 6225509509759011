//! A second counter, `tests/counting/recount.py`, written in another language from the texts
//! of the rules, counts the same random elections. To compare many more:
//! `tests/counting/recount.py --program target/debug/breakthrough --elections 2000`.

use std::fs;
use std::process::Command;

use breakthrough::ballots::counting::{Candidate, Lots, Terms, count};
use serde_json::Value;

use super::{METHODS, path, read};

const ELECTIONS: usize = 200;

#[test]
fn a_second_counter_agrees_at_every_stage() {
    let folder = std::env::temp_dir().join(format!("breakthrough-recount-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let python = Command::new("python3")
        .arg(path("recount.py"))
        .args(["--seed", "14", "--elections", &ELECTIONS.to_string(), "--out"])
        .arg(&folder)
        .status()
        .expect("python3 runs the second counter; install it");
    assert!(python.success());
    let mut compared = 0;
    // Beside the random elections it always counts some that are worth keeping.
    let files = fs::read_dir(&folder).unwrap().count();
    assert!(files >= 2 * ELECTIONS);
    for number in 0..files / 2 {
        let file = fs::read_to_string(folder.join(format!("{number}.blt"))).unwrap();
        let answers = fs::read_to_string(folder.join(format!("{number}.json"))).unwrap();
        let answers: Value = serde_json::from_str(&answers).unwrap();
        let election = read(&file);
        let lots = answers["lots"].as_array().unwrap();
        let lots: Vec<usize> = lots.iter().map(|n| n.as_u64().unwrap().try_into().unwrap()).collect();
        let terms = Terms {
            seats: election.seats(),
            lots: Lots::given(&lots, election.candidates(), election.standing()).unwrap(),
            reopen: answers["reopen"]
                .as_u64()
                .map(|n| Candidate::at(usize::try_from(n).unwrap() - 1).unwrap()),
        };
        for method in METHODS {
            let mut report: Value =
                serde_json::from_str(&count(&election, method, &terms).to_json().unwrap()).unwrap();
            // Who is excluded together has no order.
            for stage in report["stages"].as_array_mut().unwrap() {
                stage["of"].as_array_mut().unwrap().sort_by_key(|name| name.as_str().unwrap().to_owned());
            }
            let rule = report["rule"].as_str().unwrap().to_owned();
            assert_eq!(report, answers["answers"][&rule], "election {number} by {rule}:\n{file}");
            compared += 1;
        }
    }
    assert_eq!(compared, files / 2 * METHODS.len());
    fs::remove_dir_all(folder).unwrap();
}
