//! What a room states of itself, so that nothing outside its folder has to know it: its paths, and its entries in
//! navigation, settings and wherever else rooms are listed.
//!
//! `site.rs` holds the one list of rooms. Handlers take it as [`Rooms`], so that another list, as a test makes one,
//! is seen everywhere.

use axum::{extract::FromRequestParts, http::request::Parts};

use super::guard::Routes;
use crate::kit::{
    app::App,
    error::{Error, Result},
    settings::Known,
};

/// One room's entries; what a room has nothing of it leaves to [`Room::new`].
pub struct Room {
    /// The name of its folder.
    pub name: &'static str,
    pub routes: fn(&App) -> Routes,
    /// In the order of the settings page.
    pub settings: &'static [Known],
}

impl Room {
    pub const fn new(name: &'static str) -> Self {
        Self { name, routes: |_| Routes::new(), settings: &[] }
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
