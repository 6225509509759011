//! One vote on the desk of its returning officer.

use std::collections::BTreeMap;

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{FromRequestParts, Path},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{PATH, find};
use crate::{
    accounts::Officer,
    audit::{Actor, Change},
    ballots::{
        RUN_BALLOTS, actions,
        complaints::model::Complaint,
        model::{Ballot, Next, SMALL_ROLL, State, Step, left},
        news::News,
        proof::{Kind, Sha},
        result::Drawn,
        sql::{self, Approval, complaints::Ruling},
    },
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        flash,
        form::Form,
        visit::Visit,
    },
    newsletters::{self, NoticeProgress},
};

/// The vote that the address names, and who does something with it.
pub struct Desk {
    pub app: App,
    pub db: Db,
    pub who: Officer,
    pub id: Uuid,
}

impl FromRequestParts<App> for Desk {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let who = Officer::from_request_parts(parts, app).await?;
        let path = Path::<BTreeMap<String, String>>::from_request_parts(parts, app).await;
        let id = path.ok().and_then(|path| path.get("id")?.parse().ok()).ok_or(Error::NotFound)?;
        Ok(Self { app: app.clone(), db: Db::from_request_parts(parts, app).await?, who, id })
    }
}

impl Desk {
    pub fn by(&self) -> Uuid {
        self.who.0.person_id
    }

    pub async fn change(&mut self) -> Result<Change<'_>> {
        let by = Actor::Person(self.by());
        Ok(Change::begin(&self.app, &mut self.db, by).await?)
    }

    /// Back to the page of the vote.
    pub fn done(&self, words: &str) -> Response {
        flash::redirect(&self.app, &format!("{PATH}/{}", self.id), words)
    }

    /// The page of the vote again, with what was typed and what is wrong with it.
    pub async fn wrong(mut self, visit: Visit, form: Form) -> Result<Response> {
        let page = self.draw(visit, form).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    }

    async fn draw(&mut self, visit: Visit, form: Form) -> Result<ShowPage> {
        draw(&self.app, &mut self.db, visit, &self.who, self.id, form).await
    }
}

/// What a notice has come to.
struct Sent {
    name: &'static str,
    progress: NoticeProgress,
}

#[derive(Template, WebTemplate)]
#[template(path = "ballots/officer.html")]
struct ShowPage {
    visit: Visit,
    ballot: Ballot,
    may_run: bool,
    me: Uuid,
    next: Next,
    /// Of the next step.
    approvals: Vec<Approval>,
    void_approvals: Vec<Approval>,
    /// Before there is a roll.
    expected: Option<i64>,
    short: Option<String>,
    left: String,
    has_secret: bool,
    /// What the database keeps beside the votes, and should not.
    traces: Vec<&'static str>,
    rulings: Vec<Ruling>,
    complaints: Vec<Complaint>,
    notices: Vec<Sent>,
    papers: i64,
    result: Option<Drawn>,
    form: Form,
}

impl ShowPage {
    fn step(&self) -> Option<Step> {
        step_of(self.next)
    }

    fn has_agreed(&self) -> bool {
        self.approvals.iter().any(|approval| approval.person == self.me)
    }

    fn wants_void(&self) -> bool {
        self.void_approvals.iter().any(|approval| approval.person == self.me)
    }

    fn is_ranked(&self) -> bool {
        matches!(self.ballot.draft.kind, Kind::Ranked { .. })
    }

    fn is_small(&self) -> bool {
        match (&self.ballot.roll, self.expected) {
            (Some(roll), _) => roll.size < SMALL_ROLL,
            (None, Some(expected)) => expected < i64::from(SMALL_ROLL),
            _ => false,
        }
    }
}

fn step_of(next: Next) -> Option<Step> {
    match next {
        Next::Open => Some(Step::Open),
        Next::Count => Some(Step::Count),
        Next::Declare => Some(Step::Declare),
        _ => None,
    }
}

async fn draw(
    app: &App,
    db: &mut PgConnection,
    visit: Visit,
    who: &Officer,
    id: Uuid,
    form: Form,
) -> Result<ShowPage> {
    let ballot = find(db, id).await?;
    let step = match ballot.state {
        State::Announced => Some(Step::Open),
        State::Closed => Some(Step::Count),
        State::Counted => Some(Step::Declare),
        _ => None,
    };
    let approvals = match step {
        Some(step) => sql::list_approvals(db, id, step).await?,
        None => Vec::new(),
    };
    let next = ballot.next(visit.now, actions::objection_hours(app), approvals.len());
    let expected = match ballot.roll {
        None => Some(actions::count_roll(app, db, &ballot.draft).await?),
        Some(_) => None,
    };
    let keys = News::ALL.map(|news| news.key(&ballot));
    let mut found = newsletters::list_notices(db, &keys).await?;
    let sent = |(news, key): (News, &String)| {
        let at = found.iter().position(|(of, _)| of == key)?;
        Some(Sent { name: news.name(), progress: found.swap_remove(at).1 })
    };
    let notices = News::ALL.into_iter().zip(&keys).filter_map(sent).collect();
    let is_before = matches!(ballot.state, State::Draft | State::Announced | State::Open);
    Ok(ShowPage {
        may_run: who.may(RUN_BALLOTS),
        me: who.0.person_id,
        next,
        approvals,
        void_approvals: sql::list_approvals(db, id, Step::Void).await?,
        expected,
        short: ballot.hash.as_ref().and_then(|hash| hash.parse::<Sha>().ok()).map(|hash| hash.short()),
        left: left(ballot.draft.times.closes_at, visit.now),
        has_secret: sql::find_secrets(db, id).await?.0.is_some(),
        traces: if is_before { sql::casting::list_traces(db).await? } else { Vec::new() },
        rulings: sql::complaints::list_rulings(db, id).await?,
        complaints: sql::complaints::list_of_ballot(db, id).await?,
        notices,
        papers: sql::casting::count_papers(db, id).await?,
        result: Drawn::of(&ballot),
        visit,
        ballot,
        form,
    })
}

pub async fn show(visit: Visit, mut desk: Desk) -> Result<Response> {
    Ok(desk.draw(visit, Form::default()).await?.into_response())
}
