//! The page a visitor sees when something went wrong: what happened, and what to do, in the site's layout.
//!
//! [`draw`] reads what a visitor sends, and turns every error answer that is still bare into the page. What was typed
//! into a form stands on it: to be sent again where that can help, else to be copied.

use std::{error::Error as _, time::Duration};

use askama::Template;
use axum::{
    body::{Body, Bytes, HttpBody as _, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use http_body_util::LengthLimitError;

use crate::{
    accounts, elections, imports,
    kit::{
        app::App,
        csrf,
        error::Fault,
        form::Form,
        picture,
        visit::{Viewer, Visit},
    },
    pictures,
};

#[derive(Template)]
#[template(path = "error_page.html")]
struct ErrorPage {
    visit: Visit,
    status: u16,
    title: &'static str,
    message: String,
    typed: Form,
    /// Where the form goes if it may be sent again as it is.
    again: Option<String>,
}

/// How much a visitor may send, and how long all of it may take to arrive.
#[derive(Clone, Copy)]
struct Bounds {
    longest: usize,
    patience: Duration,
}

/// For any form of ours: a slow phone sends the longest in half of the time.
const FORM: Bounds = Bounds { longest: 512 * 1024, patience: Duration::from_secs(30) };
/// For a list of members, from officers only.
const LIST: Bounds = Bounds { longest: imports::MOST_BYTES, patience: Duration::from_mins(5) };
/// For a picture and the fields beside it, from officers and from members who stand in an election.
const UPLOAD: Bounds = Bounds { longest: picture::MOST_BYTES + 64 * 1024, patience: Duration::from_mins(2) };

async fn bounds(app: &App, method: &Method, path: &str, headers: &HeaderMap) -> Bounds {
    let bounds = match path {
        pictures::UPLOADS => UPLOAD,
        imports::UPLOADS => LIST,
        _ if elections::is_upload(path) => UPLOAD,
        _ => FORM,
    };
    let needs_office = !elections::is_upload(path);
    if *method != Method::POST
        || bounds.longest == FORM.longest
        || accounts::is_trusted(app, headers, needs_office).await
    {
        bounds
    } else {
        FORM
    }
}

fn is_form(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    request.method() == Method::POST
        && kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

/// Reads all that a visitor sends before anything else happens, so that no database connection and no lock ever waits
/// for them. What a form sends is returned too, so that it can be handed back.
async fn read_first(request: Request, bounds: Bounds) -> Result<(Request, Bytes), StatusCode> {
    if request.body().is_end_stream() {
        return Ok((request, Bytes::new()));
    }
    if request.body().size_hint().lower() > bounds.longest as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let is_form = is_form(&request);
    let (parts, body) = request.into_parts();
    let body = tokio::time::timeout(bounds.patience, to_bytes(body, bounds.longest))
        .await
        .map_err(|_| StatusCode::REQUEST_TIMEOUT)?
        .map_err(|error| match error.source() {
            Some(cause) if cause.is::<LengthLimitError>() => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        })?;
    let kept = if is_form { body.clone() } else { Bytes::new() };
    Ok((Request::from_parts(parts, Body::from(body)), kept))
}

/// The fields of a form that another site did not fill in.
fn typed(app: &App, headers: &HeaderMap, body: &Bytes) -> Form {
    if csrf::is_foreign(headers, &app.config().public_url) {
        return Form::default();
    }
    serde_html_form::from_bytes(body).map(Form::from_values).unwrap_or_default()
}

/// The layer that draws error answers which have no page yet. Programs that do not ask for HTML get one plain sentence.
pub async fn draw(State(app): State<App>, request: Request, next: Next) -> Response {
    let uri = request.uri().clone();
    let method = request.method().clone();
    let headers = request.headers().clone();
    let html =
        headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|a| a.contains("text/html"));
    let bounds = bounds(&app, &method, uri.path(), &headers).await;
    let (response, body) = match read_first(request, bounds).await {
        Ok((request, body)) => (next.run(request).await, body),
        Err(status) => (status.into_response(), Bytes::new()),
    };
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let drawn = kind.starts_with("text/html") || kind.starts_with("application/json");
    if !(status.is_client_error() || status.is_server_error()) || drawn {
        return response;
    }
    // What stands in the address for a record is none.
    let is_read = method == Method::GET || method == Method::HEAD;
    let says_nothing = response.extensions().get::<Fault>().is_none();
    let is_misread = status == StatusCode::BAD_REQUEST && is_read && says_nothing && uri.query().is_none();
    let status = if is_misread { StatusCode::NOT_FOUND } else { status };
    let (title, usual) = words(status, &method);
    let message =
        response.extensions().get::<Fault>().map_or_else(|| usual.to_owned(), |fault| fault.0.clone());
    let viewer = response.extensions().get::<Viewer>().cloned();
    let (mut parts, _) = response.into_parts();
    parts.status = status;
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if method == Method::HEAD {
        return (parts, ()).into_response();
    }
    if !html {
        return (parts, format!("{title}. {message}\n")).into_response();
    }
    let typed = typed(&app, &headers, &body);
    let may_help = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let again = may_help.then(|| uri.path_and_query().map_or("/", |address| address.as_str()).to_owned());
    let visit = Visit::bare(&app, uri.path().to_owned(), viewer);
    let page = ErrorPage { visit, status: status.as_u16(), title, message, typed, again };
    match page.render() {
        Ok(body) => (parts, Html(body)).into_response(),
        Err(error) => {
            tracing::error!(%error, "the error page failed");
            (parts, format!("{title}. {usual}\n")).into_response()
        }
    }
}

fn words(status: StatusCode, method: &Method) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => (
            "Page not found",
            "The address may be mistyped, or the page may have moved. Try the menu or the home page.",
        ),
        StatusCode::FORBIDDEN => (
            "You cannot open this",
            "This page is for others. If you think it should open for you, write to us.",
        ),
        StatusCode::METHOD_NOT_ALLOWED => (
            "That did not work",
            "This address cannot be used that way. Go back and try the page's own buttons.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (
            "That was too long",
            "What you sent is larger than we can take. Go back, shorten it, and send it again.",
        ),
        StatusCode::URI_TOO_LONG => (
            "That address is too long",
            "No page of ours has such a long address. Start from the menu, or ask for less at once.",
        ),
        StatusCode::TOO_MANY_REQUESTS => {
            ("Please wait a little", "That was a lot of tries. Wait a few minutes, then try again.")
        }
        StatusCode::CONFLICT => {
            ("This cannot be done now", "This was changed or done in the meantime. Go back and look again.")
        }
        StatusCode::REQUEST_TIMEOUT => (
            "That took too long",
            "What you sent did not arrive in time, so nothing was saved. Check your connection, go back and send it again.",
        ),
        StatusCode::SERVICE_UNAVAILABLE if *method == Method::POST => (
            "We will be right back",
            "The site is having a short break, and we cannot tell whether what you sent was saved. Wait a minute, look, and send it again if it was not.",
        ),
        StatusCode::SERVICE_UNAVAILABLE => (
            "We will be right back",
            "The site is having a short break. Nothing you did is lost; try again in a minute.",
        ),
        status if status.is_server_error() => (
            "Something went wrong on our side",
            "It is not your fault. We have a note of it. Try again in a minute, or write to us.",
        ),
        _ => ("That did not work", "We could not understand the request. Go back and try again."),
    }
}
