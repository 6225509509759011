//! Votes as everybody sees them, and with what is known of whoever is signed in.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    actions,
    casting::model::pseudonym,
    entitlement::Entitlement,
    model::{Ballot, State as BallotState, left},
    proof::{Choice, Sha, TrackingCode},
    result::Drawn,
    sql::{self, complaints::Ruling, record::Opening},
};
use crate::{
    accounts::{Asked, Standing},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        form::{Form, read_query},
        markdown,
        visit::Visit,
    },
};

/// More votes than a party holds in its first years.
const LISTED: i64 = 200;

/// A vote in a list, with where the reader stands in it.
struct Row {
    ballot: Ballot,
    entitlement: Option<(bool, bool)>,
}

impl Row {
    fn waits(&self, now: &DateTime<Utc>) -> bool {
        self.ballot.takes_votes(*now) && self.entitlement == Some((true, false))
    }

    /// The tag of the row: what is true for the reader now.
    fn tag(&self, now: &DateTime<Utc>) -> (&'static str, String) {
        match (self.ballot.state, self.entitlement) {
            (BallotState::Open, _) if self.waits(now) => ("wait", "Waits for your vote".to_owned()),
            (BallotState::Open, Some((_, true))) => ("good", "You have voted".to_owned()),
            (BallotState::Open, Some((false, _))) => ("off", "Open, not for you".to_owned()),
            (state, _) => (state.colour(), state.name().to_owned()),
        }
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "ballots/list.html")]
struct ListPage {
    visit: Visit,
    /// Those that wait for the reader's vote, then those under way, then the rest.
    waiting: Vec<Row>,
    coming: Vec<Row>,
    past: Vec<Row>,
}

/// In which of these somebody may vote, and has.
async fn standing(
    app: &App,
    db: &mut PgConnection,
    ballots: &[Ballot],
    person: Uuid,
) -> Result<Vec<(Uuid, bool)>> {
    let ids: Vec<_> = ballots.iter().map(|ballot| ballot.id).collect();
    let mut rolls = sql::roll::list_of_person(db, &ids, person).await?;
    let open = ballots.iter().filter(|ballot| ballot.state == BallotState::Open);
    let voters: Vec<_> = open.map(|ballot| (ballot.id, pseudonym(app, ballot.id, person))).collect();
    if !voters.is_empty() {
        let waiting = sql::casting::list_waiting_of(db, &voters).await?;
        for (ballot, voted) in &mut rolls {
            *voted |= waiting.contains(ballot);
        }
    }
    Ok(rolls)
}

async fn rows(app: &App, db: &mut PgConnection, visit: &Visit) -> Result<Vec<Row>> {
    let ballots = sql::list_public(db, LISTED).await?;
    let rolls = match &visit.viewer {
        Some(viewer) => Some(standing(app, db, &ballots, viewer.id).await?),
        None => None,
    };
    let row = |ballot: Ballot| {
        let entitlement = rolls.as_ref().map(|rolls| {
            let line = rolls.iter().find(|(id, _)| *id == ballot.id);
            (line.is_some(), line.is_some_and(|(_, voted)| *voted))
        });
        Row { ballot, entitlement }
    };
    Ok(ballots.into_iter().map(row).collect())
}

pub(super) async fn list(State(app): State<App>, visit: Visit, mut db: Db) -> Result<Response> {
    let (waiting, rest): (Vec<_>, Vec<_>) =
        rows(&app, &mut db, &visit).await?.into_iter().partition(|row| row.waits(&visit.now));
    let (past, coming) = rest.into_iter().partition(|row| row.ballot.is_over());
    Ok(ListPage { visit, waiting, coming, past }.into_response())
}

/// What a page says of whoever is signed in.
struct Own {
    entitlement: Entitlement,
    /// In the public roll, with what the number was hashed with.
    line: Option<sql::roll::Line>,
}

#[derive(Template, WebTemplate)]
#[template(path = "ballots/show.html")]
struct ShowPage {
    visit: Visit,
    ballot: Ballot,
    question: String,
    options: Vec<(Choice, String)>,
    rulings: Vec<Ruling>,
    own: Option<Own>,
    left: String,
    /// Of the hash, for people to compare.
    short: Option<String>,
    objections_until: Option<DateTime<Utc>>,
    result: Option<Drawn>,
    form: Form,
    found: Option<Found>,
}

/// What a code belongs to.
struct Found {
    code: String,
    /// Six digits and choices.
    votes: Vec<(String, Vec<String>)>,
}

pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    Path(slug): Path<String>,
    mut db: Db,
) -> Result<Response> {
    let ballot = sql::find_by_slug(&mut db, &slug).await?.ok_or(Error::NotFound)?;
    Ok(draw(&app, &mut db, visit, ballot, Form::default(), None).await?.into_response())
}

/// The same page, with the vote whose code was typed in.
pub(super) async fn check(
    State(app): State<App>,
    visit: Visit,
    Path(slug): Path<String>,
    mut db: Db,
    RawQuery(query): RawQuery,
) -> Result<Response> {
    let ballot = sql::find_by_slug(&mut db, &slug).await?.ok_or(Error::NotFound)?;
    let (status, form, found) = look_up(&mut db, &ballot, read_query(query)?).await?;
    Ok((status, draw(&app, &mut db, visit, ballot, form, found).await?).into_response())
}

