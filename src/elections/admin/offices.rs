//! Who holds which post, and how a place that is given up is filled.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    ballots::RUN_BALLOTS,
    elections::{
        actions::offices,
        forms,
        model::{How, Office},
        sql,
    },
    kit::{app::App, dates, db::Db, error::Result, flash, form::Form, visit::Visit},
};

const PATH: &str = "/admin/elections/offices";

#[derive(Template, WebTemplate)]
#[template(path = "elections/offices.html")]
struct OfficesPage {
    visit: Visit,
    may_run: bool,
    held: Vec<Office>,
    vacant: Vec<Office>,
    form: Form,
}

async fn draw(db: &mut PgConnection, visit: Visit, who: &Officer, form: Form) -> Result<OfficesPage> {
    let today = dates::london_date(visit.now);
    let current = sql::offices::list_current(db, today).await?;
    let (held, mut vacant): (Vec<_>, Vec<_>) =
        current.into_iter().partition(|office| office.ended_on.is_none());
    vacant.retain(|office| office.is_vacant(today));
    Ok(OfficesPage { visit, may_run: who.may(RUN_BALLOTS), held, vacant, form })
}

pub async fn list(visit: Visit, who: Officer, mut db: Db) -> Result<Response> {
    Ok(draw(&mut db, visit, &who, Form::default()).await?.into_response())
}

pub async fn end(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let why = match forms::why(&form, &format!("why_{id}"), "Write why it ends") {
        Ok(why) => why,
        Err(form) => {
            let page = draw(&mut db, visit, &who, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    offices::end(&mut change, id, &why).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PATH, "The place is vacant. Fill it by a countback, or call a by-election."))
}

pub async fn countback(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let name = offices::countback(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PATH, &format!("The papers elect {name}, who has been told by email.")))
}
