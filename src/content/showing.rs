//! Before a picture is deleted: what shows it.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::sql::{self, Showing};
use crate::{
    kit::{
        db::Db,
        error::{Error, Result},
        visit::Visit,
    },
    pictures::{self, Stored},
};

#[derive(Template, WebTemplate)]
#[template(path = "content/picture_deletion.html")]
struct DeletionPage {
    visit: Visit,
    stored: Stored,
    shown_by: Vec<Showing>,
}

pub(super) async fn confirm_deletion(visit: Visit, Path(id): Path<Uuid>, mut db: Db) -> Result<Response> {
    let stored = pictures::find(&mut db, id).await?.ok_or(Error::NotFound)?;
    let shown_by = sql::list_showing(&mut db, &stored.shot.picture.hash).await?;
    Ok(DeletionPage { visit, stored, shown_by }.into_response())
}
