//! Drafts of updates: written, tried, sent or deleted.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::shown::{find, number_of_people, officer};
use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    kit::{app::App, db::Db, error::Result, flash, form::Form, visit::Visit},
    newsletters::{
        actions::{self, Started},
        forms, letter,
        model::{Audience, Content, SEND_UPDATES, Update},
    },
    people,
    places::Region,
    supporters::Interest,
};
#[derive(Template, WebTemplate)]
#[template(path = "newsletters/edit.html")]
struct EditPage {
    visit: Visit,
    form: Form,
    /// None: not saved yet.
    id: Option<Uuid>,
    regions: Vec<(&'static str, &'static str)>,
    statuses: Vec<(&'static str, &'static str)>,
    interests: Vec<(&'static str, &'static str)>,
    /// Whether a filter beside members, supporters and regions is set or wrong.
    is_narrowed: bool,
    /// The text that somebody else saved meanwhile.
    theirs: Option<String>,
    /// Those who alone get it, where the officer chose them one by one.
    chosen: Vec<String>,
    /// How many would get it, when the officer asked.
    readers: Option<String>,
}

fn edit_page(visit: Visit, form: Form, id: Option<Uuid>) -> EditPage {
    let filters = ["status", "joined_from", "joined_to", "interest"];
    EditPage {
        visit,
        id,
        regions: Region::ALL.map(|region| (region.slug(), region.name())).to_vec(),
        statuses: forms::STATUSES.map(|status| (status.code(), status.name())).to_vec(),
        interests: Interest::ALL.map(|interest| (interest.code(), interest.offer())).to_vec(),
        is_narrowed: filters.iter().any(|name| !form.value(name).is_empty() || form.error(name).is_some()),
        readers: None,
        theirs: None,
        chosen: form.all("person").map(str::to_owned).collect(),
        form,
    }
}

/// The button beside the filters: how many would get it, and nothing is saved.
async fn count(visit: Visit, who: &Officer, mut db: Db, form: Form, id: Option<Uuid>) -> Result<Response> {
    let audience = match forms::audience(&form) {
        Ok(audience) => audience,
        Err(form) => {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, edit_page(visit, form, id)).into_response());
        }
    };
    let readers = people::count(&mut db, &audience.readers(), &who.scope(SEND_UPDATES)?).await?;
    let readers = Some(format!("{audience}: {} at present", number_of_people(readers)));
    Ok(EditPage { readers, ..edit_page(visit, form, id) }.into_response())
}

/// Empty, or for the people ticked in a list.
pub async fn new(State(app): State<App>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response> {
    let form = forms::filled(&Content::default(), &Audience::members_and_supporters(), 0);
    let form = form.keyed(app.random().id(visit.now));
    Ok(edit_page(visit, forms::for_chosen(form, &people::read(query)?), None).into_response())
}

pub async fn create(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    if forms::is_count(&form) {
        return count(visit, &who, db, form, None).await;
    }
    let new = match forms::written(&form) {
        Ok(new) => new,
        Err(form) => {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, edit_page(visit, form, None)).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    let id = actions::create(&mut change, who.0.person_id, &new).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &format!("/admin/updates/{id}"), "The draft is saved."))
}

pub async fn edit(visit: Visit, Path(id): Path<Uuid>, mut db: Db) -> Result<Response> {
    let update = find(&mut db, id).await?;
    let form = forms::filled(&update.content, update.draft().ok_or(actions::SENT)?, update.version);
    Ok(edit_page(visit, form, Some(id)).into_response())
}

pub async fn update(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    if forms::is_count(&form) {
        return count(visit, &who, db, form, Some(id)).await;
    }
    let new = match forms::written(&form) {
        Ok(new) => new,
        Err(form) => {
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, edit_page(visit, form, Some(id))).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    let saved = actions::change(&mut change, id, &new).await?;
    change.commit().await?;
    if saved {
        return Ok(flash::redirect(&app, &format!("/admin/updates/{id}"), "The draft is saved."));
    }
    let now = find(&mut db, id).await?;
    let form = forms::overtaken(&new, &now, now.draft().ok_or(actions::SENT)?);
    let theirs = (now.content.body != new.content.body).then_some(now.content.body);
    let page = EditPage { theirs, ..edit_page(visit, form, Some(id)) };
    Ok((StatusCode::CONFLICT, page).into_response())
}

pub async fn send_test(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let update = find(&mut db, id).await?;
    let me = officer(&mut db, who.person_id).await?;
    if update.class.is_notice() {
        return Err(actions::SENT);
    }
    let rendered = letter::render(&app, &update).await?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::send_test(&mut change, &me, &update, &rendered);
    change.commit().await?;
    let said = format!("A test is on its way to {}.", me.email);
    Ok(flash::redirect(&app, &format!("/admin/updates/{id}"), &said))
}

#[derive(Template, WebTemplate)]
#[template(path = "newsletters/confirm.html")]
struct ConfirmPage {
    visit: Visit,
    update: Update,
    audience: String,
    readers: i64,
    people: String,
}

/// Says how many will get it, and asks.
pub async fn confirm(visit: Visit, who: Officer, Path(id): Path<Uuid>, mut db: Db) -> Result<Response> {
    let update = find(&mut db, id).await?;
    let scope = who.scope(SEND_UPDATES)?;
    let audience = update.draft().ok_or(actions::SENT)?;
    let readers = people::count(&mut db, &audience.readers(), &scope).await?;
    let audience = audience.to_string();
    Ok(ConfirmPage { visit, update, audience, readers, people: number_of_people(readers) }.into_response())
}

pub async fn send(
    State(app): State<App>,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let scope = who.scope(SEND_UPDATES)?;
    let version = form.value("version").parse().unwrap_or_default();
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    let started = actions::start(&mut change, &scope, id, version).await?;
    change.commit().await?;
    let page = format!("/admin/updates/{id}");
    Ok(match started {
        Started::To(number) => {
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            flash::redirect(&app, &page, &format!("It is on its way to {}.", number_of_people(number)))
        }
        Started::Already => flash::redirect(&app, &page, "It was on its way already. Nobody gets it twice."),
        Started::Changed => flash::redirect_with_warning(
            &app,
            &page,
            "This draft was changed after you looked at it, so nothing was sent. Look at it again.",
        ),
        Started::Nobody => flash::redirect_with_warning(
            &app,
            &page,
            "Nobody would get it: nobody in this audience has agreed to updates. Choose another audience.",
        ),
    })
}

pub async fn remove(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::remove(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, "/admin/updates", "The draft is deleted."))
}
