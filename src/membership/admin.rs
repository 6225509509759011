//! Officers' forms about one member. The list and the member's page, which link here, are the desk's.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{actions, forms, model::Membership, pages, sql};
use crate::{
    accounts::{self, CHANGE_PEOPLE, Officer, Person},
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
    places::open_regions,
};

/// Which of the four forms a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Details,
    End,
    Suspend,
    Note,
}

#[derive(Template, WebTemplate)]
#[template(path = "membership/officer.html")]
struct OfficerPage {
    visit: Visit,
    task: Task,
    person: Person,
    membership: Option<Membership>,
    form: Form,
    regions: Vec<(&'static str, &'static str)>,
}

/// The person, if they live where this officer may look, and their membership.
async fn find(db: &mut PgConnection, who: &Officer, id: Uuid) -> Result<(Person, Option<Membership>)> {
    let person = accounts::find_person(db, id).await?.ok_or(Error::NotFound)?;
    if !who.scope(CHANGE_PEOPLE)?.covers(person.region) {
        return Err(Error::NotFound);
    }
    let membership = sql::find_of_person(db, id).await?;
    Ok((person, membership))
}

fn known(person: &Person, membership: &Membership) -> Form {
    pages::known_details(person, membership)
        .with("name", person.name.clone())
        .with("email", person.email.to_string())
}

async fn page(
    db: &mut PgConnection,
    visit: Visit,
    who: &Officer,
    id: Uuid,
    task: Task,
    form: Option<Form>,
) -> Result<Response> {
    let (person, membership) = find(db, who, id).await?;
    if membership.is_none() && task != Task::Note {
        return Err(Error::NotFound);
    }
    let status = if form.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let form = match (form, &membership) {
        (Some(form), _) => form,
        (None, Some(membership)) if task == Task::Details => known(&person, membership),
        (None, _) => Form::default(),
    };
    let regions = open_regions(&form);
    Ok((status, OfficerPage { visit, task, person, membership, form, regions }).into_response())
}

fn back(app: &App, person: Uuid, said: &str) -> Response {
    flash::redirect(app, &format!("/admin/members/{person}"), said)
}

pub(super) async fn edit_details(
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    page(&mut db, visit, &who, id, Task::Details, None).await
}

pub(super) async fn update_details(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let new = match forms::details(&form, app.clock().today()) {
        Ok(new) => new,
        Err(form) => return page(&mut db, visit, &who, id, Task::Details, Some(form)).await,
    };
    find(&mut db, &who, id).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    match actions::change_details(&mut change, id, &new).await {
        Ok(()) => change.commit().await?,
        Err(Error::Conflict(why)) => {
            drop(change);
            let form = form.failed("email", why);
            let mut answer = page(&mut db, visit, &who, id, Task::Details, Some(form)).await?;
            *answer.status_mut() = StatusCode::CONFLICT;
            return Ok(answer);
        }
        Err(error) => return Err(error),
    }
    Ok(back(&app, id, "The details are saved."))
}

pub(super) async fn confirm_end(
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    page(&mut db, visit, &who, id, Task::End, None).await
}

pub(super) async fn end(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let ending = match forms::ending(&form) {
        Ok(ending) => ending,
        Err(form) => return page(&mut db, visit, &who, id, Task::End, Some(form)).await,
    };
    find(&mut db, &who, id).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    actions::end(&mut change, id, &ending).await?;
    change.commit().await?;
    Ok(back(&app, id, "The membership is ended. Nothing more is collected."))
}

pub(super) async fn new_suspension(
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    page(&mut db, visit, &who, id, Task::Suspend, None).await
}

pub(super) async fn suspend(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let new = match forms::suspension(&form, app.clock().today()) {
        Ok(new) => new,
        Err(form) => return page(&mut db, visit, &who, id, Task::Suspend, Some(form)).await,
    };
    find(&mut db, &who, id).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    actions::suspend(&mut change, who.0.person_id, id, &new).await?;
    change.commit().await?;
    Ok(back(&app, id, "The membership is suspended."))
}

pub(super) async fn lift_suspension(
    State(app): State<App>,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    find(&mut db, &who, id).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    actions::lift_suspension(&mut change, id).await?;
    change.commit().await?;
    Ok(back(&app, id, "The suspension is lifted."))
}

pub(super) async fn new_note(
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    page(&mut db, visit, &who, id, Task::Note, None).await
}

pub(super) async fn create_note(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let words = match forms::note(&form) {
        Ok(words) => words,
        Err(form) => return page(&mut db, visit, &who, id, Task::Note, Some(form)).await,
    };
    find(&mut db, &who, id).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    actions::add_note(&mut change, who.0.person_id, id, &words).await?;
    change.commit().await?;
    Ok(back(&app, id, "Note saved."))
}
