//! Single gifts of people, and nobody else: no companies, no super-rich.
//!
//! A gift is stored with the wish to pay it, then the giver is led to Stripe; Stripe's word to our webhook makes it
//! paid ([`hear`]). All gifts of an address in a calendar year stay under the party's cap; one that passes it by
//! arriving at the same time as another is paid back. More than £500 at once is a donation in law: the address is
//! asked for, and the treasurer checks the electoral register within 30 days (PPERA 2000, Part IV). The figures are
//! dated settings. Table: `gifts`; the money itself is in the books of `payments`.

mod model;
mod sql;
mod forms;
mod mail;
mod actions;
mod pages;
mod jobs;
pub mod demo;

pub use actions::{bounds, hear};
pub use jobs::TidyGifts;
pub use model::{Bounds, Gift, GiverAddress};
pub use sql::list_to_check;

use crate::{
    accounts::{Access, Permission, Routes},
    kit::app::App,
};

pub fn routes(_: &App) -> Routes {
    use Access::{Cached, Public};
    let officer = Access::Officer(Permission::SeePayments);
    Routes::new()
        .get(Cached, "/donate", pages::show)
        .post(Public, "/donate", pages::create)
        .get(Public, "/donate/{gift}", pages::thanks)
        .post(Public, "/donate/{gift}/payment", pages::pay)
        .get(officer, "/admin/payments/checks", pages::checks)
        .post(officer, "/admin/payments/checks/{gift}", pages::check)
}
