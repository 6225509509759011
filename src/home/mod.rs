//! The front of the house: the home page, the page of whoever signs in, how the party is funded, and what machines
//! read (sitemap, robots, security contact).
//!
//! This room reads many rooms and owns no table. The words of the home page and of the funding page are pages of
//! `content` that officers edit (`home`, `funding`); what belongs to other rooms is put around them here.
//!
//! The dashboard shows the cards that rooms state in their `ROOM`, each made with one query at the most, in the order
//! of what cannot wait.

mod dashboard;
mod front;
mod machines;
mod people;

use crate::{
    accounts::{Access, Link, Room, Routes},
    kit::app::App,
};

/// What this room states of itself.
pub const ROOM: Room = Room {
    routes,
    head: |_| Some(Link::new("Your page", "/dashboard")),
    public: &["/people"],
    closed: &["/dashboard"],
    ..Room::new("home")
};

fn routes(_: &App) -> Routes {
    use Access::{Cached, Public, SignedIn};
    Routes::new()
        .get(Cached(&["content_items", "content_slugs", "ballots"]), "/", front::show)
        .get(
            Cached(&[
                "content_items",
                "content_slugs",
                "ledger",
                "gifts",
                "donor_cases",
                "donor_merges",
                "above_limit",
                "book_entries",
                "book_postings",
            ]),
            "/funding",
            front::funding,
        )
        .get(Cached(&["content_items", "election_offices", "election_posts"]), "/people", people::show)
        .get(SignedIn, "/dashboard", dashboard::show)
        .get(Cached(&["content_items"]), "/sitemap.xml", machines::sitemap)
        .get(Cached(&[]), "/robots.txt", machines::robots)
        .get(Cached(&[]), "/.well-known/security.txt", machines::security)
        .get(Public, "/.well-known/change-password", machines::change_password)
}
