//! Sessions: the cookie, and the look-up before each request.

use axum::{
    Extension,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use chrono::Duration;
use uuid::Uuid;

use super::{
    model::{SESSION_DAYS, Standing},
    proofs::Session,
    rooms::Rooms,
    secrecy::Unseen,
    sql::sessions,
};
use crate::{
    audit::Change,
    kit::{app::App, cache::Personal, db::Slot, error::Result, random::hash_token},
};

/// With https the `__Host-` prefix keeps other hosts of the domain from setting the cookie.
fn cookie_name(app: &App) -> &'static str {
    if app.config().is_https() { "__Host-session" } else { "session" }
}

fn cookie(app: &App, value: &str, days: i64) -> String {
    let secure = if app.config().is_https() { "; Secure" } else { "" };
    let age = days * 24 * 60 * 60;
    format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", cookie_name(app))
}

/// The layer around every page: one query finds the session, the person and the offices. Strangers cost none.
pub async fn look_up(
    State(app): State<App>,
    Extension(rooms): Extension<Rooms>,
    mut request: Request,
    next: Next,
) -> Response {
    // Files are the same for all, and a look at one would date the page that asks for it.
    if request.uri().path().starts_with("/static/") {
        return next.run(request).await;
    }
    let Some(token) =
        CookieJar::from_headers(request.headers()).get(cookie_name(&app)).map(|c| c.value().to_owned())
    else {
        return next.run(request).await;
    };
    let session = match find(&app, &mut request, &token).await {
        Ok(session) => session,
        Err(error) => return error.into_response(),
    };
    let Some(session) = session else { return next.run(request).await };
    let viewer = rooms.viewer(&session);
    request.extensions_mut().insert(Personal);
    request.extensions_mut().insert(viewer.clone());
    request.extensions_mut().insert(session);
    let mut response = next.run(request).await;
    response.extensions_mut().insert(viewer);
    response
}

/// Whether an officer sends this, or a member, asked before the whole of what they send is read.
pub async fn is_trusted(app: &App, headers: &HeaderMap, needs_office: bool) -> bool {
    let jar = CookieJar::from_headers(headers);
    let Some(token) = jar.get(cookie_name(app)) else { return false };
    let Ok(mut db) = app.pool().acquire().await else { return false };
    let found = sessions::find_session(&mut db, &hash_token(token.value()), app.clock().now()).await;
    let trusts = |session: sessions::SessionRow| {
        if needs_office { !session.offices.0.is_empty() } else { session.standing == Standing::Member }
    };
    found.is_ok_and(|session| session.is_some_and(trusts))
}

async fn find(app: &App, request: &mut Request, token: &str) -> Result<Option<Session>> {
    let now = app.clock().now();
    let mut connection = app.pool().acquire().await?;
    let row = sessions::find_session(&mut connection, &hash_token(token), now).await?;
    let is_secret = request.extensions().get::<Unseen>().is_some();
    if let Some(row) = &row
        && !is_secret
        && now - row.last_seen_at > Duration::minutes(10)
    {
        sessions::touch_session(&mut connection, row.session_id, now, now + Duration::days(SESSION_DAYS))
            .await?;
    }
    let slot = Slot::default();
    slot.put(connection);
    request.extensions_mut().insert(slot);
    Ok(row.map(|row| Session {
        id: row.session_id,
        person_id: row.person_id,
        name: row.name,
        email: row.email,
        standing: row.standing,
        offices: row.offices.0,
    }))
}

/// What a person signs in with, in everyday words: "Firefox on Android".
pub struct BrowserName(pub String);

impl FromRequestParts<App> for BrowserName {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        let sent = parts.headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        Ok(Self(browser_name(sent)))
    }
}

/// Browsers name their ancestors too, so the order matters.
fn browser_name(sent: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| sent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = find(&[
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrom", "Chrome"),
        ("Safari", "Safari"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("CrOS", "Chromebook"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

/// Starts a session and returns the cookie that carries it. Only [`super::entering::enter`] may.
pub(super) async fn start(change: &mut Change<'_>, person: Uuid, browser: &str) -> Result<String> {
    let app = change.app;
    let now = change.now;
    let token = app.random().token();
    let new = sessions::NewSession {
        id: app.random().opaque_id(),
        token_hash: &token.hash(),
        person_id: person,
        browser,
        now,
        expires_at: now + Duration::days(SESSION_DAYS),
    };
    sessions::insert_session(change, &new).await?;
    Ok(cookie(app, token.text(), SESSION_DAYS))
}

/// The cookie that takes the other away.
pub(super) fn end_cookie(app: &App) -> String {
    cookie(app, "", 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_browsers() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!(browser_name(edge), "Edge on Windows");
        assert_eq!(
            browser_name("Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"),
            "Firefox on Android"
        );
        assert_eq!(browser_name("curl/8"), "Unknown browser");
    }
}
