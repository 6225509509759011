//! Donations that were refused before they were in the books.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    donations::{
        actions::refusals,
        forms,
        model::{Nature, Refusal},
        sql,
    },
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
};

pub const PATH: &str = "/admin/donations/refusals";

#[derive(Template, WebTemplate)]
#[template(path = "donations/refusals.html")]
struct ListPage {
    visit: Visit,
    refusals: Vec<Refusal>,
}

pub async fn list(visit: Visit, mut db: Db) -> Result<Response> {
    let refusals = sql::refusals::list(&mut db).await?;
    Ok(ListPage { visit, refusals }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "donations/refusal_new.html")]
struct NewPage {
    visit: Visit,
    form: Form,
    natures: Vec<(&'static str, &'static str)>,
}

fn new_page(visit: Visit, form: Form) -> NewPage {
    NewPage { visit, form, natures: Nature::ALL.map(|it| (it.code(), it.words())).into() }
}

#[derive(Deserialize)]
pub struct Asked {
    nature: Option<Nature>,
}

pub async fn new(State(app): State<App>, visit: Visit, Query(asked): Query<Asked>) -> Response {
    let form = Form::filled([
        ("key", app.random().opaque_id().to_string()),
        ("nature", asked.nature.map(Nature::code).unwrap_or_default().to_owned()),
    ]);
    new_page(visit, form).into_response()
}

pub async fn create(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let new = match forms::refusals::refusal(&form, visit.today()) {
        Ok(new) => new,
        Err(form) => return Ok((StatusCode::UNPROCESSABLE_ENTITY, new_page(visit, form)).into_response()),
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    refusals::enter(&mut change, who.person_id, &new).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &format!("{PATH}/{}", new.id), "Recorded. Send it back, and record how."))
}

#[derive(Template, WebTemplate)]
#[template(path = "donations/refusal.html")]
struct ShowPage {
    visit: Visit,
    form: Form,
    refusal: Refusal,
}

async fn find(db: &mut Db, id: Uuid) -> Result<Refusal> {
    sql::refusals::find(db, id).await?.ok_or(Error::NotFound)
}

pub async fn show(visit: Visit, Path(id): Path<Uuid>, mut db: Db) -> Result<Response> {
    let refusal = find(&mut db, id).await?;
    let to = refusal.it.name.clone().unwrap_or_default();
    let form = Form::filled([("to", to)]).with_date("returned", visit.today());
    Ok(ShowPage { visit, form, refusal }.into_response())
}

pub async fn note_return(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let refusal = find(&mut db, id).await?;
    let by_hand = match forms::cases::by_hand(&form, refusal.it.received_on, visit.today()) {
        Ok(by_hand) => by_hand,
        Err(form) => {
            let page = ShowPage { visit, form, refusal };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    refusals::note_return(&mut change, id, &by_hand).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PATH, "The return is recorded."))
}

pub async fn remove(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    refusals::remove(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PATH, "Removed: it was entered by mistake."))
}
