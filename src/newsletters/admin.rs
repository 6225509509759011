//! The officers' pages: write, look, test, confirm, watch, decide.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use axum_extra::extract::Query;
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions::{self, Decision, Started},
    forms, letter,
    links::{self, Checked},
    model::{Audience, Class, Content, Counts, SEND_UPDATES, State as Stage, Unsettled, Update},
    sql::{
        sending::{self, DeliveryLine},
        updates::{self, UpdateLine},
    },
    unsubscribe,
};
use crate::{
    accounts::{self, Officer, Paths, Person},
    audit::{Actor, Change},
    kit::{
        app::App,
        dates,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        mail,
        money::grouped,
        paging::{PageNumber, Paging},
        visit::Visit,
    },
    people,
    places::Region,
    supporters::Interest,
};

const PAGE: u32 = 25;

#[derive(Deserialize)]
pub(super) struct ListQuery {
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

pub(super) async fn list(visit: Visit, Query(query): Query<ListQuery>, mut db: Db) -> Result<Response> {
    let (updates, is_first, paging) = lines(&mut db, false, query.page, "/admin/updates").await?;
    Ok(ListPage { visit, updates, is_first, paging }.into_response())
}

/// What the site and its rooms sent to people because of their rights.
pub(super) async fn notices(visit: Visit, Query(query): Query<ListQuery>, mut db: Db) -> Result<Response> {
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
pub(super) async fn new(visit: Visit, RawQuery(query): RawQuery) -> Result<Response> {
    let form = forms::filled(&Content::default(), &Audience::members_and_supporters(), 0);
    Ok(edit_page(visit, forms::for_chosen(form, &people::read(query)?), None).into_response())
}

pub(super) async fn create(
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

pub(super) async fn edit(visit: Visit, Path(id): Path<Uuid>, mut db: Db) -> Result<Response> {
    let update = find(&mut db, id).await?;
    let form = forms::filled(&update.content, update.draft().ok_or(actions::SENT)?, update.version);
    Ok(edit_page(visit, form, Some(id)).into_response())
}

pub(super) async fn update(
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

async fn find(db: &mut PgConnection, id: Uuid) -> Result<Update> {
    updates::find_update(db, id).await?.ok_or(Error::NotFound)
}

async fn officer(db: &mut PgConnection, id: Uuid) -> Result<Person> {
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

pub(super) async fn show(
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
        let links = links::check(&mut db, &paths, &visit.public_url, &update.content).await?;
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
fn number_of_people(number: i64) -> String {
    if number == 1 { "1 person".to_owned() } else { format!("{} people", grouped(number.unsigned_abs())) }
}

/// The HTML part as a mail reader draws it. Its inlined styles need a policy of their own, and nothing in it runs.
pub(super) async fn preview(
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

pub(super) async fn send_test(
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
pub(super) async fn confirm(
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let update = find(&mut db, id).await?;
    let scope = who.scope(SEND_UPDATES)?;
    let audience = update.draft().ok_or(actions::SENT)?;
    let readers = people::count(&mut db, &audience.readers(), &scope).await?;
    let audience = audience.to_string();
    Ok(ConfirmPage { visit, update, audience, readers, people: number_of_people(readers) }.into_response())
}

pub(super) async fn send(
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

pub(super) async fn pause(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let paused = actions::pause(&mut change, id).await?;
    change.commit().await?;
    let said =
        if paused { "Sending is paused." } else { "It was not being sent, so there is nothing to pause." };
    Ok(flash::redirect(&app, &format!("/admin/updates/{id}"), said))
}

pub(super) async fn resume(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let resumed = actions::resume(&mut change, id).await?;
    change.commit().await?;
    let said = if resumed { "Sending has resumed." } else { "It was not paused." };
    Ok(flash::redirect(&app, &format!("/admin/updates/{id}"), said))
}

pub(super) async fn cancel(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let cancelled = actions::cancel(&mut change, id).await?;
    change.commit().await?;
    let said = match cancelled {
        Some(left_out) => {
            let number = i64::try_from(left_out).unwrap_or(i64::MAX);
            format!("Cancelled. {} will not get it.", number_of_people(number))
        }
        None => "It had already finished.".to_owned(),
    };
    Ok(flash::redirect(&app, &format!("/admin/updates/{id}"), &said))
}

/// The button's value says what: `again`, `retry` (what was refused) or `leave` for all, with `:ID` for one person.
pub(super) async fn decide(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let pressed = form.value("decision");
    let (what, person) = pressed.split_once(':').map_or((pressed, None), |(what, id)| (what, Some(id)));
    let decision = match what {
        "again" => Decision::SendAgain(Unsettled::Uncertain),
        "retry" => Decision::SendAgain(Unsettled::Refused),
        "leave" => Decision::Leave,
        _ => return Err(Error::Invalid("Choose what to do with these emails.")),
    };
    let person: Option<Uuid> =
        person.map(str::parse).transpose().map_err(|_| Error::Invalid("That person is not known."))?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let number = actions::decide(&mut change, id, person, decision).await?;
    change.commit().await?;
    let number = number_of_people(i64::try_from(number).unwrap_or(i64::MAX));
    let said = match decision {
        Decision::SendAgain(_) => format!("It is sent to {number} again."),
        Decision::Leave => format!("Left as it is for {number}."),
    };
    Ok(flash::redirect(&app, &format!("/admin/updates/{id}"), &said))
}

pub(super) async fn remove(
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
