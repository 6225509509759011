//! Where members object and complain, and read the answers.

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
    model::{About, Complaint},
};
use crate::{
    accounts::Member,
    audit::{Actor, Change},
    ballots::{forms, model::Ballot, sql},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "ballots/complain.html")]
struct ComplainPage {
    visit: Visit,
    ballot: Ballot,
    own: Vec<Complaint>,
    possible: Vec<(&'static str, &'static str)>,
    form: Form,
}

async fn draw(
    app: &App,
    db: &mut PgConnection,
    visit: Visit,
    slug: &str,
    person: Uuid,
    form: Option<Form>,
) -> Result<ComplainPage> {
    let ballot = sql::find_by_slug(db, slug).await?.ok_or(Error::NotFound)?;
    let own = sql::complaints::list_of_person(db, ballot.id, person).await?;
    let possible = About::possible(&ballot, visit.now);
    let fresh = || {
        let form = Form::default().keyed(app.random().id(visit.now));
        possible.first().map_or(form.clone(), |about| form.with("about", about.code()))
    };
    let form = form.unwrap_or_else(fresh);
    let possible = possible.into_iter().map(|about| (about.code(), about.name())).collect();
    Ok(ComplainPage { visit, ballot, own, possible, form })
}

pub async fn show(
    State(app): State<App>,
    visit: Visit,
    Member(who): Member,
    Path(slug): Path<String>,
    mut db: Db,
) -> Result<Response> {
    Ok(draw(&app, &mut db, visit, &slug, who.person_id, None).await?.into_response())
}

pub async fn create(
    State(app): State<App>,
    visit: Visit,
    Member(who): Member,
    Path(slug): Path<String>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let mut check = form.check();
    let about = check.choice::<About>("about", "Choose what this is about");
    let words = check.paragraphs("words", "Write what is wrong, and what should be done", 5_000);
    let key = check.said::<Uuid>("key");
    if key.is_none() {
        check.fail("", "The form is not whole. Open the page again");
    }
    let (about, words, key) = match check.finish(|| Some((about?, words?, key?))) {
        Ok(complaint) => complaint,
        Err(form) => {
            let page = draw(&app, &mut db, visit, &slug, who.person_id, Some(form)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let ballot = sql::find_by_slug(&mut db, &slug).await?.ok_or(Error::NotFound)?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::complain(&mut change, &ballot, (key, who.person_id), about, &words).await?;
    change.commit().await?;
    let path = format!("{}/complaint", ballot.path());
    Ok(flash::redirect(&app, &path, "Sent to the returning officer. The answer appears here."))
}

pub async fn appeal(
    State(app): State<App>,
    visit: Visit,
    Member(who): Member,
    Path((slug, id)): Path<(String, Uuid)>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let words = match forms::words(&form, "appeal", "Write why you do not agree with the answer") {
        Ok(words) => words,
        Err(form) => {
            let page = draw(&app, &mut db, visit, &slug, who.person_id, Some(form)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::appeal(&mut change, id, who.person_id, &words).await?;
    change.commit().await?;
    Ok(flash::redirect(
        &app,
        &format!("/ballots/{slug}/complaint"),
        "Your appeal is with another officer now.",
    ))
}
