//! What rooms state of themselves, read together.

mod pretend;

use std::collections::{BTreeMap, BTreeSet};

use breakthrough::{
    accounts::{Access, Permission, Role, Rooms},
    kit::settings::Dated,
    site,
};
use chrono::NaiveDate;
use reqwest::Method;

use crate::support::Site;

const ROOMS: Rooms = Rooms(site::ROOMS);

#[test]
fn every_setting_has_a_key_of_its_own_and_values_that_it_accepts() {
    let mut keys = BTreeSet::new();
    for known in ROOMS.settings() {
        assert!(keys.insert(known.key), "two settings are called {}", known.key);
        let days: Vec<NaiveDate> = known.given().map(|given| given.valid_from).collect();
        assert!(days.is_sorted(), "{}: the newest value comes last", known.key);
        for Dated { value, source, .. } in known.given() {
            assert!(known.meaning.accepts(&value), "{} cannot be {value:?}", known.key);
            assert!(!source.is_empty(), "{}: {value:?} names no source", known.key);
        }
    }
}

#[tokio::test]
async fn the_program_brings_the_settings_that_migrations_wrote() {
    let site = Site::open().await;
    let stored: Vec<(String, String)> = sqlx::query_as(
        "select key, value from settings where key not in ('site_name', 'imprint', 'contact_email')",
    )
    .fetch_all(&site.pool)
    .await
    .unwrap();
    for (key, value) in stored {
        let known =
            ROOMS.settings().find(|known| known.key == key).unwrap_or_else(|| panic!("nobody knows {key}"));
        assert_eq!(known.given().last().unwrap().value, value, "{key}");
    }
}

