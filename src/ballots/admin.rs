//! The returning officer's pages: votes written, announced, opened, counted and declared, each step that cannot be taken
//! back by two people.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions,
    casting::pages::PaperForm,
    complaints::{self, model::Complaint},
    forms::{self, Asks, Counts, Needs, Of},
    mail::News,
    model::{Ballot, Next, SMALL_ROLL, State as BallotState, Step, TWO_PEOPLE, left},
    proof::{Kind, RollSummary, Sha},
    result::Drawn,
    sql::{self, Approval, complaints::Ruling},
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
    newsletters::{self, NoticeProgress, Undelivered},
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

pub(super) async fn edit(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let ballot = find(&mut db, id).await?;
    let form = forms::fill(&ballot.draft).versioned();
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
    let draft = match forms::ballot(&form, actions::hours(&app)) {
        Ok(draft) => draft,
        Err(form) => {
            let page = EditPage::new(&app, visit, form, Some(ballot));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    let known = forms::fill(&sql::lock(&mut change, id).await?.ok_or(Error::NotFound)?.draft);
    if let Some(form) = form.overtaken(&known, |_, value| value.to_owned()) {
        drop(change);
        let page = EditPage::new(&app, visit, form, Some(ballot));
        return Ok((StatusCode::CONFLICT, page).into_response());
    }
    actions::edit(&mut change, id, &draft).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &format!("{PATH}/{id}"), "Saved."))
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
        BallotState::Announced => Some(Step::Open),
        BallotState::Closed => Some(Step::Count),
        BallotState::Counted => Some(Step::Declare),
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
    let is_before = matches!(ballot.state, BallotState::Draft | BallotState::Announced | BallotState::Open);
    Ok(ShowPage {
        may_run: who.may(super::RUN_BALLOTS),
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

pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    Ok(draw(&app, &mut db, visit, &who, id, Form::default()).await?.into_response())
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

fn home(id: Uuid) -> String {
    format!("{PATH}/{id}")
}

pub(super) async fn delete(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::delete(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PATH, "The draft is deleted."))
}

pub(super) async fn announce(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::announce(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(
        &app,
        &home(id),
        "Announced. Everybody on the roll gets an email as soon as it is made.",
    ))
}

pub(super) async fn withdraw(
    State(app): State<App>,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::withdraw(&mut change, id).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &home(id), "Taken back. It is a draft again, and its roll is gone."))
}

