//! Two records of one person: found, looked at side by side, merged, and separated again.
//!
//! Forms, payments and imports find somebody by their email address, ignoring capitals: that is the narrow rule, and the
//! database holds it. Everything wider is for officers to decide. [`FindDuplicates`] lists pairs that have a mailbox, a
//! phone, or a name and another fact in common; an officer chooses fact by fact, or says that they are two people, which
//! is remembered.
//!
//! A merge is one transaction. Every room states which of its columns point to a person (`Room::people`), and a test
//! compares that with the database's foreign keys; what must be combined, as consents of which the stricter holds, a room
//! does itself (`Room::combine`). The record that goes is deleted, and `merges` says where it went ([`kept`]) and, for 30
//! days, how to separate the two again. Tables: `duplicate_pairs`, `not_duplicates`, `merges`.

mod model;
mod sql;
mod actions;
mod forms;
mod jobs;
mod admin;
pub mod demo;

pub use model::FindDuplicates;
pub use sql::kept;

use crate::{
    accounts::{Access, Desk, Group, Points, Room, Routes, Tells, Timeline, ends, moves, says},
    kit::app::App,
};

const PAIRS: &str = "/admin/duplicates";
/// Of the pair in the demo party.
const PAIR_EMAILS: [&str; 2] = ["hollie.marsh@gmail.com", "holliemarsh+news@gmail.com"];

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    desk: &[Desk { title: "Duplicates", path: PAIRS, permission: model::MERGE_PEOPLE, group: Group::People }],
    log: &[("merge.", "Merged records")],
    audit: &[
        says("merge.done", "Records merged", Tells::People),
        says("merge.undone", "Merge undone", Tells::People),
        says("merge.refused", "Not a duplicate", Tells::People),
    ],
    people: PEOPLE,
    timeline: Some(Timeline { view: "duplicates_timeline", sources: &[] }),
    jobs: |jobs| jobs.every::<FindDuplicates>("47 2 * * *"),
    demo: Some(|app, db, _| Box::pin(demo::load(app, db))),
    ..Room::new("duplicates")
};

const PEOPLE: &[Points] = &[
    ends("duplicate_pairs", "a"),
    ends("duplicate_pairs", "b"),
    ends("not_duplicates", "a"),
    ends("not_duplicates", "b"),
    moves("not_duplicates", "officer_id"),
    moves("merges", "kept_id"),
    moves("merges", "officer_id"),
];

fn routes(_: &App) -> Routes {
    let officer = Access::Officer(model::MERGE_PEOPLE);
    Routes::new()
        .get(officer, PAIRS, admin::list)
        .post(officer, "/admin/duplicates/search", admin::find)
        .post(officer, "/admin/duplicates/merges/{id}/undo", admin::undo)
        .get(officer, "/admin/duplicates/{kept}/{gone}", admin::show)
        .post(officer, "/admin/duplicates/{kept}/{gone}", admin::merge)
        .post(officer, "/admin/duplicates/{kept}/{gone}/refusal", admin::refuse)
}