#[tokio::test]
async fn a_stored_value_that_cannot_be_used_stops_nothing() {
    let site = Site::open().await;
    sqlx::query("insert into settings (key, value, valid_from, source) values
                 ('rate_standard_month', 'lots', '2026-01-01', 'a slip'), ('donation_cap_pence', '-1', '2026-01-01', 'a slip')")
        .execute(&site.pool)
        .await
        .unwrap();
    site.app.reload_settings().await.unwrap();
    site.app.pages().clear();
    site.stranger().get("/join").await.expect_status(200).expect("£5 a month");
    site.stranger().get("/funding").await.expect_status(200).expect("£5,000");
}

#[tokio::test]
async fn the_law_s_figures_are_settings() {
    let site = Site::open().await;
    sqlx::query("insert into settings (key, value, valid_from, source) values
                 ('donation_check_days', '60', '2026-11-01', 'a new law'), ('donation_check_pence', '20000', '2026-11-01', 'a new law')")
        .execute(&site.pool)
        .await
        .unwrap();
    site.app.reload_settings().await.unwrap();
    let mut treasurer = site.signed_in_as("treasurer@demo.test").await;
    let page = treasurer.get("/admin/donations").await;
    // The gift arrived on 17 November 2026.
    page.expect("more than £200").expect("within 60 days");
    // It was received under the law of its day, and keeps that.
    page.expect("17 December 2026").expect_not("16 January 2027");
}

#[test]
fn each_card_of_the_treasurer_is_a_task_of_its_room() {
    for room in ROOMS.iter() {
        for decision in room.decisions {
            let task = room.tasks.iter().find(|task| task.count == decision.count);
            assert!(task.is_some_and(|task| !task.path.is_empty()), "{}: {}", room.name, decision.title);
        }
    }
}

/// Every permission that a path asks for, by code.
fn permissions(site: &Site) -> BTreeMap<&'static str, Permission> {
    let mut known = BTreeMap::new();
    for line in site::table(&site.app) {
        if let Access::Officer(permission) = line.access {
            let before = known.insert(permission.code, permission);
            assert!(
                before.is_none_or(|before| before == permission),
                "two permissions are called {permission:?}"
            );
        }
    }
    known
}

#[tokio::test]
async fn each_office_opens_what_it_should_and_no_more() {
    let site = Site::open().await;
    let permissions = permissions(&site);
    let rights = |role: Role| {
        let held = permissions.values().filter(|permission| permission.held_by.contains(&role));
        held.map(|permission| permission.code).collect::<Vec<_>>()
    };
    for (role, expected) in [
        (
            Role::Administrator,
            "change_settings look_after_work manage_officers refund see_audit see_overview",
        ),
        (
            Role::Membership,
            "change_people export_people help_members import_people merge_people see_audit see_declarations see_overview see_people",
        ),
        (
            Role::Treasurer,
            "check_donors help_members keep_books look_after_work refund see_overview see_payments see_people",
        ),
        (Role::ReturningOfficer, "run_ballots see_audit see_overview watch_ballots"),
        (Role::Observer, "see_overview watch_ballots"),
        (Role::Editor, "edit_content see_overview"),
        (Role::Communications, "edit_content see_overview send_updates"),
        (Role::Organiser, "see_overview see_people"),
    ] {
        assert_eq!(rights(role).join(" "), expected, "{}", role.name());
    }
}

#[tokio::test]
async fn every_link_of_the_desk_leads_to_a_page_with_its_permission() {
    let site = Site::open().await;
    let table = site::table(&site.app);
    for desk in ROOMS.iter().flat_map(|room| room.desk) {
        let line = table.iter().find(|line| line.path == desk.path && line.method == Method::GET);
        let line = line.unwrap_or_else(|| panic!("{} leads nowhere", desk.title));
        assert_eq!(line.access, Access::Officer(desk.permission), "{}", desk.title);
    }
}

#[tokio::test]
async fn officers_see_the_links_that_their_offices_open() {
    let site = Site::open().await;
    for (email, expected) in [
        (
            "alex@demo.test",
            "Overview Members Supporters Import Duplicates Other parties Updates Votes Elections Treasurer’s desk Gift memberships Donations Payments Books News Questions Pages Profiles Allies Pictures Audit log Officers Settings",
        ),
        (
            "treasurer@demo.test",
            "Overview Members Supporters Treasurer’s desk Gift memberships Donations Payments Books",
        ),
        ("returning@demo.test", "Overview Votes Elections Audit log"),
        ("organiser@demo.test", "Overview Members Supporters"),
    ] {
        let page = site.signed_in_as(email).await.get("/admin").await;
        assert_eq!(page.select(".desk-nav a").join(" "), expected, "{email}");
    }
    let mut member = site.signed_in_as("ana@demo.test").await;
    assert_eq!(member.get("/").await.select(".site-head > ul a").join(" "), "Your page");
    let mut supporter = site.signed_in_as("sam@demo.test").await;
    assert_eq!(supporter.get("/nowhere").await.select(".site-head > ul a").join(" "), "Your page Join");
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let page = officer.get("/admin/faq/new").await;
    assert_eq!(page.select(".desk-head > ul a").join(" "), "Your page Public site");
    assert_eq!(page.select(".desk-nav [aria-current]").join(" "), "Questions");
    for (email, marked) in [("ana@demo.test", "Members"), ("sam@demo.test", "Supporters")] {
        let id: uuid::Uuid = sqlx::query_scalar("select id from people where email = $1::text::citext")
            .bind(email)
            .fetch_one(&site.pool)
            .await
            .unwrap();
        for part in ["", "/payments", "/activity"] {
            let page = officer.get(&format!("/admin/members/{id}{part}")).await;
            assert_eq!(page.select(".desk-nav [aria-current]").join(" "), marked, "{email}{part}");
        }
    }
    for (path, marked) in
        [("/admin", "Overview"), ("/admin/search?q=ana", ""), ("/admin/settings", "Settings")]
    {
        let page = officer.get(path).await;
        assert_eq!(page.select(".desk-nav [aria-current]").join(" "), marked, "{path}");
    }
}

#[test]
fn every_action_of_the_audit_log_is_declared_and_every_declared_one_is_written() {
    let written = written_actions();
    let mut declared = BTreeSet::new();
    for room in ROOMS.iter() {
        for says in room.audit {
            assert!(declared.insert(says.action.to_owned()), "{} is declared twice", says.action);
            assert!(says.words.starts_with(char::is_uppercase), "{}: {}", says.action, says.words);
            let known = room.log.iter().any(|(begin, _)| says.action.starts_with(begin));
            assert!(known, "{} stands under no heading of {}", says.action, room.name);
        }
    }
    let undeclared: Vec<_> = written.difference(&declared).collect();
    assert!(undeclared.is_empty(), "written and declared by no room: {undeclared:?}");
    let unwritten: Vec<_> = declared.difference(&written).collect();
    assert!(unwritten.is_empty(), "declared and written by no room: {unwritten:?}");
}

#[tokio::test]
async fn an_action_that_nobody_declares_is_veiled() {
    let site = Site::open().await;
    let ana: String = sqlx::query_scalar("select id::text from people where email = 'ana@demo.test'")
        .fetch_one(&site.pool)
        .await
        .unwrap();
    let mut change = site.change().await;
    for subject in [("person", ana.as_str()), ("thing", "Hush hush")] {
        let detail = serde_json::json!({ "words": ["nobody", "should read this"] });
        change.audit("membership.whispered", subject, detail);
    }
    change.commit().await.unwrap();
    let mut officer = site.signed_in_as("alex@demo.test").await;
    let log = officer.get("/admin/audit?kind=membership.").await;
    let lines = log.select("tbody tr");
    let (thing, person) = (&lines[0], &lines[1]);
    assert!(thing.contains("Unknown action") && thing.contains("Thing"), "{thing}");
    assert!(person.contains("Unknown action") && person.contains("A person"), "{person}");
    log.expect_not("should read this").expect_not("Hush hush").expect_not("whispered");
    let page = officer.get(&format!("/admin/members/{ana}/activity")).await;
    page.expect("Unknown action").expect_not("should read this");
}

#[tokio::test]
async fn every_timeline_is_a_view_of_its_room_with_the_columns_it_needs() {
    let site = Site::open().await;
    for room in ROOMS.iter() {
        let Some(timeline) = &room.timeline else { continue };
        assert!(
            timeline.view.starts_with(&format!("{}_", room.name)),
            "{} names {}",
            room.name,
            timeline.view
        );
        let columns: Vec<(String, String)> = sqlx::query_as(
            "select column_name, data_type from information_schema.columns c join information_schema.views v using (table_name)
             where table_name = $1 order by 1",
        )
        .bind(timeline.view)
        .fetch_all(&site.pool)
        .await
        .unwrap();
        let columns: Vec<_> = columns.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
        assert_eq!(
            columns,
            [
                ("actor", "uuid"),
                ("at", "timestamp with time zone"),
                ("detail", "jsonb"),
                ("person_id", "uuid"),
                ("sensitive", "boolean"),
                ("source", "text"),
                ("what", "text"),
            ],
            "{}",
            timeline.view
        );
        let statement = format!("select distinct source from {}", timeline.view);
        let sources: Vec<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_all(&site.pool).await.unwrap();
        for source in sources.iter().filter(|source| *source != "audit") {
            assert!(timeline.sources.iter().any(|known| known.name == source), "{source} has no words");
        }
    }
}

#[tokio::test]
async fn every_task_and_figure_is_counted() {
    let site = Site::open().await;
    for regions in [None, Some(vec!["wales".to_owned()])] {
        for room in ROOMS.iter() {
            let Some(counts) = room.counts else {
                assert!(room.tasks.is_empty(), "{} counts nothing", room.name);
                continue;
            };
            let statement = format!(
                "with asked as (select $1::text[], $2::date, $3::timestamptz, $4::timestamptz, $5::timestamptz) select ({counts})"
            );
            let now = site.app.clock().now();
            let counted: serde_json::Value = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
                .bind(&regions)
                .bind(site.app.clock().today())
                .bind(now)
                .bind(now)
                .bind(now)
                .fetch_one(&site.pool)
                .await
                .unwrap();
            for task in room.tasks {
                let count = &counted[task.count];
                assert!(
                    count.is_i64() || count["count"].is_i64(),
                    "{} does not count {}: {counted}",
                    room.name,
                    task.count
                );
            }
        }
    }
}

/// The actions that the rooms write into the log, as their code names them: what is handed to something that writes a
/// line, and whatever else begins as the actions of a room do.
fn written_actions() -> BTreeSet<String> {
    let is_action = |text: &&str| {
        text.split_once('.').is_some_and(|(room, what)| {
            let word =
                |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            word(room) && word(what)
        })
    };
    let headings: Vec<_> = ROOMS.iter().flat_map(|room| room.log).map(|(begin, _)| *begin).collect();
    let mut found = BTreeSet::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let code = std::fs::read_to_string(&path).unwrap();
            let code: Vec<_> = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//") && !line.contains("says("))
                .collect();
            let code = code.join("\n");
            for call in
                ["let action = ", "sight(", "audit("].iter().flat_map(|begin| code.split(begin).skip(1))
            {
                let call = call.split([';', '}']).next().unwrap_or_default();
                found.extend(call.split('"').find(is_action).map(str::to_owned));
            }
            let begins = |text: &&str| headings.iter().any(|begin| text.starts_with(begin));
            found.extend(code.split('"').filter(is_action).filter(begins).map(str::to_owned));
        }
    }
    assert!(found.len() > 20, "{found:?}");
    found
}
