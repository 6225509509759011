//! The house rules that a machine can check. Each failure names the file and the rule.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Every source file with its room and its path below `src`.
fn sources() -> Vec<(String, String, String)> {
    let src = root().join("src");
    files(&src, "rs")
        .into_iter()
        .map(|path| {
            let below = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
            let room = below.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
            // Comments may point anywhere.
            let code = fs::read_to_string(path).unwrap();
            let code = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect::<Vec<_>>()
                .join("\n");
            (room, below, code)
        })
        .collect()
}

/// The rooms in the order of lib.rs, lowest first.
fn order() -> Vec<String> {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    lib.lines()
        .filter_map(|line| Some(line.strip_prefix("pub mod ")?.trim_end_matches(';').to_owned()))
        .collect()
}

/// Rooms named in `crate::room` and in `use crate::{room::.., room}`.
fn rooms_used(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut name = String::new();
            for letter in list.chars() {
                match letter {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => used.push(std::mem::take(&mut name)),
                    _ if depth == 0 => name.push(letter),
                    _ => {}
                }
            }
            used.push(name);
        } else {
            used.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    used.iter()
        .map(|name| {
            name.trim().split("::").next().unwrap().split_whitespace().next().unwrap_or_default().to_owned()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn a_room_uses_only_rooms_below_it() {
    let order = order();
    let height: BTreeMap<_, _> =
        order.iter().enumerate().map(|(height, room)| (room.as_str(), height)).collect();
    let mut faults = Vec::new();
    for (room, file, code) in sources() {
        let Some(own) = height.get(room.as_str()) else { continue };
        for used in rooms_used(&code) {
            if height.get(used.as_str()).is_some_and(|other| other > own) {
                faults.push(format!("src/{file} uses `{used}`, which lib.rs lists after `{room}`"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The parts of a room that know nothing of HTTP.
const NO_AXUM: [&str; 6] = ["model", "forms", "sql", "actions", "jobs", "mail"];

#[test]
fn http_stays_in_the_pages() {
    let mut faults = Vec::new();
    for (room, file, code) in sources() {
        let part = file.split('/').nth(1).unwrap_or_default().trim_end_matches(".rs");
        if room != "kit" && NO_AXUM.contains(&part) && code.lines().any(|line| line.contains("axum")) {
            faults
                .push(format!("src/{file} speaks of axum; status, cookies and paths belong into the pages"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn statements_stay_in_sql() {
    let mut faults = Vec::new();
    for (room, file, code) in sources() {
        let at_home = room == "kit" || file.contains("/sql") || file.ends_with("demo.rs");
        if !at_home && code.contains("sqlx::query") {
            faults.push(format!("src/{file} holds a statement; it belongs into {room}/sql.rs"));
        }
        let outside = ["lettre::", "stripe_", "async_stripe"];
        if room != "kit" && outside.iter().any(|name| code.contains(&format!("use {name}"))) {
            faults.push(format!("src/{file} uses a crate that only kit may use"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Which room makes a table: `migrations/<time>_<room>_<what>.sql`.
fn tables() -> BTreeMap<String, String> {
    let mut tables = BTreeMap::new();
    let rooms = order();
    for path in files(&root().join("migrations"), "sql") {
        let name = path.file_stem().unwrap().to_str().unwrap().split_once('_').unwrap().1.to_owned();
        let room = rooms.iter().find(|room| name.starts_with(room.as_str()));
        let room = room.unwrap_or_else(|| panic!("migrations: {name} begins with no room"));
        for line in fs::read_to_string(&path).unwrap().lines() {
            let line = line.trim().to_lowercase();
            let rest =
                line.strip_prefix("create table ").or_else(|| line.strip_prefix("create unlogged table "));
            if let Some(rest) = rest {
                let table = rest.trim_start_matches("if not exists ").split([' ', '(']).next().unwrap();
                tables.insert(table.to_owned(), room.clone());
            }
        }
    }
    tables
}

#[test]
fn a_table_is_written_by_its_own_room() {
    let tables = tables();
    assert!(tables.len() > 5, "the migrations were not read");
    let mut faults = Vec::new();
    for (room, file, code) in sources() {
        let code = code.to_lowercase();
        let words: Vec<&str> = code
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .filter(|word| !word.is_empty())
            .collect();
        for three in words.windows(3) {
            let table = match three {
                ["insert", "into", table] | ["delete", "from", table] | ["update", table, "set"] => *table,
                _ => continue,
            };
            if let Some(owner) = tables.get(table)
                && *owner != room
            {
                faults.push(format!("src/{file} writes `{table}`, which belongs to {owner}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn templates_carry_no_inline_script_or_style() {
    let mut faults = Vec::new();
    for path in files(&root().join("templates"), "html") {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        // Mail readers know no stylesheets, so mails bring their styles along.
        if name.ends_with("layouts/mail.html") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for mark in
            [" style=\"", "<style", " onclick=", " onchange=", " onsubmit=", " onload=", "javascript:"]
        {
            if text.contains(mark) {
                faults.push(format!("{name} holds {mark:?}, which the content policy refuses"));
            }
        }
        for script in text.match_indices("<script") {
            let tag = text[script.0..].split('>').next().unwrap_or_default();
            if !tag.contains("src=") && !tag.contains("application/ld+json") {
                faults.push(format!("{name} holds an inline script"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_room_says_what_it_is_for() {
    for room in order() {
        let module = root().join("src").join(&room).join("mod.rs");
        let Ok(text) = fs::read_to_string(&module) else { continue };
        let lines = text.lines().take_while(|line| line.starts_with("//!")).count();
        assert!((1..=25).contains(&lines), "src/{room}/mod.rs opens with {lines} lines about the room");
    }
}
