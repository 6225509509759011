//! Rulings about a vote, its roll and complaints; and who was not reached.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{desk::Desk, find};
use crate::{
    ballots::{actions, complaints, forms, model::Ballot, news::News},
    kit::{
        error::{Error, Result},
        form::Form,
        visit::Visit,
    },
    newsletters::{self, Undelivered},
};

pub async fn rule(visit: Visit, mut desk: Desk, form: Form) -> Result<Response> {
    let words = match forms::words(&form, "ruling", "Write what you decided, and why") {
        Ok(words) => words,
        Err(form) => return desk.wrong(visit, form).await,
    };
    let (by, ballot) = (desk.by(), find(&mut desk.db, desk.id).await?);
    let mut change = desk.change().await?;
    actions::rule(&mut change, &ballot, by, &words).await?;
    change.commit().await?;
    Ok(desk.done("Saved. Everybody can read it on the page of the vote."))
}

pub async fn roll(visit: Visit, mut desk: Desk, form: Form) -> Result<Response> {
    let (number, adds, words) = match forms::correction(&form) {
        Ok(correction) => correction,
        Err(form) => return desk.wrong(visit, form).await,
    };
    let (id, by) = (desk.id, desk.by());
    let mut change = desk.change().await?;
    match actions::correct_roll(&mut change, id, by, number, adds, &words).await {
        Ok(()) => change.commit().await?,
        Err(Error::Conflict(why)) => {
            drop(change);
            return desk.wrong(visit, form.failed("number", why)).await;
        }
        Err(error) => return Err(error),
    }
    Ok(desk.done("The roll is corrected. Whoever had agreed to open the vote has to agree again."))
}

/// Answers a complaint, or decides an appeal.
pub async fn answer(
    visit: Visit,
    mut desk: Desk,
    Path((_, complaint)): Path<(Uuid, Uuid)>,
    form: Form,
) -> Result<Response> {
    let words = match forms::words(&form, &format!("answer_{complaint}"), "Write the answer") {
        Ok(words) => words,
        Err(form) => return desk.wrong(visit, form).await,
    };
    let by = desk.by();
    let mut change = desk.change().await?;
    if form.pressed("decides") {
        complaints::actions::decide(&mut change, complaint, by, &words).await?;
    } else {
        complaints::actions::reply(&mut change, complaint, by, &words).await?;
    }
    change.commit().await?;
    Ok(desk.done("The answer is saved."))
}

#[derive(Template, WebTemplate)]
#[template(path = "ballots/undelivered.html")]
struct UndeliveredPage {
    visit: Visit,
    ballot: Ballot,
    /// By notice.
    all: Vec<(&'static str, Vec<Undelivered>)>,
    /// Each of them once.
    letters: Vec<String>,
    page: String,
    opens: DateTime<Utc>,
}

/// Whom no email reached, for a letter or a call; printed it is a letter to each.
pub async fn undelivered(visit: Visit, mut desk: Desk) -> Result<Response> {
    let ballot = find(&mut desk.db, desk.id).await?;
    let mut all = Vec::new();
    for news in [News::Announced, News::Opened] {
        let people = newsletters::list_undelivered(&mut desk.db, &news.key(&ballot), None, 500).await?;
        if !people.is_empty() {
            all.push((news.name(), people));
        }
    }
    let mut letters: Vec<_> =
        all.iter().flat_map(|(_, people)| people).map(|it| (it.person, it.name.clone())).collect();
    letters.sort_unstable();
    letters.dedup();
    let letters = letters.into_iter().map(|(_, name)| name).collect();
    let page = desk.app.link(&ballot.path());
    Ok(UndeliveredPage { visit, opens: ballot.draft.times.opens_at, ballot, all, letters, page }
        .into_response())
}
