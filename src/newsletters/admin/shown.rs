//! What officers see: the lists, a draft, and how far one is that is on its way.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Extension,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use axum_extra::extract::Query;
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    accounts::{self, Officer, Paths, Person},
    content::links::{self, Checked},
    kit::{
        app::App,
        dates,
        db::Db,
        error::{Error, Result},
        mail,
        money::grouped,
        paging::{PageNumber, Paging},
        visit::Visit,
    },
    newsletters::{
        letter,
        model::{Class, Counts, SEND_UPDATES, State as Stage, Unsettled, Update},
        sql::{
            sending::{self, DeliveryLine},
            updates::{self, UpdateLine},
        },
        unsubscribe,
    },
    people,
};
const PAGE: u32 = 25;

#[derive(Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    page: PageNumber,
}

#[derive(Template, WebTemplate)]
#[template(path = "newsletters/list.html")]
struct ListPage {
    visit: Visit,
    updates: Vec<UpdateLine>,
    is_first: bool,
    paging: Paging,
}

#[derive(Template, WebTemplate)]
#[template(path = "newsletters/notices.html")]
struct NoticesPage {
    visit: Visit,
    notices: Vec<UpdateLine>,
    is_first: bool,
    paging: Paging,
}

pub async fn list(visit: Visit, Query(query): Query<ListQuery>, mut db: Db) -> Result<Response> {
    let (updates, is_first, paging) = lines(&mut db, false, query.page, "/admin/updates").await?;
    Ok(ListPage { visit, updates, is_first, paging }.into_response())
}

/// What the site and its rooms sent to people because of their rights.
pub async fn notices(visit: Visit, Query(query): Query<ListQuery>, mut db: Db) -> Result<Response> {
    let (notices, is_first, paging) = lines(&mut db, true, query.page, "/admin/updates/notices").await?;
    Ok(NoticesPage { visit, notices, is_first, paging }.into_response())
}

async fn lines(
    db: &mut PgConnection,
    are_notices: bool,
    page: PageNumber,
    path: &str,
) -> Result<(Vec<UpdateLine>, bool, Paging)> {
    let mut lines = updates::list_updates(db, are_notices, i64::from(PAGE) + 1, page.offset(PAGE)).await?;
    let paging = Paging::cut(&mut lines, page, PAGE, path, &[]);
    Ok((lines, page.number() == 1, paging))
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Update> {
    updates::find_update(db, id).await?.ok_or(Error::NotFound)
}

pub async fn officer(db: &mut PgConnection, id: Uuid) -> Result<Person> {
    accounts::find_person(db, id).await?.ok_or(Error::NotFound)
}

#[derive(Template, WebTemplate)]
#[template(path = "newsletters/draft.html")]
struct DraftPage {
    visit: Visit,
    update: Update,
    to: String,
    links: Checked,
    /// The plain-text version, as this officer would get it.
    text: String,
    email: String,
}

#[derive(Template, WebTemplate)]
#[template(path = "newsletters/progress.html")]
struct ProgressPage {
    visit: Visit,
    update: Update,
    /// Who an update is for; why a notice comes.
    to: String,
    counts: Counts,
    /// Who got a notice is known no more.
    is_forgotten: bool,
    uncertain: Vec<DeliveryLine>,
    refused: Vec<DeliveryLine>,
    /// At most so many of each are listed.
    shown: i64,
    began: String,
    ended: String,
}

/// So many uncertain or refused mails are listed by name; the buttons for all work for all.
const SHOWN: i64 = 100;

pub async fn show(
    State(app): State<App>,
    Extension(paths): Extension<Paths>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let update = find(&mut db, id).await?;
    if let Some(audience) = update.draft() {
        let me = officer(&mut db, who.0.person_id).await?;
        let scope = who.scope(SEND_UPDATES)?;
        let readers = people::count(&mut db, &audience.readers(), &scope).await?;
        let stop = unsubscribe::link(&app, me.id);
        let text = letter::render(&app, &update).await?.for_reader(&me.name, &stop).text;
        let to = format!("{audience}: {} at present", number_of_people(readers));
        let links = links::check(&mut db, &paths, &visit.public_url, &update.content.body).await?;
        let email = me.email.to_string();
        return Ok(DraftPage { visit, update, to, links, text, email }.into_response());
    }
    let (to, sums) = match &update.class {
        Class::Update(audience) => (audience.to_string(), None),
        Class::Notice(about) => (about.reason.clone(), about.sums),
    };
    let is_forgotten = sums.is_some();
    let counts = match sums {
        Some(sums) => sums,
        None => sending::count_deliveries(&mut db, id).await?,
    };
    let lines = if update.class.names_people() {
        sending::list_unsettled(&mut db, id, SHOWN).await?
    } else {
        Vec::new()
    };
    let (uncertain, refused) = lines.into_iter().partition(|line| line.state == Unsettled::Uncertain);
    let moment =
        |at: Option<_>| at.map(|at: chrono::DateTime<chrono::Utc>| dates::moment(at)).unwrap_or_default();
    let (began, ended) = (moment(update.started_at), moment(update.finished_at));
    let page = ProgressPage {
        visit,
        update,
        to,
        counts,
        is_forgotten,
        uncertain,
        refused,
        shown: SHOWN,
        began,
        ended,
    };
    Ok(page.into_response())
}

/// `1 person`, `1,204 people`
pub fn number_of_people(number: i64) -> String {
    if number == 1 { "1 person".to_owned() } else { format!("{} people", grouped(number.unsigned_abs())) }
}

/// The HTML part as a mail reader draws it. Its inlined styles need a policy of their own, and nothing in it runs.
pub async fn preview(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let update = find(&mut db, id).await?;
    let me = officer(&mut db, who.person_id).await?;
    let stop = unsubscribe::link(&app, me.id);
    let html = letter::render(&app, &update).await?.for_reader(&me.name, &stop).html;
    let policy = HeaderValue::from_str(&mail::policy(&html, "'self' https:")).map_err(anyhow::Error::from)?;
    Ok(([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response())
}
