//! Sources and their sums in a calendar year, records that are one person, and signs of split gifts.

use std::collections::BTreeMap;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;

use crate::{
    accounts::{Officer, Rooms},
    audit::{Actor, Change},
    donations::{
        actions, forms,
        model::{Sourced, Split, SplitBy, Thresholds, reportable},
        settings,
        sql::{self, sources::Merge, splits::Dismissal},
    },
    kit::{app::App, db::Db, error::Result, flash, form::Form, money::Money, visit::Visit},
    payments::Kinds,
};

pub const SOURCES: &str = "/admin/donations/sources";
pub const SPLITS: &str = "/admin/donations/splits";

/// One source in a year.
struct Line {
    name: String,
    cases: Vec<Sourced>,
    accepted: Money,
    /// How many of its donations are reported.
    reported: usize,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    year: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "donations/sources.html")]
struct SourcesPage {
    visit: Visit,
    form: Form,
    year: i32,
    years: Vec<i32>,
    lines: Vec<Line>,
    records: Vec<(String, String)>,
    merges: Vec<Merge>,
    law: Thresholds,
}

/// The year that a donation counts in: of its acceptance, or of its receipt while it is not accepted.
fn year_of(sourced: &Sourced) -> i32 {
    sourced.lot().map_or(sourced.case.received_on, |lot| lot.on).year()
}

fn lines(app: &App, cases: &[Sourced], year: i32) -> Vec<Line> {
    let lots: Vec<_> = cases.iter().filter_map(Sourced::lot).collect();
    let reported = reportable(&lots, |day| actions::returns::thresholds(app, day));
    let mut by_source: BTreeMap<&str, Vec<Sourced>> = BTreeMap::new();
    for sourced in cases.iter().filter(|sourced| year_of(sourced) == year) {
        by_source.entry(&sourced.source).or_default().push(sourced.clone());
    }
    let mut lines: Vec<_> = by_source
        .into_values()
        .map(|cases| Line {
            name: cases.last().map(|last| last.case.donor.name.clone()).unwrap_or_default(),
            accepted: cases
                .iter()
                .filter_map(Sourced::lot)
                .fold(Money::ZERO, |sum, lot| sum.checked_add(lot.amount).unwrap_or(sum)),
            reported: cases.iter().filter(|sourced| reported.contains_key(&sourced.case.line)).count(),
            cases,
        })
        .collect();
    lines.sort_by(|a, b| (b.accepted, &a.name).cmp(&(a.accepted, &b.name)));
    lines
}

async fn draw_sources(app: &App, visit: Visit, db: &mut Db, year: &str, form: Form) -> Result<SourcesPage> {
    let today = visit.today();
    let cases = sql::cases::list_sourced(db).await?;
    let mut years: Vec<_> = cases.iter().map(year_of).chain([today.year()]).collect();
    years.sort_unstable_by(|a, b| b.cmp(a));
    years.dedup();
    let year = year.parse().ok().filter(|year| years.contains(year)).unwrap_or(today.year());
    let mut records = BTreeMap::new();
    for sourced in cases.iter().filter(|sourced| !sourced.source.starts_with("line:")) {
        let donor = &sourced.case.donor;
        let email = donor.email.as_ref().map(|email| format!(", {email}")).unwrap_or_default();
        records.insert(sourced.source.clone(), format!("{}{email}", donor.name));
    }
    let law_day = NaiveDate::from_ymd_opt(year, 12, 31).unwrap_or(today).min(today);
    Ok(SourcesPage {
        form,
        year,
        years,
        lines: lines(app, &cases, year),
        records: records.into_iter().collect(),
        merges: sql::sources::list_merges(db).await?,
        law: actions::returns::thresholds(app, law_day),
        visit,
    })
}

pub async fn list(
    State(app): State<App>,
    visit: Visit,
    Query(asked): Query<Asked>,
    mut db: Db,
) -> Result<Response> {
    Ok(draw_sources(&app, visit, &mut db, &asked.year, Form::default()).await?.into_response())
}

pub async fn merge(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let (source, into, reason) = match forms::returns::merge(&form) {
        Ok(merge) => merge,
        Err(form) => {
            let page = draw_sources(&app, visit, &mut db, "", form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::sources::merge(&mut change, who.person_id, (&source, &into), &reason).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, SOURCES, "The two records now count as one person, in every year."))
}

pub async fn separate(
    State(app): State<App>,
    Officer(who): Officer,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::sources::separate(&mut change, form.value("source")).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, SOURCES, "The two records are separate again."))
}

#[derive(Template, WebTemplate)]
#[template(path = "donations/splits.html")]
struct SplitsPage {
    visit: Visit,
    kinds: Kinds,
    form: Form,
    splits: Vec<Split>,
    dismissals: Vec<Dismissal>,
    least: Money,
    most: Money,
    days: u32,
}

async fn draw_splits(app: &App, visit: Visit, rooms: Rooms, db: &mut Db, form: Form) -> Result<SplitsPage> {
    let today = visit.today();
    let least = app.setting(settings::SPLIT_FROM, today);
    let days = app.setting(settings::SPLIT_DAYS, today);
    Ok(SplitsPage {
        kinds: Kinds::of(rooms),
        form,
        splits: actions::splits::list(app, db).await?,
        dismissals: sql::splits::list_dismissals(db).await?,
        least,
        most: app.setting(crate::payments::CHECK_ABOVE, today),
        days,
        visit,
    })
}

pub async fn splits(State(app): State<App>, visit: Visit, rooms: Rooms, mut db: Db) -> Result<Response> {
    Ok(draw_splits(&app, visit, rooms, &mut db, Form::default()).await?.into_response())
}

pub async fn dismiss(
    State(app): State<App>,
    (visit, rooms): (Visit, Rooms),
    Officer(who): Officer,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let (lines, reason) = match forms::returns::dismissal(&form) {
        Ok(dismissal) => dismissal,
        Err(form) => {
            let page = draw_splits(&app, visit, rooms, &mut db, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::splits::dismiss(&mut change, who.person_id, &lines, &reason).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, SPLITS, "Noted. Another payment like these will bring them back."))
}
