//! Other parties: what the party decided of membership in each, and what members say of their own.
//!
//! Officers keep a list of other parties and organisations, each with dated rulings: allowed, barred, or to be asked
//! about ([`Ruling`]). Whoever joins answers one question ([`Declared`]). Barred, they are told so on the form, and nothing is kept
//! or taken ([`refusal`]). To be asked about, or on no list, they are a new member like any other, and officers decide while they can
//! object to new members ([`declare`]). A slip in a name leads to people, never to a refusal.
//!
//! Political opinions are kept apart and seen by nobody but the member and who may decide on them; they are
//! forgotten a while after they have been replaced or the membership has ended.
//!
//! Tables: `other_parties`, `other_party_rulings` (nothing in it ever changes), `party_declarations`.

mod model;
mod settings;
mod sql;
mod forms;
pub(crate) mod mail;
mod actions;
mod pages;
mod admin;
mod jobs;
pub mod demo;

pub use actions::{NewDeclaration, appeal_until, close, declare, note_membership, refusal};
pub use forms::{fill, read};
pub use jobs::ForgetDeclarations;
pub use model::{Asked, Declared, Refusal, Ruling, SEE_DECLARATIONS, Source};

use crate::{
    accounts::{Access, Desk, Group, Room, Routes, Task, Tells, moves, moves_unless, says},
    kit::app::App,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    desk: &[Desk {
        title: "Other parties",
        path: admin::PATH,
        permission: SEE_DECLARATIONS,
        group: Group::People,
    }],
    settings: &[settings::APPEAL_DAYS.known, settings::KEPT_MONTHS.known],
    log: &[("parties.", "Other parties")],
    audit: &[
        says("parties.added", "Other party added to the list", Tells::Party),
        says("parties.ruled", "Rule about another party set", Tells::Party),
        // None of these names a party.
        says("parties.declared", "Declaration about other parties", Tells::People),
        says("parties.admitted", "Declaration about other parties accepted", Tells::People),
    ],
    counts: Some(sql::COUNTS),
    tasks: &[Task {
        count: "to_decide",
        one: "member of another party needs a decision",
        many: "members of other parties need a decision",
        path: admin::PATH,
        permission: SEE_DECLARATIONS,
        whole_party: true,
    }],
    people: &[
        moves("other_party_rulings", "set_by"),
        moves_unless("party_declarations", "person_id", "k.replaced_on is null and g.replaced_on is null"),
        moves("party_declarations", "decided_by"),
    ],
    jobs: |jobs| jobs.every::<ForgetDeclarations>("41 2 * * *"),
    demo: Some(|app, db, cast| Box::pin(async { Ok(demo::load(app, db, cast).await?) })),
    ..Room::new("parties")
};

fn routes(_: &App) -> Routes {
    let officer = Access::Officer(SEE_DECLARATIONS);
    Routes::new()
        .get(Access::SignedIn, pages::PATH, pages::edit)
        .post(Access::SignedIn, pages::PATH, pages::update)
        .get(officer, admin::PATH, admin::list)
        .get(officer, "/admin/other-parties/decided", admin::decided)
        .get(officer, "/admin/other-parties/declarations/{id}", admin::show)
        .post(officer, "/admin/other-parties/declarations/{id}/acceptance", admin::accept)
        .get(officer, "/admin/other-parties/list", admin::parties)
        .get(officer, "/admin/other-parties/list/new", admin::new)
        .post(officer, "/admin/other-parties/list", admin::create)
        .get(officer, "/admin/other-parties/list/{party}", admin::party)
        .post(officer, "/admin/other-parties/list/{party}", admin::rule)
}
