//! The officers' list of pictures, and where they upload one.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Multipart, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
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
}

pub(super) async fn list(visit: Visit, mut db: Db) -> Result<Response> {
    let pictures = sql::list(&mut db).await?;
    Ok(ListPage { visit, form: Form::default(), pictures }.into_response())
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
    let pictures = sql::list(&mut db).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, ListPage { visit, form: refused, pictures }).into_response())
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
    Ok(flash::redirect(&app, UPLOADS, "The picture is deleted."))
}
