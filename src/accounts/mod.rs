//! Who somebody is: name and verified email, how they sign in, their sessions, their consents, the offices they
//! hold, and the guards that open pages to them.
//!
//! Every room states its entries as a [`Room`], and its paths with [`Routes`], where it says who may come in
//! ([`Access`]); nothing is open by forgetting. Handlers take [`SignedIn`], [`Member`] or [`Officer`] as proof. A
//! person's standing (supporter, member) is decided in later rooms, which tell us with [`set_standing`], so that one
//! query finds session, standing and offices.
//!
//! Nobody learns here whether an email address is known: asking for a link answers the same for all.
//! Tables: `people`, `officers`, `sessions`, `sign_in_requests`, `email_changes`, `consents`.

mod model;
mod sql;
mod forms;
mod actions;
mod merging;
pub(crate) mod mail;
mod passwords;
mod proofs;
mod session;
mod guard;
mod entering;
mod helping;
mod secrecy;
mod rooms;
mod pages;
mod own_details;
mod account;
mod officers;
mod timeline;
mod jobs;
pub mod demo;

pub use actions::{
    Details, add_officer, change_details, close_account, end_role, find_or_add_person, give_consent,
    holds_office, issue_link, pause_offices, reopen_account, set_standing, verify_email, withdraw_consent,
};
pub use entering::{Entered, Proof, enter};
pub use guard::{Access, Paths, Route, Routes};
pub use jobs::TidyAccounts;
pub use model::{
    CHANGE_PEOPLE, Consent, ConsentPurpose, EXPORT_PEOPLE, HELP_MEMBERS, MANAGE_OFFICERS, Office, Permission,
    Person, Role, SEE_PEOPLE, Scope, Standing, Term,
};
pub use own_details::AddressMoved;
pub use passwords::{hash as hash_password, is_strong_enough};
pub use proofs::{Member, Officer, Session, SignedIn};
pub use rooms::{
    Asked, Begun, Carry, Ceiling, Combine, Counts, Decision, Desk, Figure, Group, Link, Merging, Most,
    Pending, Planned, Points, PurposeKind, Rank, Room, Rooms, Says, Source, Task, Tells, Timeline, Waits,
    ends, moves, moves_unless, says, stays,
};
pub use secrecy::{Secrecy, hush};
pub use session::{BrowserName, is_trusted, look_up as session_layer};
pub use sql::{
    consents::{ForeignConsent, add_foreign_consents, end_consents, give_consents, list_consents},
    offices::list_holders,
    people::{
        NewPerson, add_people, fill_places, find_person, find_person_by_email, has_people, list_people,
        lock_person, remove_person, revive_person, set_password_hash, set_standings,
    },
};

use crate::kit::app::App;

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    desk: &[Desk {
        title: "Officers",
        path: "/admin/officers",
        permission: MANAGE_OFFICERS,
        group: Group::Control,
    }],
    log: &[("person.", "People’s details"), ("officer.", "Offices"), ("record.", "Records opened")],
    audit: &[
        says("person.changed", "Details changed", Tells::People),
        says("person.address_refused", "Change of email address refused", Tells::People),
        says("person.link_sent", "Sign-in link sent by an officer", Tells::People),
        says("person.password_set", "Password set", Tells::People),
        says("officer.added", "Office given", Tells::Party),
        says("officer.ended", "Office ended", Tells::Party),
        says("officer.paused", "Officers’ tools off while they stand", Tells::Party),
        says("officer.resumed", "Officers’ tools on again", Tells::Party),
        // Written by `audit` itself, which is below every room.
        says("record.seen", "Record opened", Tells::People),
    ],
    closed: &["/account"],
    counts: Some(sql::COUNTS),
    timeline: Some(Timeline {
        view: "accounts_timeline",
        sources: &[
            Source { name: "record", title: "Record", words: |_, _, _| "First known to us".to_owned() },
            Source {
                name: "consent",
                title: "Consent",
                words: |_, what, detail| timeline::consent(what, detail),
            },
            Source { name: "mail", title: "Email", words: |_, what, detail| timeline::mail(what, detail) },
        ],
    }),
    people: &[
        moves("officers", "person_id"),
        ends("sessions", "person_id"),
        ends("sign_in_requests", "person_id"),
        ends("email_changes", "person_id"),
        moves_unless(
            "consents",
            "person_id",
            "k.purpose = g.purpose and k.withdrawn_at is null and g.withdrawn_at is null",
        ),
    ],
    combine: Some(Combine {
        join: |change, merging| Box::pin(merging::join(change, merging)),
        part: |change, merging, did| Box::pin(merging::part(change, merging, did)),
    }),
    card: Some((Rank::Choices, |asked| Box::pin(account::card(asked)))),
    jobs: |jobs| jobs.with::<AddressMoved>().every::<TidyAccounts>("17 3 * * *"),
    ..Room::new("accounts")
};

fn routes(_: &App) -> Routes {
    use Access::{Cached, Officer as OfficerWith, Public, SignedIn as AnyoneSignedIn};
    Routes::new()
        .get(Cached(&[]), "/sign-in", pages::show)
        .post(Public, "/sign-in", pages::sign_in)
        .get(Public, "/sign-in/check", pages::check)
        .post(Public, "/sign-in/code", pages::use_code)
        .get(Public, "/sign-in/link/{token}", pages::show_link)
        .post(Public, "/sign-in/link/{token}", pages::use_link)
        .post(Public, "/sign-out", pages::sign_out)
        .get(AnyoneSignedIn, "/account", account::show)
        .get(AnyoneSignedIn, "/account/name", account::edit_names)
        .post(AnyoneSignedIn, "/account/name", account::change_names)
        .get(AnyoneSignedIn, "/account/email", account::edit_address)
        .post(AnyoneSignedIn, "/account/email", account::ask_for_address)
        .post(AnyoneSignedIn, "/account/email/end", account::forget_address)
        .get(Public, "/account/email/{token}", account::show_address_link)
        .post(Public, "/account/email/{token}", account::answer_address_link)
        .post(AnyoneSignedIn, "/account/password", account::set_password)
        .post(AnyoneSignedIn, "/account/consents", account::set_consents)
        .post(AnyoneSignedIn, "/account/sessions/{id}/end", account::end_session)
        .post(AnyoneSignedIn, "/account/sessions/end-others", account::end_other_sessions)
        .post(OfficerWith(HELP_MEMBERS), "/admin/members/{person}/sign-in-link", helping::send_link)
        .get(OfficerWith(MANAGE_OFFICERS), "/admin/officers", officers::list)
        .post(OfficerWith(MANAGE_OFFICERS), "/admin/officers", officers::create)
        .get(OfficerWith(MANAGE_OFFICERS), "/admin/officers/{id}/end", officers::confirm_end)
        .post(OfficerWith(MANAGE_OFFICERS), "/admin/officers/{id}/end", officers::end)
        .post(OfficerWith(MANAGE_OFFICERS), "/admin/officers/{id}/return", officers::give_back)
}
