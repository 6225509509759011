//! The officers' desk: who finds what in its menu, and that every page of it is linked. Its rooms have files of
//! their own.

mod log;
mod overview;
mod person;

use std::collections::{BTreeMap, BTreeSet};

use crate::support::Site;

#[tokio::test]
async fn the_menu_shows_each_officer_the_right_doors() {
    let site = Site::open().await;
    for (email, opens, closed) in [
        (
            "alex@demo.test",
            vec!["/admin", "/admin/members", "/admin/supporters", "/admin/audit", "/admin/officers"],
            "",
        ),
        ("treasurer@demo.test", vec!["/admin", "/admin/members", "/admin/supporters"], "/admin/audit"),
        ("returning@demo.test", vec!["/admin", "/admin/audit"], "/admin/members"),
        ("organiser@demo.test", vec!["/admin", "/admin/members", "/admin/supporters"], "/admin/officers"),
    ] {
        let mut officer = site.signed_in_as(email).await;
        let page = officer.get("/admin").await;
        let doors = page.attributes(".desk-nav a", "href");
        for path in opens {
            assert!(doors.contains(&path.to_owned()), "{email}: {path}");
            officer.get(path).await.expect_status(200);
        }
        if !closed.is_empty() {
            assert!(!doors.contains(&closed.to_owned()), "{email}: {closed}");
            officer.get(closed).await.expect_status(403);
        }
    }
}

/// The pattern of the route table that an address fits; a path without a parameter comes before one with.
fn pattern<'a>(patterns: &[&'a str], address: &str) -> Option<&'a str> {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let fits = |pattern: &&&str| {
        let (mut left, mut right) = (pattern.split('/'), path.split('/'));
        loop {
            match (left.next(), right.next()) {
                (None, None) => return true,
                (Some(part), Some(with)) if part == with || part.starts_with('{') => {}
                _ => return false,
            }
        }
    };
    patterns.iter().filter(fits).min_by_key(|pattern| pattern.matches('{').count()).copied()
}

/// Every page of the desk must be linked from somewhere.
#[tokio::test]
async fn every_page_of_the_desk_is_reached_by_links() {
    let site = Site::open().await;
    let mut patterns: Vec<&str> = include_str!("routes.txt")
        .lines()
        .filter_map(|line| line.strip_prefix("GET ")?.split(' ').next())
        .filter(|path| path.starts_with("/admin"))
        .collect();
    patterns.sort_unstable();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut waiting = vec!["/admin".to_owned()];
    while let Some(address) = waiting.pop() {
        let Some(known) = pattern(&patterns, &address) else { continue };
        let addresses = seen.entry(known).or_default();
        // A few of each are enough, and there are three hundred members.
        if addresses.len() >= 8 || !addresses.insert(address.clone()) {
            continue;
        }
        let page = officer.get_once(&address).await;
        page.expect_status(200);
        waiting.extend(page.attributes("a[href^='/admin']", "href"));
        // Forms that only ask lead somewhere too; last, as they lead to the same lists.
        waiting.splice(0..0, page.attributes("form[method=get][action^='/admin']", "action"));
    }
    let missed: Vec<_> = patterns.iter().filter(|pattern| !seen.contains_key(*pattern)).collect();
    assert!(missed.is_empty(), "no link leads to {missed:?}");
}
