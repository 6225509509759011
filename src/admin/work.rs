//! Background work that failed, and trying it again.

use askama::Template;
use askama_web::WebTemplate;
use axum::{extract::State, response::Response};
use serde_json::json;

use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::Result,
        flash,
        form::Form,
        queue::{self, Failed},
        visit::Visit,
    },
};

pub const PATH: &str = "/admin/work";

#[derive(Template, WebTemplate)]
#[template(path = "admin/work.html")]
pub(super) struct WorkPage {
    visit: Visit,
    failed: Vec<Failed>,
}

pub(super) async fn list(visit: Visit, mut db: Db) -> Result<WorkPage> {
    let failed = queue::list_failed(&mut db).await?;
    Ok(WorkPage { visit, failed })
}

/// The button's value is the jobs' name.
pub(super) async fn try_again(
    State(app): State<App>,
    Officer(who): Officer,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let name = form.value("job").to_owned();
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let number = queue::try_again(&mut change, &name).await?;
    if number > 0 {
        change.audit("work.tried_again", ("job", &name), json!({ "jobs": number }));
    }
    change.commit().await?;
    Ok(if number > 0 {
        flash::redirect(&app, PATH, "It is being tried again. If it fails, it comes back to this page.")
    } else {
        flash::redirect(&app, PATH, "It had been tried again already.")
    })
}
