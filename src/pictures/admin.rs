//! The officers' list of pictures, and where they upload one.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Multipart, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{UPLOADS, actions, model::Stored, sql};
use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    kit::{app::App, db::Db, error::Result, flash, form::Form, visit::Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "pictures/list.html")]
struct ListPage {
    visit: Visit,
    form: Form,
    pictures: Vec<Stored>,
    deleted: Vec<Stored>,
}

async fn page(db: &mut PgConnection, visit: Visit, form: Form) -> Result<ListPage> {
    let pictures = sql::list(db).await?;
    let deleted = sql::list_deleted(db).await?;
    Ok(ListPage { visit, form, pictures, deleted })
}

pub(super) async fn list(visit: Visit, mut db: Db) -> Result<Response> {
    Ok(page(&mut db, visit, Form::default()).await?.into_response())
}

pub(super) async fn upload(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    mut sent: Multipart,
) -> Result<Response> {
    let mut form = Form::default();
    let mut file = Vec::new();
    while let Some(field) = sent.next_field().await? {
        match field.name() {
            Some("alt") => form = form.with("alt", field.text().await?),
            Some("file") => file = field.bytes().await?.to_vec(),
            _ => {}
        }
    }
    let mut check = form.check();
    let alt = check.text("alt", "Say what the picture shows", 250);
    if file.is_empty() {
        check.fail("file", "Choose a picture");
    }
    let refused = match check.finish(|| alt) {
        Ok(alt) => match actions::prepare(file).await? {
            Ok(prepared) => {
                let mut change = Change::begin_alone(&app, Actor::Person(who.person_id)).await?;
                actions::add(&mut change, &prepared, &alt).await?;
                change.commit().await?;
                return Ok(flash::redirect(&app, UPLOADS, "The picture is here, first in the list."));
            }
            Err(unusable) => form.failed("file", unusable.to_string()),
        },
        Err(form) => form,
    };
    let mut db = app.pool().acquire().await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&mut db, visit, refused).await?).into_response())
}

pub(super) async fn delete(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::delete(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(
        &app,
        UPLOADS,
        "The picture is deleted. You can bring it back from the end of this list.",
    ))
}

pub(super) async fn bring_back(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::bring_back(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, UPLOADS, "The picture is back, wherever it was shown."))
}

pub(super) async fn delete_for_good(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::erase(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, UPLOADS, "The picture is gone for good."))
}
