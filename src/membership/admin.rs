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

use super::{
    actions, forms,
    model::{Membership, State as Stage},
    pages, sql,
};
use crate::{
    accounts::{self, CHANGE_PEOPLE, Officer, Permission, Person},
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
    places::{self, open_regions},
};

/// Which of the forms a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Details,
    End,
    Suspend,
    ByHand,
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
    /// Why a membership can end.
    reasons: Vec<(&'static str, &'static str)>,
}

/// The person, if they live where this officer has that permission.
pub(super) async fn find_person(
    db: &mut PgConnection,
    who: &Officer,
    permission: Permission,
    id: Uuid,
) -> Result<Person> {
    let person = accounts::find_person(db, id).await?.ok_or(Error::NotFound)?;
    if !who.scope(permission)?.covers(person.region) {
        return Err(Error::NotFound);
    }
    Ok(person)
}

/// The person, if they live where this officer may change records, and their membership.
pub(super) async fn find(
    db: &mut PgConnection,
    who: &Officer,
    id: Uuid,
) -> Result<(Person, Option<Membership>)> {
    let person = find_person(db, who, CHANGE_PEOPLE, id).await?;
    let membership = sql::find_of_person(db, id).await?;
    Ok((person, membership))
}

fn known(person: &Person, membership: &Membership) -> Form {
    pages::known_details(person, membership)
        .with("name", person.name.clone())
        .with("email", person.email.to_string())
}

/// The suspension as it stands; empty fields where there is none.
fn known_suspension(membership: &Membership) -> Form {
    match (&membership.suspension, membership.state) {
        (Some(suspension), Stage::Suspended { until }) => {
            Form::filled([("reason", suspension.reason.clone())]).with_date("until", until)
        }
        _ => Form::filled(
            ["reason", "until_day", "until_month", "until_year"].map(|name| (name, String::new())),
        ),
    }
}

/// The form again if another officer saved the same record meanwhile. Holds the membership until the change ends.
async fn overtaken(
    change: &mut Change<'_>,
    who: &Officer,
    id: Uuid,
    task: Task,
    form: &Form,
) -> Result<Option<Form>> {
    // Name, address and region are the person's own, which others change too: read once nobody can any more.
    let membership = sql::lock_of_person(change, id).await?.ok_or(Error::NotFound)?;
    accounts::lock_person(change, id).await?;
    let (person, _) = find(change, who, id).await?;
    let now = match task {
        Task::Suspend => known_suspension(&membership),
        _ => known(&person, &membership),
    };
    Ok(form.overtaken(&now, places::say))
}

async fn page(
    db: &mut PgConnection,
    visit: Visit,
    who: &Officer,
    id: Uuid,
    task: Task,
    form: Option<(StatusCode, Form)>,
) -> Result<Response> {
    let (person, membership) = find(db, who, id).await?;
    if membership.is_none() && task != Task::Note {
        return Err(Error::NotFound);
    }
    let (status, form) = match (form, &membership) {
        (Some(refused), _) => refused,
        (None, Some(membership)) if task == Task::Details => {
            (StatusCode::OK, known(&person, membership).versioned())
        }
        (None, Some(membership)) if task == Task::Suspend => {
            (StatusCode::OK, known_suspension(membership).versioned())
        }
        (None, _) => (StatusCode::OK, Form::default()),
    };
    let regions = open_regions(&form);
    let is_new = match &membership {
        Some(membership) if task == Task::End => actions::is_new(db, membership, visit.today()).await?,
        _ => false,
    };
    let reasons = reasons(is_new);
    Ok((status, OfficerPage { visit, task, person, membership, form, regions, reasons }).into_response())
}

/// What officers choose from when they end a membership.
fn reasons(is_new: bool) -> Vec<(&'static str, &'static str)> {
    let refused = ("refused", "Not admitted: an objection while they are new; what they paid is refunded");
    let all = [
        ("left", "At the member’s request"),
        ("expelled", "Expelled by the party; cannot join again using the form"),
        ("died", "Has died: no emails and no payments from now on"),
        ("officer", "By an officer, for another reason"),
        ("error", "Made by mistake"),
    ];
    is_new.then_some(refused).into_iter().chain(all).collect()
}

fn refused(form: Form) -> (StatusCode, Form) {
    (StatusCode::UNPROCESSABLE_ENTITY, form)
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
    let new = match forms::details(&form, app.clock().today(), forms::least_age(&app)) {
        Ok(new) => new,
        Err(form) => return page(&mut db, visit, &who, id, Task::Details, Some(refused(form))).await,
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    if let Some(form) = overtaken(&mut change, &who, id, Task::Details, &form).await? {
        drop(change);
        return page(&mut db, visit, &who, id, Task::Details, Some((StatusCode::CONFLICT, form))).await;
    }
    match actions::change_details(&mut change, id, &new).await {
        Ok(()) => change.commit().await?,
        Err(Error::Conflict(why)) => {
            drop(change);
            let form = form.failed("email", why);
            return page(&mut db, visit, &who, id, Task::Details, Some((StatusCode::CONFLICT, form))).await;
        }
        Err(error) => return Err(error),
    }
    Ok(back(&app, id, "Details saved."))
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
    let ending = match forms::ending(&form, app.clock().today()) {
        Ok(ending) => ending,
        Err(form) => return page(&mut db, visit, &who, id, Task::End, Some(refused(form))).await,
    };
    find(&mut db, &who, id).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    actions::end(&mut change, id, &ending).await?;
    change.commit().await?;
    Ok(back(&app, id, "The membership has ended. Nothing more will be collected."))
}

pub(super) async fn take_back_death(
    State(app): State<App>,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    find(&mut db, &who, id).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    actions::take_back_death(&mut change, id).await?;
    change.commit().await?;
    Ok(back(&app, id, "Undone. They get emails again, and can join again."))
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
        Err(form) => return page(&mut db, visit, &who, id, Task::Suspend, Some(refused(form))).await,
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    if let Some(form) = overtaken(&mut change, &who, id, Task::Suspend, &form).await? {
        drop(change);
        return page(&mut db, visit, &who, id, Task::Suspend, Some((StatusCode::CONFLICT, form))).await;
    }
    actions::suspend(&mut change, who.0.person_id, id, &new).await?;
    change.commit().await?;
    Ok(back(&app, id, "The membership has been suspended."))
}

pub(super) async fn new_override(
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    page(&mut db, visit, &who, id, Task::ByHand, None).await
}

pub(super) async fn create_override(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let new = match forms::by_hand(&form, app.clock().today()) {
        Ok(new) => new,
        Err(form) => return page(&mut db, visit, &who, id, Task::ByHand, Some(refused(form))).await,
    };
    find(&mut db, &who, id).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    actions::set_override(&mut change, who.0.person_id, id, &new).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &format!("/admin/members/{id}/standing"), "Saved. It ends automatically."))
}

pub(super) async fn end_override(
    State(app): State<App>,
    who: Officer,
    Path((id, by_hand)): Path<(Uuid, Uuid)>,
    mut db: Db,
) -> Result<Response> {
    find(&mut db, &who, id).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    actions::lift_override(&mut change, who.0.person_id, id, by_hand).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &format!("/admin/members/{id}/standing"), "It has ended."))
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
    Ok(back(&app, id, "The suspension has been lifted."))
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
        Err(form) => return page(&mut db, visit, &who, id, Task::Note, Some(refused(form))).await,
    };
    find(&mut db, &who, id).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    actions::add_note(&mut change, who.0.person_id, id, &words).await?;
    change.commit().await?;
    Ok(back(&app, id, "Note saved."))
}
