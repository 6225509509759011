//! The returning officer's pages: votes written, announced, opened, counted and declared, each step that cannot be taken
//! back by two people.

pub(super) mod desk;
pub(super) mod rulings;
pub(super) mod steps;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions,
    casting::pages::PaperForm,
    forms::{self, Asks, Counts, Needs, Of},
    model::{Ballot, Draft, State as BallotState},
    proof::{RollSummary, Sha},
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
    places::Region,
};

pub const PATH: &str = "/admin/ballots";

#[derive(Template, WebTemplate)]
#[template(path = "ballots/officers_list.html")]
struct ListPage {
    visit: Visit,
    all: Vec<Ballot>,
}

pub(super) async fn list(visit: Visit, mut db: Db) -> Result<Response> {
    let all = sql::list_all(&mut db, 500).await?;
    Ok(ListPage { visit, all }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "ballots/edit.html")]
struct EditPage {
    visit: Visit,
    form: Form,
    /// Of one that is there.
    ballot: Option<Ballot>,
    regions: Vec<(&'static str, &'static str)>,
    objection_hours: u32,
    least_hours: u32,
}

impl EditPage {
    fn new(app: &App, visit: Visit, form: Form, ballot: Option<Ballot>) -> Self {
        let hours = actions::hours(app);
        let regions = Region::ALL.into_iter().map(|region| (region.slug(), region.name())).collect();
        let (objection_hours, least_hours) = (hours.objections, hours.least);
        Self { visit, form, ballot, regions, objection_hours, least_hours }
    }

    /// For an election, so that its hours alone can be changed.
    fn is_made(&self) -> bool {
        self.ballot.as_ref().is_some_and(|ballot| ballot.is_made)
    }

    fn asks() -> Vec<(&'static str, &'static str, &'static str)> {
        Asks::ALL.into_iter().map(|it| (it.code(), it.name(), it.meaning())).collect()
    }

    fn needs() -> Vec<(&'static str, &'static str)> {
        Needs::ALL.into_iter().map(|it| (it.code(), it.name())).collect()
    }

    fn of() -> Vec<(&'static str, &'static str)> {
        Of::ALL.into_iter().map(|it| (it.code(), it.name())).collect()
    }

    fn counts() -> Vec<(&'static str, &'static str)> {
        Counts::ALL.into_iter().map(|it| (it.code(), it.name())).collect()
    }
}

pub(super) async fn new(State(app): State<App>, visit: Visit) -> Response {
    let (roll_on, opens_at, closes_at) = actions::usual(&app);
    let form = forms::blank(roll_on, opens_at, closes_at).keyed(app.random().id(visit.now));
    EditPage::new(&app, visit, form, None).into_response()
}

pub(super) async fn create(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let draft = match forms::ballot(&form, actions::hours(&app)) {
        Ok(draft) => draft,
        Err(form) => {
            let page = EditPage::new(&app, visit, form, None);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let (id, _) = actions::add(&mut change, &draft, Some(who.person_id), form.key()).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &format!("{PATH}/{id}"), "Saved as a draft. Nobody else sees it yet."))
}

async fn find(db: &mut PgConnection, id: Uuid) -> Result<Ballot> {
    sql::find(db, id).await?.ok_or(Error::NotFound)
}

/// What can be changed.
fn fill(ballot: &Ballot) -> Form {
    if ballot.is_made { forms::fill_times(&ballot.draft.times) } else { forms::fill(&ballot.draft) }
}

pub(super) async fn edit(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let ballot = find(&mut db, id).await?;
    let form = fill(&ballot).versioned();
    Ok(EditPage::new(&app, visit, form, Some(ballot)).into_response())
}

pub(super) async fn update(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let ballot = find(&mut db, id).await?;
    if ballot.state != BallotState::Draft {
        return Err(actions::ANNOUNCED);
    }
    let hours = actions::hours(&app);
    let draft = if ballot.is_made {
        forms::times_alone(&form, hours).map(|times| Draft { times, ..ballot.draft.clone() })
    } else {
        forms::ballot(&form, hours)
    };
    let draft = match draft {
        Ok(draft) => draft,
        Err(form) => {
            let page = EditPage::new(&app, visit, form, Some(ballot));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let known = fill(&sql::lock(&mut change, id).await?.ok_or(Error::NotFound)?);
    if let Some(form) = form.overtaken(&known, |_, value| value.to_owned()) {
        drop(change);
        let page = EditPage::new(&app, visit, form, Some(ballot));
        return Ok((StatusCode::CONFLICT, page).into_response());
    }
    actions::edit(&mut change, id, &draft).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &format!("{PATH}/{id}"), "Saved."))
}

#[derive(Template, WebTemplate)]
#[template(path = "ballots/preview.html")]
struct PreviewPage {
    visit: Visit,
    ballot: Ballot,
    paper: PaperForm,
    form: Form,
}

/// Exactly what a voter sees, with nothing to send.
pub(super) async fn preview(
    State(app): State<App>,
    visit: Visit,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let ballot = find(&mut db, id).await?;
    let roll = RollSummary { size: 1, fingerprint: Sha([0; 32]), frozen_on: ballot.draft.times.roll_on };
    let manifest = match ballot.hash {
        Some(_) => actions::manifest(&mut db, &ballot).await?,
        None => actions::manifest_of(&app, &mut db, &ballot, roll).await?,
    };
    let paper = PaperForm::new(&app, &manifest, who.person_id);
    Ok(PreviewPage { visit, ballot, paper, form: Form::default() }.into_response())
}
