//! What a room states of itself, so that nothing outside its folder has to know it: its paths, and its entries in
//! navigation, settings and wherever else rooms are listed.
//!
//! `site.rs` holds the one list of rooms. Handlers take it as [`Rooms`], so that another list, as a test makes one,
//! is seen everywhere.

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{guard::Routes, model::Permission, session::Session};
pub use crate::kit::visit::Link;
use crate::kit::{
    app::App,
    error::{Error, Result},
    settings::Known,
    visit::Viewer,
};

/// A link of the officers' navigation, for those who hold the permission.
#[derive(Clone, Copy, Debug)]
pub struct Desk {
    pub title: &'static str,
    pub path: &'static str,
    pub permission: Permission,
    pub group: Group,
}

/// The parts of the officers' navigation, in their order. Within one the order is that of the rooms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The overview, people, and what is done with them.
    People,
    /// What the public site says.
    Content,
    /// How the site is run.
    Site,
}

impl Group {
    pub const ALL: [Self; 3] = [Self::People, Self::Content, Self::Site];
}

/// One room's entries; what a room has nothing of it leaves to [`Room::new`].
pub struct Room {
    /// The name of its folder.
    pub name: &'static str,
    pub routes: fn(&App) -> Routes,
    /// A link in the head of every page, for somebody who is signed in.
    pub head: fn(&Session) -> Option<Link>,
    pub desk: &'static [Desk],
    /// In the order of the settings page.
    pub settings: &'static [Known],
}

impl Room {
    pub const fn new(name: &'static str) -> Self {
        Self { name, routes: |_| Routes::new(), head: |_| None, desk: &[], settings: &[] }
    }
}

/// The rooms of this site.
#[derive(Clone, Copy)]
pub struct Rooms(pub &'static [&'static Room]);

impl Rooms {
    pub fn iter(self) -> impl Iterator<Item = &'static Room> {
        self.0.iter().copied()
    }

    /// Every room's paths.
    pub fn routes(self, app: &App) -> Routes {
        self.iter().fold(Routes::new(), |routes, room| routes.and((room.routes)(app)))
    }

    /// Somebody who is signed in, with the doors that open to them.
    pub fn viewer(self, session: &Session) -> Viewer {
        let group = |group| {
            let links = self.iter().flat_map(|room| room.desk).filter(|desk| desk.group == group);
            links
                .filter(|desk| session.offices.iter().any(|office| office.allows(desk.permission)))
                .map(|desk| Link::new(desk.title, desk.path))
                .collect::<Vec<_>>()
        };
        let mut desk = Vec::new();
        if !session.offices.is_empty() {
            desk = Group::ALL.into_iter().map(group).filter(|links| !links.is_empty()).collect();
        }
        Viewer {
            id: session.person_id,
            name: session.name.clone(),
            links: self.iter().filter_map(|room| (room.head)(session)).collect(),
            desk,
        }
    }

    pub fn settings(self) -> impl Iterator<Item = &'static Known> {
        self.iter().flat_map(|room| room.settings)
    }
}

impl FromRequestParts<App> for Rooms {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        let rooms = parts.extensions.get::<Self>().copied();
        rooms.ok_or_else(|| Error::Internal(anyhow::anyhow!("the site was put together without its rooms")))
    }
}
