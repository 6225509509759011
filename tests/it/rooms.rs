//! What rooms state of themselves, read together.

use std::collections::BTreeSet;

use breakthrough::{accounts::Rooms, kit::settings::Dated, site};
use chrono::NaiveDate;

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