async fn draw(
    app: &App,
    db: &mut PgConnection,
    visit: Visit,
    ballot: Ballot,
    form: Form,
    found: Option<Found>,
) -> Result<ShowPage> {
    let own = match &visit.viewer {
        Some(viewer) => Some(own(app, db, &ballot, viewer.id).await?),
        None => None,
    };
    let rulings = sql::complaints::list_rulings(db, ballot.id).await?;
    let hours = actions::objection_hours(app);
    let options = ballot.draft.options.iter();
    Ok(ShowPage {
        question: markdown::to_html(&ballot.draft.question),
        options: options.map(|it| (it.clone(), markdown::to_html(&it.statement))).collect(),
        rulings,
        own,
        left: left(ballot.draft.times.closes_at, visit.now),
        short: ballot.hash.as_ref().and_then(|hash| hash.parse::<Sha>().ok()).map(|hash| hash.short()),
        objections_until: ballot.objections_until(hours).filter(|_| ballot.state == BallotState::Announced),
        result: Drawn::of(&ballot),
        visit,
        ballot,
        form,
        found,
    })
}

/// The opened paper of a code that was typed in.
async fn look_up(
    db: &mut PgConnection,
    ballot: &Ballot,
    form: Form,
) -> Result<(StatusCode, Form, Option<Found>)> {
    if !form.pressed("code") || ballot.state != BallotState::Declared {
        return Ok((StatusCode::OK, form, None));
    }
    let mut check = form.check();
    let code = check.parse::<TrackingCode>("code");
    match check.finish(|| code) {
        Err(form) => Ok((StatusCode::UNPROCESSABLE_ENTITY, form, None)),
        Ok(code) => {
            let code = code.to_string();
            let openings = sql::record::list_openings(db, ballot.id, &code).await?;
            let votes =
                openings.iter().map(|opening| (opening.mark.clone(), chosen(ballot, opening))).collect();
            Ok((StatusCode::OK, form, Some(Found { code, votes })))
        }
    }
}

fn chosen(ballot: &Ballot, opening: &Opening) -> Vec<String> {
    let name = |number: &i32| {
        let at = usize::try_from(*number).ok()?.checked_sub(1)?;
        ballot.draft.options.get(at).map(|option| option.name.clone())
    };
    opening.choices.iter().filter_map(name).collect()
}

async fn own(app: &App, db: &mut PgConnection, ballot: &Ballot, person: Uuid) -> Result<Own> {
    let line = sql::roll::find_line(db, ballot.id, person).await?;
    let entitlement = actions::entitlement(app, db, ballot, person, line.as_ref()).await?;
    Ok(Own { entitlement, line })
}

#[derive(Template, WebTemplate)]
#[template(path = "ballots/how.html")]
struct HowPage {
    visit: Visit,
}

pub(super) async fn how(visit: Visit) -> Response {
    HowPage { visit }.into_response()
}

#[derive(Template, WebTemplate)]
#[template(path = "ballots/sheet.html")]
struct SheetPage {
    visit: Visit,
    ballot: Ballot,
    result: Drawn,
}

/// The count, to print and sign.
pub(super) async fn sheet(visit: Visit, Path(slug): Path<String>, mut db: Db) -> Result<Response> {
    let ballot = sql::find_by_slug(&mut db, &slug).await?.ok_or(Error::NotFound)?;
    if ballot.state != BallotState::Declared {
        return Err(Error::NotFound);
    }
    let result = Drawn::of(&ballot).ok_or(Error::NotFound)?;
    Ok(SheetPage { visit, ballot, result }.into_response())
}

/// A file of the record: the board while the vote is open, everything after the result.
pub(super) async fn file(Path((slug, name)): Path<(String, String)>, mut db: Db) -> Result<Response> {
    let ballot = sql::find_by_slug(&mut db, &slug).await?.ok_or(Error::NotFound)?;
    let body = match name.as_str() {
        "manifest.json" => sql::find_manifest(&mut db, ballot.id).await?.map(String::into_bytes),
        "board.jsonl" if ballot.hash.is_some() => {
            let lines = sql::record::list_board(&mut db, ballot.id).await?;
            Some(lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>().into_bytes())
        }
        _ if ballot.state == BallotState::Declared => {
            sql::record::find_file(&mut db, ballot.id, &name).await?
        }
        _ => None,
    };
    let body = body.ok_or(Error::NotFound)?;
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("json") => "application/json",
        Some("tar") => "application/x-tar",
        _ => "text/plain; charset=utf-8",
    };
    let named = format!("attachment; filename=\"{slug}-{name}\"");
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, named)], body)
        .into_response())
}

#[derive(Template)]
#[template(path = "ballots/card.html")]
struct Card {
    /// With the time that is left.
    open: Vec<(sql::OpenVote, String)>,
}

impl Card {
    fn waits(&self) -> bool {
        self.open.iter().any(|(vote, _)| !vote.voted)
    }
}

/// What waits on somebody's own page: votes that are open, those without their vote first.
pub(super) async fn card(asked: Asked<'_>) -> Result<Option<String>> {
    let Asked { app, db, session } = asked;
    if session.standing != Standing::Member {
        return Ok(None);
    }
    let now = app.clock().now();
    let mut open = sql::list_open_of(db, session.person_id, now).await?;
    if open.is_empty() {
        return Ok(None);
    }
    let unmarked = open.iter().filter(|vote| !vote.voted);
    let voters: Vec<_> = unmarked.map(|vote| (vote.id, pseudonym(app, vote.id, session.person_id))).collect();
    if !voters.is_empty() {
        let waiting = sql::casting::list_waiting_of(db, &voters).await?;
        for vote in &mut open {
            vote.voted |= waiting.contains(&vote.id);
        }
    }
    open.sort_by_key(|vote| vote.voted);
    let open = open
        .into_iter()
        .map(|vote| {
            let left = left(vote.closes_at, now);
            (vote, left)
        })
        .collect();
    Ok(Some(Card { open }.render()?))
}
