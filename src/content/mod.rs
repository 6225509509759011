//! What the party says of itself: questions and answers, pages, profiles, allies, news, and how officers edit them.
//!
//! Every piece is one row of `content_items`: a document whose words ([`words`]) have a struct for each [`Kind`].
//! To add a field, add it to the struct, to its `fields`, to `forms::words` and to the template; to add a kind,
//! also to [`Kind`]. Officers' pages ([`admin`], [`history`]) are the same for all kinds.
//!
//! Each save makes a version that is kept in `content_revisions` and can be brought back. A save says on which
//! version it builds; if somebody was faster, nothing is lost: the page comes back with both texts. A draft has no
//! `published_at`; a deleted item keeps its row. Old addresses lead to the new one (`content_slugs`).
//!
//! Tables: `content_items`, `content_slugs`,
//! `content_revisions`. The settings of `kit::settings` are edited here too.

mod kind;
mod words;
mod model;
mod sql;
mod shown;
mod forms;
mod actions;
pub(crate) mod mail;
pub mod links;
mod search;
mod structured;
mod faq;
mod pages;
mod news;
mod contact;
mod admin;
mod history;
mod showing;
mod settings;
mod demo;

pub use kind::Kind;
pub use model::{CHANGE_SETTINGS, Item, Mark};
pub use news::PER_PAGE as NEWS_PER_PAGE;
pub use shown::{Section, Shown, show, show_one, show_sections};
pub use sql::{find_by_slug, list_addresses, list_news, list_published};
pub use words::{Article, Page, Profile, Question};

use crate::{
    accounts::{Access, Desk, Group, Rank, Room, Routes, Tells, says},
    kit::{
        app::App,
        settings::{CONTACT_EMAIL, IMPRINT, SITE_NAME},
    },
    pictures::EDIT_CONTENT,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    desk: &[
        Desk { title: "News", path: "/admin/news", permission: EDIT_CONTENT, group: Group::Content },
        Desk { title: "Questions", path: "/admin/faq", permission: EDIT_CONTENT, group: Group::Content },
        Desk { title: "Pages", path: "/admin/pages", permission: EDIT_CONTENT, group: Group::Content },
        Desk { title: "Profiles", path: "/admin/profiles", permission: EDIT_CONTENT, group: Group::Content },
        Desk { title: "Allies", path: "/admin/allies", permission: EDIT_CONTENT, group: Group::Content },
        Desk {
            title: "Settings",
            path: "/admin/settings",
            permission: CHANGE_SETTINGS,
            group: Group::Control,
        },
    ],
    settings: &[SITE_NAME.known, IMPRINT.known, CONTACT_EMAIL.known],
    subjects: &[
        ("question", "/admin/faq"),
        ("article", "/admin/news"),
        ("page", "/admin/pages"),
        ("profile", "/admin/profiles"),
        ("ally", "/admin/allies"),
    ],
    log: &[("content.", "Pages and news"), ("setting.", "Settings")],
    audit: &[
        says("content.added", "Content added", Tells::Party),
        says("content.changed", "Content changed", Tells::Party),
        says("content.restored", "Earlier version restored", Tells::Party),
        says("content.published", "Content published", Tells::Party),
        says("content.unpublished", "Content unpublished", Tells::Party),
        says("content.deleted", "Content deleted", Tells::Party),
        says("content.brought_back", "Deleted content restored", Tells::Party),
        says("content.moved", "Content moved", Tells::Party),
        says("setting.changed", "Setting changed", Tells::Party),
    ],
    moved: &[("/admin/people", "/admin/profiles")],
    public: &["/faq", "/news", "/allies", "/contact"],
    card: Some((Rank::News, |asked| Box::pin(news::card(asked)))),
    demo: Some(|app, db, _| Box::pin(demo::load(app, db))),
    ..Room::new("content")
};

/// The paths of one kind of content on the officers' desk.
macro_rules! desk {
    ($routes:expr, $base:literal) => {{
        let editors = Access::Officer(EDIT_CONTENT);
        $routes
            .get(editors, concat!($base, "/new"), admin::new)
            .post(editors, concat!($base, "/new"), admin::create)
            .get(editors, concat!($base, "/{id}"), admin::edit)
            .post(editors, concat!($base, "/{id}"), admin::update)
            .post(editors, concat!($base, "/{id}/publication"), admin::publish)
            .post(editors, concat!($base, "/{id}/publication/end"), admin::unpublish)
            .post(editors, concat!($base, "/{id}/place"), admin::place)
            .post(editors, concat!($base, "/{id}/deletion"), admin::delete)
            .post(editors, concat!($base, "/{id}/deletion/end"), admin::bring_back)
            .get(editors, concat!($base, "/{id}/versions"), history::list)
            .get(editors, concat!($base, "/{id}/versions/{version}"), history::show)
            .post(editors, concat!($base, "/{id}/versions/{version}/restoration"), history::restore)
    }};
}

fn routes(_: &App) -> Routes {
    use Access::{Cached, Officer as OfficerWith, Public};
    let editors = OfficerWith(EDIT_CONTENT);
    let setters = OfficerWith(CHANGE_SETTINGS);
    let routes = Routes::new()
        .get(Cached(&["content_items"]), "/faq", faq::list)
        .get(Cached(&["content_items", "content_slugs"]), "/faq/{slug}", faq::show)
        .get(Cached(&["content_items", "content_slugs"]), "/about", pages::about)
        .get(Cached(&["content_items", "content_slugs"]), "/privacy", pages::privacy)
        .get(Cached(&["content_items", "content_slugs"]), "/accessibility", pages::accessibility)
        .get(Cached(&["content_items", "content_slugs"]), "/pages/{slug}", pages::show)
        .get(Cached(&["content_items"]), "/allies", pages::allies)
        .get(Cached(&["content_items"]), "/news", news::list)
        .get(Cached(&["content_items"]), "/news/feed.xml", news::feed)
        .get(Cached(&["content_items", "content_slugs"]), "/news/{slug}", news::show)
        .get(Cached(&[]), "/contact", contact::show)
        .post(Public, "/contact", contact::send)
        .get(Cached(&[]), "/contact/thanks", contact::thanks)
        .get(setters, "/admin/settings", settings::pages::list)
        .get(setters, "/admin/settings/{key}", settings::pages::edit)
        .post(setters, "/admin/settings/{key}", settings::pages::update)
        .get(editors, "/admin/faq", admin::list_questions)
        .get(editors, "/admin/pictures/{id}/deletion", showing::confirm_deletion)
        .get(editors, "/admin/pages", admin::list)
        .get(editors, "/admin/profiles", admin::list)
        .get(editors, "/admin/allies", admin::list)
        .get(editors, "/admin/news", admin::list);
    let routes = desk!(routes, "/admin/faq");
    let routes = desk!(routes, "/admin/faq/groups");
    let routes = desk!(routes, "/admin/pages");
    let routes = desk!(routes, "/admin/profiles");
    let routes = desk!(routes, "/admin/allies");
    desk!(routes, "/admin/news")
}
