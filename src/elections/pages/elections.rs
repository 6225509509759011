//! The list of elections, one of them, and one candidate.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use crate::{
    accounts::Asked,
    elections::{
        model::{Candidate, Election, How, Nomination, Office, Outcome, Question, Stage, Step},
        sql,
    },
    kit::{
        db::Db,
        error::{Error, Result},
        markdown,
        visit::Visit,
    },
};

/// More than a party holds in its first years.
const LISTED: i64 = 200;

#[derive(Template, WebTemplate)]
#[template(path = "elections/list.html")]
struct ListPage {
    visit: Visit,
    coming: Vec<Election>,
    past: Vec<Election>,
}

pub async fn list(visit: Visit, mut db: Db) -> Result<Response> {
    let all = sql::elections::list_public(&mut db, LISTED).await?;
    let (past, coming) = all.into_iter().partition(|election| election.outcome.is_some());
    Ok(ListPage { visit, coming, past }.into_response())
}

/// Somebody who stands, with their statement as HTML.
struct Shown {
    candidate: Candidate,
    html: String,
}

impl Shown {
    fn of(candidate: Candidate) -> Self {
        let html = markdown::to_html(&candidate.statement);
        Self { candidate, html }
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "elections/show.html")]
struct ShowPage {
    visit: Visit,
    election: Election,
    stage: Stage,
    duties: String,
    /// Once everybody may read who stands.
    candidates: Vec<Candidate>,
    /// For whoever is signed in, while nominations are open.
    nominations: Vec<Nomination>,
    own: Option<Nomination>,
    /// Whom it gave the post.
    offices: Vec<Office>,
}

impl ShowPage {
    fn outcome(&self) -> &'static str {
        self.election.outcome.map_or("", Outcome::code)
    }

    /// Each step: its name, its instant, and whether it has passed or is the next.
    fn steps(&self) -> Vec<(Step, &'static str)> {
        let times = &self.election.plan.timetable;
        let mut ahead = times.ahead(self.visit.now);
        let next = ahead.next();
        let class = |step: Step| match next {
            Some(next) if step == next => "next",
            Some(next) if step > next => "coming",
            _ => "passed",
        };
        // What was to come of an election that is over does not come.
        let is_over = self.election.outcome.is_some();
        let steps = Step::ALL.into_iter().map(|step| (step, class(step)));
        steps.filter(|(_, class)| !is_over || *class == "passed").collect()
    }
}

async fn find(db: &mut sqlx::PgConnection, slug: &str) -> Result<Election> {
    sql::elections::find_by_slug(db, slug).await?.ok_or(Error::NotFound)
}

pub async fn show(visit: Visit, Path(slug): Path<String>, mut db: Db) -> Result<Response> {
    let election = find(&mut db, &slug).await?;
    let stage = election.stage(visit.now);
    let candidates = if election.shows_candidates() {
        sql::nominations::list_candidates(&mut db, election.id).await?
    } else {
        Vec::new()
    };
    let mut nominations = match &visit.viewer {
        Some(_) => sql::nominations::list(&mut db, election.id).await?,
        None => Vec::new(),
    };
    let is_own = |it: &Nomination| visit.viewer.as_ref().is_some_and(|viewer| viewer.id == it.person);
    let own = nominations.iter().find(|it| is_own(it)).cloned();
    nominations.retain(|it| it.stands && stage == Stage::Nominations && !is_own(it));
    let offices = sql::offices::list_of_election(&mut db, election.id).await?;
    let duties = markdown::to_html(&election.words.duties);
    Ok(ShowPage { visit, election, stage, duties, candidates, nominations, own, offices }.into_response())
}

#[derive(Template, WebTemplate)]
#[template(path = "elections/candidate.html")]
struct CandidatePage {
    visit: Visit,
    election: Election,
    shown: Shown,
    /// With their answer, once all answers can be read.
    answers: Vec<(Question, Option<String>)>,
}

pub async fn candidate(visit: Visit, Path((slug, id)): Path<(String, Uuid)>, mut db: Db) -> Result<Response> {
    let election = find(&mut db, &slug).await?;
    if !election.shows_candidates() {
        return Err(Error::NotFound);
    }
    let candidates = sql::nominations::list_candidates(&mut db, election.id).await?;
    let candidate = candidates.into_iter().find(|it| it.id == id).ok_or(Error::NotFound)?;
    let questions = sql::questions::list(&mut db, election.id).await?;
    let answers = questions
        .into_iter()
        .filter(|question| question.shows_answers(&visit.now))
        .map(|question| {
            let answer = question.answer_of(&id).map(str::to_owned);
            (question, answer)
        })
        .collect();
    Ok(CandidatePage { visit, election, shown: Shown::of(candidate), answers }.into_response())
}

#[derive(Template)]
#[template(path = "elections/card.html")]
struct Card {
    own: Vec<sql::nominations::Own>,
}

/// What waits on somebody's own page: nominations to answer, and elections in which they stand.
pub async fn card(asked: Asked<'_>) -> Result<Option<String>> {
    let own = sql::nominations::list_own(asked.db, asked.session.person_id).await?;
    Ok(if own.is_empty() { None } else { Some(Card { own }.render()?) })
}
