//! Who somebody is: name and verified email, how they sign in, their sessions, their consents, the offices they
//! hold, and the guards that open pages to them.
//!
//! Every room declares its paths with [`Routes`], and there says who may come in ([`Access`]); nothing is open by
//! forgetting. Handlers take [`SignedIn`], [`Member`] or [`Officer`] as proof. A person's standing (supporter,
//! member) is decided in later rooms, which tell us with [`set_standing`], so that one query finds session, standing
//! and offices.
//!
//! Nobody learns here whether an email address is known: asking for a link answers the same for all.
//! Tables: `people`, `officers`, `sessions`, `sign_in_requests`, `consents`.

mod model;
mod sql;
mod forms;
mod actions;
pub(crate) mod mail;
mod passwords;
mod session;
mod guard;
mod rooms;
mod pages;
mod account;
mod officers;
mod jobs;
mod sql_many;
pub mod demo;

pub use actions::{
    Details, add_officer, change_details, find_or_add_person, give_consent, issue_link, set_standing,
    verify_email, withdraw_consent,
};
pub use guard::{Access, Line, Routes};
pub use jobs::TidyAccounts;
pub use model::{
    CHANGE_PEOPLE, Consent, ConsentPurpose, EXPORT_PEOPLE, MANAGE_OFFICERS, Permission, Person, Role,
    SEE_PEOPLE, Scope, Standing,
};
pub use passwords::{hash as hash_password, is_strong_enough};
pub use rooms::{Desk, Group, Link, Room, Rooms};
pub use session::{
    BrowserName, Member, Officer, Session, SignedIn, look_up as session_layer, start as start_session,
};
pub use sql::{
    find_person, find_person_by_email, has_people, holds_office, list_consents, set_password_hash,
};
pub use sql_many::{NewPerson, add_people, give_consents};

use crate::kit::app::App;

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    desk: &[Desk {
        title: "Officers",
        path: "/admin/officers",
        permission: MANAGE_OFFICERS,
        group: Group::Site,
    }],
    ..Room::new("accounts")
};

fn routes(_: &App) -> Routes {
    use Access::{Cached, Officer as OfficerWith, Public, SignedIn as AnyoneSignedIn};
    Routes::new()
        .get(Cached, "/sign-in", pages::show)
        .post(Public, "/sign-in", pages::sign_in)
        .get(Public, "/sign-in/check", pages::check)
        .post(Public, "/sign-in/code", pages::use_code)
        .get(Public, "/sign-in/link/{token}", pages::show_link)
        .post(Public, "/sign-in/link/{token}", pages::use_link)
        .post(Public, "/sign-out", pages::sign_out)
        .get(AnyoneSignedIn, "/account", account::show)
        .post(AnyoneSignedIn, "/account/password", account::set_password)
        .post(AnyoneSignedIn, "/account/consents", account::set_consents)
        .post(AnyoneSignedIn, "/account/sessions/{id}/end", account::end_session)
        .post(AnyoneSignedIn, "/account/sessions/end-others", account::end_other_sessions)
        .get(OfficerWith(MANAGE_OFFICERS), "/admin/officers", officers::list)
        .post(OfficerWith(MANAGE_OFFICERS), "/admin/officers", officers::create)
        .post(OfficerWith(MANAGE_OFFICERS), "/admin/officers/{id}/end", officers::end)
}
