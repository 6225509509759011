//! Ending the emails: by a page with a button, and by the one click of a mailbox (RFC 8058), both without signing in.
//!
//! The token is the person's id, sealed: it tells nobody anything, can be made by nobody else, needs no table, and
//! works for as long as the site keeps its `SECRET_KEY`.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    accounts::{self, ConsentPurpose},
    audit::{Actor, Change},
    duplicates,
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        mail::Bulk,
        visit::Visit,
    },
};

const PURPOSE: ConsentPurpose = ConsentPurpose::EmailUpdates;
const BY_PAGE: &str = "unsubscribe page";
const BY_MAILBOX: &str = "one click in the mailbox";
/// The list's name in mailboxes, which file by it.
const LIST: &str = "updates";
/// Within this time the page that stopped the emails can start them again: a mail that was passed on must not let
/// its new reader sign the first one up again at any later time.
const UNDO_HOURS: i64 = 24;

/// The address that stops the updates of one person.
pub fn link(app: &App, person: Uuid) -> String {
    app.link(&format!("/unsubscribe/{}", seal(app, person)))
}

/// What mailboxes are told of an update that can be stopped at this link.
pub(super) fn bulk(stop: String) -> Bulk {
    Bulk { unsubscribe: stop, list: LIST.to_owned() }
}

/// Half of it proves who made it; with that half as a seed the other half hides the id (a synthetic IV).
fn seal(app: &App, person: Uuid) -> String {
    let proof = keyed(app, "unsubscribe", person.as_bytes());
    let mask = keyed(app, "unsubscribe mask", &proof);
    let hidden: Vec<u8> = person.as_bytes().iter().zip(mask).map(|(a, b)| a ^ b).collect();
    URL_SAFE_NO_PAD.encode([&proof[..], &hidden].concat())
}

fn open(app: &App, token: &str) -> Option<Uuid> {
    // As it is copied out of a sentence or brackets.
    let token = token.trim_matches(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'));
    let bytes: [u8; 32] = URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
    let (proof, hidden) = bytes.split_at(16);
    let mask = keyed(app, "unsubscribe mask", proof);
    let id: Vec<u8> = hidden.iter().zip(mask).map(|(a, b)| a ^ b).collect();
    let person = Uuid::from_slice(&id).ok()?;
    let right = keyed(app, "unsubscribe", person.as_bytes());
    bool::from(subtle::ConstantTimeEq::ct_eq(proof, &right[..])).then_some(person)
}

fn keyed(app: &App, purpose: &str, what: &[u8]) -> [u8; 16] {
    let signature = URL_SAFE_NO_PAD.decode(app.sign(purpose, what)).unwrap_or_default();
    let mut first = [0; 16];
    for (into, from) in first.iter_mut().zip(signature) {
        *into = from;
    }
    first
}

#[derive(Template, WebTemplate)]
#[template(path = "newsletters/unsubscribe.html")]
struct UnsubscribePage {
    visit: Visit,
    token: String,
    /// Enough of the address to know it by, for people who have several.
    hint: String,
    state: Stopping,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stopping {
    Asked,
    Stopped,
    Undone,
    /// The time for undoing is over.
    TooLate,
}

#[derive(Template, WebTemplate)]
#[template(path = "newsletters/unsubscribe_damaged.html")]
struct DamagedPage {
    visit: Visit,
    contact: String,
}

/// Part of the link was lost on its way: another way to stop the emails.
fn damaged(app: &App, visit: Visit) -> Response {
    let contact = app.settings().site(app.clock().today()).contact_email.to_string();
    (StatusCode::NOT_FOUND, DamagedPage { visit, contact }).into_response()
}

/// Whose emails the link stops: also where their record has become part of another.
async fn reader(app: &App, db: &mut PgConnection, token: &str) -> Result<Option<Uuid>> {
    match open(app, token) {
        Some(person) => Ok(Some(duplicates::kept(db, person).await?)),
        None => Ok(None),
    }
}

async fn page(app: &App, db: &mut Db, visit: Visit, token: String, state: Stopping) -> Result<Response> {
    let Some(person) = reader(app, db, &token).await? else { return Ok(damaged(app, visit)) };
    let Some(person) = accounts::find_person(db, person).await? else { return Ok(damaged(app, visit)) };
    let hint = hint(person.email.as_str());
    let page = UnsubscribePage { visit, token, hint, state };
    Ok(([("cache-control", "no-store"), ("referrer-policy", "same-origin")], page).into_response())
}

/// `a…@demo.test`
fn hint(email: &str) -> String {
    let (name, domain) = email.rsplit_once('@').unwrap_or_default();
    format!("{}…@{domain}", name.chars().next().unwrap_or('…'))
}

/// The link without what tells whose it is.
pub(super) async fn cut(State(app): State<App>, visit: Visit) -> Response {
    damaged(&app, visit)
}

/// Shows what will stop. Scanners open it, so it changes nothing.
pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    mut db: Db,
) -> Result<Response> {
    let stands = match reader(&app, &mut db, &token).await? {
        Some(person) => {
            let consents = accounts::list_consents(&mut db, person).await?;
            consents.iter().any(|consent| consent.purpose == PURPOSE && consent.withdrawn.is_none())
        }
        None => false,
    };
    let state = if stands { Stopping::Asked } else { Stopping::Stopped };
    page(&app, &mut db, visit, token, state).await
}

/// Acts at once, for the button and for mailboxes alike. They may send the form in either encoding, so only its bytes
/// are looked at.
pub(super) async fn stop(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    mut db: Db,
    body: Bytes,
) -> Result<Response> {
    let Some(person) = reader(&app, &mut db, &token).await? else { return Ok(damaged(&app, visit)) };
    let how = if body.windows(9).any(|part| part == b"One-Click") { BY_MAILBOX } else { BY_PAGE };
    let mut change = Change::begin(&app, &mut db, Actor::Person(person)).await?;
    accounts::withdraw_consent(&mut change, person, PURPOSE, how).await?;
    change.commit().await?;
    page(&app, &mut db, visit, token, Stopping::Stopped).await
}

pub(super) async fn undo(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    mut db: Db,
) -> Result<Response> {
    let person = reader(&app, &mut db, &token).await?.ok_or(Error::NotFound)?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(person)).await?;
    let consents = accounts::list_consents(&mut change, person).await?;
    let mine: Vec<_> = consents.iter().filter(|consent| consent.purpose == PURPOSE).collect();
    let stands = mine.iter().any(|consent| consent.withdrawn.is_none());
    let last = mine.iter().filter_map(|consent| consent.withdrawn.as_ref()).max_by_key(|(at, _)| *at);
    let state = match last {
        _ if stands => Stopping::Undone,
        Some((at, how))
            if app.clock().now() - *at < Duration::hours(UNDO_HOURS)
                && [BY_PAGE, BY_MAILBOX].contains(&how.as_str()) =>
        {
            accounts::give_consent(&mut change, person, PURPOSE, "unsubscribe page, undone").await?;
            Stopping::Undone
        }
        _ => Stopping::TooLate,
    };
    change.commit().await?;
    page(&app, &mut db, visit, token, state).await
}
