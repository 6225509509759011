//! Paths and who may use them, stated in one place: `routes.get(Access::Member, "/ballots", list)`.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Bytes,
    extract::{FromRequest, Request},
    handler::Handler,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{MethodRouter, get, post},
};

use super::{
    model::{Permission, Standing, safe_next},
    proofs::{MEMBERS_ONLY, Session},
};
use crate::kit::{
    app::App,
    cache::{self, Tables},
    error::Error,
    form::Form,
    visit::Visit,
};

/// Who may use a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Public,
    /// Everybody; strangers get it from memory until one of the tables changes that the page reads. Only for pages
    /// that are the same for all. Each table needs a trigger that calls `notify_changed`.
    Cached(Tables),
    /// Programs that prove themselves otherwise, by a signature or a token in the address.
    Machine,
    /// Anyone signed in: supporters, members, officers.
    SignedIn,
    Member,
    /// A member, in secret: of the request nothing is kept or logged (see [`super::secrecy`]).
    SecretBallot,
    Officer(Permission),
    /// Everybody on a developer's machine; not there at all in production.
    Development,
}

/// One line of the route table.
#[derive(Clone, Debug)]
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
}

/// The pages of the site by their paths, to look up where an address leads.
#[derive(Clone, Debug)]
pub struct Paths(Arc<[Route]>);

impl Paths {
    pub fn of(table: &[Route]) -> Self {
        Self(table.iter().filter(|line| line.method == Method::GET).cloned().collect())
    }

    /// The line that answers a path, and the path as that line writes it: small letters where it has them.
    pub fn find(&self, path: &str) -> Option<(&Route, String)> {
        let found = self.0.iter().filter_map(|line| Some((line, fit(line.path, path)?)));
        found.min_by_key(|(line, _)| line.path.matches('{').count())
    }
}

/// The path as a pattern (`/faq/{slug}`) writes it, if it fits.
fn fit(pattern: &str, path: &str) -> Option<String> {
    let mut rest = path.strip_prefix('/')?;
    let mut written = String::with_capacity(path.len());
    let mut pieces = pattern.strip_prefix('/')?.split('/').peekable();
    while let Some(piece) = pieces.next() {
        let (part, after) =
            if piece.starts_with("{*") { (rest, "") } else { rest.split_once('/').unwrap_or((rest, "")) };
        let is_last = pieces.peek().is_none();
        if is_last == (part.len() < rest.len()) {
            return None;
        }
        let is_value = piece.starts_with('{');
        if (is_value && part.is_empty()) || (!is_value && !piece.eq_ignore_ascii_case(part)) {
            return None;
        }
        written.push('/');
        written.push_str(if is_value { part } else { piece });
        rest = after;
    }
    Some(written)
}

#[derive(Default)]
pub struct Routes(Vec<(Route, MethodRouter<App>)>);

impl Routes {
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn get<H, T>(self, access: Access, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::GET, access, path, get(handler))
    }

    #[must_use]
    pub fn post<H, T>(self, access: Access, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::POST, access, path, post(handler))
    }

    /// Routes whose methods and handlers stand in a list, all with the same access.
    #[must_use]
    pub fn each(self, access: Access, list: Vec<(Method, &'static str, MethodRouter<App>)>) -> Self {
        list.into_iter()
            .fold(self, |routes, (method, path, handler)| routes.add(method, access, path, handler))
    }

    fn add(mut self, method: Method, access: Access, path: &'static str, handler: MethodRouter<App>) -> Self {
        self.0.push((Route { method, path, access }, handler));
        self
    }

    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The router with a guard before each handler, and the table that says so.
    pub fn finish(self, app: &App) -> (Router<App>, Vec<Route>) {
        let mut router = Router::new();
        let mut table = Vec::new();
        for (line, handler) in self.0 {
            let access = line.access;
            let guarded = match access {
                Access::Development if !app.config().is_development() => continue,
                // Whatever is not made to be kept may hold a secret or somebody's answers.
                Access::Machine | Access::Public | Access::Development => {
                    handler.layer(middleware::map_response(keep_nowhere))
                }
                Access::Cached(tables) => {
                    let state = (app.pages().clone(), app.clock().clone(), tables);
                    handler.layer(middleware::from_fn_with_state(state, cache::pages))
                }
                Access::SignedIn | Access::Member | Access::SecretBallot | Access::Officer(_) => {
                    let app = app.clone();
                    handler.layer(middleware::from_fn(move |request, next| {
                        let answer = guard(app.clone(), access, request, next);
                        async { keep_nowhere(answer.await).await }
                    }))
                }
            };
            router = router.route(line.path, guarded);
            table.push(line);
        }
        (router, table)
    }
}

