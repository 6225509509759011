//! Officers' pages: what waits for a decision, and the list of other parties.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::NaiveDate;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions, forms,
    model::{Asked, Dated, NewParty, Ruled, Ruling, SEE_DECLARATIONS, Source, Stage},
    sql,
};
use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
};

pub const PATH: &str = "/admin/other-parties";
const LIST: &str = "/admin/other-parties/list";

/// The regions that an officer looks after; `None` for all.
fn regions(who: &Officer) -> Result<Option<Vec<String>>> {
    Ok(who.scope(SEE_DECLARATIONS)?.region_slugs())
}

#[derive(Template, WebTemplate)]
#[template(path = "parties/declarations.html")]
struct DeclarationsPage {
    visit: Visit,
    all: Vec<Asked>,
    is_open: bool,
}

pub(super) async fn list(visit: Visit, who: Officer, mut db: Db) -> Result<Response> {
    let all = sql::list_open(&mut db, regions(&who)?.as_deref(), visit.today()).await?;
    Ok(DeclarationsPage { visit, all, is_open: true }.into_response())
}

pub(super) async fn decided(visit: Visit, who: Officer, mut db: Db) -> Result<Response> {
    let all = sql::list_decided(&mut db, regions(&who)?.as_deref(), visit.today()).await?;
    Ok(DeclarationsPage { visit, all, is_open: false }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "parties/declaration.html")]
struct DeclarationPage {
    visit: Visit,
    asked: Asked,
    stage: Stage,
    form: Form,
    /// To refuse them; sent to where memberships end.
    refuse: Form,
}

async fn draw(
    app: &App,
    db: &mut PgConnection,
    visit: Visit,
    who: &Officer,
    id: Uuid,
    form: Form,
) -> Result<DeclarationPage> {
    let asked = sql::find_asked(db, id, regions(who)?.as_deref()).await?.ok_or(Error::NotFound)?;
    let today = visit.today();
    let refuse =
        Form::default().with_date("decided", today).with_date("appeal", actions::appeal_until(app, today));
    Ok(DeclarationPage { stage: asked.stage(today), visit, asked, form, refuse })
}

pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    Ok(draw(&app, &mut db, visit, &who, id, Form::default()).await?.into_response())
}

pub(super) async fn accept(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let asked = sql::find_asked(&mut db, id, regions(&who)?.as_deref()).await?.ok_or(Error::NotFound)?;
    let (reason, rule) = match forms::acceptance(&form) {
        Ok(decision) => decision,
        Err(form) => {
            let page = draw(&app, &mut db, visit, &who, id, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    actions::admit(&mut change, &asked, &reason, &rule).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PATH, "They stay a member, and get an email about it."))
}

#[derive(Template, WebTemplate)]
#[template(path = "parties/list.html")]
struct ListPage {
    visit: Visit,
    all: Vec<Ruled>,
}

pub(super) async fn parties(visit: Visit, mut db: Db) -> Result<Response> {
    let all = sql::list_ruled(&mut db, visit.today()).await?;
    Ok(ListPage { visit, all }.into_response())
}

/// A form with a key of its own, and what mostly holds.
fn blank(app: &App, visit: &Visit) -> Form {
    Form::default().keyed(app.random().id(visit.now)).with_date("from", visit.today())
}

fn rulings() -> Vec<(&'static str, String)> {
    Ruling::ALL
        .iter()
        .map(|it| (it.code(), format!("{}: {}", it.name(), it.meaning().to_lowercase())))
        .collect()
}

#[derive(Template, WebTemplate)]
#[template(path = "parties/party.html")]
struct PartyPage {
    visit: Visit,
    form: Form,
    rulings: Vec<(&'static str, String)>,
    /// `None` for one that is not in the list yet.
    party: Option<(NewParty, Vec<Dated>)>,
    path: String,
}

pub(super) async fn new(State(app): State<App>, visit: Visit) -> Response {
    let form = blank(&app, &visit).with("ruling", Ruling::Ask.code());
    new_page(visit, form).into_response()
}

fn new_page(visit: Visit, form: Form) -> PartyPage {
    PartyPage { visit, form, rulings: rulings(), party: None, path: LIST.to_owned() }
}

pub(super) async fn create(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let (party, ruling) = match forms::new_party(&form, visit.today()) {
        Ok(new) => new,
        Err(form) => return Ok((StatusCode::UNPROCESSABLE_ENTITY, new_page(visit, form)).into_response()),
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    match actions::add(&mut change, who.person_id, &party, &ruling).await {
        Ok(_) => change.commit().await?,
        Err(Error::Conflict(why)) => {
            drop(change);
            let page = new_page(visit, form.failed("name", why));
            return Ok((StatusCode::CONFLICT, page).into_response());
        }
        Err(error) => return Err(error),
    }
    Ok(flash::redirect(&app, LIST, &format!("{} is in the list.", party.name)))
}

async fn party_page(db: &mut PgConnection, visit: Visit, id: Uuid, form: Form) -> Result<PartyPage> {
    let party = sql::find_party(db, id).await?.ok_or(Error::NotFound)?;
    Ok(PartyPage { visit, form, rulings: rulings(), party: Some(party), path: format!("{LIST}/{id}") })
}

/// What tells one state of a party's history from another.
fn version(rulings: &[Dated]) -> String {
    let all = rulings.iter().fold(Form::default(), |form, dated| {
        form.with(&dated.set_at.to_string(), format!("{} {}", dated.starts_on, dated.ruling.code()))
            .with("reason", &dated.reason)
            .with("rule", &dated.rule)
    });
    all.version()
}

/// What holds on a day, as the form would have it.
fn held(rulings: &[Dated], day: NaiveDate) -> Form {
    let form = Form::default().with("version", version(rulings));
    let Some(dated) = rulings.iter().find(|dated| dated.starts_on <= day) else { return form };
    form.with("ruling", dated.ruling.code()).with("reason", &dated.reason).with("rule", &dated.rule)
}

fn say(field: &str, value: &str) -> String {
    match value.parse::<Ruling>() {
        Ok(ruling) if field == "ruling" => ruling.name().to_owned(),
        _ => value.to_owned(),
    }
}

pub(super) async fn party(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let (_, rulings) = sql::find_party(&mut db, id).await?.ok_or(Error::NotFound)?;
    let form = blank(&app, &visit).with("version", version(&rulings));
    Ok(party_page(&mut db, visit, id, form).await?.into_response())
}

pub(super) async fn rule(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let new = match forms::new_ruling(&form, visit.today()) {
        Ok(new) => new,
        Err(form) => {
            let page = party_page(&mut db, visit, id, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let (_, rulings) = sql::lock_party(&mut change, id).await?.ok_or(Error::NotFound)?;
    if let Some(form) = form.overtaken(&held(&rulings, new.starts_on), say) {
        let page = party_page(&mut change, visit, id, form).await?;
        return Ok((StatusCode::CONFLICT, page).into_response());
    }
    actions::rule(&mut change, who.person_id, id, &new).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &format!("{LIST}/{id}"), "Saved. What held before stays in the history."))
}
