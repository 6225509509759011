//! Who holds which office.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::Duration;
use deunicode::deunicode;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions, forms,
    model::Role,
    proofs::Officer,
    sql::{
        offices::{self, OfficeLine, OfficerLine},
        people::find_person_by_email,
    },
};
use crate::{
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        typed,
        visit::Visit,
    },
    places::Region,
};

#[derive(Template, WebTemplate)]
#[template(path = "accounts/officers.html")]
struct OfficersPage {
    visit: Visit,
    officers: Vec<OfficerLine>,
    /// What ended recently, to be given back.
    ended: Vec<OfficeLine>,
    roles: [Role; Role::ALL.len()],
    regions: [Region; 12],
    form: Form,
}

/// How long the page offers to give an office back.
const GIVEN_BACK_DAYS: i64 = 30;

async fn page(app: &App, db: &mut PgConnection, visit: Visit, form: Form) -> Result<OfficersPage> {
    let officers = offices::list_officers(db).await?;
    let ended = offices::list_ended(db, app.clock().now() - Duration::days(GIVEN_BACK_DAYS)).await?;
    Ok(OfficersPage { visit, officers, ended, roles: Role::ALL, regions: Region::ALL, form })
}

pub(super) async fn list(State(app): State<App>, visit: Visit, mut db: Db) -> Result<Response> {
    Ok(page(&app, &mut db, visit, Form::default()).await?.into_response())
}

pub(super) async fn create(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let command = match forms::new_officer(&form) {
        Ok(command) => command,
        Err(form) => {
            let page = page(&app, &mut db, visit, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let known = find_person_by_email(&mut db, &command.email).await?;
    if let Some(known) = known.filter(|known| !is_same_name(&known.name, &command.name)) {
        let words = format!("This is the address of {}. Enter that name, or another address", known.name);
        let page = page(&app, &mut db, visit, form.failed("name", &words)).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let (person, _) = actions::find_or_add_person(&mut change, &command.email, &command.name).await?;
    let added = actions::add_officer(&mut change, person, command.role, command.region).await?;
    change.commit().await?;
    let said = if added { "has been appointed, and told by email." } else { "already holds that office." };
    Ok(flash::redirect(&app, "/admin/officers", &format!("{} {said}", command.email)))
}

/// Whatever capitals and accents: `sian` is Siân.
fn is_same_name(one: &str, other: &str) -> bool {
    let plain = |name: &str| deunicode(&typed::plain(name)).to_lowercase();
    plain(one) == plain(other)
}

#[derive(Template, WebTemplate)]
#[template(path = "accounts/office_end.html")]
struct EndPage {
    visit: Visit,
    office: OfficeLine,
}

/// Says what will happen, and asks.
pub(super) async fn confirm_end(visit: Visit, Path(id): Path<Uuid>, mut db: Db) -> Result<Response> {
    let office = offices::find_office(&mut db, id).await?.ok_or(Error::NotFound)?;
    if office.ended_at.is_some() {
        return Err(Error::Conflict("This office has already ended."));
    }
    Ok(EndPage { visit, office }.into_response())
}

pub(super) async fn end(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::end_officer(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(
        &app,
        "/admin/officers",
        "The office has ended. You can give it back below for 30 days.",
    ))
}

/// Gives an office back that has ended: a new appointment.
pub(super) async fn give_back(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let office = offices::find_office(&mut change, id).await?.ok_or(Error::NotFound)?;
    if office.ended_at.is_none() {
        return Err(Error::Conflict("They still hold this office."));
    }
    actions::add_officer(&mut change, office.person, office.role, office.region).await?;
    change.commit().await?;
    let said = format!("{} is {} again.", office.name, office.role.name().to_lowercase());
    Ok(flash::redirect(&app, "/admin/officers", &said))
}
