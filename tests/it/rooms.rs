//! What rooms state of themselves, read together.

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
    let page = treasurer.get("/admin/payments/checks").await;
    // The gift arrived on 17 November 2026.
    page.expect("more than £200").expect("within 60 days").expect("16 January 2027").expect_not("30 days");
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
        (Role::Administrator, "change_settings manage_officers see_audit see_overview"),
        (Role::Membership, "change_people export_people see_audit see_overview see_people"),
        (Role::Treasurer, "see_overview see_payments see_people"),
        (Role::ReturningOfficer, "see_audit see_overview"),
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
            "Overview Members Supporters Updates Payments News Questions Pages People Allies Audit log Officers Settings",
        ),
        ("treasurer@demo.test", "Overview Members Supporters Payments"),
        ("returning@demo.test", "Overview Audit log"),
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
    assert_eq!(page.select(".site-head > ul a").join(" "), "Officers Your page");
    assert_eq!(page.select(".desk-nav [aria-current]").join(" "), "Questions");
}
