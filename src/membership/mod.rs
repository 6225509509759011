//! Members: joining, what they pay, and where that leaves them.
//!
//! A person has one membership for life, with one number and one date of joining; periods keep the gaps. Its state is
//! never typed: [`State`] follows by the rules in `model.rs` from the one subscription that counts, a suspension, or an
//! officer's decision to end it, and is worked out again after each payment ([`hear`]) and each night ([`TurnOfDay`]).
//!
//! Joining stores an application and a wish to pay, then leads to Stripe. The page afterwards only shows state; what
//! makes a member is Stripe's word to our webhook. A second subscription of the same person is ended and paid back.
//! Nobody learns from the form whether an address is known. Tables: `applications`, `memberships`,
//! `membership_periods`, `membership_notes`. Name, email, postcode and region of a member are in `people`.

mod model;
mod settings;
mod sql;
mod forms;
pub(crate) mod mail;
mod actions;
mod officers;
mod join;
mod pages;
mod admin;
mod jobs;
pub mod demo;

pub use actions::{hear, price, rules, summary};
pub use jobs::TurnOfDay;
pub use model::{Address, EndReason, Membership, Price, Prices, Rate, Rules, State, Suspension};
pub use sql::{Period, find_of_person, periods};

use crate::{
    accounts::{Access, CHANGE_PEOPLE, Link, Room, Routes, Standing},
    kit::app::App,
    payments::leading,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    head: |session| (session.standing != Standing::Member).then_some(Link::button("Join", "/join")),
    settings: &[
        settings::LOW_WAGE_MONTH.known,
        settings::LOW_WAGE_YEAR.known,
        settings::STANDARD_MONTH.known,
        settings::STANDARD_YEAR.known,
        settings::SOLIDARITY_MONTH.known,
        settings::SOLIDARITY_YEAR.known,
        settings::MIN_AGE.known,
        settings::GRACE_DAYS.known,
        settings::PENDING_COUNTS.known,
    ],
    ..Room::new("membership")
};

fn routes(_: &App) -> Routes {
    use Access::{Cached, Public, SignedIn};
    let officer = Access::Officer(CHANGE_PEOPLE);
    Routes::new()
        .get(Cached, "/join", join::show)
        .post(Public, "/join", join::create)
        .get(Public, "/join/{application}", leading::show::<join::Joining>)
        .post(Public, "/join/{application}/payment", leading::pay::<join::Joining>)
        .get(SignedIn, "/membership", pages::show)
        .get(SignedIn, "/membership/address", pages::edit_address)
        .post(SignedIn, "/membership/address", pages::update_address)
        .get(SignedIn, "/membership/end", pages::confirm_end)
        .post(SignedIn, "/membership/end", pages::end)
        .post(SignedIn, "/membership/resume", pages::resume)
        .get(officer, "/admin/members/{person}/details", admin::edit_details)
        .post(officer, "/admin/members/{person}/details", admin::update_details)
        .get(officer, "/admin/members/{person}/end", admin::confirm_end)
        .post(officer, "/admin/members/{person}/end", admin::end)
        .get(officer, "/admin/members/{person}/suspension", admin::new_suspension)
        .post(officer, "/admin/members/{person}/suspension", admin::suspend)
        .post(officer, "/admin/members/{person}/suspension/end", admin::lift_suspension)
        .get(officer, "/admin/members/{person}/notes", admin::new_note)
        .post(officer, "/admin/members/{person}/notes", admin::create_note)
}
