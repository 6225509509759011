//! Pictures for the site: officers upload them here, and texts, news, profiles and allies show them.
//!
//! What was uploaded is read and written anew ([`crate::kit::picture`]); only that is kept, in Postgres, in the widths
//! that pages ask for. An address names what it holds, so that a browser keeps it for a year. To show one in a text,
//! officers copy its line of Markdown; news, profiles, allies and pages choose from the list ([`list`]).
//!
//! Tables: `pictures`, `picture_files`.

mod model;
mod sql;
mod actions;
mod pages;
mod admin;
pub mod drawing;

pub use actions::{add, prepare};
pub use model::{EDIT_CONTENT, Shot, Stored};
pub use sql::{find, list, list_missing};

use crate::{
    accounts::{Access, Desk, Group, Room, Routes, Tells, says},
    kit::app::App,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    desk: &[Desk { title: "Pictures", path: UPLOADS, permission: EDIT_CONTENT, group: Group::Content }],
    audit: &[
        says("picture.added", "Picture added", Tells::Party),
        says("picture.deleted", "Picture deleted", Tells::Party),
        says("picture.brought_back", "Picture brought back", Tells::Party),
        says("picture.erased", "Picture deleted for good", Tells::Party),
    ],
    log: &[("picture.", "Pictures")],
    ..Room::new("pictures")
};

/// Where files are sent, which may be larger than any other form.
pub const UPLOADS: &str = "/admin/pictures";

fn routes(_: &App) -> Routes {
    let editors = Access::Officer(EDIT_CONTENT);
    Routes::new()
        .get(Access::Cached(&["picture_files"]), "/pictures/{hash}/{file}", pages::show)
        .get(editors, UPLOADS, admin::list)
        .post(editors, UPLOADS, admin::upload)
        .post(editors, "/admin/pictures/{id}/deletion", admin::delete)
        .post(editors, "/admin/pictures/{id}/deletion/end", admin::bring_back)
        .post(editors, "/admin/pictures/{id}/deletion/for-good", admin::delete_for_good)
}
