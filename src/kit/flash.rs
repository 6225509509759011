//! One sentence that survives a redirect: "Saved." The text rides in a signed cookie and is shown once.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{app::App, cache::Personal};

const COOKIE: &str = "flash";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flash {
    /// `done` or `warning`: chooses the colour and the word before the text.
    pub kind: &'static str,
    pub text: String,
}

/// Redirects with 303 and leaves a sentence for the next page.
pub fn redirect(app: &App, to: &str, text: &str) -> Response {
    leave(app, to, "done", text)
}

/// The same for something that did not go as asked.
pub fn redirect_with_warning(app: &App, to: &str, text: &str) -> Response {
    leave(app, to, "warning", text)
}

fn leave(app: &App, to: &str, kind: &str, text: &str) -> Response {
    let payload = URL_SAFE_NO_PAD.encode(format!("{kind}\n{text}"));
    let value = format!("{payload}.{}", app.sign("flash", payload.as_bytes()));
    let cookie = Cookie::build((COOKIE, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(app.config().is_https());
    let mut response = Redirect::to(to).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

pub(super) fn read(app: &App, headers: &HeaderMap) -> Option<Flash> {
    let jar = CookieJar::from_headers(headers);
    let (payload, signature) = jar.get(COOKIE)?.value().split_once('.')?;
    if !app.is_signed("flash", payload.as_bytes(), signature) {
        return None;
    }
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let (kind, text) = text.split_once('\n')?;
    Some(Flash { kind: if kind == "done" { "done" } else { "warning" }, text: text.to_owned() })
}

/// Takes the cookie away once a page has been shown.
pub async fn forget(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let had_one = read(&app, request.headers()).is_some();
    if had_one {
        request.extensions_mut().insert(Personal);
    }
    let mut response = next.run(request).await;
    let page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if had_one && page && response.status() != StatusCode::NOT_MODIFIED {
        let gone = HeaderValue::from_static("flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}