async fn keep_nowhere(mut response: Response) -> Response {
    let nowhere = HeaderValue::from_static("private, no-store");
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(nowhere);
    response
}

async fn guard(app: App, access: Access, request: Request, next: Next) -> Response {
    let Some(session) = request.extensions().get::<Session>() else {
        if access == Access::SecretBallot {
            // Where they come from must not stand beside the time of their signing in.
            return Redirect::to("/sign-in").into_response();
        }
        return ask_to_sign_in(app, request).await;
    };
    let refused = match access {
        Access::Member | Access::SecretBallot if session.standing != Standing::Member => Some(MEMBERS_ONLY),
        Access::Officer(permission) if !session.offices.iter().any(|office| office.allows(permission)) => {
            Some("This page is for officers who look after it. If you should be one, ask an administrator.")
        }
        _ => None,
    };
    match refused {
        Some(sentence) => Error::Forbidden(sentence).into_response(),
        None => {
            let mut response = next.run(request).await;
            response.headers_mut().remove(header::CACHE_CONTROL);
            response
        }
    }
}

#[derive(Template)]
#[template(path = "accounts/signed_out.html")]
struct SignedOutPage {
    visit: Visit,
    form: Form,
}

/// A page asked for leads to the sign-in page and back. A form sent after the session ended is handed back with
/// what was typed, to be sent again after signing in in another tab.
async fn ask_to_sign_in(app: App, request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    if request.method() != Method::POST {
        let next = serde_html_form::to_string([("next", safe_next(&path))]).unwrap_or_default();
        return Redirect::to(&format!("/sign-in?{next}")).into_response();
    }
    let form = match Form::from_request(request, &app).await {
        Ok(form) => form,
        Err(error) => return error.into_response(),
    };
    let page = SignedOutPage { visit: Visit::bare(&app, path, None), form };
    match page.render() {
        Ok(body) => (StatusCode::UNAUTHORIZED, Html(Bytes::from(body))).into_response(),
        Err(error) => Error::from(error).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_found_and_written_as_we_write_it() {
        let line = |path| Route { method: Method::GET, path, access: Access::Public };
        let paths = Paths::of(
            &[
                "/",
                "/faq",
                "/faq/{slug}",
                "/news/feed.xml",
                "/news/{slug}",
                "/u/{token}/x",
                "/static/{*name}",
            ]
            .map(line),
        );
        for (path, pattern, written) in [
            ("/", "/", "/"),
            ("/FAQ", "/faq", "/faq"),
            ("/Faq/Who-Leads", "/faq/{slug}", "/faq/Who-Leads"),
            ("/News/Feed.XML", "/news/feed.xml", "/news/feed.xml"),
            ("/u/AbC/X", "/u/{token}/x", "/u/AbC/x"),
            ("/static/a/b", "/static/{*name}", "/static/a/b"),
        ] {
            let found = paths.find(path).map(|(line, written)| (line.path, written));
            assert_eq!(found, Some((pattern, written.to_owned())), "{path}");
        }
        for path in ["", "faq", "/faq/", "/faqs", "/faq/a/b", "//faq", "/u/a", "/static/"] {
            assert!(paths.find(path).is_none(), "{path}");
        }
    }
}
