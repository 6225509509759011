//! Where officers look at pairs, merge them and separate them again.

use askama::Template;
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    PAIRS, actions, forms,
    model::{Fact, FindDuplicates, Merge, Side},
    sql::{self, Pair},
};
use crate::{
    accounts::{Officer, Rooms},
    audit::{Actor, Change},
    kit::{app::App, db::Db, error::Result, flash, form::Form, queue, visit::Visit},
};

/// How many pairs and merges are listed.
const SHOWN: i64 = 100;

#[derive(Template, WebTemplate)]
#[template(path = "duplicates/list.html")]
struct ListPage {
    visit: Visit,
    pairs: Vec<Pair>,
    merges: Vec<Merge>,
}

pub(super) async fn list(visit: Visit, mut db: Db) -> Result<Response> {
    let pairs = sql::list_pairs(&mut db, SHOWN).await?;
    let merges = sql::list_merges(&mut db, SHOWN).await?;
    Ok(ListPage { visit, pairs, merges }.into_response())
}

pub(super) async fn find(State(app): State<App>, mut db: Db) -> Result<Response> {
    queue::push_keyed(&mut db, &FindDuplicates::default(), "duplicates").await?;
    Ok(flash::redirect(&app, PAIRS, "Looking for duplicates. Reload this page in a moment."))
}

#[derive(Template, WebTemplate)]
#[template(path = "duplicates/pair.html")]
struct PairPage {
    visit: Visit,
    kept: Side,
    gone: Side,
    /// Of each fact its name, its title, and what the kept and the other record say.
    facts: Vec<(&'static str, &'static str, String, String)>,
    /// What else there is of both.
    rest: Vec<(&'static str, String, String)>,
}

pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    Path((kept, gone)): Path<(Uuid, Uuid)>,
    mut db: Db,
) -> Result<Response> {
    let (now, other) = (sql::kept(&mut db, kept).await?, sql::kept(&mut db, gone).await?);
    if (now, other) != (kept, gone) {
        // Somebody was quicker.
        return Ok(flash::redirect(
            &app,
            &format!("/admin/members/{now}"),
            "These records have already been merged.",
        ));
    }
    let (kept, gone) = (actions::side(&mut db, kept).await?, actions::side(&mut db, gone).await?);
    let facts = Fact::ALL.map(|fact| (fact.code(), fact.title(), kept.says(fact), gone.says(fact)));
    let rest = kept.has().into_iter().zip(gone.has()).map(|((title, kept), (_, gone))| (title, kept, gone));
    let (facts, rest) = (facts.into(), rest.collect());
    Ok(PairPage { visit, kept, gone, facts, rest }.into_response())
}

pub(super) async fn merge(
    State(app): State<App>,
    rooms: Rooms,
    Officer(who): Officer,
    Path((kept, gone)): Path<(Uuid, Uuid)>,
    mut db: Db,
    form: Form,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::merge(&mut change, rooms, who.person_id, (gone, kept), &forms::choices(&form)).await?;
    change.commit().await?;
    let said = "The two records are now one. You can undo this under Duplicates for 30 days.";
    Ok(flash::redirect(&app, &format!("/admin/members/{kept}"), said))
}

pub(super) async fn refuse(
    State(app): State<App>,
    Officer(who): Officer,
    Path((one, other)): Path<(Uuid, Uuid)>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::say_not(&mut change, who.person_id, one, other).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PAIRS, "Noted: these are two people. They will not be shown again."))
}

pub(super) async fn undo(
    State(app): State<App>,
    rooms: Rooms,
    Officer(who): Officer,
    Path(id): Path<Uuid>,
    mut db: Db,
) -> Result<Response> {
    let mut change = Change::begin(&app, &mut db, Actor::Person(who.person_id)).await?;
    actions::undo(&mut change, rooms, id).await?;
    change.commit().await?;
    Ok(flash::redirect(&app, PAIRS, "Undone: they are two records again."))
}