pub(super) async fn key(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let key = match forms::key_file(&form) {
        Ok(key) => key,
        Err(form) => {
            let page = draw(&app, &mut db, visit, &who, id, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    actions::take_key(&mut change, id, &key).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &home(id), "The key is saved. Papers will be sealed to it."))
}

pub(super) async fn secret(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let secret = match forms::secret_key(&form) {
        Ok(secret) => secret,
        Err(form) => {
            let page = draw(&app, &mut db, visit, &who, id, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.0.person_id)).await?;
    match actions::take_secret(&mut change, id, &secret).await {
        Ok(()) => change.commit().await?,
        Err(Error::Invalid(why)) => {
            drop(change);
            let page = draw(&app, &mut db, visit, &who, id, form.failed("password_key", why)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
        Err(error) => return Err(error),
    }
    Ok(flash::redirect(&app, &home(id), "The key fits. Two people can now have the papers opened."))
}

/// One of two people agrees to the step that the address names.
pub(super) async fn approve(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path((id, step)): Path<(Uuid, String)>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let step: Step = step.parse().map_err(|_| Error::NotFound)?;
    let mut reason = None;
    if step == Step::Void {
        match forms::words(&form, "reason", "Write why the vote is called off. Everybody reads it") {
            Ok(words) => reason = Some(words),
            Err(form) => {
                let page = draw(&app, &mut db, visit, &who, id, form).await?;
                return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
            }
        }
    }
    let by = who.0.person_id;
    let mut change = Change::begin(&app, &mut db, Actor::Person(by)).await?;
    actions::approve(&mut change, id, step, by, reason.as_deref()).await?;
    change.commit().await?;
    let many = sql::count_approvals(&mut db, id, step).await?;
    let words = if many < TWO_PEOPLE {
        "You have agreed. Another returning officer has to agree too."
    } else {
        "Two people have agreed."
    };
    Ok(flash::redirect(&app, &home(id), words))
}

pub(super) async fn rule(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let words = match forms::words(&form, "ruling", "Write what you decided, and why") {
        Ok(words) => words,
        Err(form) => {
            let page = draw(&app, &mut db, visit, &who, id, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let ballot = find(&mut db, id).await?;
    let by = who.0.person_id;
    let mut change = Change::begin(&app, &mut db, Actor::Person(by)).await?;
    actions::rule(&mut change, &ballot, by, &words).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, &home(id), "Saved. Everybody can read it on the page of the vote."))
}

pub(super) async fn roll(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let mut check = form.check();
    let number = check.text("number", "Enter the membership number", 20);
    let number = number.and_then(|text| {
        let digits = crate::kit::typed::plain(&text);
        let number = digits.parse::<i64>().ok().filter(|number| *number > 0);
        if number.is_none() {
            check.fail("number", "Enter the number alone, like 123");
        }
        number
    });
    let words = check.paragraphs("why", "Write why the roll is wrong. Everybody reads it", 5_000);
    let adds = check.chosen("roll", "add");
    let (number, words) = match check.finish(|| Some((number?, words?))) {
        Ok(correction) => correction,
        Err(form) => {
            let page = draw(&app, &mut db, visit, &who, id, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let by = who.0.person_id;
    let mut change = Change::begin(&app, &mut db, Actor::Person(by)).await?;
    match actions::correct_roll(&mut change, id, by, number, adds, &words).await {
        Ok(()) => change.commit().await?,
        Err(Error::Conflict(why)) => {
            drop(change);
            let page = draw(&app, &mut db, visit, &who, id, form.failed("number", why)).await?;
            return Ok((StatusCode::CONFLICT, page).into_response());
        }
        Err(error) => return Err(error),
    }
    Ok(flash::redirect(
        &app,
        &home(id),
        "The roll is corrected. Whoever had agreed to open the vote has to agree again.",
    ))
}

/// Answers a complaint, or decides an appeal.
pub(super) async fn answer(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path((id, complaint)): Path<(Uuid, Uuid)>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let field = format!("answer_{complaint}");
    let words = match forms::words(&form, &field, "Write the answer") {
        Ok(words) => words,
        Err(form) => {
            let page = draw(&app, &mut db, visit, &who, id, form).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let by = who.0.person_id;
    let mut change = Change::begin(&app, &mut db, Actor::Person(by)).await?;
    if form.pressed("decides") {
        complaints::actions::decide(&mut change, complaint, by, &words).await?;
    } else {
        complaints::actions::reply(&mut change, complaint, by, &words).await?;
    }
    change.commit().await?;
    Ok(flash::redirect(&app, &home(id), "The answer is saved."))
}

#[derive(Template, WebTemplate)]
#[template(path = "ballots/undelivered.html")]
struct UndeliveredPage {
    visit: Visit,
    ballot: Ballot,
    /// By notice.
    all: Vec<(&'static str, Vec<Undelivered>)>,
    page: String,
    opens: DateTime<Utc>,
}

/// Whom no email reached, for a letter or a call; printed it is a letter to each.
pub(super) async fn undelivered(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let ballot = find(&mut db, id).await?;
    let mut all = Vec::new();
    for news in [News::Announced, News::Opened] {
        let people = newsletters::list_undelivered(&mut db, &news.key(&ballot), None, 500).await?;
        if !people.is_empty() {
            all.push((news.name(), people));
        }
    }
    let page = app.link(&ballot.path());
    Ok(UndeliveredPage { visit, opens: ballot.draft.times.opens_at, ballot, all, page }.into_response())
}
