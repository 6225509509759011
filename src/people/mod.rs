//! Finds, filters, counts, lists and exports people, by typed conditions and within an officer's scope.
//!
//! A [`Segment`] is some [`Condition`]s that all hold: "members in Wales, payment overdue". It has words, and a
//! document to be kept as. Higher rooms [`count`] it, [`list_ids`] it, or write a row for each of its people with one
//! statement around [`push_ids`]: newsletters their readers, ballots a roll. A [`Search`] is a segment as the lists
//! of members and supporters ask for it, with an order and a place; [`find`] answers with a page.
//! An officer of a region sees and counts that region only, whatever is asked, and finds nobody by what the list
//! would not show.
//!
//! To add a condition: a variant of [`Condition`] with its name, values and words in `condition.rs`, what it asks of
//! the tables in `sql::push_condition`, an example beside the tests. The compiler names what is missing; a test runs
//! it. Then a field in whichever form offers it (`forms.rs` here, newsletters' `forms.rs`). Mind an index.
//!
//! [`List::Everybody`] is the search in the head of officers' pages: people of every kind, and payments beside them.
//!
//! Table: `people_filters`, what officers keep for themselves. Else it reads `people`, `consents`, `memberships`, `supporters` and `ledger`.

mod condition;
mod words;
mod model;
mod sql;
mod find;
mod forms;
mod columns;
mod admin;
mod export;
mod everywhere;
mod filters;

pub use admin::read;
pub use condition::{Condition, Segment};
pub use find::{Answer, Count, find, list_ids};
pub use forms::{chosen, joined};
pub use model::{List, Place, Search, Sort, State};
pub use sql::{begin, count, push_ids};
pub use words::Words;

use crate::{
    accounts::{Access, Desk, EXPORT_PEOPLE, Group, Room, Routes, SEE_PEOPLE, Tells, moves_unless, says},
    kit::app::App,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    desk: &[
        Desk { title: "Members", path: "/admin/members", permission: SEE_PEOPLE, group: Group::People },
        Desk { title: "Supporters", path: "/admin/supporters", permission: SEE_PEOPLE, group: Group::People },
    ],
    log: &[("list.", "Lists exported")],
    // Lists are searched by names and addresses.
    audit: &[says("list.exported", "List exported", Tells::People)],
    people: &[moves_unless("people_filters", "officer_id", "k.list = g.list and k.name = g.name")],
    ..Room::new("people")
};

fn routes(_: &App) -> Routes {
    let see = Access::Officer(SEE_PEOPLE);
    let export = Access::Officer(EXPORT_PEOPLE);
    Routes::new()
        .get(see, "/admin/search", everywhere::show)
        .post(see, "/admin/filters", filters::create)
        .post(see, "/admin/filters/{id}/removal", filters::remove)
        .get(see, "/admin/members", admin::members)
        .get(see, "/admin/supporters", admin::supporters)
        .get(export, "/admin/members/export", export::members_form)
        .post(export, "/admin/members/export", export::download_members)
        .get(export, "/admin/supporters/export", export::supporters_form)
        .post(export, "/admin/supporters/export", export::download_supporters)
}
