//! The site's settings, each with its history. A value holds from a day on; the figures of the past stay.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::NaiveDate;

use super::{actions, forms};
use crate::{
    accounts::{Officer, Rooms},
    audit::{Actor, Change},
    kit::{
        app::App,
        dates,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        settings::{Dated, Known, Meaning, Settings},
        visit::Visit,
    },
};

struct SettingRow {
    known: &'static Known,
    value: String,
    /// A value that is set for a later day: "£4,000 from 1 January 2027".
    coming: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "content/admin_settings.html")]
struct SettingsPage {
    visit: Visit,
    lines: Vec<SettingRow>,
}

/// Newest first.
fn history(app: &App, known: &Known) -> Vec<Dated> {
    let mut values = app.settings().history(known);
    values.reverse();
    values
}

pub(in crate::content) async fn list(State(app): State<App>, rooms: Rooms, visit: Visit) -> Response {
    let settings = app.settings();
    let today = visit.today();
    let line = |known: &'static Known| SettingRow {
        value: known.show(settings.text(known, today)),
        coming: history(&app, known)
            .iter()
            .rfind(|dated| dated.valid_from > today)
            .map(|dated| format!("{} from {}", known.show(&dated.value), dates::day(dated.valid_from))),
        known,
    };
    SettingsPage { lines: rooms.settings().map(line).collect(), visit }.into_response()
}

#[derive(Template, WebTemplate)]
#[template(path = "content/admin_setting.html")]
struct SettingPage {
    visit: Visit,
    known: &'static Known,
    history: Vec<Dated>,
    form: Form,
}

fn find(rooms: Rooms, key: &str) -> Result<&'static Known> {
    rooms.settings().find(|known| known.key == key).ok_or(Error::NotFound)
}

/// What tells one state of a setting from another: all its values, those of later days too.
fn version(known: &Known, settings: &Settings) -> String {
    let values = settings.history(known).into_iter();
    let form = values.fold(Form::default(), |form, dated| {
        form.with(&dated.valid_from.to_string(), dated.value).with("source", dated.source)
    });
    form.version()
}

/// What holds on a day, as the form would have it.
fn held(known: &Known, settings: &Settings, day: NaiveDate) -> Form {
    let source = settings.history(known).into_iter().rfind(|dated| dated.valid_from <= day);
    let source = source.map(|dated| dated.source).unwrap_or_default();
    Form::filled([("value", known.typed(settings.text(known, day))), ("source", source)])
        .with_date("from", day)
        .with("version", version(known, settings))
}

pub(in crate::content) async fn edit(
    State(app): State<App>,
    rooms: Rooms,
    visit: Visit,
    Path(key): Path<String>,
) -> Result<Response> {
    let known = find(rooms, &key)?;
    let today = visit.today();
    let form =
        Form::filled([("value", known.typed(app.settings().text(known, today)))]).with_date("from", today);
    let form = form.with("version", version(known, &app.settings()));
    Ok(SettingPage { visit, known, history: history(&app, known), form }.into_response())
}

pub(in crate::content) async fn update(
    State(app): State<App>,
    rooms: Rooms,
    visit: Visit,
    Officer(who): Officer,
    Path(key): Path<String>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let known = find(rooms, &key)?;
    let dated = match forms::setting(known, &form, visit.today()) {
        Ok(dated) => dated,
        Err(form) => {
            let page = SettingPage { visit, known, history: history(&app, known), form };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let stored = Settings::lock(&mut change).await?;
    if let Some(form) = form.overtaken(&held(known, &stored, dated.valid_from), |_, value| value.to_owned()) {
        let page =
            SettingPage { visit, known, history: stored.history(known).into_iter().rev().collect(), form };
        return Ok((StatusCode::CONFLICT, page).into_response());
    }
    if let Some(why) = forms::contradiction(rooms.rising(), &stored, known, &dated) {
        drop(change);
        let page =
            SettingPage { visit, known, history: history(&app, known), form: form.failed("value", &why) };
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    actions::set_setting(&mut change, known, &dated).await?;
    change.commit().await?;
    // Other processes hear of it by the trigger; this one knows already. It takes a connection of its own.
    drop(db);
    app.reload_settings().await?;
    let said =
        format!("{}: {} from {}.", known.label, known.show(&dated.value), dates::day(dated.valid_from));
    Ok(flash::redirect(&app, "/admin/settings", &said))
}
