//! Assembles the site: every room's routes, jobs and schedules, and the layers around them.

use std::time::Duration;

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{Method, StatusCode, Uri},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tower::ServiceBuilder;
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, timeout::TimeoutLayer, trace::TraceLayer,
};

use crate::{
    accounts::{self, Access, Paths, Room, Rooms, Route, Routes, SEE_PEOPLE, Secrecy, Task},
    admin, ballots, books, content, donations, duplicates, elections, error_page, home, imports,
    kit::{
        address,
        app::App,
        assets, csrf, db,
        error::Error,
        flash, headers,
        mail::{self, SendMail, SendMailInTurn, SweepOutbox},
        queue::Jobs,
        stripe::stand_in,
    },
    membership, newsletters, parties, payments, people, pictures, supporters,
};

/// The rooms of this site, in the order in which they are shown wherever rooms are listed, and in which they load the
/// demo party.
pub const ROOMS: &[&Room] = &[
    &admin::ROOM,
    &home::ROOM,
    &accounts::ROOM,
    &content::ROOM,
    &pictures::ROOM,
    &membership::ROOM,
    &supporters::ROOM,
    &people::ROOM,
    &imports::ROOM,
    &duplicates::ROOM,
    &parties::ROOM,
    &donations::ROOM,
    &newsletters::ROOM,
    &payments::ROOM,
    &books::ROOM,
    &ballots::ROOM,
    &elections::ROOM,
    &HOUSE,
];

/// What `kit` and the site itself bring.
const HOUSE: Room = Room {
    routes: house_routes,
    closed: &["/dev"],
    counts: Some(mail::COUNTS),
    tasks: &[
        Task {
            count: "refused",
            one: "email was refused since last month",
            many: "emails were refused since last month",
            path: "/admin/emails",
            permission: SEE_PEOPLE,
            whole_party: true,
        },
        Task {
            count: "waiting",
            one: "email has waited for the mail server for more than an hour",
            many: "emails have waited for the mail server for more than an hour",
            path: "",
            permission: admin::SEE_OVERVIEW,
            whole_party: true,
        },
    ],
    jobs: |jobs| jobs.with::<SendMail>().with::<SendMailInTurn>().every::<SweepOutbox>("11 * * * *"),
    ..Room::new("kit")
};

fn house_routes(app: &App) -> Routes {
    let stand_in = if app.config().stripe.stand_in { stand_in::routes() } else { Vec::new() };
    Routes::new()
        .get(Access::Public, "/static/{hash}/{*name}", assets::serve)
        .get(Access::Machine, "/healthz", || async { "alive\n" })
        .get(Access::Machine, "/readyz", ready)
        .and(mail_folder_routes())
        .each(Access::Development, stand_in)
}

fn mail_folder_routes() -> Routes {
    Routes::new()
        .get(Access::Development, "/dev/mail", mail::folder::list)
        .get(Access::Development, "/dev/mail/{id}", mail::folder::show)
        .get(Access::Development, "/dev/mail/{id}/html", mail::folder::html)
}

/// Every room's jobs, and what runs by the clock (UTC).
pub fn jobs() -> Jobs {
    Rooms(ROOMS).jobs()
}

/// What a worker looks at first, before the queue gives it work.
///
/// # Errors
/// The database is away.
pub async fn wake(app: &App) -> anyhow::Result<()> {
    Rooms(ROOMS).wake(app).await
}

/// The table of paths and who may use them.
pub fn table(app: &App) -> Vec<Route> {
    Rooms(ROOMS).routes(app).finish(app).1
}

/// The whole site as one service.
///
/// # Errors
/// The public address cannot be an origin.
pub fn router(app: &App) -> anyhow::Result<Router> {
    router_with(app, Rooms(ROOMS))
}

/// The same with other rooms.
///
/// # Errors
/// As [`router`].
pub fn router_with(app: &App, rooms: Rooms) -> anyhow::Result<Router> {
    let (router, table) = rooms.routes(app).finish(app);
    around(router, app, rooms, &table)
}

/// The layers that every path has.
fn around(router: Router<App>, app: &App, rooms: Rooms, table: &[Route]) -> anyhow::Result<Router> {
    let machines =
        table.iter().filter(|route| route.access == Access::Machine).map(|route| route.path).collect();
    let trace = TraceLayer::new_for_http().make_span_with(|request: &Request| {
        // The pattern, not the address: addresses can hold tokens and searched names.
        let path = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
        tracing::info_span!("request", method = %request.method(), path)
    });
    let layers = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(Secrecy::of(table), accounts::hush))
        .layer(trace)
        .layer(middleware::from_fn(headers::add))
        .layer(CompressionLayer::new().quality(tower_http::CompressionLevel::Fastest))
        .layer(middleware::from_fn_with_state(app.clone(), error_page::draw))
        .layer(CatchPanicLayer::custom(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()))
        .layer(middleware::from_fn(refuse_address))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, Duration::from_secs(30)))
        .layer(middleware::from_fn(csrf::need_origin_with_cookies))
        .layer(csrf::layer(&app.config().public_url, machines)?)
        .layer(middleware::from_fn_with_state(app.clone(), flash::forget))
        .layer(Extension(rooms))
        .layer(Extension(Paths::of(table)))
        .layer(middleware::from_fn(lead_on))
        .layer(middleware::from_fn_with_state(app.clone(), accounts::session_layer))
        // Bodies are read, and their size is held, by `error_page::draw`.
        .layer(DefaultBodyLimit::disable());
    Ok(router
        .fallback(not_found)
        .method_not_allowed_fallback(|| async { StatusCode::METHOD_NOT_ALLOWED })
        .layer(layers)
        .with_state(app.clone()))
}

