//! The officers' desk: overview, lists of people, one person's page, the audit log.
//!
//! It reads many rooms and owns no table; what an officer changes from here is changed by the room it belongs to
//! (`accounts`, `membership`). Every query takes the officer's [`Scope`](crate::accounts::Scope): an organiser sees
//! and counts the people of one region only, and a person outside it is not found.
//!
//! `people` are the lists with search and export, `person` the page of one, `overview` the figures and charts (and refused mails),
//! `log` the audit log in words. Other officers' pages live with their subject (`membership/admin.rs`).

mod log;
mod overview;
mod people;
mod permissions;
mod person;

pub use people::{Answer, Count, List, Place, Search, Sort, State, Words, begin, find};

pub use permissions::{SEE_AUDIT, SEE_OVERVIEW};

use crate::{
    accounts::{
        Access, CHANGE_PEOPLE, Desk, EXPORT_PEOPLE, Group, Link, Rank, Room, Routes, SEE_PEOPLE, Tells, says,
    },
    kit::app::App,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    head: |session| (!session.offices.is_empty()).then_some(Link::new("Officers", "/admin")),
    desk: &[
        Desk { title: "Overview", path: "/admin", permission: SEE_OVERVIEW, group: Group::People },
        Desk { title: "Members", path: "/admin/members", permission: SEE_PEOPLE, group: Group::People },
        Desk { title: "Supporters", path: "/admin/supporters", permission: SEE_PEOPLE, group: Group::People },
        Desk { title: "Audit log", path: "/admin/audit", permission: SEE_AUDIT, group: Group::Site },
    ],
    log: &[("list.", "Lists exported")],
    // Lists are searched by names and addresses.
    audit: &[says("list.exported", "List exported", Tells::People)],
    closed: &["/admin"],
    card: Some((Rank::Duties, |asked| Box::pin(async move { overview::card(&asked) }))),
    ..Room::new("admin")
};

fn routes(_: &App) -> Routes {
    let overview = Access::Officer(SEE_OVERVIEW);
    let see = Access::Officer(SEE_PEOPLE);
    let change = Access::Officer(CHANGE_PEOPLE);
    let export = Access::Officer(EXPORT_PEOPLE);
    let audit = Access::Officer(SEE_AUDIT);
    Routes::new()
        .get(overview, "/admin", overview::show)
        .get(see, "/admin/emails", overview::emails)
        .get(see, "/admin/members", people::members)
        .get(see, "/admin/supporters", people::supporters)
        .get(export, "/admin/members/export", people::members_form)
        .post(export, "/admin/members/export", people::download_members)
        .get(export, "/admin/supporters/export", people::supporters_form)
        .post(export, "/admin/supporters/export", people::download_supporters)
        .get(see, "/admin/members/{person}", person::show)
        .post(change, "/admin/supporters/{person}/details", person::change_details)
        .get(audit, "/admin/audit", log::list)
        .post(audit, "/admin/audit/check", log::check)
}
