//! Pages and allies, as visitors see them.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::Path,
    http::Uri,
    response::{IntoResponse, Response},
};

use super::{
    kind::{FIXED_PAGES, Kind},
    model::Item,
    shown::{self, Shown},
    sql,
    words::{Ally, Page},
};
use crate::kit::{
    address,
    db::Db,
    error::{Error, Result},
    visit::Visit,
};

#[derive(Template, WebTemplate)]
#[template(path = "content/page.html")]
struct PagePage {
    visit: Visit,
    item: Shown<Item<Page>>,
}

async fn page(visit: Visit, mut db: Db, slug: &str) -> Result<Response> {
    let item = sql::find_by_slug::<Page>(&mut db, slug).await?.ok_or(Error::NotFound)?;
    let item = shown::show_one(item).await?;
    Ok(PagePage { visit, item }.into_response())
}

pub(super) async fn about(visit: Visit, db: Db) -> Result<Response> {
    page(visit, db, "about").await
}

pub(super) async fn privacy(visit: Visit, db: Db) -> Result<Response> {
    page(visit, db, "privacy").await
}

pub(super) async fn accessibility(visit: Visit, db: Db) -> Result<Response> {
    page(visit, db, "accessibility").await
}

pub(super) async fn show(visit: Visit, uri: Uri, Path(slug): Path<String>, mut db: Db) -> Result<Response> {
    if FIXED_PAGES.contains(&slug.as_str()) {
        return Ok(address::moved(&uri, &Kind::Page.address(&slug)));
    }
    let item = sql::find_by_slug::<Page>(&mut db, &slug).await?.ok_or(Error::NotFound)?;
    if item.slug != slug {
        return Ok(address::moved(&uri, &Kind::Page.address(&item.slug)));
    }
    let item = shown::show_one(item).await?;
    Ok(PagePage { visit, item }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "content/allies.html")]
struct AlliesPage {
    visit: Visit,
    allies: Vec<Shown<Item<Ally>>>,
}

pub(super) async fn allies(visit: Visit, mut db: Db) -> Result<Response> {
    let allies = shown::show(sql::list_published(&mut db).await?).await?;
    Ok(AlliesPage { visit, allies }.into_response())
}