/// Longest path, in bytes: a token and a word or two. What was asked for may be copied into an answer.
const LONGEST_PATH: usize = 2_048;
/// And with what follows the question mark, like every filter of a list.
const LONGEST_ADDRESS: usize = 8_192;

/// No address of ours is that long, nor holds the character that ends a string in C and that Postgres cannot store.
async fn refuse_address(request: Request, next: Next) -> Response {
    let address = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if request.uri().path().len() > LONGEST_PATH || address > LONGEST_ADDRESS {
        return StatusCode::URI_TOO_LONG.into_response();
    }
    if request.uri().path_and_query().is_some_and(|address| address.as_str().contains("%00")) {
        return Error::Invalid(
            "The address holds a character that cannot be. Check it, or start from the menu.",
        )
        .into_response();
    }
    next.run(request).await
}

/// What has another address now, and what is nearly an address: with capitals, or with a slash or a full stop at its
/// end.
async fn not_found(rooms: Rooms, Extension(paths): Extension<Paths>, method: Method, uri: Uri) -> Response {
    let is_read = method == Method::GET || method == Method::HEAD;
    let known = || paths.find(address::tidy(uri.path())).map(|(_, path)| path);
    match rooms.moved(uri.path()).or_else(known).filter(|path| is_read && path != uri.path()) {
        Some(path) => address::moved(&uri, &path),
        None => Error::NotFound.into_response(),
    }
}

/// Where an address ends in something that was written for it, as links in mails do, a mark behind it would be taken
/// for a part of that. What ends in the words of a title is led on by the room that knows them.
async fn lead_on(Extension(paths): Extension<Paths>, request: Request, next: Next) -> Response {
    let is_read = request.method() == Method::GET || request.method() == Method::HEAD;
    let tidied = address::tidy(request.uri().path());
    let is_known = || {
        paths.find(tidied).is_some_and(|(line, _)| line.path.ends_with('}') && !line.path.ends_with("{slug}"))
    };
    if is_read && tidied != request.uri().path() && is_known() {
        let to = tidied.to_owned();
        return address::moved(request.uri(), &to);
    }
    next.run(request).await
}

async fn ready(State(app): State<App>) -> Response {
    let mut db = match app.pool().acquire().await {
        Ok(db) => db,
        Err(error) => return Error::from(error).into_response(),
    };
    match db::is_current(&mut db).await {
        Ok(true) => "ready\n".into_response(),
        Ok(false) => {
            (StatusCode::SERVICE_UNAVAILABLE, "the schema is not up to date: run `breakthrough migrate`\n")
                .into_response()
        }
        Err(error) => Error::from(error).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        routing::get,
    };
    use tower::ServiceExt;

    use super::*;
    use crate::kit::{clock::Clock, config, random::Random};

    #[expect(clippy::panic, reason = "this is what it is about")]
    async fn panics() {
        panic!("the secret cause")
    }

    async fn fails() -> Error {
        Error::Internal(anyhow::anyhow!("the secret cause"))
    }

    async fn answer(request: axum::http::request::Builder, body: &'static str) -> (StatusCode, String) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let pool = db::pool("postgres://localhost/none", 1).unwrap();
        let config = config::tests::development().check().unwrap();
        let app = App::without_settings(config, pool, Clock::system(), Random::seeded(1)).unwrap();
        let broken = Router::new().route("/broken", get(panics).post(fails));
        let request = request.header("accept", "text/html").body(Body::from(body)).unwrap();
        let response = around(broken, &app, Rooms(ROOMS), &[]).unwrap().oneshot(request).await.unwrap();
        let status = response.status();
        assert!(response.headers().contains_key("content-security-policy"));
        let body = to_bytes(response.into_body(), 1_000_000).await.unwrap();
        (status, String::from_utf8(body.into()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_becomes_a_page_that_keeps_its_cause_to_itself() {
        let (status, page) = answer(Request::builder().uri("/broken"), "").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(page.contains("Something went wrong on our side") && page.contains("<h1>"), "{page}");
        assert!(!page.contains("secret cause"));
    }

    #[tokio::test]
    async fn an_error_page_shows_what_was_typed_but_no_password() {
        let sent = || {
            Request::builder()
                .method(Method::POST)
                .uri("/broken")
                .header("content-type", "application/x-www-form-urlencoded")
                .header("content-length", "43")
        };
        let body = "message=A+long+letter&password=orange+ships";
        let (status, page) = answer(sent().header("sec-fetch-site", "same-origin"), body).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(page.contains("A long letter") && !page.contains("orange ships"), "{page}");
        let (status, page) = answer(sent().header("sec-fetch-site", "cross-site"), body).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(!page.contains("A long letter"), "another site's words");
        // Older browsers and some extensions do not say where a form comes from.
        let (status, page) = answer(sent().header("origin", "null"), body).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(page.contains("A long letter"), "{page}");
    }
}
