//! Returns to the Electoral Commission.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{Days, NaiveDate};
use uuid::Uuid;

use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    donations::{
        actions::{
            self,
            returns::{Standing, load, stand},
        },
        forms,
        model::{Difference, Kind, Period, Thresholds},
        settings,
        sql::{self, returns::Election},
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

/// So many quarters are listed, the running one included.
const QUARTERS: usize = 9;

/// So many nil returns in a row free a party from further ones until something is reportable (PPERA 2000 s.62A).
const NIL_IN_A_ROW: usize = 4;

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

fn due(app: &App, period: Period) -> NaiveDate {
    let days = match period.kind {
        Kind::Quarterly => settings::RETURN_DAYS,
        Kind::Weekly => settings::WEEKLY_RETURN_DAYS,
    };
    period.to + Days::new(app.setting(days, period.to).into())
}

fn line(app: &App, standing: Standing, today: NaiveDate) -> Line {
    let period = standing.period;
    let due = due(app, period);
    let tag = match standing.filed.first() {
        Some(filed) if standing.changes.is_empty() => {
            ("good", format!("Filed on {}", dates::day(dates::london_date(filed.approved_at))))
        }
        Some(_) => ("bad", "Changed since it was filed".to_owned()),
        None if today <= period.to => ("off", "Running".to_owned()),
        None if today > due => ("bad", "Overdue".to_owned()),
        None => ("wait", "Due".to_owned()),
    };
    Line { path: path(period), standing, due, tag }
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

async fn draw_list(app: &App, visit: Visit, db: &mut Db, form: Form) -> Result<ListPage> {
    let today = visit.today();
    let (cases, filed) = load(db).await?;
    let stand = |period| line(app, stand(app, period, &cases, &filed), today);
    let periods = std::iter::successors(Some(Period::quarter_of(today)), |period| Some(period.before()));
    let quarters: Vec<_> = periods.take(QUARTERS).map(stand).collect();
    let nil = |line: &&Line| line.standing.filed.first().is_some_and(|filed| filed.items.is_empty());
    let ended = quarters.iter().filter(|line| line.standing.period.to < today);
    let nil_in_a_row =
        ended.skip_while(|line| line.standing.filed.is_empty()).take_while(nil).count() >= NIL_IN_A_ROW;
    let elections = sql::returns::list_elections(db)
        .await?
        .into_iter()
        .map(|election| {
            let weeks = Period::weeks(election.from, election.to);
            let begun = weeks.into_iter().filter(|week| week.from <= today);
            let lines = begun.map(stand).collect();
            (election, lines)
        })
        .collect();
    let law = actions::returns::thresholds(app, today);
    Ok(ListPage { visit, form, quarters, elections, nil_in_a_row, law })
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
    let (name, from, to) = match forms::returns::election(&form) {
        Ok(election) => election,
        Err(form) => {
            let page = draw_list(&app, visit, &mut db, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::returns::add_election(&mut change, who.person_id, &Election { name, from, to }).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PATH, "Saved. A return is due for each week of it, beside the quarterly ones."))
}

/// The period that a path names: a quarter by its first day, or a week of an election period.
async fn find(db: &mut Db, kind: Kind, from: NaiveDate) -> Result<Period> {
    let found = match kind {
        Kind::Quarterly => Some(Period::quarter_of(from)),
        Kind::Weekly => {
            let elections = sql::returns::list_elections(db).await?;
            let mut weeks = elections.iter().flat_map(|election| Period::weeks(election.from, election.to));
            weeks.find(|week| week.from == from)
        }
    };
    found.filter(|period| period.from == from).ok_or(Error::NotFound)
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

async fn draw(app: &App, visit: Visit, db: &mut Db, period: Period, form: Form) -> Result<ReturnPage> {
    let today = visit.today();
    let (cases, filed) = load(db).await?;
    let line = line(app, stand(app, period, &cases, &filed), today);
    Ok(ReturnPage { visit, form, line, over: today > period.to })
}

pub async fn show(
    State(app): State<App>,
    visit: Visit,
    Path((kind, from)): Path<(Kind, NaiveDate)>,
    mut db: Db,
) -> Result<Response> {
    let period = find(&mut db, kind, from).await?;
    Ok(draw(&app, visit, &mut db, period, Form::default()).await?.into_response())
}

pub async fn freeze(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    Path((kind, from)): Path<(Kind, NaiveDate)>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let period = find(&mut db, kind, from).await?;
    if let Err(form) = forms::returns::approval(&form) {
        let page = draw(&app, visit, &mut db, period, form).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
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
