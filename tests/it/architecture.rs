//! The house rules that a machine can check. Each failure names the file and the rule.

use std::{
    collections::{BTreeMap, BTreeSet},
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
            // Comments and unit tests may point anywhere.
            let code = fs::read_to_string(path).unwrap();
            let code = code.split("#[cfg(test)]\nmod ").next().unwrap();
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

/// What a rule finds, without the exceptions it still has. An exception that is no longer needed is a fault as well.
#[track_caller]
fn judge(faults: impl IntoIterator<Item = String>, exceptions: &[&str]) {
    let faults: BTreeSet<String> = faults.into_iter().collect();
    let mut wrong: Vec<String> = faults
        .iter()
        .filter(|fault| !exceptions.iter().any(|known| fault.starts_with(known)))
        .cloned()
        .collect();
    for known in exceptions {
        if !faults.iter().any(|fault| fault.starts_with(known)) {
            wrong.push(format!("the exception {known:?} is no longer needed"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Every path that begins with one of the roots, in a `use` or anywhere else, with its braces multiplied out.
fn paths(code: &str, roots: &[&str]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for root in roots {
        for (at, _) in code.match_indices(&format!("{root}::")) {
            if !code[..at].ends_with(|before: char| is_word(before) || before == ':') {
                branches(&code[at..], &mut Vec::new(), &mut found);
            }
        }
    }
    found
}

/// Reads one path, or the branches in its braces, and returns what comes after it.
fn branches<'a>(code: &'a str, trunk: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> &'a str {
    let grown = trunk.len();
    let mut rest = code.trim_start();
    if let Some(mut list) = rest.strip_prefix('{') {
        loop {
            list = branches(list, trunk, found).trim_start();
            match list.strip_prefix(',') {
                Some(more) => list = more,
                None => return list.strip_prefix('}').unwrap_or(list),
            }
        }
    }
    let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
    if end > 0 {
        trunk.push(rest[..end].to_owned());
    }
    rest = &rest[end..];
    rest = match rest.strip_prefix("::") {
        Some(more) if end > 0 => branches(more, trunk, found),
        _ => {
            found.push(trunk.clone());
            match rest.trim_start().strip_prefix("as ") {
                Some(name) => name.trim_start().trim_start_matches(is_word),
                None => rest,
            }
        }
    };
    trunk.truncate(grown);
    rest
}

#[test]
fn a_room_uses_only_rooms_below_it() {
    let order = order();
    let height: BTreeMap<_, _> =
        order.iter().enumerate().map(|(height, room)| (room.as_str(), height)).collect();
    let mut faults = Vec::new();
    for (room, file, code) in sources() {
        let Some(own) = height.get(room.as_str()) else { continue };
        for path in paths(&code, &["crate"]) {
            let used = path.get(1).map_or("", String::as_str);
            if height.get(used).is_some_and(|other| other > own) {
                faults.push(format!("src/{file} uses `{used}`, which lib.rs lists after `{room}`"));
            }
        }
    }
    judge(faults, &[]);
}

/// The parts of a room, and the parts that each may use. Files of other names stand where their neighbours put them:
/// what they lead to counts as used by whoever uses them.
const PARTS: [(&str, &[&str]); 9] = [
    ("model", &["settings"]),
    ("settings", &["model"]),
    ("sql", &["model", "settings"]),
    ("forms", &["model", "settings"]),
    ("mail", &["model", "settings"]),
    ("actions", &["model", "settings", "sql", "mail"]),
    ("jobs", &["model", "settings", "sql", "mail", "actions"]),
    ("pages", &["model", "settings", "sql", "mail", "actions", "forms", "admin"]),
    ("admin", &["model", "settings", "sql", "mail", "actions", "forms", "pages"]),
];

/// Which part of its room a file is: by its own name, or by a folder's (`sql/ledger.rs`, `ballots/casting/sql.rs`).
fn part(file: &str) -> Option<&'static str> {
    let (_, within) = file.split_once('/')?;
    let mut names = within.trim_end_matches(".rs").rsplit('/');
    names.find_map(|name| PARTS.iter().map(|(part, _)| *part).find(|part| *part == name))
}

/// The files of one room by the path of their module, and what each uses of the others.
struct Files {
    by_module: BTreeMap<Vec<String>, (String, String)>,
}

impl Files {
    fn of(room: &str) -> Self {
        let files = sources().into_iter().filter(|(of, ..)| of == room);
        let by_module = files.map(|(_, file, code)| {
            let module = file.trim_end_matches(".rs").trim_end_matches("/mod");
            (module.split('/').map(str::to_owned).collect(), (file, code))
        });
        Self { by_module: by_module.collect() }
    }

    /// The module that a name beginning in `module` is defined in, through what the modules on its way bring in
    /// under it. None for what belongs to another room.
    fn home(&self, module: &[String], names: &[String], depth: u8) -> Option<Vec<String>> {
        let mut at = module.to_vec();
        for (number, name) in names.iter().enumerate() {
            let mut below = at.clone();
            below.push(name.clone());
            if self.by_module.contains_key(&below) {
                at = below;
                continue;
            }
            // A name that a module brings in stands elsewhere.
            let code = &self.by_module.get(&at)?.1;
            let uses = code.split("use ").skip(1).filter_map(|rest| rest.split(';').next());
            let brought = uses.flat_map(|tree| {
                let mut found = Vec::new();
                branches(tree, &mut Vec::new(), &mut found);
                found
            });
            for path in brought.filter(|path| path.len() > 1 && path.last() == Some(name)) {
                if depth < 5
                    && let Some(home) = self.resolve(&at, &path, depth + 1)
                {
                    return self.home(&home, &names[number + 1..], depth + 1);
                }
            }
            break;
        }
        self.by_module.contains_key(&at).then_some(at)
    }

    /// The module of this room that a path written in `module` leads to.
    fn resolve(&self, module: &[String], path: &[String], depth: u8) -> Option<Vec<String>> {
        let up = path.iter().take_while(|name| *name == "super").count();
        match path.first()?.as_str() {
            "crate" => self.home(&[], &path[1..], depth),
            "super" => self.home(module.get(..module.len().checked_sub(up)?)?, &path[up..], depth),
            "self" => self.home(module, &path[1..], depth),
            child if self.by_module.contains_key(&[module, &[child.to_owned()]].concat()) => {
                self.home(module, path, depth)
            }
            _ => None,
        }
    }

    /// Which files each file uses. A module may use what is below it and lend it names: that is what it is for.
    fn uses(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut uses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (module, (file, code)) in &self.by_module {
            let own = uses.entry(file).or_default();
            for path in paths(code, &["crate", "super", "self"]) {
                if let Some(home) = self.resolve(module, &path, 0)
                    && !home.starts_with(module)
                {
                    own.insert(&self.by_module[&home].0);
                }
            }
        }
        uses
    }
}

/// Everything a file leads to, each with the way there. Past a file that is itself a part of a room it does not look.
fn reached<'a>(
    uses: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    from: &'a str,
    past: impl Fn(&str) -> bool,
) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut ways: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut waiting = vec![vec![from]];
    while let Some(way) = waiting.pop() {
        for next in &uses[way[way.len() - 1]] {
            let longer = [&way[..], &[next]].concat();
            if !ways.contains_key(next) {
                if past(next) {
                    waiting.push(longer.clone());
                }
                ways.insert(next, longer);
            }
        }
    }
    ways
}

fn way(files: &[&str]) -> String {
    files.iter().map(|file| format!("src/{file}")).collect::<Vec<_>>().join(" -> ")
}

#[test]
fn inside_a_room_pages_use_actions_use_sql_use_the_model() {
    let mut faults = Vec::new();
    for room in order().iter().filter(|room| *room != "kit") {
        let files = Files::of(room);
        let uses = files.uses();
        for from in uses.keys() {
            let Some(own) = part(from) else { continue };
            let (_, may) = PARTS.iter().find(|(part, _)| *part == own).unwrap();
            for (to, steps) in reached(&uses, from, |file| part(file).is_none()) {
                if let Some(other) = part(to)
                    && other != own
                    && !may.contains(&other)
                {
                    faults.push(format!("{}: `{own}` may not use `{other}`", way(&steps)));
                }
            }
        }
    }
    judge(faults, &[]);
}

#[test]
fn the_files_of_a_room_do_not_go_round_in_circles() {
    let mut faults = BTreeSet::new();
    for room in order() {
        let files = Files::of(&room);
        let uses = files.uses();
        for from in uses.keys() {
            if let Some(steps) = reached(&uses, from, |_| true).get(from) {
                // The same circle is met from each of its files.
                let mut circle = steps[1..].to_vec();
                let first = circle.iter().enumerate().min_by_key(|(_, file)| **file).unwrap().0;
                circle.rotate_left(first);
                faults.insert(way(&circle));
            }
        }
    }
    judge(faults, &[]);
}

#[test]
fn http_stays_in_the_pages() {
    let mut faults = Vec::new();
    for (room, file, code) in sources() {
        let knows_http = matches!(part(&file), Some("pages" | "admin") | None);
        if room != "kit" && !knows_http && code.contains("axum") {
            faults
                .push(format!("src/{file} speaks of axum; status, cookies and paths belong into the pages"));
        }
    }
    judge(faults, &[]);
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
    judge(faults, &[]);
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

/// The tables that statements write, under whatever alias.
fn written(code: &str) -> Vec<String> {
    let code = code.to_lowercase();
    let words: Vec<&str> = code.split(|letter| !is_word(letter)).filter(|word| !word.is_empty()).collect();
    let table = |at: usize| match &words[at..] {
        ["insert" | "merge", "into", table, ..]
        | ["delete", "from", "only", table, ..]
        | ["delete", "from", table, ..]
        | ["update", "only", table, ..]
        | ["update", table, "set", ..]
        | ["update", table, _, "set", ..]
        | ["update", table, "as", _, "set", ..]
        | ["truncate", "table", table, ..]
        | ["truncate" | "copy", table, ..] => Some((*table).to_owned()),
        _ => None,
    };
    (0..words.len()).filter_map(table).collect()
}

#[test]
fn a_table_is_written_by_its_own_room() {
    let tables = tables();
    assert!(tables.len() > 5, "the migrations were not read");
    let mut faults = Vec::new();
    for (room, file, code) in sources() {
        for table in written(&code) {
            if let Some(owner) = tables.get(&table)
                && *owner != room
            {
                faults.push(format!("src/{file} writes `{table}`, which belongs to {owner}"));
            }
        }
    }
    judge(faults, &[]);
}

#[test]
fn writes_are_seen_under_an_alias() {
    for statement in [
        "update gifts set a = 1",
        "update gifts g set a = 1",
        "update gifts as g set a = 1",
        "update only gifts g set a = 1",
        "DELETE FROM ONLY gifts",
        "merge into gifts using others",
        "truncate gifts",
        "copy gifts from stdin",
    ] {
        assert!(written(statement).contains(&"gifts".to_owned()), "{statement}");
    }
}

#[test]
fn uses_are_seen_through_sub_folders_and_lent_names() {
    for (file, used) in [
        ("membership/actions/joining.rs", "membership/sql/mod.rs"),
        ("payments/sql/ledger.rs", "payments/model/ledger.rs"),
        ("content/settings/pages.rs", "content/settings/actions.rs"),
        ("admin/overview/pages.rs", "admin/overview/sql.rs"),
        // `super::Candidate`, which the folder lends.
        ("ballots/counting/command.rs", "ballots/counting/candidate.rs"),
    ] {
        let files = Files::of(file.split('/').next().unwrap());
        let uses = files.uses();
        assert!(uses[file].contains(used), "{file} uses {used}: {:?}", uses[file]);
    }
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
    judge(faults, &[]);
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
