//! A year of membership that somebody pays for somebody else.
//!
//! The giver pays once, by card, and is the donor in law. The receiver gets a link by email and joins by themselves, or
//! does not: nobody is made a member by somebody else, and the giver learns only whether it was accepted. Nothing is
//! collected from the receiver, and nothing begins by itself when the year is over. What is not accepted in time goes
//! back to the giver.

pub mod actions;
pub(super) mod admin;
pub mod demo;
mod forms;
pub(crate) mod mail;
pub mod model;
pub(super) mod pages;
pub mod sql;
