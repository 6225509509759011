//! Signing in and out. A GET never signs anybody in: mail scanners follow links.

use std::net::IpAddr;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::Query;
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions::{self, Tried, Used},
    entering::{self, Entered, Proof},
    forms::{self, SignIn},
    model::safe_next,
    passwords,
    proofs::Session,
    rooms::Rooms,
    session::{self, BrowserName},
    sql::{requests, sessions},
};
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        email_address::EmailAddress,
        error::{Error, Result},
        form::Form,
        proxy::ClientAddress,
        random::hash_token,
        rate_limit::{self, Limit},
        visit::Visit,
    },
};

pub(super) const BY_ADDRESS: Limit = Limit { name: "sign-in from", tries: 60, minutes: 15 };
// Apart, so that nobody's wrong passwords keep them from asking for a link. From one network, so that a stranger does
// not keep the owner out; from all together there are more, against many mails and against guessing from everywhere.
const LINKS: Limit = Limit { name: "sign-in link to", tries: 10, minutes: 15 };
const ALL_LINKS: Limit = Limit { name: "sign-in links to", tries: 40, minutes: 60 };
const PASSWORDS: Limit = Limit { name: "sign-in as", tries: 10, minutes: 15 };
const ALL_PASSWORDS: Limit = Limit { name: "sign-in as, from anywhere", tries: 100, minutes: 24 * 60 };

#[derive(Template, WebTemplate)]
#[template(path = "accounts/sign_in.html")]
struct SignInPage {
    visit: Visit,
    form: Form,
}

#[derive(Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

pub(super) async fn show(visit: Visit, Query(query): Query<Next>) -> Response {
    let next = query.next.unwrap_or_default();
    let next = if next.is_empty() { "" } else { safe_next(&next) };
    if visit.viewer.is_some() {
        return Redirect::to(if next.is_empty() { "/dashboard" } else { next }).into_response();
    }
    SignInPage { visit, form: Form::filled([("next", next.to_owned())]) }.into_response()
}

