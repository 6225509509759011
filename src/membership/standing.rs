//! Where somebody stands and stood, for officers: the history, and the answer for any past day.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    actions, admin, forms,
    model::{History, Membership, Stood, VotingRules},
    sql,
};
use crate::{
    accounts::{Officer, Person},
    kit::{
        app::App,
        db::Db,
        error::{Error, Result},
        form::{Form, read_query},
        visit::Visit,
    },
};

#[derive(Template, WebTemplate)]
#[template(path = "membership/standing.html")]
struct StandingPage {
    visit: Visit,
    person: Person,
    membership: Membership,
    history: History,
    form: Form,
    today: Answer,
    /// To what was asked.
    asked: Option<Answer>,
}

/// Where they stood on a day, by the rules of that day.
struct Answer {
    day: NaiveDate,
    stood: Option<Stood>,
    rules: VotingRules,
}

impl Answer {
    fn new(app: &App, membership: &Membership, history: &History, day: NaiveDate) -> Self {
        let rules = actions::voting_rules(app, day);
        Self { day, stood: history.on(day, membership.personal.born_on, rules), rules }
    }
}

pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    who: Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
    RawQuery(query): RawQuery,
) -> Result<Response> {
    let form = read_query(query)?;
    let (person, membership) = admin::find(&mut db, &who, id).await?;
    let membership = membership.ok_or(Error::NotFound)?;
    let history = sql::history::find(&mut db, membership.id).await?;
    let today = app.clock().today();
    let (status, form, asked) = match forms::day_asked(&form, today) {
        Ok(day) => (StatusCode::OK, form, day.map(|day| Answer::new(&app, &membership, &history, day))),
        Err(form) => (StatusCode::UNPROCESSABLE_ENTITY, form, None),
    };
    let today = Answer::new(&app, &membership, &history, today);
    Ok((status, StandingPage { visit, person, membership, history, form, today, asked }).into_response())
}
