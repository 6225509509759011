//! Members from another system: a file is uploaded, its columns are matched by hand and remembered, every line is
//! checked, and then all that can be imported is, by a job; the command does the same in one go.
//!
//! Both process a file in the same way, some hundred lines in one transaction ([`step`](actions::step)): a killed
//! import goes on where it was, and a check does all but the writing. A person who is known here is filled in where
//! something is missing and never overwritten, so that a second import adds nothing. A no to emails holds whatever else
//! a line says; a yes needs its date and how it was given. Nobody is written to. Rejected lines are given back as a file
//! that can be corrected and uploaded as it is. A customer's id at Stripe lets their payment count for the membership.
//!
//! To teach it another system, add its heads to `model/columns.rs`. Tables: `imports`, `import_lines` (deleted after some
//! days), `import_columns`, `import_opt_outs`.

mod model;
mod settings;
mod file;
mod sql;
mod report;
mod actions;
mod forms;
mod jobs;
mod admin;
mod command;
pub mod demo;

pub use actions::go_on;
pub use command::{ImportMembers, command};
pub use jobs::TidyImports;
pub use model::{AdoptPayment, GoThrough, lines, number};

use crate::{
    accounts::{Access, Desk, Group, Room, Routes, Tells, moves, says},
    kit::app::App,
};

/// Where files are uploaded.
pub const UPLOADS: &str = "/admin/imports";
/// The longest file that is accepted there, in bytes: some 100,000 lines. The command takes files of any length.
pub const MOST_BYTES: usize = 32 * 1024 * 1024;

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    desk: &[Desk { title: "Import", path: UPLOADS, permission: model::IMPORT_PEOPLE, group: Group::People }],
    settings: &[settings::KEEP_DAYS.known],
    subjects: &[("import", "/admin/imports")],
    log: &[("import.", "Imports")],
    audit: &[
        says("import.started", "Import started", Tells::Party),
        says("import.finished", "Import finished", Tells::Party),
        says("import.emptied", "Uploaded lines deleted", Tells::Party),
        says("import.downloaded", "Rejected lines downloaded", Tells::People),
        says("import.added", "Added from another system", Tells::People),
        says("import.filled", "Filled in from another system", Tells::People),
        says("import.no_payment", "No payment to take over", Tells::People),
    ],
    jobs: |jobs| jobs.with::<GoThrough>().with::<AdoptPayment>().every::<TidyImports>("33 3 * * *"),
    demo: Some(|app, db, cast| Box::pin(demo::load(app, db, cast))),
    people: &[moves("imports", "officer_id")],
    ..Room::new("imports")
};

fn routes(_: &App) -> Routes {
    let officer = Access::Officer(model::IMPORT_PEOPLE);
    Routes::new()
        .get(officer, UPLOADS, admin::list)
        .post(officer, UPLOADS, admin::upload)
        .get(officer, "/admin/imports/template", admin::template)
        .get(officer, "/admin/imports/{id}", admin::show)
        .get(officer, "/admin/imports/{id}/columns", admin::edit_columns)
        .post(officer, "/admin/imports/{id}/columns", admin::set_columns)
        .post(officer, "/admin/imports/{id}/run", admin::run)
        .post(officer, "/admin/imports/{id}/rejected", admin::download_rejected)
        .post(officer, "/admin/imports/{id}/deletion", admin::delete_lines)
}
