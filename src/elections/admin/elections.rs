//! One election, from its call to its nominations and questions.

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

use super::PATH;
use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    ballots::{Held, RUN_BALLOTS},
    elections::{
        actions::{self, elections, nominations, questions},
        forms::{self, Basis},
        model::{Election, Nomination, Post, Question, Stage, Step},
        settings, sql,
    },
    kit::{
        app::App,
        dates,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "elections/call.html")]
struct CallPage {
    visit: Visit,
    post: Post,
    earliest: NaiveDate,
    /// Of a by-election: when the term ends that it fills the rest of.
    term_ends_on: Option<NaiveDate>,
    form: Form,
}

impl CallPage {
    fn held() -> Vec<(&'static str, &'static str)> {
        Held::ALL.into_iter().map(|held| (held.code(), held.words())).collect()
    }
}

fn basis(app: &App, post: &Post) -> Basis {
    let today = app.clock().today();
    Basis {
        now: app.clock().now(),
        rules: actions::rules(app, today),
        seconders: app.setting(settings::SECONDERS, today),
        statement_length: app.setting(settings::STATEMENT_LENGTH, today),
        seats: post.words.seats,
    }
}

/// Places that were given up within their term: an election while there are some fills the rest of it.
async fn vacant(app: &App, db: &mut PgConnection, post: &Post) -> Result<Option<(u32, NaiveDate)>> {
    let today = app.clock().today();
    let mut current = sql::offices::list_current(db, today).await?;
    current.retain(|office| office.post == post.id && office.is_vacant(today));
    let until = current.iter().map(|office| office.ends_on).max();
    Ok(until.map(|until| (u32::try_from(current.len()).unwrap_or(u32::MAX), until)))
}

async fn find_post(db: &mut PgConnection, id: Uuid) -> Result<Post> {
    sql::posts::find(db, id).await?.ok_or(Error::NotFound)
}

pub async fn new(
    State(app): State<App>,
    visit: Visit,
    Path(post): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let post = find_post(&mut db, post).await?;
    let vacant = vacant(&app, &mut db, &post).await?;
    let earliest = forms::earliest(basis(&app, &post));
    let seats = vacant.map_or(post.words.seats, |(seats, _)| seats);
    let form = Form::default()
        .with_date("polling", earliest)
        .with("seats", seats.to_string())
        .with("held", Held::Site.code())
        .with("reopen", "yes");
    let term_ends_on = vacant.map(|(_, until)| until);
    Ok(CallPage { visit, post, earliest, term_ends_on, form }.into_response())
}

pub async fn create(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    Path(post): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let post = find_post(&mut db, post).await?;
    let vacant = vacant(&app, &mut db, &post).await?;
    let term_ends_on = vacant.map(|(_, until)| until);
    let mut basis = basis(&app, &post);
    basis.seats = vacant.map_or(basis.seats, |(seats, _)| seats);
    let plan = match forms::plan(&form, basis) {
        Ok(plan) => plan,
        Err(form) => {
            let page = CallPage { visit, post, earliest: forms::earliest(basis), term_ends_on, form };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let id = elections::call(&mut change, post.id, &plan, term_ends_on, Some(who.person_id)).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &home(id), "Saved as a draft. Look at its timetable before you publish it."))
}

fn home(id: Uuid) -> String {
    format!("{PATH}/{id}")
}

#[derive(Template, WebTemplate)]
#[template(path = "elections/officer.html")]
struct ShowPage {
    visit: Visit,
    election: Election,
    stage: Stage,
    may_run: bool,
    nominations: Vec<Nomination>,
    questions: Vec<Question>,
    form: Form,
}

impl ShowPage {
    fn can_move(&self) -> bool {
        self.election.outcome.is_none() && self.election.ballot.is_none() && self.stage < Stage::Poll
    }
}

async fn find(db: &mut PgConnection, id: Uuid) -> Result<Election> {
    sql::elections::find(db, id).await?.ok_or(Error::NotFound)
}

