//! Exporting a list: with a reason, and a line in the audit log that others read.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    body::{Body, Bytes},
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    admin::read,
    columns, find, forms,
    model::{List, Search},
    sql,
};
use crate::{
    accounts::{EXPORT_PEOPLE, Officer},
    audit::{Actor, Change},
    kit::{app::App, csv, db::Db, error::Result, form::Form, money, visit::Visit},
};

#[derive(Template, WebTemplate)]
#[template(path = "people/export.html")]
struct ExportPage {
    visit: Visit,
    list: List,
    form: Form,
    /// `None` when the filters could not be read.
    search: Option<Search>,
    people: String,
}

pub async fn members_form(visit: Visit, who: Officer, query: RawQuery, db: Db) -> Result<Response> {
    show(List::Members, visit, &who, query, db).await
}

pub async fn supporters_form(visit: Visit, who: Officer, query: RawQuery, db: Db) -> Result<Response> {
    show(List::Supporters, visit, &who, query, db).await
}

pub async fn download_members(
    state: State<App>,
    visit: Visit,
    who: Officer,
    db: Db,
    form: Form,
) -> Result<Response> {
    download(List::Members, state, visit, &who, db, form).await
}

pub async fn download_supporters(
    state: State<App>,
    visit: Visit,
    who: Officer,
    db: Db,
    form: Form,
) -> Result<Response> {
    download(List::Supporters, state, visit, &who, db, form).await
}

async fn show(
    list: List,
    visit: Visit,
    who: &Officer,
    RawQuery(query): RawQuery,
    db: Db,
) -> Result<Response> {
    page(list, visit, who, db, read(query)?, StatusCode::OK).await
}

async fn page(
    list: List,
    visit: Visit,
    who: &Officer,
    mut db: Db,
    form: Form,
    status: StatusCode,
) -> Result<Response> {
    let scope = who.scope(EXPORT_PEOPLE)?;
    // The filters are read afresh: a reason that is missing is no fault of theirs.
    let sent = form.shown().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let search = match forms::search(list, &Form::from_values(sent)) {
        Ok(search) => search,
        Err(form) => {
            let page = ExportPage { visit, list, form, search: None, people: String::new() };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut tx = sql::begin(&mut db).await?;
    let count = find::list_ids(&mut tx, &search.segment(), &scope).await?.len();
    tx.commit().await?;
    let people = people(count);
    Ok((status, ExportPage { visit, list, form, search: Some(search), people }).into_response())
}

fn people(count: usize) -> String {
    if count == 1 { "1 person".to_owned() } else { format!("{} people", money::grouped(count as u64)) }
}

async fn download(
    list: List,
    State(app): State<App>,
    visit: Visit,
    who: &Officer,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let scope = who.scope(EXPORT_PEOPLE)?;
    let (search, reason) = match (forms::search(list, &form), forms::reason(&form)) {
        (Ok(search), Ok(reason)) => (search, reason),
        (_, Err(form)) | (Err(form), _) => {
            return page(list, visit, who, db, form, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    let mut tx = sql::begin(&mut db).await?;
    let found = find::list_ids(&mut tx, &search.segment(), &scope).await?;
    tx.commit().await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    let detail = json!({ "filter": search.to_string(), "people": found.len(), "reason": reason });
    change.audit("list.exported", ("list", list.code()), detail);
    change.commit().await?;
    drop(db);
    let today = app.clock().today();
    Ok(csv::download(list.code(), today, stream(app, found)))
}

/// Rows in batches, each a query of its own: neither the list nor a connection is kept while a slow reader reads.
fn stream(app: App, found: Vec<Uuid>) -> Body {
    let record = app.link("/admin/members/");
    let file = csv::File::new(columns::heads());
    let batches = futures_util::stream::try_unfold((found, 0, file), move |(found, at, mut file)| {
        let (app, record) = (app.clone(), record.clone());
        async move {
            let batch = &found[at..found.len().min(at + 1_000)];
            let next = at + batch.len();
            if !batch.is_empty() {
                let mut db = app.pool().acquire().await?;
                for row in sql::rows(&mut db, batch, sql::Order::AsGiven, 1_000, 0).await? {
                    file.row(columns::cells(&row, &record));
                }
            }
            // The first piece holds the heads, also of an empty list.
            let piece = file.take();
            let more = !piece.is_empty();
            Ok::<_, sqlx::Error>(more.then_some((Bytes::from(piece), (found, next, file))))
        }
    });
    Body::from_stream(batches)
}
