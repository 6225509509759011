//! One visit: who asks, where, when, and what every page of the site shows around its own content.

use axum::{extract::FromRequestParts, http::request::Parts};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{
    app::App,
    dates,
    flash::{self, Flash},
    settings::Site,
};

/// Who is signed in, as far as the layout cares. Guards and rights are [`crate::accounts`]' business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    pub id: Uuid,
    pub name: String,
    pub is_member: bool,
    pub is_officer: bool,
    /// What her offices let her do, by code: the layout shows her no door that would not open.
    pub rights: Vec<&'static str>,
}

impl Viewer {
    pub fn may(&self, right: &str) -> bool {
        self.rights.contains(&right)
    }
}

/// Each page struct carries one, so that the layout is checked when the page is compiled.
#[derive(Clone, Debug)]
pub struct Visit {
    pub path: String,
    pub viewer: Option<Viewer>,
    pub flash: Option<Flash>,
    pub site: Site,
    pub public_url: String,
    pub development: bool,
    pub now: DateTime<Utc>,
}

impl Visit {
    /// A visit without a request at hand: error pages, previews.
    pub fn bare(app: &App, path: String, viewer: Option<Viewer>) -> Self {
        let now = app.clock().now();
        Self {
            path,
            viewer,
            flash: None,
            site: app.settings().site(dates::london_date(now)),
            public_url: app.config().public_url.clone(),
            development: app.config().is_development(),
            now,
        }
    }

    pub fn today(&self) -> NaiveDate {
        dates::london_date(self.now)
    }

    /// Whether the page at `prefix` or one below it is shown.
    pub fn is_at(&self, prefix: &str) -> bool {
        self.path == prefix || self.path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let viewer = parts.extensions.get::<Viewer>().cloned();
        let mut visit = Self::bare(app, parts.uri.path().to_owned(), viewer);
        visit.flash = flash::read(app, &parts.headers);
        Ok(visit)
    }
}