async fn draw(db: &mut PgConnection, visit: Visit, who: &Officer, id: Uuid, form: Form) -> Result<ShowPage> {
    let election = find(db, id).await?;
    Ok(ShowPage {
        stage: election.stage(visit.now),
        may_run: who.may(RUN_BALLOTS),
        nominations: sql::nominations::list(db, id).await?,
        questions: sql::questions::list(db, id).await?,
        visit,
        election,
        form,
    })
}

pub async fn show(visit: Visit, who: Officer, Path(id): Path<Uuid>, mut db: Db) -> Result<Response> {
    Ok(draw(&mut db, visit, &who, id, Form::default()).await?.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "elections/timetable.html")]
struct TimetablePage {
    visit: Visit,
    election: Election,
    form: Form,
}

impl TimetablePage {
    fn ahead(&self) -> Vec<(Step, &'static str)> {
        self.election.plan.timetable.ahead(self.visit.now).map(|step| (step, step.code())).collect()
    }
}

pub async fn edit_timetable(visit: Visit, Path(id): Path<Uuid>, mut db: Db) -> Result<Response> {
    let election = find(&mut db, id).await?;
    let form = forms::fill_timetable(&election.plan.timetable, visit.now).versioned();
    Ok(TimetablePage { visit, election, form }.into_response())
}

pub async fn update_timetable(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let election = find(&mut db, id).await?;
    let known = &election.plan.timetable;
    let has_passed = |step: Step| known.at(step) <= visit.now && form.pressed(&format!("{step}_day"));
    if Step::ALL.into_iter().any(has_passed) {
        return Err(elections::PASSED);
    }
    let rules = actions::rules(&app, dates::london_date(visit.now));
    let wanted = match forms::timetable(&form, &election.plan.timetable, rules, visit.now) {
        Ok(wanted) => wanted,
        Err(form) => {
            let page = TimetablePage { visit, election, form };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let known = sql::elections::lock(&mut change, id).await?.ok_or(Error::NotFound)?;
    let known = forms::fill_timetable(&known.plan.timetable, visit.now);
    if let Some(form) = form.overtaken(&known, |_, value| value.to_owned()) {
        drop(change);
        return Ok((StatusCode::CONFLICT, TimetablePage { visit, election, form }).into_response());
    }
    elections::move_steps(&mut change, id, &wanted).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &home(id), "The timetable is changed."))
}

pub async fn publish(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    elections::publish(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &home(id), "Published. Everybody who can vote in it gets an email."))
}

pub async fn delete(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    elections::delete(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PATH, "The draft is deleted."))
}

/// A form of the page with one reason in it.
macro_rules! with_reason {
    ($visit:ident, $who:ident, $db:ident, $id:ident, $form:ident, $field:expr, $missing:literal) => {
        match forms::why(&$form, $field, $missing) {
            Ok(why) => why,
            Err(form) => {
                let page = draw(&mut $db, $visit, &$who, $id, form).await?;
                return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
            }
        }
    };
}

pub async fn call_off(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let why = with_reason!(visit, who, db, id, form, "reason", "Write why it is called off");
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    elections::call_off(&mut change, id, &why).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &home(id), "The election is called off."))
}

pub async fn refuse_nomination(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path((id, nomination)): Path<(Uuid, Uuid)>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let field = format!("why_{nomination}");
    let why = with_reason!(visit, who, db, id, form, &field, "Write why they cannot stand");
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    nominations::refuse(&mut change, id, nomination, &why).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &home(id), "Refused. They get an email with the reason."))
}

pub async fn let_through(
    State(app): State<App>,
    Officer(who): Officer,
    Path((id, question)): Path<(Uuid, Uuid)>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    questions::let_through(&mut change, id, question).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &home(id), "All candidates can answer it now."))
}

pub async fn refuse_question(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path((id, question)): Path<(Uuid, Uuid)>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let field = format!("why_{question}");
    let why = with_reason!(visit, who, db, id, form, &field, "Write why it is not put to candidates");
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    questions::refuse(&mut change, id, question, &why).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &home(id), "Refused. Whoever asked reads the reason."))
}
