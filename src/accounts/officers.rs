//! Who holds which office.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    actions, forms,
    model::Role,
    proofs::Officer,
    sql::offices::{self, OfficerLine},
};
use crate::{
    audit::{Actor, Change},
    kit::{app::App, db::Db, error::Result, flash, form::Form, visit::Visit},
    places::Region,
};

#[derive(Template, WebTemplate)]
#[template(path = "accounts/officers.html")]
struct OfficersPage {
    visit: Visit,
    officers: Vec<OfficerLine>,
    roles: [Role; 7],
    regions: [Region; 12],
    form: Form,
}

pub(super) async fn list(visit: Visit, mut db: Db) -> Result<Response> {
    let officers = offices::list_officers(&mut db).await?;
    let page =
        OfficersPage { visit, officers, roles: Role::ALL, regions: Region::ALL, form: Form::default() };
    Ok(page.into_response())
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
            let officers = offices::list_officers(&mut db).await?;
            let page = OfficersPage { visit, officers, roles: Role::ALL, regions: Region::ALL, form };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let (person, _) = actions::find_or_add_person(&mut change, &command.email, &command.name).await?;
    let added = actions::add_officer(&mut change, person, command.role, command.region).await?;
    change.commit().await?;
    let said = if added {
        "is appointed. They can sign in with a link sent to their email address."
    } else {
        "holds that office already."
    };
    Ok(flash::redirect(&app, "/admin/officers", &format!("{} {said}", command.name)))
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
    Ok(flash::redirect(&app, "/admin/officers", "The office is ended."))
}
