//! Updates: an officer writes one in Markdown, sees it as it will look, sends a test to themselves, chooses who gets it,
//! and watches it go. Nobody gets one twice, unless an officer sends an uncertain one again.
//!
//! Pressing "Send" writes one row into `deliveries` for each reader and pushes [`SendUpdate`], in one transaction. That
//! job is the update's sender: it holds a session-level advisory lock for as long as it lives and opens a few
//! connections to the mail server. Each marks one row as `sending`, in a statement of its own that is committed before
//! the first byte goes out, and settles it in the statement that takes the next. Whatever kills a sender leaves at
//! most one such row for each connection; as the lock is gone with it, the next sender knows these rows for what they
//! are, `uncertain`, and leaves them to the officer. [`SweepUpdates`] looks every minute for updates whose sender has
//! gone; a worker that starts looks at once ([`wake`]).
//!
//! Only people with a standing consent get one, asked again for each mail. Every mail carries a link that ends that
//! consent with one press and without signing in (RFC 8058).
//!
//! Notices are the second class of mail to many: a room above sends one to people because of their rights ([`notify`]),
//! by the same sender and with the same books, whatever emails they agreed to and without a way to stop it. Officers
//! watch them go. To get a reminder tells on somebody, so its readers are named nowhere ([`remind`]), and when it has
//! done its work it is forgotten who they were ([`forget_notice`]).
//!
//! Nothing goes to an address whose owner has died.
//! Tables: `updates`, `deliveries`.

mod model;
mod settings;
mod sql;
mod forms;
mod actions;
mod notices;
pub(crate) mod letter;
mod sender;
mod jobs;
mod admin;
mod unsubscribe;
pub mod demo;

pub use jobs::SweepUpdates;
pub use model::{Notice, NoticeProgress, SEND_UPDATES, SendUpdate, State, Undelivered};
pub use notices::{find_notice, forget_notice, has_notice, list_notices, list_undelivered, notify, remind};
pub use unsubscribe::link as unsubscribe_link;

use crate::{
    accounts::{Access, Desk, Group, Room, Routes, Source, Task, Tells, Timeline, moves, moves_unless, says},
    kit::app::App,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    desk: &[Desk {
        title: "Updates",
        path: "/admin/updates",
        permission: SEND_UPDATES,
        group: Group::People,
    }],
    settings: &[settings::CONNECTIONS.known, settings::PACE.known],
    subjects: &[("update", "/admin/updates")],
    log: &[("update.", "Email updates"), ("notice.", "Notices")],
    audit: &[
        says("update.written", "Update written", Tells::Party),
        says("update.changed", "Update changed", Tells::Party),
        says("update.deleted", "Update deleted", Tells::Party),
        says("update.sent", "Update sent", Tells::Party),
        says("update.paused", "Update paused", Tells::Party),
        says("update.resumed", "Update resumed", Tells::Party),
        says("update.cancelled", "Update cancelled", Tells::Party),
        says("update.decided", "Decided about uncertain emails", Tells::Party),
        says("notice.sent", "Notice sent", Tells::Party),
        says("notice.paused", "Notice paused", Tells::Party),
        says("notice.resumed", "Notice resumed", Tells::Party),
        says("notice.decided", "Decided about uncertain emails of a notice", Tells::Party),
        says("notice.forgotten", "Recipients of a notice deleted", Tells::Party),
    ],
    counts: Some(sql::COUNTS),
    tasks: &[
        Task {
            count: "uncertain",
            one: "email of an update may or may not have arrived",
            many: "emails of updates may or may not have arrived",
            path: "/admin/updates",
            permission: SEND_UPDATES,
            whole_party: false,
        },
        Task {
            count: "uncertain_notices",
            one: "email of a notice may or may not have arrived",
            many: "emails of notices may or may not have arrived",
            path: "/admin/updates/notices",
            permission: SEND_UPDATES,
            whole_party: false,
        },
    ],
    timeline: Some(Timeline {
        view: "newsletters_timeline",
        sources: &[
            Source {
                name: "update",
                title: "Email",
                words: |_, what, detail| model::delivery_words(what, detail),
            },
            Source {
                name: "notice",
                title: "Notice",
                words: |_, what, detail| model::delivery_words(what, detail),
            },
        ],
    }),
    jobs: |jobs| jobs.with::<SendUpdate>().each_minute::<SweepUpdates>(),
    wake: Some(|app| Box::pin(jobs::wake(app))),
    demo: Some(|app, db, _| Box::pin(demo::load(app, db))),
    people: &[
        moves("updates", "written_by"),
        moves_unless("deliveries", "person_id", "k.update_id = g.update_id"),
    ],
    ..Room::new("newsletters")
};

fn routes(_: &App) -> Routes {
    let officer = Access::Officer(SEND_UPDATES);
    Routes::new()
        .get(officer, "/admin/updates", admin::shown::list)
        .get(officer, "/admin/updates/new", admin::drafts::new)
        .get(officer, "/admin/updates/notices", admin::shown::notices)
        .post(officer, "/admin/updates", admin::drafts::create)
        .get(officer, "/admin/updates/{id}", admin::shown::show)
        .get(officer, "/admin/updates/{id}/edit", admin::drafts::edit)
        .post(officer, "/admin/updates/{id}", admin::drafts::update)
        .get(officer, "/admin/updates/{id}/preview", admin::shown::preview)
        .post(officer, "/admin/updates/{id}/test", admin::drafts::send_test)
        .get(officer, "/admin/updates/{id}/sending", admin::drafts::confirm)
        .post(officer, "/admin/updates/{id}/sending", admin::drafts::send)
        .post(officer, "/admin/updates/{id}/pause", admin::sending::pause)
        .post(officer, "/admin/updates/{id}/resumption", admin::sending::resume)
        .post(officer, "/admin/updates/{id}/cancellation", admin::sending::cancel)
        .post(officer, "/admin/updates/{id}/uncertain", admin::sending::decide)
        .post(officer, "/admin/updates/{id}/removal", admin::drafts::remove)
        .get(Access::Machine, "/unsubscribe", unsubscribe::cut)
        .get(Access::Machine, "/unsubscribe/", unsubscribe::cut)
        .get(Access::Machine, "/unsubscribe/{token}", unsubscribe::show)
        .post(Access::Machine, "/unsubscribe/{token}", unsubscribe::stop)
        .post(Access::Machine, "/unsubscribe/{token}/undo", unsubscribe::undo)
}
