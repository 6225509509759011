//! What programs read: the sitemap, robots.txt, and who to tell about a security fault.

use askama::Template;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use chrono::{DateTime, Duration, Utc};

use crate::{
    accounts::Rooms,
    content::{self, Kind},
    kit::{app::App, dates, db::Db, error::Result, visit::Visit},
};

#[derive(Template)]
#[template(path = "home/sitemap.xml")]
struct Sitemap {
    public_url: String,
    places: Vec<(String, Option<DateTime<Utc>>)>,
}

pub(super) async fn sitemap(rooms: Rooms, visit: Visit, mut db: Db) -> Result<Response> {
    let always = rooms.iter().flat_map(|room| room.public);
    let mut places: Vec<_> = always.map(|path| ((*path).to_owned(), None)).collect();
    for (kind, slug, changed_at) in content::list_addresses(&mut db).await? {
        let path = kind.address(&slug);
        // The home page shows news as well, so its own words do not date it.
        let changed_at = Some(changed_at).filter(|_| kind != Kind::Page || slug != "home");
        places.push((path, changed_at));
    }
    let body = Sitemap { public_url: visit.public_url, places }.render()?;
    Ok(([(header::CONTENT_TYPE, "application/xml; charset=utf-8")], body).into_response())
}

fn plain(body: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}

pub(super) async fn robots(State(app): State<App>, rooms: Rooms) -> Response {
    let closed = rooms.iter().flat_map(|room| room.closed);
    let closed = closed.map(|path| format!("Disallow: {path}\n")).collect::<Vec<_>>().concat();
    plain(format!("User-agent: *\n{closed}\nSitemap: {}\n", app.link("/sitemap.xml")))
}

/// Where password managers look (<https://www.w3.org/TR/change-password-url/>).
pub(super) async fn change_password() -> Redirect {
    Redirect::to("/account#password")
}

/// RFC 9116. It has to end within a year, so that nobody trusts a forgotten file; counted from the day it is read.
pub(super) async fn security(State(app): State<App>, visit: Visit) -> Response {
    let ends = dates::start_of_day(visit.today()) + Duration::days(180);
    plain(format!(
        "Contact: mailto:{}\nContact: {}\nExpires: {}\nPreferred-Languages: en\nCanonical: {}\n",
        visit.site.contact_email,
        app.link("/contact"),
        dates::machine(ends),
        app.link("/.well-known/security.txt"),
    ))
}
