//! Single gifts of people, and nobody else: no companies, no super-rich.
//!
//! A gift is stored with the wish to pay it, then the giver is led to Stripe; Stripe's word to our webhook makes it
//! paid ([`hear`]). All gifts of an address in a calendar year stay under the party's cap; one that passes it by
//! arriving at the same time as another is paid back. Above a sum a gift is a donation in law: the address is asked
//! for, and the treasurer checks the electoral register in time (PPERA 2000, Part IV). The figures are dated settings,
//! each with its source. Table: `gifts`; the money itself is in the books of `payments`.

mod model;
mod settings;
mod sql;
mod forms;
pub(crate) mod mail;
mod actions;
mod pages;
mod jobs;
pub mod demo;

pub use actions::{bounds, enter, hear};
pub use jobs::TidyGifts;
pub use model::{Bounds, GIFTS, Gift};
pub use settings::CAP;
pub use sql::list_to_check;

use crate::{
    accounts::{Access, Room, Routes, Task, Tells, says},
    kit::app::App,
    payments::{SEE_PAYMENTS, leading},
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    settings: &[settings::CAP.known, settings::LEAST.known, settings::CHECK_DAYS.known],
    purposes: &[GIFTS],
    log: &[("donation.", "Donations")],
    audit: &[
        says("donation.received", "Donation received", Tells::Party),
        says("donation.above_cap", "Donation above the limit sent back", Tells::Party),
        says("donation.checked", "Donor found on the register", Tells::Party),
        says("donation.check_undone", "Donor check undone", Tells::Party),
        says("donation.returned", "Donation returned after the check", Tells::Party),
    ],
    public: &["/donate"],
    counts: Some(sql::COUNTS),
    tasks: &[Task {
        count: "to_check",
        one: "donation needs a donor check",
        many: "donations need a donor check",
        path: "/admin/payments/checks",
        permission: SEE_PAYMENTS,
        whole_party: true,
    }],
    jobs: |jobs| jobs.every::<TidyGifts>("23 3 * * *"),
    demo: Some(|app, db, _| Box::pin(async { Ok(demo::load(app, db).await?) })),
    ..Room::new("donations")
};

fn routes(_: &App) -> Routes {
    use Access::{Cached, Public};
    let officer = Access::Officer(SEE_PAYMENTS);
    Routes::new()
        .get(Cached(&[]), "/donate", pages::show)
        .post(Public, "/donate", pages::create)
        .get(Public, "/donate/{gift}", leading::show::<Gift>)
        .post(Public, "/donate/{gift}/payment", leading::pay::<Gift>)
        .get(officer, "/admin/payments/checks", pages::checks)
        .post(officer, "/admin/payments/checks/{gift}", pages::check)
        .post(officer, "/admin/payments/checks/{gift}/undo", pages::undo_check)
}
