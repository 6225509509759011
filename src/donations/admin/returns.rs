//! Returns to the Electoral Commission.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::NaiveDate;
use uuid::Uuid;

use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    donations::{
        actions::{
            self,
            returns::{Listed, QUARTERS, Standing},
        },
        forms,
        model::{Difference, Duty, Kind, Period, Thresholds},
        sql::returns::Election,
    },
    kit::{
        app::App,
        csv, dates,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
};

pub const PATH: &str = "/admin/donations/returns";

fn path(period: Period) -> String {
    format!("{PATH}/{}/{}", period.kind, period.from)
}

/// A return in the list.
struct Line {
    standing: Standing,
    due: NaiveDate,
    path: String,
    /// The class of its tag, and its words.
    tag: (&'static str, String),
}

fn line(Listed { standing, due, duty }: Listed) -> Line {
    let filed = || {
        let on = standing.filed.first().map(|filed| dates::day(dates::london_date(filed.approved_at)));
        format!("Filed on {}", on.unwrap_or_default())
    };
    let tag = match duty {
        Duty::Running => ("off", "In progress".to_owned()),
        Duty::BeforeUs => ("off", "Before this site’s first payment".to_owned()),
        Duty::Filed => ("good", filed()),
        Duty::Changed => ("bad", "Changed since it was filed".to_owned()),
        Duty::NotNeeded => ("off", "Not needed".to_owned()),
        Duty::Due => ("wait", "Due".to_owned()),
        Duty::Overdue => ("bad", "Overdue".to_owned()),
    };
    Line { path: path(standing.period), standing, due, tag }
}

#[derive(Template, WebTemplate)]
#[template(path = "donations/returns.html")]
struct ListPage {
    visit: Visit,
    form: Form,
    quarters: Vec<Line>,
    elections: Vec<(Election, Vec<Line>)>,
    nil_in_a_row: bool,
    law: Thresholds,
}

impl ListPage {
    /// Whether the form that removes an election period was sent with something missing.
    fn is_removing(&self, election: &Election) -> bool {
        self.form.value("removing") == election.id.to_string()
    }
}

async fn draw_list(app: &App, visit: Visit, db: &mut Db, form: Form) -> Result<ListPage> {
    let today = visit.today();
    let returns = actions::returns::list(app, db, today).await?;
    let lines = |listed: Vec<Listed>| listed.into_iter().map(line).collect();
    // Older ones only if there is something to do.
    let quarters = returns.quarters.into_iter().rev().enumerate();
    let quarters = quarters.filter(|(at, it)| *at < QUARTERS || it.duty.is_open());
    let quarters = quarters.map(|(_, it)| line(it)).collect();
    let elections = returns.elections.into_iter().map(|(election, weeks)| (election, lines(weeks)));
    Ok(ListPage {
        visit,
        form,
        quarters,
        elections: elections.collect(),
        nil_in_a_row: returns.nil_in_a_row,
        law: actions::returns::thresholds(app, today),
    })
}

pub async fn list(State(app): State<App>, visit: Visit, mut db: Db) -> Result<Response> {
    Ok(draw_list(&app, visit, &mut db, Form::default()).await?.into_response())
}

pub async fn add_election(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let (name, from, to) = match forms::returns::election(&form, visit.today()) {
        Ok(election) => election,
        Err(form) => {
            let page = draw_list(&app, visit, &mut db, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let id = app.random().id(change.now);
    actions::returns::add_election(&mut change, who.person_id, &Election { id, name, from, to }).await?;
    change.commit().await?;
    Ok(flash::redirect(
        &app,
        PATH,
        "Saved. A return is due for each week of it, as well as the quarterly ones.",
    ))
}

pub async fn remove_election(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let reason = match forms::returns::removal(&form) {
        Ok(reason) => reason,
        Err(form) => {
            let page = draw_list(&app, visit, &mut db, form.set("removing", id.to_string())).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::returns::remove_election(&mut change, id, &reason).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PATH, "The election period is removed, with the reason in the audit log."))
}

/// The return that a path names: a quarter by its first day, or a week of an election period that has begun.
async fn find(app: &App, db: &mut Db, kind: Kind, from: NaiveDate, today: NaiveDate) -> Result<Listed> {
    let returns = actions::returns::list(app, db, today).await?;
    let weeks = returns.elections.into_iter().flat_map(|(_, weeks)| weeks);
    let mut all = returns.quarters.into_iter().chain(weeks);
    all.find(|it| it.standing.period.kind == kind && it.standing.period.from == from).ok_or(Error::NotFound)
}

#[derive(Template, WebTemplate)]
#[template(path = "donations/return.html")]
struct ReturnPage {
    visit: Visit,
    form: Form,
    line: Line,
    over: bool,
}

impl ReturnPage {
    /// Whether there is something to approve.
    fn open(&self) -> bool {
        self.over && (self.line.standing.filed.is_empty() || !self.line.standing.changes.is_empty())
    }
}

fn draw(visit: Visit, listed: Listed, form: Form) -> ReturnPage {
    let over = listed.duty != Duty::Running;
    ReturnPage { visit, form, line: line(listed), over }
}

pub async fn show(
    State(app): State<App>,
    visit: Visit,
    Path((kind, from)): Path<(Kind, NaiveDate)>,
    mut db: Db,
) -> Result<Response> {
    let listed = find(&app, &mut db, kind, from, visit.today()).await?;
    Ok(draw(visit, listed, Form::default()).into_response())
}

pub async fn freeze(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    Path((kind, from)): Path<(Kind, NaiveDate)>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let listed = find(&app, &mut db, kind, from, visit.today()).await?;
    let period = listed.standing.period;
    if let Err(form) = forms::returns::approval(&form) {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, draw(visit, listed, form)).into_response());
    }
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::returns::freeze(&mut change, who.person_id, period).await?;
    change.commit().await?;
    Ok(flash::redirect(
        &app,
        &path(period),
        "Approved and frozen. Download it, and send it to the Electoral Commission.",
    ))
}

pub async fn download(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let (file, day) = actions::returns::take_file(&mut change, id).await?;
    change.commit().await?;
    Ok(csv::download("donations-return", day, file))
}
