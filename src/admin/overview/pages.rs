use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Datelike, Duration, Months, Utc};

use super::{
    model::{self, Area, Bar, LineChart, Month, RefusedMail},
    sql::{self, Span},
};
use crate::{
    accounts::{Asked, Counts, Officer, PurposeKind, Rooms, SEE_PEOPLE, Scope},
    admin::{
        permissions::{LOOK_AFTER_WORK, SEE_OVERVIEW},
        work,
    },
    kit::{
        app::App,
        dates,
        db::Db,
        error::{Error, Result},
        money::grouped,
        visit::Visit,
    },
    payments::Kinds,
};

#[derive(Template, WebTemplate)]
#[template(path = "admin/overview.html")]
struct OverviewPage {
    visit: Visit,
    /// The regions of an officer who sees no others.
    own_regions: Option<String>,
    sees_money: bool,
    sees_people: bool,
    /// Lists behind this page that are open to this officer: path and words.
    lists: Vec<(&'static str, &'static str)>,
    /// Numbers, and the words behind them.
    figures: Vec<(String, String)>,
    waiting: Vec<Waiting>,
    months: Vec<Month>,
    growth: LineChart,
    growth_words: String,
    income: Vec<Bar>,
    columns: Vec<PurposeKind>,
    areas: Vec<Area>,
    elsewhere: i64,
    key: Vec<(i64, String)>,
}

/// Something that somebody should look at.
struct Waiting {
    words: String,
    /// Empty if there is nothing to open.
    path: &'static str,
}

pub async fn show(
    State(app): State<App>,
    rooms: Rooms,
    visit: Visit,
    who: Officer,
    mut db: Db,
) -> Result<Response> {
    let scope = who.scope(SEE_OVERVIEW)?;
    let slugs = scope.region_slugs();
    let slugs = slugs.as_deref();
    let today = app.clock().today();
    let firsts = model::last_months(today, 12);
    let span = span(app.clock().now());
    let counts = sql::counts(&mut db, rooms, slugs, &span).await?;
    let months = sql::months(&mut db, slugs, &firsts).await?;
    let (members, elsewhere) = sql::regions(&mut db, slugs).await?;
    let columns = Kinds::of(rooms).columns(months.iter().map(|month| &month.income));
    let areas = model::areas(&members);
    let own_regions = match &scope {
        Scope::Everyone => None,
        Scope::Regions(regions) => {
            Some(regions.iter().map(|region| region.in_words()).collect::<Vec<_>>().join(" and "))
        }
    };
    let page = OverviewPage {
        visit,
        sees_money: own_regions.is_none(),
        own_regions,
        sees_people: who.may(SEE_PEOPLE),
        lists: [
            ("/admin/emails", "Bounced emails", sees_everybody(&who)),
            (work::PATH, "Failed background work", who.may(LOOK_AFTER_WORK)),
        ]
        .into_iter()
        .filter_map(|(path, words, open)| open.then_some((path, words)))
        .collect(),
        figures: figures(rooms, &counts, scope == Scope::Everyone),
        waiting: waiting(rooms, &counts, &who, scope == Scope::Everyone),
        growth: model::growth(&months),
        growth_words: growth_words(&months),
        income: model::income(&months, &columns),
        columns,
        key: model::key(&areas),
        months,
        areas,
        elsewhere,
    };
    Ok(page.into_response())
}

#[derive(Template)]
#[template(path = "admin/card.html")]
struct OfficeCard;

/// The way to the desk, on an officer's own page.
pub fn card(asked: &Asked<'_>) -> Result<Option<String>> {
    Ok(if asked.session.offices.is_empty() { None } else { Some(OfficeCard.render()?) })
}

pub fn span(now: DateTime<Utc>) -> Span {
    let today = dates::london_date(now);
    let this_month = today.with_day(1).unwrap_or(today);
    let last_month = this_month.checked_sub_months(Months::new(1)).unwrap_or(this_month);
    Span {
        this_month,
        this_month_at: dates::start_of_day(this_month),
        last_month_at: dates::start_of_day(last_month),
        hour_ago: now - Duration::hours(1),
    }
}

fn sees_everybody(who: &Officer) -> bool {
    who.scope(SEE_PEOPLE).is_ok_and(|scope| scope == Scope::Everyone)
}

#[derive(Template, WebTemplate)]
#[template(path = "admin/emails.html")]
struct EmailsPage {
    visit: Visit,
    mails: Vec<RefusedMail>,
}

/// The mails behind the overview's line about refused ones.
pub async fn emails(State(app): State<App>, visit: Visit, who: Officer, mut db: Db) -> Result<Response> {
    if !sees_everybody(&who) {
        return Err(Error::Forbidden("This list is for officers of the whole party."));
    }
    let since = span(app.clock().now()).last_month_at;
    let mails = sql::list_refused(&mut db, since, 200).await?;
    Ok(EmailsPage { visit, mails }.into_response())
}

fn growth_words(months: &[Month]) -> String {
    let (Some(first), Some(last)) = (months.first(), months.last()) else { return String::new() };
    format!(
        "From {} members at the end of {} to {} today.",
        grouped(first.members.unsigned_abs()),
        first.name(),
        grouped(last.members.unsigned_abs())
    )
}

fn figures(rooms: Rooms, counts: &Counts, whole_party: bool) -> Vec<(String, String)> {
    let figures = rooms.iter().flat_map(|room| room.figures);
    figures.filter(|figure| whole_party || !figure.whole_party).map(|figure| (figure.words)(counts)).collect()
}

/// What waits, for those who may open the list behind it.
fn waiting(rooms: Rooms, counts: &Counts, who: &Officer, whole_party: bool) -> Vec<Waiting> {
    let tasks = rooms.iter().flat_map(|room| room.tasks.iter().map(move |task| (room.name, task)));
    tasks
        .filter(|(_, task)| who.may(task.permission) && (whole_party || !task.whole_party))
        .map(|(room, task)| (counts.of(room, task.count), task))
        .filter(|(count, _)| *count > 0)
        .map(|(count, task)| Waiting {
            words: format!(
                "{} {}",
                grouped(count.unsigned_abs()),
                if count == 1 { task.one } else { task.many }
            ),
            path: task.path,
        })
        .collect()
}