pub(super) async fn sign_in(
    State(app): State<App>,
    rooms: Rooms,
    ClientAddress(address): ClientAddress,
    visit: Visit,
    BrowserName(browser): BrowserName,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let command = match forms::sign_in(&form) {
        Ok(command) => command,
        Err(form) => {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, SignInPage { visit, form }).into_response());
        }
    };
    rate_limit::take(&app, &mut db, BY_ADDRESS, &address.to_string()).await?;
    match command {
        SignIn::ByMail { email, next } => {
            take_link(&app, &mut db, &email, address).await?;
            let mut change = Change::begin(&app, &mut db, Actor::System).await?;
            let request = actions::request_sign_in(&mut change, rooms, &email, &next).await?;
            change.commit().await?;
            Ok(Redirect::to(&format!("/sign-in/check?request={request}")).into_response())
        }
        SignIn::ByPassword { email, password, next } => {
            take_password(&app, &mut db, &email, address).await?;
            // Hashing takes long; the connection is not kept for it.
            drop(db);
            if let Some((person, fits)) = actions::check_password(&app, &email, password).await? {
                let mut change = Change::begin_alone(&app, Actor::System).await?;
                let entered = entering::enter(&mut change, person, Proof::Password(fits), &browser).await?;
                change.commit().await?;
                if let Entered::In(cookie) = entered {
                    return Ok(go_on(cookie, &next));
                }
            }
            let wrong = "The email address or the password is wrong. You can also ask for a link by email";
            let page = SignInPage { visit, form: form.failed("password", wrong) };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// Counts one mail with a link to sign in.
pub(super) async fn take_link(
    app: &App,
    db: &mut PgConnection,
    email: &EmailAddress,
    address: IpAddr,
) -> Result<()> {
    rate_limit::take(app, db, LINKS, &rate_limit::from(email, address)).await?;
    rate_limit::take(app, db, ALL_LINKS, email.as_str()).await
}

/// Counts one try at a password.
async fn take_password(
    app: &App,
    db: &mut PgConnection,
    email: &EmailAddress,
    address: IpAddr,
) -> Result<()> {
    rate_limit::take(app, db, PASSWORDS, &rate_limit::from(email, address)).await?;
    rate_limit::take(app, db, ALL_PASSWORDS, email.as_str()).await
}

/// In, and on to where they wanted to go.
fn go_on(cookie: String, next: &str) -> Response {
    ([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response()
}

#[derive(Template, WebTemplate)]
#[template(path = "accounts/check_mail.html")]
struct CheckMailPage {
    visit: Visit,
    form: Form,
}

#[derive(Deserialize)]
pub(super) struct RequestId {
    request: Option<String>,
}

pub(super) async fn check(visit: Visit, Query(query): Query<RequestId>) -> Result<Response> {
    let request: Uuid = query.request.unwrap_or_default().parse().map_err(|_| Error::NotFound)?;
    Ok(CheckMailPage { visit, form: Form::filled([("request", request.to_string())]) }.into_response())
}

pub(super) async fn use_code(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    visit: Visit,
    BrowserName(browser): BrowserName,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let command = match forms::code(&form) {
        Ok(command) => command,
        Err(form) => {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, CheckMailPage { visit, form }).into_response());
        }
    };
    rate_limit::take(&app, &mut db, BY_ADDRESS, &address.to_string()).await?;
    let mut change = Change::begin(&app, &mut db, Actor::System).await?;
    let tried = actions::try_code(&mut change, command.request, &command.digits).await?;
    // The try counts even if nothing else is written.
    change.commit().await?;
    let (field, wrong) = match tried {
        Tried::Wrong => ("code", WRONG_CODE),
        Tried::OfAnotherMail => ("code", "This code is from an earlier email. Use the newest one"),
        Tried::Right(person) => {
            let (has_password, gave_password) = (person.password_hash.is_some(), command.password.is_some());
            let fits = match command.password {
                Some(password) => {
                    take_password(&app, &mut db, &person.email, address).await?;
                    drop(db);
                    passwords::verify(password, person.password_hash).await?
                }
                None => {
                    drop(db);
                    None
                }
            };
            let mut change = Change::begin_alone(&app, Actor::System).await?;
            let used =
                actions::sign_in_by_code(&mut change, person.id, command.request, fits, &browser).await?;
            match used {
                Some(Used { entered: Entered::In(cookie), next }) => {
                    change.commit().await?;
                    return Ok(go_on(cookie, &next));
                }
                // Not committed: the code is still to be used, with the password.
                Some(_) if !has_password => ("code", "Officers sign in with the link in the email"),
                Some(_) if gave_password => {
                    ("password", "The password is wrong. You can also use the link in the email")
                }
                Some(_) => ("password", "Officers enter their password too, or use the link in the email"),
                None => ("code", WRONG_CODE),
            }
        }
    };
    let page = CheckMailPage { visit, form: form.failed(field, wrong) };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

const WRONG_CODE: &str = "That code does not work. Check the email, or ask for a new one";

#[derive(Template, WebTemplate)]
#[template(path = "accounts/link.html")]
struct LinkPage {
    visit: Visit,
    /// Whose link it is; `None` if it no longer works.
    name: Option<String>,
}

pub(super) async fn show_link(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    mut db: Db,
) -> Result<Response> {
    let name = requests::find_link(&mut db, &hash_token(&token), app.clock().now()).await?;
    let status = if name.is_some() { StatusCode::OK } else { StatusCode::GONE };
    // The address holds a secret: no other site may hear of it. With `no-referrer` older browsers would send the
    // page's own form as if from nowhere, and it would be refused.
    Ok((status, [(header::REFERRER_POLICY, "same-origin")], LinkPage { visit, name }).into_response())
}

pub(super) async fn use_link(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    BrowserName(browser): BrowserName,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::System).await?;
    let used = actions::sign_in_by_link(&mut change, &token, &browser).await?;
    change.commit().await?;
    Ok(match used {
        Some(Used { entered: Entered::In(cookie), next }) => go_on(cookie, &next),
        _ => (StatusCode::GONE, LinkPage { visit, name: None }).into_response(),
    })
}

pub(super) async fn sign_out(
    State(app): State<App>,
    session: Option<axum::Extension<Session>>,
    mut db: Db,
) -> Result<Response> {
    if let Some(axum::Extension(session)) = session {
        sessions::delete_session(&mut db, session.person_id, session.id).await?;
    }
    Ok(([(header::SET_COOKIE, session::end_cookie(&app))], Redirect::to("/")).into_response())
}
