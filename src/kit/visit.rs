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

/// A link of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    pub title: &'static str,
    pub href: &'static str,
    /// Stands out from the links beside it.
    pub is_button: bool,
}

impl Link {
    pub const fn new(title: &'static str, href: &'static str) -> Self {
        Self { title, href, is_button: false }
    }

    pub const fn button(title: &'static str, href: &'static str) -> Self {
        Self { title, href, is_button: true }
    }
}

/// Who is signed in, as far as the layout cares: it shows no link that would not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    pub id: Uuid,
    pub name: String,
    /// In the head of every page.
    pub links: Vec<Link>,
    /// Of the pages behind the public ones.
    pub desk: Vec<LinkGroup>,
}

/// Some links under a heading, which is empty for those that need none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkGroup {
    pub title: &'static str,
    pub links: Vec<Link>,
}

impl Viewer {
    /// Whether their desk has a link there.
    pub fn opens(&self, href: &str) -> bool {
        self.desk.iter().flat_map(|group| &group.links).any(|link| link.href == href)
    }

    /// The same, or to a page above it that is not the overview.
    pub fn opens_below(&self, path: &str) -> bool {
        let mut links = self.desk.iter().flat_map(|group| &group.links);
        links.any(|link| link.href == path || (link.href != "/admin" && is_below(path, link.href)))
    }
}

/// Each page struct carries one, so that the layout is checked when the page is compiled.
#[derive(Clone, Debug)]
pub struct Visit {
    pub path: String,
    /// Where on the desk this page stands, if its address says something else.
    pub desk: Option<&'static str>,
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
            desk: None,
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

    /// The link of the viewer's desk that leads to this page or to one above it: the one with the longest address. All of
    /// them are below the overview, which counts only for itself.
    pub fn desk_link(&self) -> Option<&Link> {
        let links = self.viewer.iter().flat_map(|viewer| viewer.desk.iter().flat_map(|group| &group.links));
        let path = self.desk.unwrap_or(&self.path);
        let leads = |link: &&Link| link.href == path || (link.href != "/admin" && is_below(path, link.href));
        links.filter(leads).max_by_key(|link| link.href.len())
    }

    /// Whether whoever reads this is asked to go there: strangers are, and those whose head has a button to it.
    pub fn asks(&self, href: &str) -> bool {
        self.viewer
            .as_ref()
            .is_none_or(|viewer| viewer.links.iter().any(|link| link.is_button && link.href == href))
    }

    /// Whether the page at `prefix` or one below it is shown.
    pub fn is_at(&self, prefix: &str) -> bool {
        self.path == prefix || is_below(&self.path, prefix)
    }
}

fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'))
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
