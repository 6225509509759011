//! Supporters: people who want news and to help, and pay nothing. They have no vote.
//!
//! Signing up is a double opt-in. `POST /support` keeps a sign-up and mails a link; nothing is in `people` yet, and
//! the answer is the same whether the address is known or not. The link's page has a button (mail scanners follow
//! links), and the button makes the supporter: person found or added, details, consents with their wording, standing,
//! verified address, welcome mail. It works once, for seven days. A member who signs up stays a member, and keeps
//! the name and address that their membership was taken out with.
//!
//! Becoming a member is the business of `membership`, which fills its form from [`find_supporter`] and the person.
//! Tables: `supporters`, `supporter_sign_ups`.

mod model;
mod settings;
mod sql;
mod forms;
mod actions;
pub(crate) mod mail;
mod pages;
mod admin;
mod jobs;
pub mod demo;

pub use jobs::TidySupporters;
pub use model::{Interest, Supporter};
pub use sql::find_supporter;

use crate::{
    accounts::{Access, CHANGE_PEOPLE, Combine, Figure, Room, Routes, Tells, moves_unless, says},
    kit::app::App,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    settings: &[settings::MIN_AGE.known],
    log: &[("supporter.", "Supporters")],
    audit: &[says("supporter.signed_up", "Signed up as a supporter", Tells::People)],
    public: &["/support"],
    figures: &[Figure {
        whole_party: false,
        words: |counts| (counts.words("accounts", "supporters"), "supporters".to_owned()),
    }],
    people: &[moves_unless("supporters", "person_id", "true")],
    combine: Some(Combine {
        join: |change, merging| Box::pin(actions::join(change, merging)),
        part: |change, merging, did| Box::pin(actions::part(change, merging, did)),
    }),
    begun: Some(|db, email, now| Box::pin(actions::begun(db, email, now))),
    jobs: |jobs| jobs.every::<TidySupporters>("27 3 * * *"),
    demo: Some(|app, db, _| Box::pin(demo::load(app, db))),
    ..Room::new("supporters")
};

fn routes(_: &App) -> Routes {
    let officer = Access::Officer(CHANGE_PEOPLE);
    Routes::new()
        .get(officer, "/admin/supporters/{person}/details", admin::edit_details)
        .post(officer, "/admin/supporters/{person}/details", admin::update_details)
        .get(Access::Cached(&[]), "/support", pages::new)
        .post(Access::Public, "/support", pages::create)
        .get(Access::Cached(&[]), "/support/check", pages::check)
        .get(Access::Public, "/support/confirm/{token}", pages::show_link)
        .post(Access::Public, "/support/confirm/{token}", pages::confirm)
}
