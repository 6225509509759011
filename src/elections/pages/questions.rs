//! Hustings in writing.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    accounts::Member,
    audit::{Actor, Change},
    elections::{
        actions::questions,
        forms,
        model::{Candidate, Election, Question},
        sql,
    },
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
#[template(path = "elections/questions.html")]
struct QuestionsPage {
    visit: Visit,
    election: Election,
    candidates: Vec<Candidate>,
    /// Those that are let through.
    questions: Vec<Question>,
    /// The reader's own that are not, and why.
    own: Vec<Question>,
    /// The reader's nomination, if they stand.
    stands: Option<Uuid>,
    takes_questions: bool,
    form: Form,
}

async fn draw(
    app: &App,
    db: &mut PgConnection,
    visit: Visit,
    slug: &str,
    form: Option<Form>,
) -> Result<QuestionsPage> {
    let election = sql::elections::find_by_slug(db, slug).await?.ok_or(Error::NotFound)?;
    if !election.shows_candidates() {
        return Err(Error::NotFound);
    }
    let candidates = sql::nominations::list_candidates(db, election.id).await?;
    let all = sql::questions::list(db, election.id).await?;
    let (questions, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|it| it.answers_at.is_some());
    let me = visit.viewer.as_ref().map(|viewer| viewer.id);
    let own = rest.into_iter().filter(|question| Some(question.asked_by) == me).collect();
    let stands = match me {
        Some(me) => sql::nominations::find_of_person(db, election.id, me).await?,
        None => None,
    };
    let stands = stands.filter(|it| it.stands).map(|it| it.id);
    let takes_questions = election.takes_questions(visit.now);
    let fresh = || {
        let form = Form::default().with("key", app.random().id(visit.now).to_string());
        let answers =
            questions.iter().filter_map(|question| Some((question.id, question.answer_of(&stands?)?)));
        answers.fold(form, |form, (id, words)| form.with(&format!("answer_{id}"), words))
    };
    let form = form.unwrap_or_else(fresh);
    Ok(QuestionsPage { visit, election, candidates, questions, own, stands, takes_questions, form })
}

pub async fn list(
    State(app): State<App>,
    visit: Visit,
    Path(slug): Path<String>,
    mut db: Db,
) -> Result<Response> {
    Ok(draw(&app, &mut db, visit, &slug, None).await?.into_response())
}

fn path(slug: &str) -> String {
    format!("/elections/{slug}/questions")
}

pub async fn ask(
    State(app): State<App>,
    visit: Visit,
    Member(who): Member,
    Path(slug): Path<String>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let mut check = form.check();
    let key = check.said::<Uuid>("key").unwrap_or_else(|| app.random().id(visit.now));
    let words = match forms::question(&form) {
        Ok(words) => words,
        Err(form) => {
            let page = draw(&app, &mut db, visit, &slug, Some(form)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let election = sql::elections::find_by_slug(&mut db, &slug).await?.ok_or(Error::NotFound)?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    questions::ask(&mut change, election.id, (key, who.person_id), &words).await?;
    change.commit().await?;
    let words = "Your question is with the returning officer. It appears here once they have let it through.";
    Ok(flash::redirect(&app, &path(&slug), words))
}

pub async fn answer(
    State(app): State<App>,
    visit: Visit,
    Member(who): Member,
    Path((slug, question)): Path<(String, Uuid)>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let words = match forms::answer(&form, &format!("answer_{question}")) {
        Ok(words) => words,
        Err(form) => {
            let page = draw(&app, &mut db, visit, &slug, Some(form)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let election = sql::elections::find_by_slug(&mut db, &slug).await?.ok_or(Error::NotFound)?;
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    questions::answer(&mut change, election.id, question, who.person_id, &words).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &path(&slug), "Your answer is saved. It appears together with all others."))
}
