//! Where members read and change what they said of other parties.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions::{self, NewDeclaration},
    forms,
    model::{Judged, OWN_PAGE, Ruling, Source, judge},
    sql,
};
use crate::{
    accounts::{SignedIn, Standing},
    audit::{Actor, Change},
    kit::{app::App, dates, db::Db, error::Result, flash, form::Form, visit::Visit},
};

pub const PATH: &str = OWN_PAGE;

#[derive(Template, WebTemplate)]
#[template(path = "parties/own.html")]
struct OwnPage {
    visit: Visit,
    form: Form,
    said_on: Option<NaiveDate>,
    /// What the list says of it today, and of which party.
    ruling: Option<Ruling>,
    party: Option<String>,
    rule: Option<String>,
    kept_months: u32,
}

async fn draw(
    app: &App,
    db: &mut PgConnection,
    visit: Visit,
    person: Uuid,
    form: Option<Form>,
) -> Result<OwnPage> {
    let current = sql::find_current(db, person).await?;
    let list = sql::list_ruled(db, visit.today()).await?;
    let judged: Option<Judged<'_>> = current.as_ref().and_then(|(declared, _)| judge(&list, declared));
    let party = judged.and_then(|judged| judged.party);
    let known = forms::fill(Form::default(), current.as_ref().map(|(declared, _)| declared)).versioned();
    Ok(OwnPage {
        form: form.unwrap_or(known),
        said_on: current.as_ref().map(|(_, at)| dates::london_date(at)),
        ruling: judged.map(|judged| judged.ruling),
        party: party.map(|party| party.name.clone()),
        rule: party.and_then(|party| party.rule.clone()),
        kept_months: actions::kept_months(app),
        visit,
    })
}

pub(super) async fn edit(
    State(app): State<App>,
    visit: Visit,
    SignedIn(who): SignedIn,
    mut db: Db,
) -> Result<Response> {
    if who.standing != Standing::Member {
        return Ok(Redirect::to("/membership").into_response());
    }
    Ok(draw(&app, &mut db, visit, who.person_id, None).await?.into_response())
}

pub(super) async fn update(
    State(app): State<App>,
    visit: Visit,
    SignedIn(who): SignedIn,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    if who.standing != Standing::Member {
        return Ok(Redirect::to("/membership").into_response());
    }
    let mut check = form.check();
    let declared = forms::read(&mut check);
    let declared = match check.finish(|| declared) {
        Ok(declared) => declared,
        Err(form) => {
            let page = draw(&app, &mut db, visit, who.person_id, Some(form)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    sql::lock(&mut change, who.person_id).await?;
    let current = sql::find_current(&mut change, who.person_id).await?;
    let known = forms::fill(Form::default(), current.as_ref().map(|(declared, _)| declared));
    if let Some(form) = form.overtaken(&known, |_, value| value.to_owned()) {
        drop(change);
        let page = draw(&app, &mut db, visit, who.person_id, Some(form)).await?;
        return Ok((StatusCode::CONFLICT, page).into_response());
    }
    let new = NewDeclaration {
        person: who.person_id,
        declared: &declared,
        source: Source::OwnPage,
        on: visit.today(),
        decide_until: None,
    };
    actions::declare(&mut change, &new).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PATH, "Your answer is saved. Thank you for telling us."))
}
